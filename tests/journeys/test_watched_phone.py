"""A phone that somebody else looks at, too: what they find after the reporter has left, or has tidied up."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from journeys.people import (
    ARRIVES_MS,
    Story,
    acknowledge,
    answer_briefly,
    log_in,
    open_list,
    press,
    tell_briefly,
    visit,
)
from journeys.phone import DESK, Phone
from journeys.test_return import ANSWER, code_on, heading, open_with
from support.server import Server

MAKES = Callable[..., Phone]
STORY = Story(sharing="P3")
CHIP = ".wm-chip"


def leave(page: Page) -> None:
    page.get_by_role("button", name="Exit this page").click()
    page.wait_for_url("**/leaving")


def back_shows_nothing(page: Page) -> None:
    for _ in range(3):
        page.go_back()
        expect(page).to_have_url(re.compile("/leaving$|^about:blank$"))
        expect(page.locator("#app")).to_have_count(0)


def sent(page: Page) -> tuple[str, str]:
    """The reference and the code of a report that has arrived."""
    reference = tell_briefly(page, STORY)
    heading(page, "Sent")
    return reference, code_on(page)


def test_every_page_is_left_for_good(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    _, code = sent(page)
    other = page.context.new_page()
    other.goto(f"{demo.origin}/verify")
    other.get_by_role("textbox").fill("something")
    open_list(page)
    leave(page)
    other.wait_for_url("**/leaving")
    back_shows_nothing(other)
    other.close()
    back_shows_nothing(page)

    open_with(page, demo.origin, code)
    expect(page.get_by_text("There is no message yet")).to_be_visible(timeout=ARRIVES_MS)
    leave(page)
    back_shows_nothing(page)
    page.goto(f"{demo.origin}/return")
    page.get_by_label("Your return code").fill(code)
    leave(page)
    back_shows_nothing(page)
    page.goto(demo.origin)
    expect(page.locator(CHIP)).to_have_count(0)
    press(page, "This is a centre’s tablet")
    leave(page)
    back_shows_nothing(page)


def test_what_was_sent_is_taken_off_and_its_code_still_opens_it(demo: Server, phone: MAKES) -> None:
    mobile = phone(demo.origin)
    page = mobile.start()
    visit(page, demo.origin)
    reference, code = sent(page)
    officer = phone(demo.origin, viewport=DESK)
    desk = officer.start()
    log_in(desk, demo.origin, "northshire")
    acknowledge(desk, reference, ANSWER)
    officer.off()
    page.evaluate("() => window.dispatchEvent(new Event('online'))")
    expect(page.get_by_text(ANSWER)).to_be_visible(timeout=ARRIVES_MS)
    demo.kill()
    press(page, "Make another report")
    unsent = tell_briefly(page, STORY)

    open_list(page)
    press(page, "Take sent reports off this device")
    expect(page.get_by_text("Do you have your return code?")).to_be_focused()
    press(page, "No, keep them")
    expect(page.get_by_role("article")).to_have_count(2)
    press(page, "Take sent reports off this device")
    press(page, "Yes, take them off")
    expect(page.get_by_role("status").filter(has_text="no longer on this list")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_role("article").filter(has_text=unsent)).to_be_visible()
    assert reference not in page.content()
    assert ANSWER not in page.content()
    mobile.off()

    demo.start()
    page = mobile.start()
    page.goto(demo.origin)
    open_list(page)
    expect(page.get_by_text("We have the proof that it arrived")).to_be_visible(timeout=ARRIVES_MS)
    assert reference not in page.content()
    open_with(page, demo.origin, code)
    expect(page.get_by_text(ANSWER)).to_be_visible(timeout=ARRIVES_MS)


def test_the_page_that_still_shows_the_code_does_not_call_it_saved_here(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    _, code = sent(page)
    open_list(page)
    press(page, "Take sent reports off this device")
    press(page, "Yes, take them off")
    expect(page.get_by_text("Nothing is saved on this device")).to_be_visible()
    press(page, "Back")

    heading(page, "It is no longer on this device")
    assert code_on(page) == code


def test_one_back_does_not_lose_the_code(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    _, code = sent(page)

    page.go_back()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_text("You cannot see it again after you leave this page")).to_be_visible()
    assert code_on(page) == code
    press(page, "Stay on this page")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("alert")).to_be_focused()
    page.go_back()
    heading(page, "Tell us what happened")
    assert not [word for word in code.split() if word in page.locator("body").inner_text().split()]


@pytest.fixture
def forbidding(tmp_path: Path, demo: Server, phone: MAKES) -> Iterator[Page]:
    """A browser that lets no page keep anything."""
    preferences = tmp_path / "profile-0" / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True)
    preferences.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}))
    device = phone(demo.origin)
    page = device.start()
    page.goto(demo.origin)
    yield page
    device.off()
    device.violations.clear()  # the browser's own refusals: what the page makes of them was looked at


def test_where_nothing_can_be_kept_it_says_so_and_leaving_still_works(forbidding: Page) -> None:
    page = forbidding
    expect(page.get_by_text("This browser cannot keep things safely")).to_be_visible()
    answer_briefly(page, STORY)
    page.get_by_role("button", name=re.compile("Finish and")).click()
    expect(page.get_by_role("alert")).to_contain_text("A private window can be the reason")
    leave(page)
    back_shows_nothing(page)


def test_a_page_that_breaks_leads_on(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    reference, _ = sent(page)
    press(page, "Make another report")
    page.evaluate("() => { Intl.DateTimeFormat = function () { throw new Error('broken') } }")
    page.get_by_role("button", name=re.compile("Show the list")).click()

    heading(page, "Something on this page did not work")
    expect(page.get_by_text("Call 999. Do not wait for this form.")).to_be_visible()
    page.reload()
    open_list(page)
    expect(page.get_by_role("article").filter(has_text=reference)).to_be_visible()
