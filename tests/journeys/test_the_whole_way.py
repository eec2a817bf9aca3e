"""A report made offline reaches triage, and the answer comes back to the device."""

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from journeys.people import (
    ARRIVES_MS,
    UNSENT,
    Story,
    acknowledge,
    back_online,
    card,
    log_in,
    open_list,
    press,
    tell,
    tell_briefly,
    visit,
)
from journeys.phone import DESK, Phone
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD

PROVE = os.environ.get("WAYMARK_PROVE") == "1"
MAKES = Callable[..., Phone]
ANSWER = "Thank you. Someone has read this and will ring as you asked."


@pytest.mark.parametrize("durable", [False, True] if PROVE else [True], ids=str)
def test_two_reports_made_offline_survive_a_kill_and_arrive_once(
    demo: Server, phone: MAKES, durable: bool
) -> None:
    mobile = phone(demo.origin, durable=durable)
    page = mobile.start()
    visit(page, demo.origin)
    demo.kill()

    first = tell(page, Story(name="Sam", phone="01632 960 001", code_word="library"))
    words = page.get_by_role("heading", level=1)
    expect(words).to_have_text(
        "Saved on this device" if durable else "Kept on this device, but the device may remove it"
    )
    press(page, "Make another report")
    second = tell_briefly(page, Story(narrative="It happened again today.", sharing="P3"))
    mobile.kill()

    page = mobile.start()
    page.goto(demo.origin)
    open_list(page)
    for reference in (first, second):
        expect(card(page, reference)).to_contain_text(UNSENT)
    assert page.get_by_text("We have the proof that it arrived").count() == 0

    demo.start()
    back_online(page)
    for reference in (first, second):
        expect(card(page, reference)).to_contain_text("We have the proof that it arrived", timeout=ARRIVES_MS)
    with Staff(demo.origin, "northshire", PASSWORD) as staff:
        listed = [report["reference"] for report in staff.get("/desk/api/reports?limit=100")["reports"]]
    assert [listed.count(first), listed.count(second)] == [1, 1]

    officer = phone(demo.origin, viewport=DESK)
    desk = officer.start()
    log_in(desk, demo.origin, "northshire")
    acknowledge(desk, first, ANSWER)

    expect(card(page, first)).to_contain_text(ANSWER, timeout=ARRIVES_MS)
    expect(card(page, first)).to_contain_text("Northshire Police")
    expect(card(page, second)).not_to_contain_text(ANSWER)


def test_it_works_on_postgresql_too(server: Callable[..., Server], cluster, phone: MAKES) -> None:
    served = server(WAYMARK_DATABASE_URL=cluster.create("journey"))
    served.waymark("demo")
    served.start()
    page = phone(served.origin).start()
    visit(page, served.origin)

    reference = tell(page, Story())
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    with Staff(served.origin, "northshire", PASSWORD) as staff:
        found = [
            r for r in staff.get("/desk/api/reports?limit=100")["reports"] if r["reference"] == reference
        ]
        staff.post(f"/desk/api/reports/{found[0]['id']}/acknowledge", {"message": ANSWER})

    expect(page.get_by_text(ANSWER)).to_be_visible(timeout=ARRIVES_MS)
    served.stop()
    cluster.drop("journey")
