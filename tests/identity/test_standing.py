"""Who somebody is and how they get in is in the trail, too: what was written past the service is noticed."""

import asyncio
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.authenticator import Authenticator
from support.desk import PASSWORD, Desk, seed
from waymark.audit import actions as audit
from waymark.audit.records import SERVICE
from waymark.identity import actions as identity
from waymark.identity.passkeys import actions as passkeys
from waymark.identity.passkeys import store as passkey_store
from waymark.identity.passkeys.records import Passkey
from waymark.identity.second_factor import actions as second_factor
from waymark.identity.standing import actions as standing
from waymark.identity.standing import store
from waymark.identity.standing.jobs import EVERY, Watch
from waymark.identity.standing.records import Astray
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database, Sql
from waymark.kernel.ids import new_id
from waymark.kernel.settings import Settings

PROMOTED = (
    "UPDATE membership SET role = 'dpo' WHERE person_id = (SELECT id FROM person WHERE username = 'admin')"
)
PAST_THE_SERVICE = {
    PROMOTED: "roles",
    "UPDATE membership SET force_id = 'demo-southmere'"
    " WHERE person_id = (SELECT id FROM person WHERE username = 'northshire')": "roles",
    "UPDATE membership SET valid_to = '2026-01-01T00:00:00.000Z'"
    " WHERE person_id = (SELECT id FROM person WHERE username = 'harbour')": "roles",
    "DELETE FROM membership WHERE person_id = (SELECT id FROM person WHERE username = 'quay')": "roles",
    "INSERT INTO membership (id, person_id, role, centre_id, valid_from, valid_to)"
    " SELECT 'new', id, 'centre_supervisor', 'demo-harbour-library', '2026-01-01T00:00:00.000Z',"
    " '2999-01-01T00:00:00.000Z' FROM person WHERE username = 'admin'": "roles",
    "UPDATE person SET password_hash = '$argon2id$mine' WHERE username = 'supervisor'": "ways_in",
    "UPDATE person SET username = 'renamed' WHERE username = 'supervisor'": "ways_in",
    "INSERT INTO passkey (id, person_id, public_key, sign_count, name, backed_up, made_at)"
    " SELECT 'mine', id, :content, 0, 'x', :no, '2026-01-01T00:00:00.000Z'"
    " FROM person WHERE username = 'supervisor'": "ways_in",
    "INSERT INTO totp (id, person_id, wrapped_key, sealed, made_at, last_step, confirmed_at)"
    " SELECT 'mine', id, :content, :content, '2026-01-01T00:00:00.000Z', 0, '2026-01-01T00:00:00.000Z'"
    " FROM person WHERE username = 'supervisor'": "ways_in",
}


@pytest.fixture
async def seeded(client: AsyncTestClient[Litestar], database: Database) -> Database:
    await seed(database, client.app.state.pack)
    return database


async def look(database: Database) -> list[Astray]:
    return await database.read(standing.astray, now=clock.now())


async def write(database: Database, statement: str) -> None:
    values = {"content": b"mine", "no": False}
    used = {name: value for name, value in values.items() if f":{name}" in statement}

    def past_the_service(db: Connection) -> None:
        assert db.execute(Sql(statement), **used) == 1

    await database.write(past_the_service)


async def test_what_the_service_does_itself_is_no_alarm(
    seeded: Database, client: AsyncTestClient[Litestar], settings: Settings
) -> None:
    desk = await Desk(client, settings.origin).enter(seeded, "northshire")
    options = await desk.post("/desk/api/passkeys/options")
    desk.more = {"__Host-waymark-challenge": options.cookies["__Host-waymark-challenge"]}
    made = Authenticator(settings.origin).made(options.json())
    added = await desk.post("/desk/api/passkeys", {"name": "x", "credential": made})
    assert added.status_code == 200
    ended = await seeded.write(identity.end_membership, "harbour", actor=SERVICE, now=clock.now())
    forgotten = await seeded.write(second_factor.forget_factors, "northshire", actor=SERVICE, now=clock.now())
    assert ended and forgotten
    await seed(seeded, client.app.state.pack)

    assert await look(seeded) == []


@pytest.mark.parametrize("statement", PAST_THE_SERVICE)
async def test_a_row_written_past_the_service_is_noticed(seeded: Database, statement: str) -> None:
    assert await look(seeded) == []

    await write(seeded, statement)

    (found,) = await look(seeded)
    assert found.parts == (PAST_THE_SERVICE[statement],)


ENTERED = (
    "INSERT INTO session"
    " (token_hash, person_id, created_at, last_seen_at, expires_at, how, second, verified_at)"
    " SELECT '{}', id, {}, '2999-01-01T00:00:00.000Z', '2999-01-02T00:00:00.000Z', 'passkey', '', ''"
    " FROM person WHERE username = 'northshire'"
)


@pytest.mark.parametrize(
    "begun",
    ["'2026-01-01T00:00:00.000Z'", "(SELECT MAX(created_at) FROM session WHERE person_id = person.id)"],
)
async def test_a_session_that_nobody_logged_in_to_is_noticed(
    seeded: Database, client: AsyncTestClient[Litestar], settings: Settings, begun: str
) -> None:
    """Also one that says it began when somebody really did."""
    desk = await Desk(client, settings.origin).enter(seeded, "northshire")
    again = await desk.post("/desk/api/session/verify", {"password": PASSWORD})
    assert again.status_code == 200
    assert await look(seeded) == [], "one that goes on under another token is none"

    await write(seeded, ENTERED.format("0" * 64, begun))

    (found,) = await look(seeded)
    assert found.parts == ("sessions",)
    assert await seeded.write(standing.accept, "northshire", actor=SERVICE, now=clock.now())
    assert await look(seeded) == []
    desk.cookie = again.cookies["__Host-waymark"]
    assert (await desk.get("/desk/api/session")).status_code == 401


async def test_somebody_whom_nobody_made_is_noticed(seeded: Database) -> None:
    await write(
        seeded,
        "INSERT INTO person (id, username, name, password_hash) VALUES ('new', 'new', 'New', '$argon2id$')",
    )

    (found,) = await look(seeded)

    assert (found.username, found.parts) == ("new", ("roles", "ways_in"))


async def test_a_change_of_the_service_s_own_does_not_hide_what_came_before(seeded: Database) -> None:
    await write(seeded, PROMOTED)
    (before,) = await look(seeded)

    await seeded.write(second_factor.rehash, before.person_id, "$argon2id$more", now=clock.now())

    (found,) = await look(seeded)
    assert found.username == "admin"
    assert "roles" in found.parts


async def test_a_person_looks_and_accepts_it_in_the_trail(seeded: Database) -> None:
    await write(seeded, PROMOTED)
    (found,) = await look(seeded)

    assert not await seeded.write(standing.accept, "nobody", actor=SERVICE, now=clock.now())
    assert not await seeded.write(standing.accept, "quay", actor=SERVICE, now=clock.now())
    assert await seeded.write(standing.accept, "admin", actor=SERVICE, now=clock.now())

    assert await look(seeded) == []
    entries = await seeded.read(audit.about, kind="standing", id=found.person_id)
    assert [one.action for one in entries] == ["standing.changed", "standing.accepted"]
    assert await seeded.read(audit.verify) is None


async def test_a_service_from_before_begins_with_what_stands_there(
    database: Database, client: AsyncTestClient[Litestar]
) -> None:
    await write(
        database,
        "INSERT INTO person (id, username, name, password_hash) VALUES ('old', 'old', 'Old', '$argon2id$')",
    )

    await database.write(standing.begin, now=clock.now())
    assert await look(database) == []

    await write(
        database,
        "INSERT INTO person (id, username, name, password_hash) VALUES ('new', 'new', 'New', '$argon2id$')",
    )
    await database.write(standing.begin, now=clock.now())  # there is one beginning
    assert [one.username for one in await look(database)] == ["new"]


async def test_two_changes_at_once_are_no_alarm(seeded: Database) -> None:
    """Each notes what it sees: the later one has to see the other's."""
    people = await seeded.read(store.people)

    def password(db: Connection, person_id: str) -> None:
        second_factor.rehash(db, person_id, f"$argon2id${new_id()}", now=clock.now())

    def passkey(db: Connection, person_id: str) -> None:
        with standing.changing(db, person_id, now=clock.now()):
            made = Passkey(
                id=new_id(),
                person_id=person_id,
                public_key=b"x",
                sign_count=0,
                name="x",
                backed_up=False,
                made_at=clock.stamp(clock.now()),
            )
            assert passkey_store.add(db, made)

    for person_id in people[:6]:
        await asyncio.gather(*(seeded.write(work, person_id) for work in (password, passkey) * 3))

    assert await look(seeded) == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_it_is_looked_at_every_hour(seeded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(seeded)
    await watch.begin()
    await write(seeded, PROMOTED)
    assert await watch.step() == 0
    assert watch.astray == 0, "not yet"

    later = clock.now() + EVERY + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert await watch.step() == 0

    assert watch.astray == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_copied_passkey_that_was_taken_off_is_no_alarm(
    seeded: Database, client: AsyncTestClient[Litestar], settings: Settings
) -> None:
    desk = await Desk(client, settings.origin).enter(seeded, "northshire")
    options = await desk.post("/desk/api/passkeys/options")
    desk.more = {"__Host-waymark-challenge": options.cookies["__Host-waymark-challenge"]}
    device = Authenticator(settings.origin)
    await desk.post("/desk/api/passkeys", {"name": "x", "credential": device.made(options.json())})
    known = await seeded.read(passkeys.known, device.made(options.json())["id"])
    assert known is not None

    await seeded.write(passkeys.went_back, known, now=clock.now())

    assert await look(seeded) == []
