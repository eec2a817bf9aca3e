"""Somebody who asks for what is not theirs has an id that they should not have: it is written down."""

from typing import Final
from uuid import uuid4

import pytest

from access.conftest import World
from waymark.kernel.db import Sql

TRAIL: Final = Sql("""
    SELECT p.username || ' ' || a.detail AS line
    FROM audit_entry AS a
    JOIN person AS p ON p.id = a.actor_id
    WHERE a.action = 'report.refused' AND a.subject_id = :id
    ORDER BY a.pos
""")
ACTS: Final = {
    "acknowledge": {"message": "x"},
    "take": {},
    "ask": {"version": 1, "message": "x"},
    "decide": {"version": 1, "code": "intelligence_only", "rationale": "x"},
    "forward": {"version": 1, "force_id": "demo-northshire", "reason": "x"},
    "accept": {"version": 1},
}


async def refused(world: World, report_id: str) -> list[str]:
    return await world.database.read(lambda db: db.many(TRAIL, str, id=report_id))


@pytest.mark.parametrize("there", [True, False])
async def test_each_refusal_is_in_the_trail_with_who_and_what(world: World, there: bool) -> None:
    """Whether there is such a report or not: a trace that took time for one of them would tell."""
    desk = world.desks["southmere"]
    report_id = world.reports["P1", "northshire"] if there else str(uuid4())
    path = f"/desk/api/reports/{report_id}"

    answers = [await desk.get(f"{path}{more}") for more in ("", "/suggestions", f"/pictures/{uuid4()}")]
    answers += [await desk.post(f"{path}/{act}", body) for act, body in ACTS.items()]

    assert {answer.status_code for answer in answers} == {404}
    operations = [
        *("ViewReport", "SuggestServices", "ViewPicture", "AcknowledgeReport", "TakeReport", "AskReporter"),
        *("DecideReport", "ForwardReport", "AcceptReport"),
    ]
    assert await refused(world, report_id) == [f'southmere {{"asked":"{name}"}}' for name in operations]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_is_somebodys_own_is_no_refusal(world: World) -> None:
    report_id = world.reports["P1", "northshire"]

    answer = await world.desks["northshire"].get(f"/desk/api/reports/{report_id}")

    assert answer.status_code == 200
    assert await refused(world, report_id) == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("person", ["northshire", "quay", "custodian"])
async def test_support_only_reports_are_guarded_by_a_trace(world: World, person: str) -> None:
    report_id = world.reports["U1", "northshire"]

    answer = await world.desks[person].get(f"/desk/api/reports/{report_id}")

    assert answer.status_code == 404
    assert await refused(world, report_id) == [f'{person} {{"asked":"ViewReport"}}']
