"""Passkeys: added by whoever is signed in, and the way in; and what they do not let pass."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.authenticator import Authenticator, changed
from support.desk import PASSWORD, Desk, seed
from waymark.identity.jobs import Tidier
from waymark.identity.rules import FRESH, LOGIN_TRIES
from waymark.kernel import clock
from waymark.kernel.db import Database, Sql
from waymark.kernel.settings import Settings

Client = AsyncTestClient[Litestar]
AUDITED = Sql("SELECT action FROM audit_entry ORDER BY pos")
STALE = Sql("UPDATE session SET verified_at = :at")
OLD = Sql("UPDATE passkey_challenge SET expires_at = :at")
CHALLENGES = Sql("SELECT token_hash FROM passkey_challenge")
CHALLENGE = "__Host-waymark-challenge"


class Person:
    """At a desk, with a device that keeps passkeys."""

    def __init__(self, desk: Desk, database: Database, origin: str) -> None:
        self.desk, self.database = desk, database
        self.device = Authenticator(origin)

    async def begin(self, path: str) -> dict[str, Any]:
        answer = await self.desk.post(path)
        assert answer.status_code == 200, answer.text
        self.desk.more = {CHALLENGE: answer.cookies[CHALLENGE]}
        options: dict[str, Any] = answer.json()
        return options

    async def add(self, name: str = "My telephone", **lies: Any) -> int:
        credential = self.device.made(await self.begin("/desk/api/passkeys/options"), **lies)
        answer = await self.desk.post("/desk/api/passkeys", {"name": name, "credential": credential})
        if answer.status_code == 200:
            self.desk.cookie = answer.cookies["__Host-waymark"]
        return answer.status_code

    async def sign_in(self, **lies: Any) -> int:
        credential = self.device.shown(await self.begin("/desk/api/passkeys/challenge"), **lies)
        return await self.send(credential)

    async def send(self, credential: dict[str, Any]) -> int:
        answer = await self.desk.post("/desk/api/passkeys/sign-in", {"credential": credential})
        if answer.status_code == 200:
            self.desk.cookie = answer.cookies["__Host-waymark"]
        return answer.status_code

    async def verify(self, body: dict[str, Any]) -> int:
        answer = await self.desk.post("/desk/api/session/verify", body)
        if answer.status_code == 200:
            self.desk.cookie = answer.cookies["__Host-waymark"]
        return answer.status_code

    async def account(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.desk.get("/desk/api/account")).json()
        return found


Enter = Callable[[str], Awaitable[Person]]


@pytest.fixture
async def enter(client: Client, settings: Settings, database: Database) -> Enter:
    await seed(database, client.app.state.pack)

    async def make(username: str) -> Person:
        desk = await Desk(client, settings.origin).enter(database, username)
        return Person(desk, database, settings.origin)

    return make


async def test_a_passkey_is_a_way_in(enter: Enter, database: Database) -> None:
    person = await enter("northshire")
    assert await person.add("My telephone") == 200
    before = person.desk.cookie

    assert await person.sign_in() == 200

    assert person.desk.cookie != before
    assert (await person.desk.get("/desk/api/session")).json()["user"]["role"] == "police_triage"
    account = await person.account()
    assert [(one["name"], bool(one["used_at"])) for one in account["passkeys"]] == [("My telephone", True)]
    assert [one["how"] for one in account["sessions"] if one["this_one"]] == ["passkey"]
    audited = await database.read(lambda db: db.many(AUDITED, str))
    assert audited[-3:] == ["passkey.added", "session.verified", "login"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://waymark.example"},
        {"origin": "http://waymark.test"},
        {"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        {"type": "webauthn.create"},
    ],
)
async def test_what_was_signed_for_another_place_is_not_believed(enter: Enter, lie: dict[str, str]) -> None:
    person = await enter("northshire")
    assert await person.add() == 200
    person.desk.cookie = None

    assert await person.sign_in(**lie) == 401
    assert await person.sign_in() == 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_touch_alone_is_not_enough(enter: Enter) -> None:
    person = await enter("northshire")
    person.device.verifies = False
    assert await person.add() == 400
    person.device.verifies = True
    assert await person.add() == 200
    person.device.verifies = False

    assert await person.sign_in() == 401


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_another_device_s_key_and_altered_bytes_are_not_believed(enter: Enter) -> None:
    person = await enter("northshire")
    assert await person.add() == 200
    options = await person.begin("/desk/api/passkeys/challenge")
    altered = person.device.shown(options)
    altered["response"]["signature"] = changed(altered["response"]["signature"])
    assert await person.send(altered) == 401

    stranger = Authenticator(person.device.origin)
    stranger.id = person.device.id
    assert await person.send(stranger.shown(await person.begin("/desk/api/passkeys/challenge"))) == 401
    unknown = Authenticator(person.device.origin)
    assert await person.send(unknown.shown(await person.begin("/desk/api/passkeys/challenge"))) == 401
    for nonsense in ({}, {"id": 7}, {"id": "\0"}, {"id": person.device.id.hex()}, {"id": "x" * 9_000}):
        await person.begin("/desk/api/passkeys/challenge")
        assert await person.send(nonsense) == 401


async def test_an_answer_counts_once(enter: Enter) -> None:
    person = await enter("northshire")
    assert await person.add() == 200
    credential = person.device.shown(await person.begin("/desk/api/passkeys/challenge"))

    assert await person.send(credential) == 200
    assert await person.send(credential) == 401


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_an_answer_counts_in_its_own_browser_and_for_minutes(enter: Enter, database: Database) -> None:
    person = await enter("northshire")
    assert await person.add() == 200
    elsewhere = person.device.shown(await person.begin("/desk/api/passkeys/challenge"))
    person.desk.more = {CHALLENGE: "another browser's"}
    assert await person.send(elsewhere) == 401

    late = person.device.shown(await person.begin("/desk/api/passkeys/challenge"))
    await database.write(lambda db: db.execute(OLD, at=clock.stamp(clock.now())))
    assert await person.send(late) == 401


async def test_what_nobody_answered_is_tidied_away(enter: Enter, database: Database) -> None:
    person = await enter("northshire")
    await person.begin("/desk/api/passkeys/challenge")
    await person.begin("/desk/api/session/challenge")
    await database.write(lambda db: db.execute(OLD, at=clock.stamp(clock.now() - timedelta(seconds=1))))
    await person.begin("/desk/api/passkeys/challenge")

    await Tidier(database).step()

    assert len(await database.read(lambda db: db.many(CHALLENGES, str))) == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_challenge_for_one_thing_is_none_for_another(enter: Enter) -> None:
    person, other = await enter("northshire"), await enter("southmere")
    assert await person.add() == 200
    to_verify = person.device.shown(await person.begin("/desk/api/session/challenge"))
    assert await person.send(to_verify) == 401

    to_sign_in = person.device.shown(await person.begin("/desk/api/passkeys/challenge"))
    assert await person.verify({"credential": to_sign_in}) == 401
    other.device = person.device
    somebody_s = other.device.shown(await other.begin("/desk/api/session/challenge"))
    assert await other.verify({"credential": somebody_s}) == 401


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_copied_passkey_is_noticed_and_neither_is_believed(enter: Enter, database: Database) -> None:
    person = await enter("northshire")
    assert await person.add() == 200
    assert await person.sign_in() == 200
    assert await person.sign_in() == 200
    person.device.count = 0  # the copy has not seen the other's uses

    assert await person.sign_in() == 401
    person.device.count = 50
    assert await person.sign_in() == 401
    assert "passkey.count_went_back" in await database.read(lambda db: db.many(AUDITED, str))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_other_people_s_wrong_passwords_keep_nobody_out_who_has_a_passkey(enter: Enter) -> None:
    person = await enter("northshire")
    assert await person.add() == 200
    stranger = person.desk.like()
    tried = [(await stranger.log_in("northshire", "wrong")).status_code for _ in range(6)]
    assert tried[-1] == 429

    assert await person.sign_in() == 200


async def test_what_is_dangerous_asks_again_who_you_are(enter: Enter, database: Database) -> None:
    person = await enter("harbour")
    assert await person.add() == 200
    stale = clock.stamp(clock.now() - FRESH - timedelta(seconds=1))

    async def refused() -> bool:
        await database.write(lambda db: db.execute(STALE, at=stale))
        answer = await person.desk.post("/desk/api/passkeys/options")
        return answer.status_code == 403 and answer.json()["code"] == "step_up_needed"

    assert await refused()
    assert (await person.desk.get("/desk/api/session")).status_code == 200
    before = person.desk.cookie
    credential = person.device.shown(await person.begin("/desk/api/session/challenge"))
    assert await person.verify({"credential": credential}) == 200
    assert (await person.desk.post("/desk/api/passkeys/options")).status_code == 200
    after, person.desk.cookie = person.desk.cookie, before
    assert (await person.desk.get("/desk/api/session")).status_code == 401
    person.desk.cookie = after
    assert await refused()
    assert await person.verify({"password": "wrong"}) == 401
    assert await refused()
    assert await person.verify({"password": PASSWORD}) == 401  # alone it is worth nothing beside a passkey
    assert await refused()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_who_has_a_password_alone_shows_that(enter: Enter, database: Database) -> None:
    person = await enter("harbour")
    for _ in range(LOGIN_TRIES + 1):  # each right one begins the count again
        await database.write(lambda db: db.execute(STALE, at=clock.stamp(clock.now() - FRESH)))
        assert (await person.desk.post("/desk/api/passkeys/options")).status_code == 403
        assert await person.verify({"password": PASSWORD}) == 200
        assert (await person.desk.post("/desk/api/passkeys/options")).status_code == 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("person", "path"),
    [
        ("supervisor", "/desk/api/reports/7c9e6679-7425-40de-944b-e07fc1f90ae7/override"),
        ("supervisor", "/desk/api/reports/7c9e6679-7425-40de-944b-e07fc1f90ae7/unmask"),
        ("harbour", "/desk/api/devices/7c9e6679-7425-40de-944b-e07fc1f90ae7/revoke"),
        ("custodian", "/desk/api/quarantine/reopen"),
    ],
)
async def test_dangerous_acts_ask(enter: Enter, database: Database, person: str, path: str) -> None:
    desk = (await enter(person)).desk
    asked_fresh = await desk.post(path)
    await database.write(lambda db: db.execute(STALE, at=clock.stamp(clock.now() - FRESH)))

    asked_stale = await desk.post(path)

    assert asked_fresh.json()["code"] != "step_up_needed"
    assert (asked_stale.status_code, asked_stale.json()["code"]) == (403, "step_up_needed")


async def test_one_s_other_sessions_end_at_once(enter: Enter) -> None:
    here, there, other = await enter("northshire"), await enter("northshire"), await enter("southmere")
    assert len((await here.account())["sessions"]) == 2

    left = (await here.desk.delete("/desk/api/sessions")).json()["sessions"]

    assert [one["this_one"] for one in left] == [True]
    assert (await there.desk.get("/desk/api/session")).status_code == 401
    assert (await other.desk.get("/desk/api/session")).status_code == 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_removed_passkey_is_none_and_nobody_removes_another_s(enter: Enter) -> None:
    person, other = await enter("northshire"), await enter("southmere")
    assert await person.add() == 200
    (mine,) = (await person.account())["passkeys"]

    assert (await other.desk.delete(f"/desk/api/passkeys/{mine['id']}")).status_code == 404
    assert (await person.desk.delete(f"/desk/api/passkeys/{mine['id']}")).status_code == 200

    assert await person.sign_in() == 401


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_one_passkey_is_one_person_s(enter: Enter, database: Database) -> None:
    person, other = await enter("northshire"), await enter("southmere")
    assert await person.add() == 200
    other.device = person.device

    assert await other.add() == 400
    assert await other.sign_in() == 200
    assert (await other.desk.get("/desk/api/session")).json()["user"]["force_id"] == "demo-northshire"
