"""Every act on a report, every role, every sharing choice: whoever does not answer for it finds nothing."""

from typing import Any, Final
from uuid import uuid4

import pytest

from access.conftest import CHOICES, PLACES, Key, World

RELEASED: Final = {"P1", "P2", "P3"}
EVERYTHING: Final = {(choice, place) for choice in CHOICES for place in PLACES}
# Written out here from the rulings, not computed by the rule that is tested.
OWN: Final[dict[str, set[Key]]] = {
    "northshire": {k for k in EVERYTHING if k[0] in RELEASED and k[1] == "northshire"},
    "southmere": {k for k in EVERYTHING if k[0] in RELEASED and k[1] == "southmere"},
    "harbour": {k for k in EVERYTHING if k[0] not in RELEASED and k[1] in ("northshire", "nowhere")},
    "quay": {k for k in EVERYTHING if k[0] not in RELEASED and k[1] == "southmere"},
    "custodian": set(),
}
VISIBLE: Final[dict[str, set[Key]]] = {
    "northshire": {k for k in EVERYTHING if k[0] in RELEASED and k[1] in ("northshire", "nowhere")},
    "southmere": {k for k in EVERYTHING if k[0] in RELEASED and k[1] in ("southmere", "nowhere")},
    "harbour": {k for k in EVERYTHING if k[1] in ("northshire", "nowhere")},
    "quay": {k for k in EVERYTHING if k[1] == "southmere"},
    "custodian": set(),
}
POLICE_ALONE: Final = {"decide", "forward"}
BODIES: Final[dict[str, dict[str, Any]]] = {
    "ask": {"message": "x"},
    "update": {"message": "x"},
    "signpost": {"services": ["victim-support"]},
    "decide": {"code": "intelligence_only", "rationale": "x"},
    "close": {"code": "duplicate", "message": "x"},
    "reopen": {"reason": "new_information"},
    "forward": {"force_id": "demo-southmere", "reason": "x"},
    "reply-read": {},
}
EVERYBODY: Final = sorted(OWN)
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@ONE_ENGINE
@pytest.mark.parametrize("act", sorted(BODIES))
@pytest.mark.parametrize("person", EVERYBODY)
async def test_an_act_is_there_exactly_for_whoever_answers(world: World, person: str, act: str) -> None:
    desk = world.desks[person]
    # A version that no report has: whoever may act is told that, and everybody else that nothing is there.
    body = {"version": 99, **BODIES[act]}

    seen = {
        key: (await desk.post(f"/desk/api/reports/{report_id}/{act}", body)).status_code
        for key, report_id in world.reports.items()
    }

    may = set() if act in POLICE_ALONE and person in ("harbour", "quay") else OWN[person]
    assert seen == {key: 409 if key in may else 404 for key in EVERYTHING}


@ONE_ENGINE
@pytest.mark.parametrize("act", ["accept", "send-back"])
async def test_nobody_answers_an_offer_that_nobody_made(world: World, act: str) -> None:
    for person in EVERYBODY:
        for report_id in world.reports.values():
            body = {"version": 99, "reason": "x"}
            answer = await world.desks[person].post(f"/desk/api/reports/{report_id}/{act}", body)
            assert answer.status_code == 404


@pytest.mark.parametrize("person", EVERYBODY)
async def test_suggestions_are_there_for_whoever_sees_the_report(world: World, person: str) -> None:
    seen = {
        key: (await world.desks[person].get(f"/desk/api/reports/{report_id}/suggestions")).status_code
        for key, report_id in world.reports.items()
    }

    assert seen == {key: 200 if key in VISIBLE[person] else 404 for key in EVERYTHING}


@ONE_ENGINE
async def test_no_act_answers_a_hidden_report_other_than_an_unknown_one(world: World) -> None:
    hidden = world.reports["U1", "northshire"]
    for act, body in BODIES.items():
        answers = [
            await world.desks["northshire"].post(
                f"/desk/api/reports/{report_id}/{act}", {"version": 1, **body}
            )
            for report_id in (hidden, str(uuid4()))
        ]
        assert answers[0].content == answers[1].content


@ONE_ENGINE
async def test_each_new_route_is_there_for_its_roles_alone(world: World) -> None:
    for person in EVERYBODY:
        expected = 404 if person == "custodian" else 200
        assert (await world.desks[person].get("/desk/api/choices")).status_code == expected
    assert (await world.desks["custodian"].get("/desk/api/live")).status_code == 404
    picture = f"/desk/api/reports/{world.reports['P1', 'northshire']}/pictures/{uuid4()}"
    assert (await world.desks["northshire"].get(picture)).status_code == 404


@ONE_ENGINE
async def test_nothing_is_there_for_nobody(world: World) -> None:
    desk = world.desks["northshire"]
    desk.cookie = None
    path = f"/desk/api/reports/{world.reports['P1', 'northshire']}"

    reads = (f"{path}/suggestions", f"{path}/pictures/{uuid4()}", "/desk/api/choices", "/desk/api/live")
    assert [(await desk.get(read)).status_code for read in reads] == [401] * 4
    acts = [(await desk.post(f"{path}/{act}", {"version": 1, **body})) for act, body in BODIES.items()]
    assert {answer.status_code for answer in acts} == {401}


@ONE_ENGINE
async def test_another_page_cannot_make_anybody_act(world: World) -> None:
    path = f"/desk/api/reports/{world.reports['P1', 'northshire']}"
    for act, body in BODIES.items():
        answer = await world.desks["northshire"].post(
            f"{path}/{act}", {"version": 1, **body}, **{"Origin": "https://elsewhere.test"}
        )
        assert answer.status_code == 403


FILTERS: Final = {
    "": EVERYTHING,
    "area=demo-harbour": {k for k in EVERYTHING if k[1] == "northshire"},
    "area=demo-quayside": {k for k in EVERYTHING if k[1] == "southmere"},
    "centre=demo-harbour-library": {k for k in EVERYTHING if k[1] != "southmere"},
    "sharing=P2": {k for k in EVERYTHING if k[0] == "P2"},
    "sharing=U1": {k for k in EVERYTHING if k[0] == "U1"},
    "channel=self_phone": EVERYTHING,
    "channel=centre_tablet": set(),
    "queue=waiting&sharing=P3&centre=demo-harbour-library": {
        k for k in EVERYTHING if k[0] == "P3" and k[1] != "southmere"
    },
    "queue=decided": set(),
    "queue=offered": set(),
    "with_pictures=true": set(),
    "received_from=2026-01-01&received_to=2199-01-01": EVERYTHING,
    "received_to=2020-01-01": set(),
    "received_from=2199-01-01": set(),
    "overdue=true": set(),
}


@pytest.mark.parametrize("query", sorted(FILTERS))
async def test_a_filter_shows_what_fits_of_what_may_be_seen(world: World, query: str) -> None:
    for person in set(EVERYBODY) - {"custodian"}:
        answer = await world.desks[person].get(f"/desk/api/reports?limit=100&{query}")
        assert answer.status_code == 200, answer.text
        assert world.keys([r["id"] for r in answer.json()["reports"]]) == FILTERS[query] & VISIBLE[person]


@ONE_ENGINE
@pytest.mark.parametrize(
    "query",
    [
        *(
            "queue=x",
            "sharing=X1",
            "channel=x",
            "received_from=yesterday",
            "received_to=9999-12-31",
            "limit=0",
        ),
        *(
            "area=%00",
            "centre=%00",
            "centre=%ff",
            "received_from=%00",
            "cursor=%00",
            "overdue=%00",
            "limit=1e9",
        ),
    ],
)
async def test_a_filter_that_is_none_is_refused(world: World, query: str) -> None:
    answer = await world.desks["northshire"].get(f"/desk/api/reports?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
