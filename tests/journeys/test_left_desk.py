"""A tablet that several people use, left on a table: what it shows, and what each of them finds again."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from journeys.eye import EVERY_SIZE, Eye
from journeys.people import ARRIVES_MS, log_in, log_out, press
from journeys.phone import TABLET, Phone
from support.server import Server
from waymark.cli.demo import PASSWORD

MAKES = Callable[..., Phone]
MESSAGE = "Message to the person who reported"
HALF = "We have read what you"


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text, timeout=ARRIVES_MS)


def type_half_a_message(page: Page) -> str:
    """In a report that waits. Returns its reference."""
    page.get_by_role("link", name=re.compile("^Waiting")).click(timeout=ARRIVES_MS)
    rows = page.locator("main tbody tr").filter(has_text="Police, with their details")
    link = rows.locator("a.wm-reference").first
    reference = link.inner_text()
    link.click()
    page.get_by_label(MESSAGE).fill(HALF)
    return reference


def unlock(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Password").fill(password)
    press(page, "Unlock")


def asks(page: Page, path: str) -> list[str]:
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if path in request.url else None)
    return seen


def test_a_desk_that_is_left_locks_and_opens_for_its_person(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin, viewport=TABLET).start()
    look = Eye(page, "left-desk", sizes=EVERY_SIZE, dark=True)
    page.clock.install()
    log_in(page, demo.origin, "northshire")
    reference = type_half_a_message(page)
    other = page.context.new_page()
    other.goto(f"{demo.origin}/desk")
    expect(other.locator("main a.wm-reference").first).to_be_visible(timeout=ARRIVES_MS)

    page.clock.fast_forward("02:00")
    warning = page.get_by_role("alertdialog", name="Are you still there?")
    expect(warning).to_be_visible()
    expect(warning.get_by_role("button")).to_be_focused()
    look("warning")
    page.keyboard.press("Escape")  # an answer like any other
    expect(warning).to_have_count(0)
    expect(page.get_by_label(MESSAGE)).to_be_focused()
    page.clock.fast_forward("01:59")
    expect(page.get_by_label(MESSAGE)).to_have_value(HALF)

    page.clock.fast_forward("01:01")
    heading(page, "This page is locked")
    heading(other, "This page is locked")
    for one in (page, other):
        assert reference not in one.content(), "a locked page holds a report"
        assert HALF not in one.content()
    look("locked")
    page.reload()
    heading(page, "This page is locked")
    page.go_back()
    heading(page, "This page is locked")
    page.go_forward()
    heading(page, "This page is locked")

    unlock(page, "not the password")
    expect(page.locator(".govuk-error-summary")).to_be_focused(timeout=ARRIVES_MS)
    unlock(page)
    expect(page.locator("main")).to_contain_text(reference, timeout=ARRIVES_MS)
    expect(other.locator("main a.wm-reference").first).to_be_visible(timeout=ARRIVES_MS)
    assert look.wrong == []


def test_what_was_typed_waits_for_its_person_alone(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin, viewport=TABLET).start()
    log_in(page, demo.origin, "northshire")
    type_half_a_message(page)

    page.keyboard.press("Tab")
    page.get_by_role("button", name="Lock", exact=True).focus()
    page.keyboard.press("Enter")
    heading(page, "This page is locked")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    unlock(page)
    expect(page.get_by_label(MESSAGE)).to_have_value(HALF, timeout=ARRIVES_MS)

    press(page, "Lock")
    press(page, "Switch person")
    log_in(page, demo.origin, "northshire")
    page.get_by_role("link", name=re.compile("^Waiting")).click(timeout=ARRIVES_MS)
    page.locator("main tbody tr").filter(has_text="Police, with their details").first.get_by_role(
        "link"
    ).click()
    expect(page.get_by_label(MESSAGE)).to_have_value("", timeout=ARRIVES_MS)


def test_the_next_person_finds_nothing_of_the_one_before(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin, viewport=TABLET).start()
    log_in(page, demo.origin, "northshire")
    reference = type_half_a_message(page)
    theirs = page.url
    other = page.context.new_page()
    other.goto(theirs)
    expect(other.locator("main")).to_contain_text(reference, timeout=ARRIVES_MS)

    log_out(page)
    heading(other, "Log in")
    log_in(page, demo.origin, "mill")
    expect(other.get_by_text("Volunteer, Mill Lane Library").first).to_be_visible(timeout=ARRIVES_MS)
    for one in (page, other):
        expect(one.locator("body")).not_to_contain_text(reference)
    asked = asks(page, "/desk/api/reports/")
    for _ in range(3):
        page.go_back()
        page.wait_for_load_state("networkidle")
        expect(page.locator("body")).not_to_contain_text(reference)
        expect(page.locator("body")).not_to_contain_text(HALF)
    answers = [page.request.get(url).status for url in {*asked, theirs.replace("/desk/", "/desk/api/")}]
    assert set(answers) == {404}
    other.reload()
    expect(other.get_by_text("Volunteer, Mill Lane Library").first).to_be_visible(timeout=ARRIVES_MS)
    expect(other.locator("body")).not_to_contain_text(reference)


def test_leaving_without_a_network_is_told_later(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin, viewport=TABLET).start()
    look = Eye(page, "left-offline")
    log_in(page, demo.origin, "harbour")
    context: BrowserContext = page.context
    session = next(one for one in context.cookies() if one["name"] == "__Host-waymark")

    context.set_offline(True)
    press(page, "Switch person")
    heading(page, "Log in")
    expect(page.get_by_text("the service does not know yet")).to_be_visible()
    look("owing")
    context.set_offline(False)
    expect(page.get_by_text("the service does not know yet")).to_have_count(0, timeout=ARRIVES_MS)

    context.clear_cookies()
    context.add_cookies([session])  # as a thief would who had copied it
    page.goto(f"{demo.origin}/desk")
    heading(page, "Log in")
    assert look.wrong == []


def test_a_browser_of_ones_own_is_not_locked(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin, viewport=TABLET).start()
    page.clock.install()
    page.goto(f"{demo.origin}/desk")
    page.get_by_label("Other people use this computer or tablet, too").uncheck()
    log_in(page, demo.origin, "northshire")
    expect(page.locator("main a.wm-reference").first).to_be_visible(timeout=ARRIVES_MS)

    page.clock.fast_forward("05:00")
    expect(page.locator("main a.wm-reference").first).to_be_visible()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    log_out(page)
    expect(page.get_by_label("Other people use this computer or tablet, too")).not_to_be_checked()
