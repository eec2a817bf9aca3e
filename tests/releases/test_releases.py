"""Who may see what of a report changes: on the reporter's word, by override, for a reason, and with time."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import msgspec
import pytest

from dialogue.conftest import Service
from support.desk import Desk
from support.reports import CANARY, Report
from waymark.audit.records import SERVICE
from waymark.identity import actions as identity
from waymark.kernel import clock
from waymark.kernel.clock import stamp
from waymark.kernel.db import Sql
from waymark.kernel.problems import Problem
from waymark.releases.jobs import Heir

NAME: Final = "canary-name-91bd"
PLACE: Final = "canary-place-77aa"
AUDITED = Sql("SELECT detail FROM audit_entry WHERE action = :action ORDER BY pos")
RELEASED = Sql("""
    SELECT field_group FROM report_release
    WHERE report_id = :report_id AND from_version = 1 AND until_version = :until
    ORDER BY field_group
""")
CHANGED = Sql("SELECT basis FROM release_change WHERE report_id = :report_id ORDER BY version")
LEFT = Sql("""
    UPDATE membership SET valid_to = :at
    WHERE person_id = (SELECT id FROM person WHERE username = 'northshire')
""")


async def desk(service: Service, name: str) -> Desk:
    return await service.desks["quay"].like().enter(service.database, name)


async def audited(service: Service, action: str) -> list[dict[str, Any]]:
    lines = await service.database.read(lambda db: db.many(AUDITED, str, action=action))
    return [msgspec.json.decode(line) for line in lines]


async def version(service: Service, report: Report) -> int:
    page = await service.page("harbour", report)
    return int(page["report"]["version"])


async def narrowed(service: Service, report: Report, *groups: str, status: int = 200) -> None:
    body = {"version": await version(service, report), "groups": groups, "note": "They rang. canary-note-1"}
    answer = await service.desks["harbour"].post(service.path(report, "narrow"), body)
    assert answer.status_code == status, answer.text


async def overridden(service: Service, report: Report, *, status: int = 200, **more: Any) -> None:
    body = {
        "version": await version(service, report),
        "groups": ["location"],
        "ground": "life_at_risk",
        "note": "There was a threat. canary-note-2",
        "told": "no",
        **more,
    }
    supervisor = await desk(service, "supervisor")
    answer = await supervisor.post(service.path(report, "override"), body)
    assert answer.status_code == status, answer.text


async def test_what_the_reporter_takes_back_is_gone_from_the_police_page(service: Service) -> None:
    report = await service.acknowledged("northshire", sharing_choice="P1")
    await service.act("northshire", report, "ask", message="Who was it?")
    await service.reply(report, "canary-reply-8 said it.")

    await narrowed(service, report, "narrative", "identity")

    page = await service.desks["northshire"].get(service.path(report))
    assert page.json()["report"]["hidden_groups"] == ["identity", "narrative"]
    assert not [word for word in (CANARY, NAME, "canary-reply-8", "canary-note-1") if word in page.text]
    assert PLACE in page.text
    assert CANARY in (await service.desks["harbour"].get(service.path(report))).text
    kept = await service.database.read(lambda db: db.many(RELEASED, str, report_id=report.item_id, until=2))
    assert kept == ["identity", "narrative"]
    assert (await audited(service, "release.narrowed"))[0]["groups"] == ["identity", "narrative"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_services_are_not_suggested_by_what_was_taken_back(service: Service) -> None:
    report = await service.acknowledged("northshire", sharing_choice="P1")
    path = service.path(report, "suggestions")
    assert (await service.desks["northshire"].get(path)).status_code == 200

    await narrowed(service, report, "strand")

    assert (await service.desks["northshire"].get(path)).status_code == 404


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("group", ["summary", "identity"])
async def test_only_what_is_released_can_be_taken_back(service: Service, group: str) -> None:
    report = await service.report(sharing_choice="P2")

    await narrowed(service, report, group, status=400)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_police_change_no_release(service: Service) -> None:
    report = await service.acknowledged("northshire", sharing_choice="P1")
    body = {"version": 99, "groups": ["narrative"], "note": "x", "ground": "life_at_risk", "told": "no"}

    for act in ("narrow", "override"):
        answer = await service.desks["northshire"].post(service.path(report, act), body)
        assert answer.status_code == 404


@pytest.mark.parametrize("choice", ["U1", "A1"])
async def test_an_override_opens_what_it_names_to_its_own_force_alone(service: Service, choice: str) -> None:
    report = await service.report(sharing_choice=choice)
    assert (await service.desks["northshire"].get(service.path(report))).status_code == 404

    await overridden(service, report)

    page = await service.desks["northshire"].get(service.path(report))
    assert set(page.json()["report"]["groups"]) == {"summary", "location"}
    assert (PLACE in page.text, CANARY in page.text, NAME in page.text) == (True, False, False)
    assert "canary-note-2" not in page.text
    assert page.json()["report"]["acts"] == []
    listed = (await service.desks["northshire"].get("/desk/api/reports")).json()
    assert [line["id"] for line in listed["reports"]] == [report.item_id]
    assert listed["counts"]["waiting"] == 1
    for act, body in (("suggestions", None), ("acknowledge", {"message": "x"}), ("take", {})):
        path = service.path(report, act)
        asked = service.desks["northshire"]
        answer = await (asked.get(path) if body is None else asked.post(path, body))
        assert answer.status_code == 404
    assert (await service.desks["southmere"].get(service.path(report))).status_code == 404
    told = (await audited(service, "release.overridden"))[0]
    assert (told["ground"], told["told"], told["groups"]) == (
        "life_at_risk",
        "no",
        ["location", "summary"],
    )
    bases = await service.database.read(lambda db: db.many(CHANGED, str, report_id=report.item_id))
    assert bases == ["override"]


async def test_the_reporter_reads_of_an_override_where_that_is_safe(service: Service) -> None:
    report = await service.report(sharing_choice="U1")

    await overridden(service, report, told="yes", message="We had to tell the police where it was.")

    kind, body = (await service.said(report.device))[-1]
    assert (kind, body.text) == ("message", "We had to tell the police where it was.")
    page = await service.page("harbour", report)
    assert page["history"][-1]["reason_label"] == "Somebody's life is in danger"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "wrong",
    [{"ground": "curious"}, {"told": "unsafe", "message": "x"}, {"groups": []}, {"note": " "}],
)
async def test_an_override_without_a_reason_is_none(service: Service, wrong: dict[str, Any]) -> None:
    report = await service.report(sharing_choice="U1")

    await overridden(service, report, status=400, **wrong)

    assert (await service.desks["northshire"].get(service.path(report))).status_code == 404


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_an_override_of_a_report_from_nowhere_names_a_force(service: Service) -> None:
    report = await service.report(sharing_choice="U1", postcode="SW1A 1AA")
    await overridden(service, report, status=400)

    await overridden(service, report, force_id="demo-southmere")

    assert (await service.desks["southmere"].get(service.path(report))).status_code == 200
    assert (await service.desks["northshire"].get(service.path(report))).status_code == 404


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_volunteer_overrides_and_uncovers_nothing(service: Service) -> None:
    report = await service.acknowledged("northshire", sharing_choice="P1")
    body = {"version": 99, "groups": ["identity"], "reason": "safeguarding"}

    for act in ("override", "unmask"):
        body |= {"ground": "life_at_risk", "note": "x", "told": "no"}
        answer = await service.desks["harbour"].post(service.path(report, act), body)
        assert answer.status_code == 404


async def test_what_the_police_have_is_covered_at_the_centre_until_somebody_says_why(
    service: Service,
) -> None:
    report = await service.report(sharing_choice="P1")
    assert NAME in (await service.desks["harbour"].get(service.path(report))).text
    await service.act("northshire", report, "acknowledge", message="Read.")

    for name in ("harbour", "supervisor"):
        page = await (await desk(service, name)).get(service.path(report))
        assert page.json()["report"]["masked_groups"] == ["contact", "identity"]
        assert NAME not in page.text
        assert CANARY in page.text
    supervisor, path = await desk(service, "supervisor"), service.path(report, "unmask")
    refused = await supervisor.post(path, {"groups": ["identity"], "reason": "curious"})
    shown = await supervisor.post(path, {"groups": ["identity"], "reason": "lawful_request"})

    assert refused.status_code == 400
    assert shown.json() == {"groups": {"identity": {"name_known_as": NAME}}}
    assert await audited(service, "report.unmasked") == [{"groups": ["identity"], "reason": "lawful_request"}]


async def test_whose_membership_ended_yesterday_sees_nothing_at_the_next_request(service: Service) -> None:
    report = await service.acknowledged("northshire")
    yesterday = stamp(clock.now() - timedelta(days=1))

    await service.database.write(lambda db: db.execute(LEFT, at=yesterday))

    for path in (service.path(report), "/desk/api/reports", "/desk/api/session", "/desk/api/live"):
        assert (await service.desks["northshire"].get(path)).status_code == 401
    assert (await service.desks["northshire"].like().log_in("northshire")).status_code == 401


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_who_leaves_is_logged_out_everywhere_once(service: Service) -> None:
    def leave(db: Any) -> bool:
        return identity.end_membership(db, "harbour", actor=SERVICE, now=clock.now())

    assert await service.database.write(leave)

    assert (await service.desks["harbour"].get("/desk/api/reports")).status_code == 401
    assert not await service.database.write(leave)


async def test_a_merged_force_passes_its_reports_on(service: Service) -> None:
    report = await service.acknowledged("northshire", sharing_choice="P1")
    now = clock.now()

    merged = await service.database.write(
        identity.merge_force, "demo-northshire", "demo-southmere", at=now, actor=SERVICE, now=now
    )
    state = service.state
    heir = Heir(service.database, state.ring, state.vault)
    assert merged
    with suppress(Problem):  # the service itself was quicker
        await heir.step()
    assert await heir.step() == 0

    assert (await service.desks["northshire"].get("/desk/api/reports")).status_code == 401
    page = await service.page("southmere", report)
    assert page["report"]["force_id"] == "demo-southmere"
    assert page["history"][-1]["action"] == "passed_on"
    assert "decide_report" in page["report"]["acts"]
    assert (await audited(service, "report.passed_on")) == [
        {"from": "demo-northshire", "force": "demo-southmere"}
    ]
