"""A phone without room: the form says that nothing is saved yet, and what it calls saved arrives, once."""

import os
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from journeys.people import (
    ARRIVES_MS,
    REFERENCE,
    Story,
    answer_briefly,
    back_online,
    card,
    open_list,
    press,
    visit,
)
from journeys.phone import CHROMIUM, Phone
from support.figures import lost_and_doubled, record_fault
from support.server import Server
from support.small_disk import SmallDisk
from support.staff import Staff
from waymark.cli.demo import PASSWORD

FULL = 10 if os.environ.get("WAYMARK_PROVE") == "1" else 1
MEGABYTES = 288
LEAST = 1
"""Byte that a browser's quota can be set to: nought would be no quota."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    made = SmallDisk(tmp_path / "disk", megabytes=MEGABYTES)
    yield made
    made.close()


def test_a_phone_without_room_says_that_nothing_is_saved(
    demo: Server, phone: Callable[..., Phone], disk: SmallDisk, tmp_path: Path
) -> None:
    program = tmp_path / "chromium"
    program.write_text(f'#!/bin/sh\nexec {shlex.join([*disk.within, CHROMIUM])} "$@"\n')
    program.chmod(0o700)
    mobile = phone(demo.origin, program=str(program), profile=disk.inside / "profile")
    page = mobile.start()
    visit(page, demo.origin)
    demo.stop()
    shown, refused = [], 0

    for number in range(FULL):
        answer_briefly(page, Story(narrative=f"Number {number}. " + "щ" * 9_000, sharing="P3"))
        disk.fill()
        finish = page.get_by_role("button", name=re.compile("Finish and"))
        finish.click()
        not_saved = page.get_by_text("Your report is not saved yet")
        expect(not_saved.or_(page.get_by_text("Your reference is"))).to_be_visible(timeout=ARRIVES_MS)
        if not_saved.count():
            refused += 1
            expect(page.get_by_text("This device is full.")).to_be_visible()
            expect(page.get_by_text("Your answers are still on this page")).to_be_visible()
            disk.make_room()
            finish.click()
            expect(page.get_by_text("Your reference is")).to_be_visible(timeout=ARRIVES_MS)
        disk.make_room()
        shown.append(reference_on(page))
        press(page, "Make another report")

    demo.start()
    # The browser throws this by itself; the form has said it in plain words.
    mobile.violations = [told for told in mobile.violations if "Encountered full disk" not in told]
    arrives(page, demo, shown, fault="a phone's disk full", times=refused)
    assert refused, "it was never full"


def test_what_has_room_for_one_copy_is_sent_from_there(demo: Server, phone: Callable[..., Phone]) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    demo.stop()
    answer_briefly(page, Story(sharing="P3"))
    cdp = page.context.new_cdp_session(page)
    cdp.send("Storage.overrideQuotaForOrigin", {"origin": demo.origin, "quotaSize": LEAST})

    page.get_by_role("button", name=re.compile("Finish and")).click()

    expect(page.get_by_text("This browser can keep only one copy.")).to_be_visible(timeout=ARRIVES_MS)
    shown = [reference_on(page)]
    press(page, "Make another report")
    demo.start()
    arrives(page, demo, shown, fault="a phone's quota used up", times=1)


def reference_on(page: Page) -> str:
    found = REFERENCE.search(page.locator("main").inner_text())
    assert found
    return found[0]


def arrives(page: Page, demo: Server, shown: list[str], *, fault: str, times: int) -> None:
    # What the disk had room for in one place alone is put into the other when the app is opened again.
    page.reload()
    open_list(page)
    back_online(page)
    for reference in shown:
        expect(card(page, reference)).to_contain_text("We have the proof that it arrived", timeout=ARRIVES_MS)
    with Staff(demo.origin, "northshire", PASSWORD) as staff:
        listed = [row["reference"] for row in staff.get("/desk/api/reports?limit=100")["reports"]]
    arrived = [reference for reference in listed if reference in shown]
    lost, doubled = lost_and_doubled(shown, arrived)
    record_fault(fault, times=times, acknowledged=len(shown), lost=lost, doubled=doubled)
    assert sorted(arrived) == sorted(shown)
