"""One force hands a report to another: both see it until one of them answers for it alone."""

import pytest

from dialogue.conftest import Service
from support.reports import Report

pytestmark = pytest.mark.parametrize("sharing", ["P1", "P3"])


async def offered(service: Service, sharing: str) -> Report:
    report = await service.acknowledged("northshire", sharing_choice=sharing)
    await service.act("northshire", report, "forward", force_id="demo-southmere", reason="canary-why")
    return report


async def status(service: Service, person: str, report: Report) -> int:
    return (await service.desks[person].get(service.path(report))).status_code


async def listed(service: Service, person: str, queue: str, report: Report) -> str | None:
    """How the list marks it; "absent" where it is not there."""
    answer = (await service.desks[person].get(f"/desk/api/reports?queue={queue}&limit=100")).json()
    return next((r["offer"] for r in answer["reports"] if r["id"] == report.item_id), "absent")


async def test_both_see_an_offer_and_neither_speaks(service: Service, sharing: str) -> None:
    report = await offered(service, sharing)

    assert await listed(service, "southmere", "offered", report) == "in"
    assert await listed(service, "southmere", "all", report) == "in"
    assert await listed(service, "southmere", "waiting", report) == "absent"
    assert await listed(service, "northshire", "all", report) == "out"
    there = (await service.page("southmere", report))["report"]
    assert there["acts"] == ["accept_report", "send_back_report"]
    assert there["offered_to"]["force_id"] == "demo-southmere"
    assert (await service.page("southmere", report))["history"][-1]["note"] == "canary-why"
    assert (await service.page("northshire", report))["report"]["acts"] == []
    for act, body in (
        ("update", {"message": "x"}),
        ("forward", {"force_id": "demo-southmere", "reason": "x"}),
    ):
        await service.act("northshire", report, act, status=404, **body)
    texts = [body.text for _, body in await service.said(report.device)]
    assert len(texts) == 2 and "Southmere Police (demonstration)" in texts[-1]


async def test_whoever_accepts_has_it_alone_with_its_old_clock(service: Service, sharing: str) -> None:
    report = await offered(service, sharing)
    before = (await service.page("northshire", report))["report"]

    done = await service.act("southmere", report, "accept")

    assert (done["state"], done["queue"]) == ("awaiting_triage", "waiting")
    assert await status(service, "northshire", report) == 404
    after = (await service.page("southmere", report))["report"]
    assert (after["received_at"], after["force_id"]) == (before["received_at"], "demo-southmere")
    assert after["acknowledged_at"] is None and after["acts"] == ["acknowledge_report"]
    kind, body = (await service.said(report.device))[-1]
    assert (kind, body.from_name) == ("message", "Southmere Police (demonstration)")
    await service.act("southmere", report, "acknowledge", message="Hello.")


async def test_what_is_sent_back_is_where_it_was(service: Service, sharing: str) -> None:
    report = await offered(service, sharing)

    await service.act("southmere", report, "send-back", reason="Not ours.")

    assert await status(service, "southmere", report) == 404
    page = await service.page("northshire", report)
    assert (page["report"]["state"], page["report"]["queue"]) == ("in_triage", "acknowledged")
    assert (page["history"][-1]["action"], page["history"][-1]["note"]) == ("sent_back", "Not ours.")
    assert "decide_report" in page["report"]["acts"]


async def test_an_offer_that_nobody_takes_in_a_day_ends(service: Service, sharing: str) -> None:
    report = await offered(service, sharing)

    await service.pass_time(hours=23)
    assert await status(service, "southmere", report) == 200
    await service.pass_time(hours=24, minutes=1)

    assert await status(service, "southmere", report) == 404
    page = await service.page("northshire", report)
    assert (page["report"]["state"], page["history"][-1]["action"]) == ("in_triage", "offer_ended")
    kind, body = (await service.said(report.device))[-1]
    assert (kind, body.from_name) == ("message", "Northshire Police (demonstration)")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("force_id", ["demo-northshire", "nowhere", "unknown"])
async def test_only_another_known_force_can_be_asked(service: Service, sharing: str, force_id: str) -> None:
    report = await service.acknowledged("northshire", sharing_choice=sharing)

    refused = await service.act("northshire", report, "forward", status=400, force_id=force_id, reason="x")

    assert refused["detail"] == "force_id"
