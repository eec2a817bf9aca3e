"""A phone without room: the form says that nothing is saved yet, and what it calls saved arrives, once."""

import os
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

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
from support.small_disk import NotAllowed, SmallDisk
from support.staff import Staff
from waymark.cli.demo import PASSWORD

FULL = 10 if os.environ.get("WAYMARK_PROVE") == "1" else 1
MEGABYTES = 288
THROWN = ("Encountered full disk", "Internal error opening backing store")
LEAST = 1
"""Byte that a browser's quota can be set to: nought would be no quota."""


class Quota:
    """For a machine that lets nobody mount: the browser is told that this origin may keep no more."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._cdp: CDPSession | None = None

    def of(self, page: Page) -> None:
        self._cdp = page.context.new_cdp_session(page)

    def fill(self) -> None:
        assert self._cdp is not None
        self._cdp.send("Storage.overrideQuotaForOrigin", {"origin": self._origin, "quotaSize": LEAST})

    def make_room(self) -> None:
        assert self._cdp is not None
        self._cdp.send("Storage.overrideQuotaForOrigin", {"origin": self._origin})


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk | None]:
    """None where nobody may mount."""
    try:
        made = SmallDisk(tmp_path / "disk", megabytes=MEGABYTES)
    except NotAllowed:
        yield None
        return
    yield made
    made.close()


def test_a_phone_without_room_says_that_nothing_is_saved(
    demo: Server, phone: Callable[..., Phone], disk: SmallDisk | None, tmp_path: Path
) -> None:
    mobile = phone(demo.origin) if disk is None else phone(demo.origin, **on(disk, tmp_path))
    page = mobile.start()
    quota = Quota(demo.origin)
    quota.of(page)
    room = disk or quota
    visit(page, demo.origin)
    demo.stop()
    shown, refused = [], 0

    for number in range(FULL):
        answer_briefly(page, Story(narrative=f"Number {number}. " + "щ" * 9_000, sharing="P3"))
        room.fill()
        finish = page.get_by_role("button", name=re.compile("Finish and"))
        finish.click()
        not_saved = page.get_by_text("Your report is not saved yet")
        expect(not_saved.or_(page.get_by_text("Your reference is"))).to_be_visible(timeout=ARRIVES_MS)
        if not_saved.count():
            refused += 1
            expect(page.get_by_text("This device is full.")).to_be_visible()
            expect(page.get_by_text("Your answers are still on this page")).to_be_visible()
            room.make_room()
            finish.click()
            expect(page.get_by_text("Your reference is")).to_be_visible(timeout=ARRIVES_MS)
        room.make_room()
        shown.append(reference_on(page))
        press(page, "Make another report")

    demo.start()
    # The browser throws these by itself; the form has said it in plain words.
    mobile.violations = [told for told in mobile.violations if not any(one in told for one in THROWN)]
    arrives(page, demo, shown, fault="a phone's disk full", times=refused)
    assert refused or disk is None, "it was never full"


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


def on(disk: SmallDisk, folder: Path) -> dict[str, Any]:
    """How a phone is made that lives there."""
    program = folder / "chromium"
    program.write_text(f'#!/bin/sh\nexec {shlex.join([*disk.within, CHROMIUM])} "$@"\n')
    program.chmod(0o700)
    return {"program": str(program), "profile": disk.inside / "profile"}


def reference_on(page: Page) -> str:
    found = REFERENCE.search(page.locator("main").inner_text())
    assert found
    return found[0]


def arrives(page: Page, demo: Server, shown: list[str], *, fault: str, times: int) -> None:
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
