"""The split page in a real browser: phone, tablet and desk in frames, and the plug pulled in the middle."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Frame, Page, expect

from journeys.eye import EVERY_SIZE, Eye
from journeys.people import ARRIVES_MS, Story, acknowledge, card, log_in, open_list, press, tell
from journeys.phone import DESK, Phone
from support.server import Server
from support.staged import Staged, three_free_ports

MAKES = Callable[..., Phone]
ANSWER = "Thank you. Somebody has read this."
KEPT = re.compile("(Kept|Saved) on this device")


@pytest.fixture
def staged(server: Callable[..., Server], tmp_path: Path) -> Iterator[Staged]:
    served = server(WAYMARK_PROFILE="demo", WAYMARK_STAGE_PORT=str(three_free_ports()))
    served.waymark("demo", "--reports", "8")
    stage = Staged(served, tmp_path / "stage.log").start()
    yield stage
    stage.stop()


def open_stage(device: Phone, stage: Staged) -> Page:
    page = device.start()
    page.goto(stage.address)
    for name in ("phone", "tablet"):
        expect(page.frame_locator(f"#{name}").get_by_text("Ready to use without internet")).to_be_visible(
            timeout=ARRIVES_MS
        )
    return page


def frame(page: Page, name: str) -> Frame:
    found = page.locator(f"#{name}").element_handle().content_frame()
    assert found is not None
    return found


def pull(page: Page) -> None:
    page.get_by_role("button", name="Pull the plug", pressed=False).click()
    expect(page.get_by_role("button", name="Pull the plug", pressed=True)).to_be_visible()
    expect(page.locator("#state")).to_contain_text("Plug pulled: no server since")


def plug_in(page: Page) -> None:
    page.get_by_role("button", name="Pull the plug", pressed=True).press("Enter")
    expect(page.locator("#state")).to_contain_text("Server running since", timeout=ARRIVES_MS)


def test_a_report_outlives_the_plug_and_is_answered_beside_it(staged: Staged, phone: MAKES) -> None:
    page = open_stage(phone(staged.address, viewport=DESK), staged)
    mobile = frame(page, "phone")
    before = staged.state()["received"]  # with what stands in for reports that were erased under these keys

    def unplugged_in_the_middle(step: str) -> None:
        if step == "strands":
            pull(page)

    reference = tell(mobile, Story(), each=unplugged_in_the_middle)
    expect(mobile.get_by_role("heading", level=1)).to_have_text(KEPT)
    assert staged.state()["state"] == "unplugged"
    assert staged.state()["received"] == before

    plug_in(page)
    expect(mobile.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    expect(page.locator("#received")).to_have_text(str(before + 1))

    desk = frame(page, "desk")
    desk.goto(f"{staged.served.origin}/desk")  # it had no server when the page was opened
    log_in(desk, staged.served.origin, "northshire")
    acknowledge(desk, reference, ANSWER)
    expect(mobile.get_by_text(ANSWER)).to_be_visible(timeout=ARRIVES_MS)
    expect(page.locator("#acknowledged")).to_have_text("1")


def test_each_frame_is_a_device_of_its_own(staged: Staged, phone: MAKES) -> None:
    page = open_stage(phone(staged.address, viewport=DESK), staged)
    mobile, tablet = frame(page, "phone"), frame(page, "tablet")

    page.get_by_role("button", name="Make a code for this tablet").click()
    expect(page.locator("#code")).to_have_text(re.compile(r"^[0-9A-Z]{4}-"))
    press(tablet, "This is a centre’s tablet")
    tablet.locator("#enrol_code").fill(page.locator("#code").inner_text())
    press(tablet, "Set up this tablet")
    expect(tablet.get_by_text("now belongs to Harbour Library")).to_be_visible(timeout=ARRIVES_MS)
    press(tablet, "Go to the start")
    reference = tell(tablet, Story(sharing="U1"))
    expect(tablet.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)

    open_list(tablet)
    expect(card(tablet, reference)).to_be_visible()
    assert mobile.get_by_role("button", name=re.compile("Show the list")).count() == 0
    for device in (mobile, tablet):
        assert device.evaluate("() => navigator.serviceWorker.controller !== null")
        assert device.evaluate("async () => (await indexedDB.databases()).length") > 0

    press(mobile, "Exit this page")
    mobile.wait_for_url(re.compile("/leaving"))
    expect(mobile.get_by_role("heading", level=1)).to_have_text("Kitchen measures")
    assert page.url.rstrip("/") == staged.address


def test_a_desk_that_was_opened_without_a_server_opens_when_there_is_one(
    staged: Staged, phone: MAKES
) -> None:
    page = open_stage(phone(staged.address, viewport=DESK), staged)
    pull(page)
    with page.expect_event("framenavigated", lambda one: one == frame(page, "desk")):
        page.reload()
    login = page.frame_locator("#desk").get_by_label("User name")
    expect(login).to_have_count(0)

    plug_in(page)

    expect(login).to_be_visible(timeout=ARRIVES_MS)


def test_the_split_page_is_for_everybody(staged: Staged, phone: MAKES) -> None:
    page = phone(staged.address).start()
    page.route(lambda address: not address.startswith(staged.address), lambda route: route.abort())
    page.goto(staged.address)
    look = Eye(page, "stage", sizes=EVERY_SIZE, dark=True)
    expect(page.locator("#state")).to_contain_text("Server running since")

    look("plugged")
    pull(page)
    look("unplugged")
    page.get_by_text("How this works").click()
    look("notes")

    assert look.wrong == []
