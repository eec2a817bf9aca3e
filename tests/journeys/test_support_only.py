"""What was not released to the police does not exist for them; the centre answers it."""

from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import expect

from journeys.people import ARRIVES_MS, Story, acknowledge, back_online, log_in, tell, visit
from journeys.phone import DESK, TABLET, Phone
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD

ANSWER = "We are here on Tuesday from ten. Ask for the reading group."
NOBODYS: Final = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("sharing", ["A2"])
def test_the_centre_answers_what_the_police_cannot_find(
    demo: Server, phone: Callable[..., Phone], sharing: str
) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    with Staff(demo.origin, "northshire", PASSWORD) as police:
        before = police.get("/desk/api/reports?limit=100")

    reference = tell(page, Story(sharing=sharing))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    worker = phone(demo.origin, viewport=DESK).start()
    log_in(worker, demo.origin, "harbour")
    worker.get_by_role("link", name=reference).click(timeout=ARRIVES_MS)
    expect(worker.get_by_text("Two men shouted at me")).to_be_visible()
    report_id = worker.url.rpartition("/")[2]

    for who in ("northshire", "southmere", "lantern", "custodian"):
        with Staff(demo.origin, who, PASSWORD) as other:
            assert every_answer(other, report_id) == every_answer(other, NOBODYS)
    with Staff(demo.origin, "northshire", PASSWORD) as police:
        after = police.get("/desk/api/reports?limit=100")
    assert [r["id"] for r in after["reports"]] == [r["id"] for r in before["reports"]]
    assert after["counts"] == before["counts"]

    worker.go_back()
    acknowledge(worker, reference, ANSWER)
    expect(page.get_by_text(ANSWER)).to_be_visible(timeout=ARRIVES_MS)


def every_answer(who: Staff, report_id: str) -> list[tuple[int, str]]:
    """Status and body of every route that takes a report's id, without what names the request."""
    path = f"/desk/api/reports/{report_id}"
    return [
        who.answer("GET", path),
        who.answer("POST", f"{path}/acknowledge", {"message": "Hello"}),
        who.answer("POST", f"{path}/take", {}),
    ]


def test_a_tablet_of_a_centre_is_set_up_with_a_code_and_gets_its_answers(
    demo: Server, phone: Callable[..., Phone]
) -> None:
    with Staff(demo.origin, "lantern", PASSWORD) as worker:
        code = worker.code("Front desk")
    tablet = phone(demo.origin, viewport=TABLET, durable=True).start()
    visit(tablet, demo.origin)
    tablet.get_by_role("button", name="This is a centre’s tablet").click()
    tablet.get_by_label("One-time code").fill(code.lower())
    tablet.get_by_role("button", name="Set up this tablet").click()
    expect(tablet.get_by_role("heading", level=1)).to_contain_text("Lantern Community Centre")
    tablet.get_by_role("button", name="Go to the start").click()
    demo.kill()

    reference = tell(tablet, Story(sharing="U1"))
    expect(tablet.get_by_role("heading", level=1)).to_have_text("Saved on this tablet")
    demo.start()
    back_online(tablet)
    expect(tablet.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    with Staff(demo.origin, "lantern", PASSWORD) as worker:
        found = [
            r for r in worker.get("/desk/api/reports?limit=100")["reports"] if r["reference"] == reference
        ]
        assert [report["channel"] for report in found] == ["centre_tablet"]
        worker.post(f"/desk/api/reports/{found[0]['id']}/acknowledge", {"message": ANSWER})
        assert [d["label"] for d in worker.get("/desk/api/devices")["devices"]] == ["Front desk"]

    expect(tablet.get_by_text(ANSWER)).to_be_visible(timeout=ARRIVES_MS)
    with Staff(demo.origin, "lantern", PASSWORD) as worker:
        assert worker.status("POST", "/desk/api/devices/codes", {"label": "Again"}) == 200
