"""A desk that several people use: it locks when it is left, and no page acts under the next person's name."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.desk import PASSWORD, Desk, seed
from waymark.identity import actions
from waymark.identity.records import Session
from waymark.identity.rules import IDLE_CENTRE, LOCK_SHARED, end_of, locked, token_hash
from waymark.kernel import clock
from waymark.kernel.clock import stamp
from waymark.kernel.db import Database, Sql
from waymark.kernel.settings import Settings

Client = AsyncTestClient[Litestar]
LOGIN, LOCK, VERIFY = "/desk/api/session", "/desk/api/session/lock", "/desk/api/session/verify"
LONG_AGO = Sql("UPDATE session SET last_seen_at = :at")
AUDITED = Sql("SELECT action FROM audit_entry ORDER BY pos")
NOW = clock.now().replace(microsecond=0)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def desk(client: Client, settings: Settings, database: Database) -> AsyncIterator[Desk]:
    await seed(database, client.app.state.pack)
    yield Desk(client, settings.origin)


async def at_a_shared_desk(desk: Desk, username: str, *, shared: bool = True) -> None:
    sent = {"username": username, "password": PASSWORD, "shared": shared}
    answer = await desk.post(LOGIN, sent)
    assert answer.status_code == 200
    assert answer.json()["shared"] is shared
    desk.cookie = answer.cookies["__Host-waymark"]


async def unlock(desk: Desk, password: str = PASSWORD) -> tuple[int, str]:
    answer = await desk.post(VERIFY, {"password": password})
    if answer.status_code == 200:
        desk.cookie = answer.cookies["__Host-waymark"]
    return answer.status_code, answer.json().get("code", "")


def left(ago: timedelta, *, shared: bool = True, locked_at: str | None = None) -> Session:
    return Session(
        token_hash="",
        created_at="",
        last_seen_at=stamp(NOW - ago),
        expires_at=stamp(NOW + timedelta(hours=9)),
        revoked_at=None,
        id="x",
        name="x",
        role="centre_worker",
        force_id=None,
        force_name=None,
        centre_id="x",
        centre_name="x",
        shared=shared,
        locked_at=locked_at,
    )


@pytest.mark.parametrize(
    ("session", "is_locked"),
    [
        (left(timedelta()), False),
        (left(LOCK_SHARED - timedelta(milliseconds=1)), False),
        (left(LOCK_SHARED), True),
        (left(timedelta(hours=2)), True),
        (left(timedelta(hours=2), shared=False), False),
        (left(timedelta(), locked_at=stamp(NOW)), True),
        (left(timedelta(), shared=False, locked_at=stamp(NOW)), True),
        (left(timedelta(), locked_at=stamp(NOW + timedelta(days=1))), True),
    ],
)
def test_when_a_desk_is_locked(session: Session, is_locked: bool) -> None:
    assert locked(session, now=NOW) is is_locked


def test_news_stop_when_a_desk_would_lock() -> None:
    assert end_of(left(MINUTE)) == NOW - MINUTE + LOCK_SHARED
    assert end_of(left(MINUTE, shared=False)) == NOW - MINUTE + IDLE_CENTRE


async def test_nothing_is_there_on_a_locked_page(desk: Desk) -> None:
    """Of every route that asks who you are: only what unlocks it, or ends it."""
    await at_a_shared_desk(desk, "harbour")
    there: set[str] = set()
    assert (await desk.post(LOCK)).status_code == 204
    for route in desk._client.app.routes:
        for handler in getattr(route, "route_handlers", ()):
            methods = handler.http_methods - {"HEAD", "OPTIONS"}
            if not route.path.startswith("/desk/api") or "public" in handler.opt or not methods:
                continue
            if handler.operation_id == "LogOut":
                there.add("LogOut")  # it would end what the others need
                continue
            [method] = methods
            path = route.path_format.replace("{", "").replace("}", "")
            answer = await desk._send(method, path, {} if method != "GET" else None)
            if answer.status_code != 401 or answer.json()["code"] != "session_locked":
                there.add(handler.operation_id)
            else:
                assert set(answer.json()) <= {"type", "title", "status", "code", "next", "detail"}

    assert there == {"ShowSession", "LogOut", "LockSession", "BeginVerify", "VerifySession"}
    told = (await desk.get(LOGIN)).json()
    assert (told["locked"], told["user"]["name"]) == (True, "Harbour")
    assert (await desk.delete(LOGIN)).status_code == 204
    assert (await desk.get(LOGIN)).status_code == 401


async def test_its_person_unlocks_it_under_a_new_token(desk: Desk, database: Database) -> None:
    await at_a_shared_desk(desk, "harbour")
    before = desk.cookie
    await desk.post(LOCK)
    await desk.post(LOCK)

    assert await unlock(desk, "wrong") == (401, "login_failed")
    assert (await desk.get("/desk/api/reports")).json()["code"] == "session_locked"
    assert await unlock(desk) == (200, "")

    assert (await desk.get("/desk/api/reports")).status_code == 200
    assert {name: (await desk.get(LOGIN)).json()[name] for name in ("shared", "locked")} == {
        "shared": True,
        "locked": False,
    }
    desk.cookie, now_good = before, desk.cookie
    assert (await desk.get(LOGIN)).status_code == 401
    desk.cookie = now_good
    audited = await database.read(lambda db: db.many(AUDITED, str))
    assert audited.count("session.locked") == 1
    assert audited.index("session.verified") > audited.index("session.locked")


async def test_guessing_at_a_locked_page_is_guessing(desk: Desk) -> None:
    await at_a_shared_desk(desk, "harbour")
    await desk.post(LOCK)

    told = [await unlock(desk, "wrong") for _ in range(6)]

    assert told[-1] == (429, "too_many_attempts")
    assert await unlock(desk) == (429, "too_many_attempts")


async def test_whoever_comes_next_ends_what_was_locked(desk: Desk) -> None:
    await at_a_shared_desk(desk, "harbour")
    await desk.post(LOCK)
    locked_token = desk.cookie

    await at_a_shared_desk(desk, "quay")
    mine, desk.cookie = desk.cookie, locked_token

    assert await unlock(desk) == (401, "login_needed")
    desk.cookie = mine
    assert (await desk.get(LOGIN)).json()["user"]["centre_id"] == "demo-quay-students"


async def test_a_page_whose_timers_stand_still_is_locked_all_the_same(desk: Desk, database: Database) -> None:
    """A tablet sleeps, or a thief stops its scripts: it is the service that does not answer."""
    await at_a_shared_desk(desk, "harbour")
    own = desk.like()
    await at_a_shared_desk(own, "northshire", shared=False)
    at = stamp(clock.now() - LOCK_SHARED)
    await database.write(lambda db: db.execute(LONG_AGO, at=at))

    for _ in range(2):
        assert (await desk.get("/desk/api/reports")).json()["code"] == "session_locked"
        assert (await desk.get(LOGIN)).json()["locked"] is True
    assert (await own.get("/desk/api/reports")).status_code == 200
    assert await unlock(desk) == (200, "")
    assert (await desk.get("/desk/api/reports")).status_code == 200


async def test_a_request_in_flight_opens_nothing_that_was_locked_meanwhile(
    desk: Desk, database: Database
) -> None:
    await at_a_shared_desk(desk, "harbour")
    token = desk.cookie or ""
    session = await database.read(actions.session, token, now=clock.now())
    assert session is not None

    await desk.post(LOCK)
    await database.write(actions.saw_session, session, now=clock.now() + MINUTE)

    now = clock.now()
    assert await database.read(actions.open_session, token, now=now) is None
    ended = await database.read(actions.ended_since, now - MINUTE)
    assert token_hash(token) in ended  # streams of news end with it


async def test_a_page_of_one_person_does_nothing_under_the_name_of_the_next(desk: Desk) -> None:
    """Two tabs: in one of them somebody else has logged in."""
    await at_a_shared_desk(desk, "harbour")
    first = (await desk.get(LOGIN)).json()["user"]["id"]
    await at_a_shared_desk(desk, "quay")
    second = (await desk.get(LOGIN)).json()["user"]["id"]

    made = {"label": "Front desk"}
    refused = [
        await desk.post("/desk/api/devices/codes", made, **{"Waymark-Person": first}),
        await desk._send("DELETE", LOGIN, None, {"Waymark-Person": first}),
        await desk._send("GET", "/desk/api/reports", None, {"Waymark-Person": first}),
        await desk.post(LOCK, None, **{"Waymark-Person": first}),
        await desk.post("/desk/api/devices/codes", made, **{"Waymark-Person": ""}),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(409, "another_person")}
    told = (await desk.get(LOGIN)).json()
    assert (told["user"]["id"], told["locked"]) == (second, False)
    done = await desk.post("/desk/api/devices/codes", made, **{"Waymark-Person": second})
    assert done.status_code == 200
