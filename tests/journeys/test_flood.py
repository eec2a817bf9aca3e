"""A flood lies apart, a phone that works for its report does not, and somebody at the desk puts them back."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import expect
from pysqlite3 import dbapi2

from journeys.people import ARRIVES_MS, Story, log_in, press, tell_briefly, visit
from journeys.phone import DESK, Phone
from support.server import Server
from waymark.kernel import clock

SERIES = ("area unknown released", "force unknown released")
FULL = timedelta(days=5)
"""Too full for whoever has not worked, and not for whoever has."""


def test_a_flood_and_a_phone_that_works(
    server: Callable[..., Server], peopled: Path, phone: Callable[..., Phone]
) -> None:
    made = server(peopled)
    fill_up(made.data / "waymark.db")
    made.start()
    first = phone(made.origin).start()
    visit(first, made.origin)
    apart = tell_briefly(first, Story())
    desk = phone(made.origin, viewport=DESK).start()
    log_in(desk, made.origin, "northshire")
    expect(desk.get_by_text("1 report came in a flood")).to_be_visible(timeout=ARRIVES_MS)
    desk.get_by_role("link", name="Look at what is set apart").click()
    expect(desk.get_by_role("heading", name="1 report set apart")).to_be_visible()
    expect(desk.get_by_role("link", name=apart)).to_be_visible()

    press(first, "Make another report")
    worked = tell_briefly(first, Story(narrative="It happened again."))
    expect(first.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    desk.get_by_role("link", name="All", exact=True).click()
    desk.reload()
    expect(desk.get_by_role("link", name=worked)).to_be_visible(timeout=ARRIVES_MS)
    assert states(made.data / "waymark.db") == [(False, True), (True, False)]

    desk.get_by_role("link", name="Look at what is set apart").click()
    press(desk, "Put all of them back in the ordinary lists")
    expect(desk.get_by_text("1 report is back in the ordinary lists")).to_be_visible()
    desk.get_by_role("link", name="All", exact=True).click()
    expect(desk.get_by_role("link", name=apart)).to_be_visible(timeout=ARRIVES_MS)


def fill_up(path: Path) -> None:
    """As if thousands had come just now."""
    until = clock.stamp(clock.now() + FULL)
    with closing(dbapi2.connect(str(path))) as db:
        for name in SERIES:
            db.execute(
                "INSERT INTO triage_series (series, empty_at, known_since) VALUES (?, ?, '2026-01-01') "
                "ON CONFLICT (series) DO UPDATE "
                "SET empty_at = excluded.empty_at, known_since = excluded.known_since",
                (name, until),
            )
        db.commit()


def states(path: Path) -> list[tuple[bool, bool]]:
    """Of the newest two, in order: had its phone worked, and does it lie apart?"""
    asked = (
        "SELECT i.worked, t.campaign_id IS NOT NULL FROM intake_item AS i "
        "JOIN triage_report AS t ON t.report_id = i.item_id ORDER BY i.pos DESC LIMIT 2"
    )
    with closing(dbapi2.connect(str(path))) as db:
        return [(bool(worked), bool(apart)) for worked, apart in reversed(db.execute(asked).fetchall())]
