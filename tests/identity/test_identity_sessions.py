"""Logging in and out over HTTP: fixation, races, throttling, and where a request may come from."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.desk import PASSWORD, Desk, seed
from waymark.identity import actions
from waymark.identity.rules import LOGIN_TRIES
from waymark.kernel import clock
from waymark.kernel.db import Database, Sql
from waymark.kernel.settings import Settings

Client = AsyncTestClient[Litestar]
SESSIONS = Sql("SELECT token_hash FROM session ORDER BY created_at")
OPEN = Sql("SELECT COUNT(*) AS n FROM session WHERE revoked_at IS NULL")
LOGIN = "/desk/api/session"

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
async def desk(client: Client, settings: Settings, database: Database) -> AsyncIterator[Desk]:
    await seed(database, client.app.state.pack)
    yield Desk(client, settings.origin)


async def test_who_logs_in_is_known_until_logging_out(desk: Desk) -> None:
    before = await desk.get(LOGIN)
    answer = await desk.log_in("northshire")
    during = await desk.get(LOGIN)
    left = await desk.delete(LOGIN)
    after = await desk.get(LOGIN)

    assert [r.status_code for r in (before, answer, during, left, after)] == [401, 200, 200, 204, 401]
    assert during.json() == answer.json()
    assert answer.json()["user"]["force_name"] == "Northshire Police (demonstration)"
    assert before.json()["code"] == after.json()["code"] == "login_needed"
    assert PASSWORD not in answer.text


async def test_the_cookie_is_for_this_host_and_no_script(desk: Desk) -> None:
    answer = await desk.log_in("harbour")

    [cookie] = answer.headers.get_list("set-cookie")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("__Host-waymark=")
    assert {"path=/", "secure", "httponly", "samesite=strict"} <= parts
    assert not [part for part in parts if part.startswith(("domain", "max-age", "expires"))]


async def test_a_cookie_planted_before_login_is_not_adopted(desk: Desk, database: Database) -> None:
    desk.cookie = "planted-by-someone-else"
    await desk.log_in("northshire")
    assert desk.cookie != "planted-by-someone-else"

    desk.cookie = "planted-by-someone-else"

    assert (await desk.get(LOGIN)).status_code == 401


async def test_logging_in_again_ends_the_session_before(desk: Desk, database: Database) -> None:
    await desk.log_in("northshire")
    first = desk.cookie
    await desk.log_in("northshire")
    second, desk.cookie = desk.cookie, first

    assert first != second
    assert (await desk.get(LOGIN)).status_code == 401
    assert await database.read(lambda db: db.one(OPEN, int)) == 1


async def test_a_request_in_flight_at_logout_brings_no_session_back(desk: Desk, database: Database) -> None:
    await desk.enter(database, "northshire")
    assert desk.cookie is not None
    session = await database.read(actions.session, desk.cookie, now=clock.now())
    assert session is not None

    await desk.delete(LOGIN)
    await database.write(actions.saw_session, session, now=clock.now())
    reads = await asyncio.gather(*(desk.get(LOGIN) for _ in range(10)))

    assert {r.status_code for r in reads} == {401}


async def test_no_cookie_lies_in_the_database(desk: Desk, database: Database) -> None:
    await desk.log_in("northshire")

    [stored] = await database.read(lambda db: db.many(SESSIONS, str))

    assert desk.cookie is not None
    assert desk.cookie not in stored
    desk.cookie = stored
    assert (await desk.get(LOGIN)).status_code == 401


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("northshire", "wrong"),
        ("nobody", PASSWORD),
        ("", ""),
        ("north\0shire!", "x"),
        ("northshire", PASSWORD + " "),
    ],
)
async def test_every_wrong_login_is_one_answer(desk: Desk, username: str, password: str) -> None:
    answer = await desk.log_in(username, password)

    assert (answer.status_code, answer.json()["code"]) == (401, "login_failed")
    assert "set-cookie" not in answer.headers


async def test_an_account_rests_after_five_wrong_tries_and_others_do_not(desk: Desk) -> None:
    tries = [(await desk.log_in("northshire", "wrong")).status_code for _ in range(LOGIN_TRIES)]
    resting = await desk.log_in("northshire")
    other = await desk.log_in("harbour")

    assert tries == [401] * LOGIN_TRIES
    assert (resting.status_code, resting.json()["code"]) == (429, "too_many_attempts")
    assert 0 < int(resting.headers["retry-after"]) <= 900
    assert other.status_code == 200


async def test_a_right_password_forgets_the_wrong_ones(desk: Desk) -> None:
    for _ in range(2):
        for _ in range(LOGIN_TRIES - 1):
            await desk.log_in("northshire", "wrong")
        assert (await desk.log_in("northshire")).status_code == 200


async def test_tries_at_once_are_counted_one_by_one(desk: Desk, database: Database) -> None:
    answers = await asyncio.gather(
        *(database.write(actions.begin_login, "northshire", now=clock.now()) for _ in range(12))
    )

    assert sum(hasattr(answer, "password_hash") for answer in answers) == LOGIN_TRIES


@pytest.mark.parametrize(
    "changes",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Waymark-Request": "0"},
    ],
)
async def test_no_other_page_can_log_anybody_in(desk: Desk, changes: dict[str, str]) -> None:
    answer = await desk.post(LOGIN, {"username": "northshire", "password": PASSWORD}, **changes)

    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_origin")


async def test_a_polled_list_keeps_no_session_alive(desk: Desk, database: Database) -> None:
    await desk.enter(database, "northshire")
    token = desk.cookie or ""
    at = clock.now() - timedelta(minutes=5)
    session = await database.read(actions.session, token, now=clock.now())
    assert session is not None
    await database.write(actions.saw_session, session, now=at)

    await desk.get("/desk/api/reports")
    polled = await database.read(actions.session, token, now=clock.now())
    await desk.get(LOGIN)
    asked = await database.read(actions.session, token, now=clock.now())

    assert polled is not None
    assert asked is not None
    assert polled.last_seen_at == clock.stamp(at) < asked.last_seen_at


async def test_tidying_forgets_what_is_over_and_nothing_else(desk: Desk, database: Database) -> None:
    await desk.log_in("northshire", "wrong")
    await desk.enter(database, "northshire")

    await database.write(actions.tidy, now=clock.now())
    kept = await database.read(lambda db: db.one(OPEN, int))
    await database.write(actions.tidy, now=clock.now() + timedelta(days=2))

    assert kept == 1
    assert await database.read(lambda db: db.many(SESSIONS, str)) == []
