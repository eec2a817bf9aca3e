"""Passwords: which may be chosen, and what changing one ends."""

import pytest
from argon2 import PasswordHasher
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.desk import PASSWORD, Desk, seed
from waymark.identity.passwords import fault_of, outdated
from waymark.kernel.db import Database, Sql
from waymark.kernel.settings import Settings

Client = AsyncTestClient[Litestar]
LOGIN = "/desk/api/session"
CHANGE = "/desk/api/account/password"
AUDITED = Sql("SELECT action FROM audit_entry ORDER BY pos")
HASH = Sql("SELECT password_hash FROM person WHERE username = 'northshire'")
WEAK = Sql("UPDATE person SET password_hash = :hash WHERE username = 'northshire'")
BETTER = "lantern orbit pickle meadow"


@pytest.fixture
async def desk(client: Client, settings: Settings, database: Database) -> Desk:
    await seed(database, client.app.state.pack)
    return await Desk(client, settings.origin).enter(database, "northshire")


async def test_a_new_password_ends_the_old_and_every_other_session(desk: Desk, database: Database) -> None:
    elsewhere = await desk.like().enter(database, "northshire")
    changed = await desk.post(CHANGE, {"password": BETTER})
    assert changed.status_code == 200
    desk.cookie = changed.cookies["__Host-waymark"]

    assert (await elsewhere.get(LOGIN)).status_code == 401
    assert (await desk.get(LOGIN)).status_code == 200
    assert (await elsewhere.log_in("northshire")).json()["code"] == "login_failed"
    assert (await elsewhere.log_in("northshire", BETTER)).status_code == 200
    assert "password.changed" in await database.read(lambda db: db.many(AUDITED, str))


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("short", False),
        ("14 characters!", False),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", False),
        ("passwordpassword", False),
        ("123456789012345678", False),
        ("qwertyuiopasdfghjkl", False),
        ("waymark waymark", False),
        ("amina rahman 1980", False),
        ("abcabcabcabcabcabcabc", False),
        (BETTER, True),
        ("z" * 8 + BETTER * 8, True),
        ("kötü sözler yalnız değil", True),
        ("x7#" * 400, False),
    ],
)
def test_which_passwords_may_be_chosen(password: str, good: bool) -> None:
    """Length and guessing, no rule about kinds of characters."""
    assert (fault_of(password, "Amina Rahman", "amina") is None) is good


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_password_that_would_be_guessed_is_refused_with_what_is_wrong(desk: Desk) -> None:
    for password, words in (("short", "fewer than 15"), ("northshire police", "your name in it")):
        refused = await desk.post(CHANGE, {"password": password})
        assert refused.status_code == 422
        assert words in refused.json()["detail"]
        assert password not in refused.text


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_password_hashed_with_less_work_is_hashed_anew_at_login(
    desk: Desk, database: Database
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    await database.write(lambda db: db.execute(WEAK, hash=weak))

    assert (await desk.log_in("northshire")).status_code == 200
    now = await database.read(lambda db: db.one(HASH, str))
    assert now is not None and not outdated(now)
    assert (await desk.log_in("northshire")).status_code == 200
