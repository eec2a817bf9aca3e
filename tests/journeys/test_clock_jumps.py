"""A phone's clock jumps by years while reports wait: they are sent by themselves, and once."""

import os
from collections.abc import Callable

from playwright.sync_api import expect

from faults.test_killed_under_load import stored
from journeys.people import ARRIVES_MS, Story, back_online, open_list, press, tell_briefly, visit
from journeys.phone import Phone
from journeys.wire import LossyWire
from support.apart import apart
from support.figures import lost_and_doubled, record_fault
from support.server import Server
from waymark_sync.reference import reference

YEARS = (10, -20, 3, -1, 40, -40, 8, -3, 1, -9) * 2 if os.environ.get("WAYMARK_PROVE") == "1" else (10, -20)
CLOCK = """() => {
  const Real = Date
  let years = 0
  const now = () => Real.now() + years * 31_536_000_000
  globalThis.Date = class extends Real {
    constructor(...given) { given.length === 0 ? super(now()) : super(...given) }
    static now() { return now() }
  }
  globalThis.jump = (to) => { years = to }
}"""


def test_reports_wait_and_are_sent_whatever_year_it_is(
    wired: tuple[Server, LossyWire], phone: Callable[..., Phone]
) -> None:
    served, wire = wired
    origin = f"http://localhost:{wire.port}"
    mobile = phone(origin)
    page = mobile.start()
    mobile.context.add_init_script(f"({CLOCK})()")
    visit(page, origin)
    wire.pushes_cut = True

    references = []
    for years in YEARS:
        page.evaluate("(years) => globalThis.jump(years)", years)
        references.append(tell_briefly(page, Story(narrative=f"In {years} years.", sharing="P3")))
        press(page, "Make another report")
    open_list(page)
    wire.pushes_cut = False
    back_online(page)

    proof = page.get_by_text("We have the proof that it arrived")
    expect(proof).to_have_count(len(YEARS), timeout=ARRIVES_MS)
    rows = apart(stored(f"sqlite:///{served.data / 'waymark.db'}"))
    found = [named for row in rows if (named := reference(row.item_id)) in references]
    lost, doubled = lost_and_doubled(references, found)
    fault = "a phone's clock jumps by years"
    record_fault(fault, times=len(YEARS), acknowledged=len(references), lost=lost, doubled=doubled)
    assert sorted(found) == sorted(references)
