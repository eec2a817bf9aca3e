"""Every desk route, every role, every sharing choice: what may not be seen looks as if it did not exist."""

from typing import Final
from uuid import uuid4

import pytest

from access.conftest import CHOICES, PLACES, Key, World
from support.reports import CANARY

RELEASED: Final = {"P1", "P2", "P3"}
EVERYTHING: Final = {(choice, place) for choice in CHOICES for place in PLACES}

# Written out here from the rulings, not computed by the rule that is tested.
VISIBLE: Final[dict[str, set[Key]]] = {
    "northshire": {k for k in EVERYTHING if k[0] in RELEASED and k[1] in ("northshire", "nowhere")},
    "southmere": {k for k in EVERYTHING if k[0] in RELEASED and k[1] in ("southmere", "nowhere")},
    "harbour": {k for k in EVERYTHING if k[1] in ("northshire", "nowhere")},
    "quay": {k for k in EVERYTHING if k[1] == "southmere"},
    "custodian": set(),
}
ACKNOWLEDGEABLE: Final[dict[str, set[Key]]] = {
    **VISIBLE,
    "harbour": {k for k in VISIBLE["harbour"] if k[0] not in RELEASED},
    "quay": {k for k in VISIBLE["quay"] if k[0] not in RELEASED},
}
TAKEABLE: Final[dict[str, set[Key]]] = {
    "northshire": {k for k in VISIBLE["northshire"] if k[1] == "nowhere"},
    "southmere": {k for k in VISIBLE["southmere"] if k[1] == "nowhere"},
    "harbour": set(),
    "quay": set(),
    "custodian": set(),
}
OF_THE_PERSON: Final = ("canary-name-91bd", "canary-phone-07700900123")
OF_ALL: Final = {"label": "Front desk", "ids": ["00000000-0000-4000-8000-000000000000"]}
EVERYBODY: Final = sorted(VISIBLE)


@pytest.mark.parametrize("person", EVERYBODY)
async def test_a_page_is_there_exactly_for_those_who_may_see_it(world: World, person: str) -> None:
    desk = world.desks[person]

    seen = {
        key: (await desk.get(f"/desk/api/reports/{report_id}")).status_code
        for key, report_id in world.reports.items()
    }

    assert seen == {key: 200 if key in VISIBLE[person] else 404 for key in EVERYTHING}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("person", EVERYBODY)
async def test_a_hidden_report_answers_exactly_like_an_unknown_id(world: World, person: str) -> None:
    desk = world.desks[person]
    unknown = await desk.get(f"/desk/api/reports/{uuid4()}")

    for key in EVERYTHING - VISIBLE[person]:
        hidden = await desk.get(f"/desk/api/reports/{world.reports[key]}")
        assert (hidden.status_code, hidden.content) == (unknown.status_code, unknown.content)
        assert dict(hidden.headers) == dict(unknown.headers)


@pytest.mark.parametrize("queue", ["", "waiting", "acknowledged"])
@pytest.mark.parametrize("person", EVERYBODY)
async def test_a_list_and_its_counts_hold_exactly_what_may_be_seen(
    world: World, person: str, queue: str
) -> None:
    answer = await world.desks[person].get(
        f"/desk/api/reports?limit=100&queue={queue}".removesuffix("&queue=")
    )

    if person == "custodian":
        assert answer.status_code == 404
        return
    listed = answer.json()
    waiting = VISIBLE[person]
    assert world.keys([r["id"] for r in listed["reports"]]) == (set() if queue == "acknowledged" else waiting)
    assert {name: count for name, count in listed["counts"].items() if count} == {"waiting": len(waiting)}
    assert listed["next"] is None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("person", EVERYBODY)
async def test_pages_of_a_list_never_let_a_hidden_report_through(world: World, person: str) -> None:
    desk, ids, cursor = world.desks[person], [], ""

    while person != "custodian":
        page = (await desk.get(f"/desk/api/reports?limit=2&cursor={cursor}")).json()
        ids += [r["id"] for r in page["reports"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert len(ids) == len(set(ids))
    assert world.keys(ids) == VISIBLE[person]


@pytest.mark.parametrize("person", EVERYBODY)
async def test_only_those_who_answer_for_a_report_can_acknowledge_it(world: World, person: str) -> None:
    desk = world.desks[person]

    seen = {
        key: (
            await desk.post(f"/desk/api/reports/{report_id}/acknowledge", {"message": "Thank you."})
        ).status_code
        for key, report_id in world.reports.items()
    }

    assert seen == {key: 200 if key in ACKNOWLEDGEABLE[person] else 404 for key in EVERYTHING}


@pytest.mark.parametrize("person", EVERYBODY)
async def test_only_police_can_take_and_only_what_is_released_and_nobodys(world: World, person: str) -> None:
    desk = world.desks[person]

    seen = {
        key: (await desk.post(f"/desk/api/reports/{report_id}/take")).status_code
        for key, report_id in world.reports.items()
    }

    assert seen == {key: 200 if key in TAKEABLE[person] else 404 for key in EVERYTHING}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_report_that_was_taken_is_gone_for_other_forces(world: World) -> None:
    report_id = world.reports["P1", "nowhere"]

    await world.desks["northshire"].post(f"/desk/api/reports/{report_id}/take")

    assert (await world.desks["southmere"].get(f"/desk/api/reports/{report_id}")).status_code == 404
    listed = (await world.desks["southmere"].get("/desk/api/reports?limit=100")).json()
    assert report_id not in [r["id"] for r in listed["reports"]]
    assert listed["counts"]["waiting"] == len(VISIBLE["southmere"]) - 1
    assert (await world.desks["northshire"].get(f"/desk/api/reports/{report_id}")).status_code == 200


@pytest.mark.parametrize("choice", ["P1", "P2", "P3"])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_police_see_who_it_is_only_where_the_reporter_said_so(world: World, choice: str) -> None:
    page = await world.desks["northshire"].get(f"/desk/api/reports/{world.reports[choice, 'northshire']}")

    for words in OF_THE_PERSON:
        assert (words in page.text) == (choice == "P1")
    assert CANARY in page.text
    hidden = [] if choice == "P1" else ["contact", "identity"]
    assert page.json()["report"]["hidden_groups"] == hidden


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_the_centre_sees_every_group_of_its_own_reports(world: World) -> None:
    for choice in CHOICES:
        page = await world.desks["harbour"].get(f"/desk/api/reports/{world.reports[choice, 'northshire']}")
        assert page.json()["report"]["hidden_groups"] == []
        assert all(words in page.text for words in OF_THE_PERSON)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_no_list_holds_words_of_a_report(world: World) -> None:
    for person in EVERYBODY:
        listed = await world.desks[person].get("/desk/api/reports?limit=100")
        assert not [words for words in (CANARY, "canary-place-77aa", *OF_THE_PERSON) if words in listed.text]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/desk/api/quarantine", {"custodian"}),
        ("POST", "/desk/api/quarantine/reopen", {"custodian"}),
        ("GET", "/desk/api/devices", {"harbour", "quay"}),
        ("POST", "/desk/api/devices/codes", {"harbour", "quay"}),
        ("GET", "/desk/api/reports", {"northshire", "southmere", "harbour", "quay"}),
        ("GET", "/desk/api/session", set(EVERYBODY)),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_each_route_is_there_for_its_roles_alone(
    world: World, method: str, path: str, allowed: set[str]
) -> None:
    for person in EVERYBODY:
        desk = world.desks[person]
        answer = await (desk.get(path) if method == "GET" else desk.post(path, OF_ALL))
        assert answer.status_code == (200 if person in allowed else 404), person


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_nothing_is_there_for_nobody(world: World) -> None:
    desk = world.desks["northshire"]
    desk.cookie = None
    report_id = world.reports["P1", "northshire"]

    paths = ("reports", f"reports/{report_id}", "quarantine", "devices", "session")
    reads = [(await desk.get(f"/desk/api/{path}")).status_code for path in paths]
    acts = [
        (await desk.post(f"/desk/api/{path}", {"message": "x", "label": "x"})).status_code
        for path in (f"reports/{report_id}/acknowledge", f"reports/{report_id}/take", "devices/codes")
    ]

    assert reads == [401] * 5
    assert acts == [401] * 3


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("strange", ["%00", "x", "..%2f", "' OR 1=1 --", "A" * 200])
async def test_a_strange_id_is_nobodys(world: World, strange: str) -> None:
    assert (await world.desks["northshire"].get(f"/desk/api/reports/{strange}")).status_code == 404
