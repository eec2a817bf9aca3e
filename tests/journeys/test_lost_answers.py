"""The push is answered and the answer is lost: the report is there once, and the device gets its proof."""

import os
from collections.abc import Callable

from playwright.sync_api import expect

from journeys.knocking import Worker, prepare, wait_for
from journeys.people import ARRIVES_MS, Story, open_list, press, send_until_proved, tell_briefly, visit
from journeys.phone import Phone
from journeys.wire import LossyWire
from support.figures import lost_and_doubled, record_fault
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD

REPORTS = 40 if os.environ.get("WAYMARK_PROVE") == "1" else 3


def test_three_lost_answers_make_one_report(
    wired: tuple[Server, LossyWire], phone: Callable[..., Phone]
) -> None:
    served, wire = wired
    origin = f"http://localhost:{wire.port}"
    page = phone(origin).start()
    visit(page, origin)
    wire.lose_answers, wire.pulls_cut = 3, True

    reference = tell_briefly(page, Story(sharing="P3"))
    open_list(page)
    send_until_proved(page)

    with Staff(served.origin, "northshire", PASSWORD, opened_as=origin) as staff:
        listed = [report["reference"] for report in staff.get("/desk/api/reports?limit=100")["reports"]]
    assert listed.count(reference) == 1
    assert wire.lost == 3


def test_the_proof_comes_by_the_feed_when_every_answer_is_lost(
    wired: tuple[Server, LossyWire], phone: Callable[..., Phone]
) -> None:
    _, wire = wired
    origin = f"http://localhost:{wire.port}"
    page = phone(origin).start()
    visit(page, origin)
    wire.lose_answers = 1_000

    tell_briefly(page, Story(sharing="P3"))

    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    assert wire.lost >= 1


def test_two_tabs_that_send_at_once_do_no_harm(
    wired: tuple[Server, LossyWire], phone: Callable[..., Phone]
) -> None:
    served, wire = wired
    origin = f"http://localhost:{wire.port}"
    mobile = phone(origin)
    page = mobile.start()
    prepare(page.context, origin, None)
    visit(page, origin)
    wire.cut = True
    references = []
    for number in range(REPORTS):
        references.append(tell_briefly(page, Story(narrative=f"Again, number {number}.", sharing="P3")))
        press(page, "Make another report")
    second = mobile.context.new_page()
    second.goto(origin)
    for tab in (page, second):
        open_list(tab)

    # Held until all are at it: else one may be done before the other has begun, and its button is gone.
    wire.passes.clear()
    wire.cut = False
    for tab in (page, second):
        tab.get_by_role("button", name="Send now").click()
    worker = Worker(page, origin).sync("drain")
    wait_for(page, lambda: wire.waiting >= 2)
    wire.passes.set()
    worker.sync("drain")

    for tab in (page, second):
        expect(tab.get_by_text("We have the proof that it arrived")).to_have_count(
            REPORTS, timeout=ARRIVES_MS
        )
    with Staff(served.origin, "northshire", PASSWORD, opened_as=origin) as staff:
        listed = [report["reference"] for report in staff.get("/desk/api/reports?limit=100")["reports"]]
    found = [reference for reference in listed if reference in references]
    lost, doubled = lost_and_doubled(references, found)
    fault = "two tabs and the service worker sending at once"
    record_fault(fault, times=REPORTS, acknowledged=REPORTS, lost=lost, doubled=doubled)
    assert sorted(found) == sorted(references)
