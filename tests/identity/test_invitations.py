"""Invitations: a link that works once, for the role it was made for, from whoever may give it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from support.desk import PASSWORD, Desk, seed
from waymark.app import create_app
from waymark.audit.records import SERVICE
from waymark.identity.invitations import actions
from waymark.identity.invitations.records import Place
from waymark.identity.invitations.rules import LIFE, fits
from waymark.identity.standing import actions as standing
from waymark.kernel import clock
from waymark.kernel.db import Database, Sql
from waymark.kernel.settings import Settings

Client = AsyncTestClient[Litestar]
SHOW, ACCEPT = "/desk/api/invitation", "/desk/api/invitation/accept"
PEOPLE, INVITE = "/desk/api/people", "/desk/api/people/invitations"
SESSION = "/desk/api/session"
BETTER = "lantern orbit pickle meadow"
HASHES = Sql("SELECT token_hash FROM invitation")
AUDITED = Sql("SELECT action FROM audit_entry ORDER BY pos")
ENDS = Sql("UPDATE invitation SET expires_at = :at")


@pytest.fixture
async def desk(client: Client, settings: Settings, database: Database) -> AsyncIterator[Desk]:
    await seed(database, client.app.state.pack)
    yield await Desk(client, settings.origin).enter(database, "supervisor")


async def invited(desk: Desk, role: str = "centre_worker", name: str = "Noor Haddad") -> str:
    answer = await desk.post(INVITE, {"name": name, "role": role})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


async def accept(desk: Desk, token: str, username: str = "noor", password: str = BETTER) -> Response:
    return await desk.post(ACCEPT, {"token": token, "username": username, "password": password})


async def test_who_is_invited_is_known_and_finds_their_own_place(desk: Desk, database: Database) -> None:
    token = await invited(desk)
    new = desk.like()
    told = (await new.post(SHOW, {"token": token})).json()
    answer = await accept(new, token)
    new.cookie = answer.cookies["__Host-waymark"]

    assert (told["name"], told["role"], told["invited_by"]) == ("Noor Haddad", "centre_worker", "Supervisor")
    assert told["organisation"].startswith("Harbour Library")
    user = (await new.get(SESSION)).json()["user"]
    assert (user["role"], user["centre_id"]) == ("centre_worker", "demo-harbour-library")
    assert (await new.get("/desk/api/reports")).status_code == 200
    assert (await desk.like().log_in("noor", BETTER)).status_code == 200
    audited = await database.read(lambda db: db.many(AUDITED, str))
    assert {"person.invited", "person.joined"} <= set(audited)
    assert await database.read(standing.astray, now=clock.now()) == []
    stored = await database.read(lambda db: db.many(HASHES, str))
    assert token not in stored


async def test_a_link_works_once_however_many_follow_it_at_once(desk: Desk) -> None:
    token = await invited(desk)
    answers = await asyncio.gather(*(accept(desk.like(), token, f"noor{n}") for n in range(5)))

    assert sorted(one.status_code for one in answers) == [200, 404, 404, 404, 404]
    assert (await desk.like().post(SHOW, {"token": token})).json()["code"] == "invitation_over"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_whatever_is_wrong_with_a_link_is_one_answer(desk: Desk, database: Database) -> None:
    used, late, cancelled = [await invited(desk, name=f"Person {n}") for n in range(3)]
    waiting = (await desk.get(PEOPLE)).json()["waiting"]
    third = next(one["id"] for one in waiting if one["name"] == "Person 2")
    assert (await accept(desk.like(), used)).status_code == 200
    assert (await desk.post(f"{INVITE}/{third}/cancel")).status_code == 204
    await database.write(lambda db: db.execute(ENDS, at=clock.stamp(clock.now())))

    answers = [await desk.like().post(SHOW, {"token": one}) for one in (used, late, cancelled, "never")]
    answers += [await accept(desk.like(), one, "another") for one in (used, late, cancelled, "never")]

    assert {(one.status_code, one.text) for one in answers} == {(404, answers[0].text)}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_it_works_for_three_days(desk: Desk, database: Database) -> None:
    now = clock.now()
    place = Place(role="centre_worker", centre_id="demo-harbour-library")
    token, made = await database.write(actions.invite, place, "Noor", actor=SERVICE, now=now)

    assert made.expires_at == clock.stamp(now + LIFE)
    assert await database.read(actions.offer, token, now=now + LIFE - timedelta(seconds=1))
    assert made.made_by is None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("username", "password", "code"),
    [
        ("harbour", BETTER, "username_taken"),
        ("Noor", BETTER, "invalid"),
        ("no", BETTER, "invalid"),
        ("noor\0", BETTER, "invalid"),
        ("-noor", BETTER, "invalid"),
        ("noor", "short", "password_refused"),
        ("noor", "noor haddad noor", "password_refused"),
    ],
)
async def test_what_cannot_be_chosen_leaves_the_link_working(
    desk: Desk, username: str, password: str, code: str
) -> None:
    token = await invited(desk)
    refused = await accept(desk.like(), token, username, password)

    assert refused.json()["code"] == code
    assert (await accept(desk.like(), token)).status_code == 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("giver", "role", "status"),
    [
        ("supervisor", "centre_worker", 200),
        ("supervisor", "centre_supervisor", 200),
        ("supervisor", "dpo", 400),
        ("supervisor", "police_triage", 400),
        ("supervisor", "sysadmin", 400),
        ("supervisor", "intake_custodian", 400),
        ("coordinator", "police_triage", 200),
        ("coordinator", "hate_crime_coordinator", 200),
        ("coordinator", "centre_supervisor", 400),
        ("coordinator", "gold", 400),
        ("harbour", "centre_worker", 404),
        ("northshire", "police_triage", 404),
        ("dpo", "centre_worker", 404),
        ("admin", "centre_worker", 404),
    ],
)
async def test_nobody_gives_more_than_they_have(
    desk: Desk, database: Database, giver: str, role: str, status: int
) -> None:
    person = await desk.like().enter(database, giver)
    body: dict[str, Any] = {"name": "New", "role": role, "centre_id": "demo-quay-students", "id": "x"}
    answer = await person.post(INVITE, body if status != 200 else {"name": "New", "role": role})

    # What it does not have is not taken from a body, either.
    assert answer.status_code in {status, 400 if status == 200 else status}
    assert (await person.post(INVITE, {"name": "New", "role": role})).status_code == status


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_each_sees_the_people_of_their_own_place_alone(desk: Desk, database: Database) -> None:
    await invited(desk)
    here = (await desk.get(PEOPLE)).json()
    coordinator = await desk.like().enter(database, "coordinator")
    there = (await coordinator.get(PEOPLE)).json()

    assert {one["username"] for one in here["people"]} == {"harbour", "supervisor", "dpo", "community"}
    assert [one["name"] for one in here["waiting"]] == ["Noor Haddad"]
    assert here["roles"] == ["centre_supervisor", "centre_worker"]
    assert "northshire" in {one["username"] for one in there["people"]}
    assert "harbour" not in str(there)
    assert there["waiting"] == []
    theirs = here["waiting"][0]["id"]
    assert (await coordinator.post(f"{INVITE}/{theirs}/cancel")).status_code == 404


async def test_who_was_let_go_is_out_at_the_next_request(desk: Desk, database: Database) -> None:
    harbour = await desk.like().enter(database, "harbour")
    people = {one["username"]: one["id"] for one in (await desk.get(PEOPLE)).json()["people"]}
    assert (await harbour.get("/desk/api/reports")).status_code == 200

    assert (await desk.post(f"{PEOPLE}/{people['harbour']}/end")).status_code == 204

    assert (await harbour.get("/desk/api/reports")).status_code == 401
    assert (await desk.like().log_in("harbour", PASSWORD)).status_code == 401
    assert "harbour" not in {one["username"] for one in (await desk.get(PEOPLE)).json()["people"]}
    assert (await desk.post(f"{PEOPLE}/{people['harbour']}/end")).status_code == 404
    assert await database.read(standing.astray, now=clock.now()) == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_the_last_who_looks_after_people_stays(desk: Desk, database: Database) -> None:
    people = {one["username"]: one["id"] for one in (await desk.get(PEOPLE)).json()["people"]}
    refused = await desk.post(f"{PEOPLE}/{people['supervisor']}/end")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_of_place")
    assert (await desk.post(f"{PEOPLE}/{people['dpo']}/end")).status_code == 404  # not theirs to let go

    next_one = desk.like()
    answer = await accept(next_one, await invited(desk, "centre_supervisor"))
    next_one.cookie = answer.cookies["__Host-waymark"]
    assert (await next_one.post(f"{PEOPLE}/{people['supervisor']}/end")).status_code == 204
    assert (await desk.get(SESSION)).status_code == 401


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_session_of_before_is_neither_adopted_nor_left_open(desk: Desk, database: Database) -> None:
    token = await invited(desk)
    shared = await desk.like().enter(database, "harbour")
    before = shared.cookie
    answer = await accept(shared, token)

    assert answer.cookies["__Host-waymark"] != before
    assert (await shared.get(SESSION)).status_code == 401
    planted = desk.like()
    planted.cookie = "planted-by-somebody-else"
    answer = await accept(planted, await invited(desk), "other.person")
    assert answer.cookies["__Host-waymark"] != "planted-by-somebody-else"
    assert (await planted.get(SESSION)).status_code == 401


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_where_more_is_required_the_newcomer_sets_it_up_first(
    settings: Settings, database: Database
) -> None:
    app = create_app(replace(settings, second_factor="required"))
    async with AsyncTestClient(app=app, base_url=settings.origin) as client:
        await seed(database, app.state.pack)
        place = Place(role="centre_worker", centre_id="demo-harbour-library")
        token, _ = await database.write(actions.invite, place, "Noor", actor=SERVICE, now=clock.now())
        desk = Desk(client, settings.origin)
        answer = await accept(desk, token)
        desk.cookie = answer.cookies["__Host-waymark"]

        assert answer.json()["factor_needed"] is True
        assert (await desk.get("/desk/api/reports")).json()["code"] == "factor_needed"
        assert (await desk.post("/desk/api/account/totp")).status_code == 200


@pytest.mark.parametrize(
    ("place", "good"),
    [
        (Place(role="centre_worker", centre_id="c"), True),
        (Place(role="centre_worker"), False),
        (Place(role="centre_worker", force_id="f"), False),
        (Place(role="centre_worker", centre_id="c", force_id="f"), False),
        (Place(role="police_triage", force_id="f"), True),
        (Place(role="police_triage", centre_id="c"), False),
        (Place(role="support_partner", agency_id="a"), True),
        (Place(role="support_partner"), False),
        (Place(role="dpo", centre_id="c"), True),
        (Place(role="dpo", force_id="f"), True),
        (Place(role="dpo", force_id="f", centre_id="c"), False),
        (Place(role="sysadmin"), True),
        (Place(role="sysadmin", force_id="f"), False),
    ],
)
def test_a_role_fits_its_kind_of_organisation(place: Place, good: bool) -> None:
    assert fits(place) is good
