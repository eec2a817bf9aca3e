"""A tablet kept from its service locks itself, then forgets its keys. What is sealed on it goes out."""

from collections.abc import Callable
from time import monotonic

from playwright.sync_api import Page, expect

from journeys.people import (
    ARRIVES_MS,
    Story,
    back_online,
    card,
    open_list,
    press,
    tell_briefly,
)
from journeys.phone import SMALL_PHONE, TABLET, Phone
from journeys.test_accessible import Eye
from journeys.test_out_of_service import KEYS, OUT, in_arabic, set_up
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD

ANSWER = "canaryanswer4rowan"
TOLD = "canarytold2hazel"
# Beside the one by which a page tries whether this browser keeps keys at all.
FEED_KEYS = KEYS.replace("asked.result.length", "asked.result.filter((id) => id !== 'probe').length")
LOCKED = "This tablet has locked itself."
DAYS_LATER = """(days) => {
  const Real = Date
  const now = () => Real.now() + days * 86_400_000
  globalThis.Date = class extends Real {
    constructor(...given) { given.length === 0 ? super(now()) : super(...given) }
    static now() { return now() }
  }
}"""


def test_locked_after_thirty_days_and_opened_by_its_service(
    demo: Server, phone: Callable[..., Phone]
) -> None:
    tablet = phone(demo.origin, viewport=SMALL_PHONE)
    page = tablet.start()
    first = answered_tablet(page, demo)
    tablet.off()
    demo.stop()

    page = days_later(tablet, demo, 24)
    expect(page.get_by_text("it locks itself")).to_be_visible(timeout=ARRIVES_MS)
    tablet.off()
    page = days_later(tablet, demo, 31)
    look = Eye(page, "locked-by-time")
    expect(page.get_by_text(LOCKED)).to_be_visible(timeout=ARRIVES_MS)
    look("start")
    in_arabic(page, look)
    second = tell_briefly(page, Story(narrative=TOLD, sharing="P3"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kept on this tablet")
    press(page, "Make another report")
    open_list(page)
    expect(page.get_by_text(LOCKED)).to_be_visible()
    look("list")
    assert ANSWER not in page.content()

    demo.start()
    back_online(page)
    expect(card(page, first)).to_contain_text(ANSWER, timeout=ARRIVES_MS)
    expect(page.get_by_text(LOCKED)).to_have_count(0)
    expect(card(page, second)).to_contain_text("We have the proof that it arrived", timeout=ARRIVES_MS)
    tablet.off()
    demo.stop()
    page = days_later(tablet, demo, 59)  # in touch 28 days before, by the clock that stays ahead
    expect(page.get_by_text("it locks itself")).to_be_visible(timeout=ARRIVES_MS)

    assert look.wrong == []


def test_after_ninety_days_nothing_opens_and_the_queue_goes_out(
    demo: Server, phone: Callable[..., Phone]
) -> None:
    tablet = phone(demo.origin, viewport=TABLET)
    page = tablet.start()
    answered_tablet(page, demo)
    tablet.off()
    demo.stop()
    page = days_later(tablet, demo, 60)
    waiting = tell_briefly(page, Story(narrative=TOLD))
    tablet.off()

    page = days_later(tablet, demo, 91)
    expect(page.get_by_role("heading", level=1)).to_have_text(OUT, timeout=ARRIVES_MS)
    expect(page.get_by_text("no contact with its service for 90 days")).to_be_visible()
    assert page.evaluate(FEED_KEYS) == 0
    demo.start()
    back_online(page)
    open_list(page)
    expect(page.get_by_text("We have the proof that it arrived")).to_have_count(2, timeout=ARRIVES_MS)
    assert ANSWER not in page.content()
    with Staff(demo.origin, "northshire", PASSWORD) as staff:
        arrived(page, staff, waiting)
    expect(page.locator("footer")).to_contain_text(OUT)


def answered_tablet(page: Page, demo: Server, answer: str = ANSWER, told: str = TOLD) -> str:
    """Enrolled, and one report of it was answered: the answer stands on its screen."""
    set_up(page, demo)
    reference = tell_briefly(page, Story(narrative=told))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    with Staff(demo.origin, "northshire", PASSWORD) as staff:
        report_id = arrived(page, staff, reference)
        staff.post(f"/desk/api/reports/{report_id}/acknowledge", {"message": answer})
    page.reload()
    open_list(page)
    expect(card(page, reference)).to_contain_text(answer, timeout=ARRIVES_MS)
    return reference


def arrived(page: Page, staff: Staff, reference: str) -> str:
    """Its id, once it was opened, by a step of its own. There is exactly one of it."""
    ends = monotonic() + ARRIVES_MS / 1_000
    while monotonic() < ends:
        listed = staff.get("/desk/api/reports?limit=100")["reports"]
        if found := [one["id"] for one in listed if one["reference"] == reference]:
            [report_id] = found
            return str(report_id)
        page.wait_for_timeout(200)
    raise AssertionError(f"{reference} has not arrived")


def days_later(tablet: Phone, demo: Server, days: int) -> Page:
    """Switched on by a clock that is `days` ahead."""
    page = tablet.start()
    tablet.context.add_init_script(f"({DAYS_LATER})({days})")
    page.goto(demo.origin)
    page.get_by_role("heading", level=1).wait_for()
    return page
