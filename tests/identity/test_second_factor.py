"""The second step of a password: an app's code counts once, and each code on paper."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec import Struct
from msgspec.structs import replace
from pyotp import TOTP, parse_uri

from support.authenticator import Authenticator
from support.desk import PASSWORD, Desk, seed
from waymark.app import create_app
from waymark.audit.records import SERVICE
from waymark.identity.rules import FRESH, LOGIN_TRIES
from waymark.identity.second_factor import actions
from waymark.identity.second_factor.rules import RECOVERY_CODES, digest, new_recovery_codes, step_of
from waymark.kernel import clock
from waymark.kernel.db import Database, Sql
from waymark.kernel.settings import Settings

Client = AsyncTestClient[Litestar]
LOGIN = "/desk/api/session"
AUDITED = Sql("SELECT action FROM audit_entry ORDER BY pos")
KEPT = Sql("SELECT wrapped_key, sealed FROM totp")
DIGESTS = Sql("SELECT digest FROM recovery_code")
UNUSED_STEPS = Sql("UPDATE totp SET last_step = 0")
MADE_AT = Sql("UPDATE totp SET made_at = :at")
STALE = Sql("UPDATE session SET verified_at = :at")
BETTER = "lantern orbit pickle meadow"


class Kept(Struct):
    wrapped_key: bytes
    sealed: bytes


class Person:
    """At a desk, with an app beside it."""

    def __init__(self, desk: Desk, database: Database, name: str) -> None:
        self.desk, self.database, self.name = desk, database, name
        self.secret = ""

    async def set_up(self) -> tuple[str, ...]:
        """Codes on paper."""
        begun = (await self.desk.post("/desk/api/account/totp")).json()
        self.secret = begun["secret"]
        answer = await self.confirm(self.code())
        assert answer.status_code == 200, answer.text
        await self.database.write(lambda db: db.execute(UNUSED_STEPS))
        codes: tuple[str, ...] = tuple(answer.json()["recovery_codes"])
        return codes

    async def confirm(self, code: str) -> Response:
        return self.took(await self.desk.post("/desk/api/account/totp/confirm", {"code": code}))

    def took(self, answer: Response) -> Response:
        if answer.status_code == 200 and "__Host-waymark" in answer.cookies:
            self.desk.cookie = answer.cookies["__Host-waymark"]
        return answer

    def code(self, *, halves_ago: int = 0) -> str:
        return str(TOTP(self.secret).at(clock.now(), counter_offset=-halves_ago))

    async def log_in(self, code: str = "", password: str = PASSWORD) -> Response:
        body = {"username": self.name, "password": password, **({"code": code} if code else {})}
        return self.took(await self.desk.post(LOGIN, body))

    async def how(self) -> list[str]:
        account = (await self.desk.get("/desk/api/account")).json()
        return [one["how"] for one in account["sessions"] if one["this_one"]]


Enter = Callable[[str], Awaitable[Person]]


@pytest.fixture
async def enter(client: Client, settings: Settings, database: Database) -> Enter:
    await seed(database, client.app.state.pack)

    async def make(username: str) -> Person:
        desk = await Desk(client, settings.origin).enter(database, username)
        return Person(desk, database, username)

    return make


async def test_the_password_needs_a_code_once_there_is_an_app(enter: Enter, database: Database) -> None:
    person = await enter("northshire")
    before = person.desk.cookie
    await person.set_up()
    assert person.desk.cookie != before
    assert await person.how() == ["code"]

    alone = await person.log_in()
    wrong = await person.log_in("000000")
    with_it = await person.log_in(person.code())

    assert [alone.status_code, alone.json()["code"]] == [401, "code_needed"]
    assert [wrong.status_code, wrong.json()["code"]] == [401, "code_wrong"]
    assert with_it.status_code == 200
    assert await person.how() == ["code"]
    audited = await database.read(lambda db: db.many(AUDITED, str))
    assert audited[-5:] == [
        "totp.added",
        "session.verified",
        "recovery_codes.made",
        "login.failed",
        "login",
    ]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_wrong_password_says_nothing_of_a_code(enter: Enter) -> None:
    person = await enter("northshire")
    await person.set_up()

    for code in ("", person.code(), "000000"):
        assert (await person.log_in(code, "wrong")).json()["code"] == "login_failed"


async def test_a_code_counts_once_however_often_it_comes_at_once(enter: Enter) -> None:
    person = await enter("northshire")
    await person.set_up()
    code = person.code()

    answers = await asyncio.gather(*(person.log_in(code) for _ in range(LOGIN_TRIES)))

    assert sorted(one.status_code for one in answers) == [200, *[401] * (LOGIN_TRIES - 1)]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_after_one_code_those_before_are_worth_nothing(enter: Enter) -> None:
    person = await enter("northshire")
    await person.set_up()
    assert (await person.log_in(person.code())).status_code == 200

    assert (await person.log_in(person.code(halves_ago=1))).json()["code"] == "code_wrong"


@pytest.mark.parametrize(
    ("halves", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False), (100, False)]
)
def test_a_code_counts_for_about_a_minute(halves: int, counts: bool) -> None:
    secret, now = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", clock.now()
    assert (
        step_of(secret, TOTP(secret).at(now, counter_offset=halves), after=0, now=now) is not None
    ) is counts


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "１２３４５６", "abcdef", "\0", "123 45", "-12345"]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert step_of("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", typed, after=0, now=clock.now()) is None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_guessing_codes_is_slowed_like_guessing_passwords(enter: Enter) -> None:
    person = await enter("northshire")
    await person.set_up()
    guesses = [await person.log_in(f"{n:06}") for n in range(LOGIN_TRIES + 1)]

    assert [one.status_code for one in guesses] == [*[401] * LOGIN_TRIES, 429]
    assert (await person.log_in(person.code())).status_code == 429


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_being_asked_for_the_code_uses_up_no_try(enter: Enter) -> None:
    person = await enter("northshire")
    await person.set_up()
    for _ in range(LOGIN_TRIES * 2):
        assert (await person.log_in()).json()["code"] == "code_needed"

    assert (await person.log_in(person.code())).status_code == 200


async def test_each_code_on_paper_counts_once_however_it_is_typed(enter: Enter, database: Database) -> None:
    person = await enter("northshire")
    first, second, *_ = codes = await person.set_up()
    assert len(set(codes)) == RECOVERY_CODES

    sloppy = first.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert (await person.log_in(sloppy)).status_code == 200
    assert await person.how() == ["recovery_code"]
    assert (await person.log_in(first)).json()["code"] == "code_wrong"
    at_once = await asyncio.gather(*(person.log_in(second) for _ in range(3)))
    assert sorted(one.status_code for one in at_once) == [200, 401, 401]
    account = (await person.desk.get("/desk/api/account")).json()
    assert account["recovery_left"] == RECOVERY_CODES - 2
    assert "recovery_code.used" in await database.read(lambda db: db.many(AUDITED, str))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_new_codes_on_paper_end_the_old_and_other_people_s_are_none(enter: Enter) -> None:
    person, other = await enter("northshire"), await enter("southmere")
    old, theirs = await person.set_up(), await other.set_up()
    made = (await person.desk.post("/desk/api/account/recovery-codes")).json()["recovery_codes"]

    assert (await person.log_in(old[0])).status_code == 401
    assert (await person.log_in(theirs[0])).status_code == 401
    assert (await person.log_in(made[0])).status_code == 200


async def test_whoever_steals_the_database_has_neither_secret_nor_codes(
    enter: Enter, database: Database
) -> None:
    person = await enter("northshire")
    codes = await person.set_up()
    kept = await database.read(lambda db: db.one(KEPT, Kept))
    digests = await database.read(lambda db: db.many(DIGESTS, bytes))
    assert kept is not None
    stored = b"".join([kept.wrapped_key, kept.sealed, *digests])
    told = [person.secret, *codes, *(code.replace("-", "") for code in codes)]
    assert len(digests) == RECOVERY_CODES
    assert not [one for one in told if one.encode() in stored]


def test_codes_on_paper_are_kept_like_passwords() -> None:
    code = new_recovery_codes()[0]
    assert digest(code, b"1" * 16) == digest(code.lower(), b"1" * 16) != digest(code, b"2" * 16)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_an_app_is_set_up_once_it_has_shown_the_secret_within_minutes(
    enter: Enter, database: Database
) -> None:
    person = await enter("northshire")
    assert (await person.confirm("000000")).json()["code"] == "code_wrong"
    first = (await person.desk.post("/desk/api/account/totp")).json()
    assert parse_uri(first["uri"]).secret == first["secret"]
    begun = (await person.desk.post("/desk/api/account/totp")).json()
    assert (await person.confirm(TOTP(first["secret"]).now())).json()["code"] == "code_wrong"
    assert (await person.log_in()).status_code == 200  # not before it is confirmed

    late = clock.stamp(clock.now() - timedelta(minutes=16))
    await database.write(lambda db: db.execute(MADE_AT, at=late))
    person.secret = begun["secret"]
    assert (await person.confirm(person.code())).json()["code"] == "code_wrong"
    await person.set_up()
    assert (await person.desk.post("/desk/api/account/totp")).json()["code"] == "not_now"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/desk/api/account/totp", {}),
        ("POST", "/desk/api/account/totp/confirm", {"code": "123456"}),
        ("DELETE", "/desk/api/account/totp", None),
        ("POST", "/desk/api/account/recovery-codes", {}),
        ("POST", "/desk/api/account/password", {"password": BETTER}),
    ],
)
async def test_a_desk_left_open_sets_nothing_up(
    enter: Enter, database: Database, method: str, path: str, body: Any
) -> None:
    person = await enter("northshire")
    await person.set_up()
    stale = clock.stamp(clock.now() - FRESH - timedelta(seconds=1))
    await database.write(lambda db: db.execute(STALE, at=stale))

    answer = await (person.desk.delete(path) if method == "DELETE" else person.desk.post(path, body))

    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_needed")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_showing_again_that_it_is_you_needs_the_code_too(enter: Enter, database: Database) -> None:
    person = await enter("northshire")
    await person.set_up()
    verify = "/desk/api/session/verify"

    alone = await person.desk.post(verify, {"password": PASSWORD})
    assert alone.json()["code"] == "code_needed"
    for _ in range(LOGIN_TRIES + 1):
        await database.write(lambda db: db.execute(UNUSED_STEPS))
        shown = person.took(await person.desk.post(verify, {"password": PASSWORD, "code": person.code()}))
        assert shown.status_code == 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_passkey_ends_the_password_alone(enter: Enter, settings: Settings) -> None:
    person, device = await enter("northshire"), Authenticator(settings.origin)
    options = await person.desk.post("/desk/api/passkeys/options")
    person.desk.more = {"__Host-waymark-challenge": options.cookies["__Host-waymark-challenge"]}
    added = {"name": "Phone", "credential": device.made(options.json())}
    assert person.took(await person.desk.post("/desk/api/passkeys", added)).status_code == 200
    person.desk.more = {}
    codes = (await person.desk.post("/desk/api/account/recovery-codes")).json()["recovery_codes"]

    assert (await person.log_in()).json()["code"] == "code_needed"
    assert (await person.log_in("123456")).json()["code"] == "code_wrong"
    assert (await person.log_in(codes[0])).status_code == 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_without_anything_to_stand_in_for_there_are_no_codes_on_paper(enter: Enter) -> None:
    person = await enter("northshire")
    assert (await person.desk.post("/desk/api/account/recovery-codes")).json()["code"] == "not_now"
    codes = await person.set_up()
    assert (await person.desk.delete("/desk/api/account/totp")).status_code == 200

    assert (await person.desk.delete("/desk/api/account/totp")).status_code == 404
    assert (await person.log_in()).status_code == 200
    await person.set_up()
    assert (await person.log_in(codes[0])).status_code == 401


async def test_an_operator_lets_somebody_begin_again(enter: Enter, database: Database) -> None:
    person = await enter("northshire")
    codes = await person.set_up()
    done = await database.write(actions.forget_factors, "northshire", actor=SERVICE, now=clock.now())

    assert done
    assert (await person.desk.get(LOGIN)).status_code == 401
    assert (await person.log_in()).status_code == 200
    assert not await database.write(actions.forget_factors, "nobody", actor=SERVICE, now=clock.now())
    await person.set_up()
    assert (await person.log_in(codes[0])).status_code == 401


@pytest.fixture
async def strict(settings: Settings, database: Database) -> Any:
    app = create_app(replace(settings, second_factor="required"))
    async with AsyncTestClient(app=app, base_url=settings.origin) as client:
        await seed(database, app.state.pack)
        yield Person(Desk(client, settings.origin), database, "northshire")


async def test_a_password_alone_opens_nothing_but_the_way_to_something_better(strict: Person) -> None:
    answer = await strict.log_in()
    assert answer.status_code == 200
    assert answer.json()["factor_needed"] is True
    for path in ("/desk/api/reports", "/desk/api/choices", "/desk/api/news", "/desk/api/reports/none"):
        refused = await strict.desk.get(path)
        assert refused.json()["code"] in {"factor_needed", "not_found"}, path
    assert (await strict.desk.get("/desk/api/reports")).status_code == 403
    assert (await strict.desk.get(LOGIN)).json()["factor_needed"] is True

    await strict.set_up()

    assert (await strict.desk.get("/desk/api/reports")).status_code == 200
    assert (await strict.desk.get(LOGIN)).json()["factor_needed"] is False
    last = await strict.desk.delete("/desk/api/account/totp")
    assert (last.status_code, last.json()["code"]) == (409, "last_factor")
    assert (await strict.log_in(strict.code())).json()["factor_needed"] is False


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_only_what_leads_to_a_second_step_is_there_without_one(strict: Person) -> None:
    """Of every route that asks who you are."""
    client = strict.desk._client
    entering = {
        handler.operation_id
        for route in client.app.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.opt.get("entering")
    }
    assert entering == {
        "ShowSession",
        "LogOut",
        "LockSession",
        "BeginVerify",
        "VerifySession",
        "BeginAddPasskey",
        "AddPasskey",
        "ShowAccount",
        "BeginTotp",
        "ConfirmTotp",
        "ChangePassword",
    }
