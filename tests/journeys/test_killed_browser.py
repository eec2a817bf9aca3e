"""The browser is killed at any moment of saving and sending: what it showed as saved arrives, and once."""

import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable

from playwright.sync_api import Page, expect

from journeys.people import ARRIVES_MS, REFERENCE, Story, answer_briefly, card, open_list, visit
from journeys.phone import Phone
from support.figures import lost_and_doubled, record_fault
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD

PROVE = os.environ.get("WAYMARK_PROVE") == "1"
KILLS = 50 if PROVE else 3
LATEST_S = 0.8
"""By then it is saved, and mostly sent, too."""


def test_what_was_shown_as_saved_arrives_once(demo: Server, phone: Callable[..., Phone]) -> None:
    mobile, luck = phone(demo.origin, durable=True), random.Random()
    shown = set[str]()
    visit(mobile.start(), demo.origin)
    mobile.kill()

    for number in range(KILLS):
        page = mobile.start()
        page.goto(demo.origin)
        answer_briefly(page, Story(narrative=f"Number {number}.", sharing="P3"))
        page.get_by_role("button", name=re.compile("Finish and")).click(no_wait_after=True)
        time.sleep(luck.uniform(0.0, LATEST_S))
        shown |= saved_on(page)
        mobile.kill()

    page = mobile.start()
    page.goto(demo.origin)
    finished(page, demo, shown)


def saved_on(page: Page) -> set[str]:
    """The reference that somebody could have written down by now, if any."""
    told: str = page.evaluate("() => document.querySelector('main')?.innerText ?? ''")
    found = REFERENCE.search(told) if "Your reference is" in told else None
    return {found[0]} if found else set()


def finished(page: Page, demo: Server, shown: set[str]) -> None:
    if shown:
        open_list(page)
    for reference in shown:
        expect(card(page, reference)).to_contain_text("We have the proof that it arrived", timeout=ARRIVES_MS)
    with Staff(demo.origin, "northshire", PASSWORD) as staff:
        arrived = Counter(row["reference"] for row in staff.get("/desk/api/reports?limit=100")["reports"])
    lost, doubled = lost_and_doubled(shown, list(arrived.elements()))
    fault = "browser killed while saving and sending"
    record_fault(fault, times=KILLS, acknowledged=len(shown), lost=lost, doubled=doubled)
    assert shown <= set(arrived)
    assert set(arrived.values()) <= {1}
