"""Passkeys at the desk: sign in, show that it is you, add, remove; and what else is open in your name."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from waymark.identity import actions as identity
from waymark.identity.guards import COOKIE, fresh, logged_in, user_of
from waymark.identity.passkeys import actions, rules
from waymark.identity.passkeys.records import Account, Added, Begin, Passkey, Purpose, Shown
from waymark.identity.passwords import LENGTH_MAX, PasswordCheck
from waymark.identity.records import How, Second, User
from waymark.identity.routes import NO_STORE, SessionAnswer, cookie_of, session_of
from waymark.identity.rules import new_token
from waymark.identity.second_factor import actions as second_factor
from waymark.identity.second_factor.proving import second_step
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database
from waymark.kernel.problems import Problem, problem
from waymark.kernel.vault import Vault
from waymark.kernel.web.bodies import in_json, read_json
from waymark.kernel.web.guards import same_origin
from waymark.kernel.web.limits import limited

CHALLENGED: Final = "__Host-waymark-challenge"
Db = NamedDependency[SkipValidation[Database]]


@post(
    "/desk/api/passkeys/challenge",
    operation_id="BeginPasskeySignIn",
    status_code=200,
    guards=[same_origin],
    public="whoever wants to sign in asks for it",
    unaudited="nobody is known yet",
    takes=in_json(Begin),
    tells={200: {"Set-Cookie": str}},
    refuses=("invalid", "too_many_attempts"),
)
async def begin_sign_in(request: Request[Any, Any, Any], database: Db) -> Response[dict[str, Any]]:
    """What a passkey has to sign. The device says whose it is: no name is asked for, so none can be tried."""
    limited(request, "passkeys")
    return await _begin(request, database, "sign_in", None)


@post(
    "/desk/api/passkeys/sign-in",
    operation_id="SignInWithPasskey",
    status_code=200,
    guards=[same_origin],
    public="this is where people become known",
    takes=in_json(Shown),
    tells={200: {"Set-Cookie": str}},
    refuses=("invalid", "login_failed", "too_many_attempts"),
)
async def sign_in(request: Request[Any, Any, Any], database: Db) -> Response[SessionAnswer]:
    """Other people's wrong passwords do not keep anybody out who has a passkey."""
    limited(request, "passkeys")
    asked = read_json(await request.body(), Shown)
    passkey, count = await _proven(request, database, "sign_in", None, asked)
    token, now = new_token(), clock.now()

    def enter(db: Connection) -> User:
        actions.used(db, passkey, sign_count=count, now=now)
        old = request.cookies.get(COOKIE)
        return identity.log_in(
            db, passkey.person_id, token=token, old_token=old, how="passkey", shared=asked.shared, now=now
        )

    user = await database.write(enter)
    answer = session_of(request, user, shared=asked.shared)
    return Response(answer, headers=NO_STORE, cookies=[cookie_of(token)])


@post(
    "/desk/api/session/challenge",
    operation_id="BeginVerify",
    status_code=200,
    guards=[same_origin, logged_in],
    entering=True,
    while_locked=True,
    takes=in_json(Begin),
    tells={200: {"Set-Cookie": str}},
    refuses=("invalid",),
    unaudited="no report is touched",
)
async def begin_verify(request: Request[Any, Any, Any], database: Db) -> Response[dict[str, Any]]:
    """What one's own passkey has to sign to show that it is still oneself."""
    return await _begin(request, database, "verify", user_of(request))


@post(
    "/desk/api/session/verify",
    operation_id="VerifySession",
    status_code=200,
    guards=[same_origin, logged_in],
    entering=True,
    while_locked=True,
    takes=in_json(Shown),
    tells={200: {"Set-Cookie": str}},
    refuses=("invalid", "login_failed", "code_needed", "code_wrong", "too_many_attempts"),
)
async def verify(
    request: Request[Any, Any, Any],
    database: Db,
    vault: NamedDependency[SkipValidation[Vault]],
    password_check: NamedDependency[SkipValidation[PasswordCheck]],
) -> Response[SessionAnswer]:
    """Show again that it is you. The session goes on under a new token, and the old one is worth nothing."""
    user, asked = user_of(request), read_json(await request.body(), Shown)
    second: Second = ""
    if asked.credential is not None:
        passkey, count = await _proven(request, database, "verify", user, asked)
    else:
        passkey, count = None, 0
        second = await _password(database, vault, password_check, user, asked)
    token, now = new_token(), clock.now()

    def go_on(db: Connection) -> None:
        if passkey is not None:
            actions.used(db, passkey, sign_count=count, now=now)
        how: How | None = None if passkey is None else "passkey"
        identity.go_on_as(db, request.cookies[COOKIE], token, user, how=how, second=second or None, now=now)

    await database.write(go_on)
    answer = session_of(request, user, shared=request.state.shared)
    return Response(answer, headers=NO_STORE, cookies=[cookie_of(token)])


@post(
    "/desk/api/passkeys/options",
    operation_id="BeginAddPasskey",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    entering=True,
    takes=in_json(Begin),
    tells={200: {"Set-Cookie": str}},
    refuses=("invalid", "step_up_needed"),
    unaudited="no report is touched",
)
async def begin_add(request: Request[Any, Any, Any], database: Db) -> Response[dict[str, Any]]:
    """What a new passkey is made with."""
    return await _begin(request, database, "add", user_of(request))


@post(
    "/desk/api/passkeys",
    operation_id="AddPasskey",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    entering=True,
    takes=in_json(Added),
    tells={200: {"Set-Cookie": str}},
    refuses=("invalid", "step_up_needed"),
)
async def add(request: Request[Any, Any, Any], database: Db) -> Response[Account]:
    """Keep the public half of a new passkey. The session goes on under a new token."""
    user, asked, now = user_of(request), read_json(await request.body(), Added), clock.now()
    challenge = await _taken(request, database, "add", user)
    try:
        made = rules.added(
            asked.credential,
            challenge or b"",
            origin=_origin(request),
            person_id=user.id,
            name=asked.name,
            now=now,
        )
    except rules.NotProven:
        raise problem("invalid", "credential") from None
    if challenge is None:
        raise problem("invalid", "credential")
    token = new_token()

    def keep(db: Connection) -> None:
        actions.add(db, user, made, now=now)
        identity.go_on_as(db, request.cookies[COOKIE], token, user, how="passkey", now=now)

    await database.write(keep)
    account = await database.read(actions.account, user, token, now=clock.now())
    return Response(account, headers=NO_STORE, cookies=[cookie_of(token)])


@get(
    "/desk/api/account",
    operation_id="ShowAccount",
    guards=[logged_in],
    entering=True,
    unaudited="no report is touched",
)
async def show_account(request: Request[Any, Any, Any], database: Db) -> Response[Account]:
    """One's own passkeys and sessions."""
    return await _account(request, database)


@delete(
    "/desk/api/passkeys/{passkey_id:str}",
    operation_id="RemovePasskey",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    refuses=("step_up_needed", "last_factor"),
)
async def remove(
    request: Request[Any, Any, Any], passkey_id: FromPath[str], database: Db
) -> Response[Account]:
    """One's own, for example of a lost telephone."""
    user, required = user_of(request), request.app.state.settings.second_factor_required

    def give_up(db: Connection) -> None:
        actions.remove(db, user, passkey_id.replace("\0", ""), now=clock.now())
        second_factor.keep_some(db, user, required=required)

    await database.write(give_up)
    return await _account(request, database)


@delete(
    "/desk/api/sessions",
    operation_id="EndOtherSessions",
    status_code=200,
    guards=[same_origin, logged_in],
)
async def end_others(request: Request[Any, Any, Any], database: Db) -> Response[Account]:
    """Wherever else somebody is signed in under this name, they no longer are."""
    user, token = user_of(request), request.cookies[COOKIE]
    await database.write(actions.end_others, user, token, now=clock.now())
    return await _account(request, database)


async def _begin(
    request: Request[Any, Any, Any], database: Database, purpose: Purpose, user: User | None
) -> Response[dict[str, Any]]:
    read_json(await request.body(), Begin)
    token, challenge = new_token(), rules.new_challenge()
    known: Sequence[Passkey] = await database.write(
        actions.begin, token, challenge, purpose, user=user, now=clock.now()
    )
    if purpose == "add" and user is not None:
        name = await database.read(actions.username, user)
        options = rules.add_options(
            challenge, origin=_origin(request), person_id=user.id, name=name, known=list(known)
        )
    else:
        options = rules.show_options(challenge, origin=_origin(request), known=list(known))
    return Response(options, headers=NO_STORE, cookies=[_challenged(token)])


async def _taken(
    request: Request[Any, Any, Any], database: Database, purpose: Purpose, user: User | None
) -> bytes | None:
    return await database.write(
        actions.take, request.cookies.get(CHALLENGED), purpose, user=user, now=clock.now()
    )


async def _proven(
    request: Request[Any, Any, Any], database: Database, purpose: Purpose, user: User | None, asked: Shown
) -> tuple[Passkey, int]:
    """Raises Problem login_failed, whatever it was."""
    challenge = await _taken(request, database, purpose, user)
    credential = asked.credential or {}
    passkey = await database.read(actions.known, rules.id_of(credential))
    if challenge is None or passkey is None or (user is not None and passkey.person_id != user.id):
        raise problem("login_failed")
    try:
        return passkey, rules.shown(credential, challenge, passkey, origin=_origin(request))
    except rules.NotProven:
        raise problem("login_failed") from None
    except rules.CountWentBack:
        await database.write(actions.went_back, passkey, now=clock.now())
        raise problem("login_failed") from None


async def _password(
    database: Database, vault: Vault, check: PasswordCheck, user: User, asked: Shown
) -> Second:
    """Counted like signing in. Raises Problem login_failed, code_needed, code_wrong, too_many_attempts."""
    username = await database.read(actions.username, user)
    known = await database.write(identity.begin_login, username, now=clock.now())
    if isinstance(known, Problem):
        raise known
    if not await check.right(asked.password[:LENGTH_MAX], known.password_hash if known else None):
        await database.write(identity.fail_login, user.id, now=clock.now())
        raise problem("login_failed")
    second = await second_step(database, vault, check, username=username, person_id=user.id, typed=asked.code)
    await database.write(identity.heard, username)
    return second


async def _account(request: Request[Any, Any, Any], database: Database) -> Response[Account]:
    found = await database.read(actions.account, user_of(request), request.cookies[COOKIE], now=clock.now())
    return Response(found, headers=NO_STORE)


def _origin(request: Request[Any, Any, Any]) -> str:
    origin: str = request.app.state.settings.origin
    return origin


def _challenged(token: str) -> Cookie:
    return Cookie(
        key=CHALLENGED,
        value=token,
        path="/",
        max_age=int(rules.CHALLENGE_LIFE.total_seconds()),
        secure=True,
        httponly=True,
        samesite="strict",
    )


handlers: Final = [
    begin_sign_in,
    sign_in,
    begin_verify,
    verify,
    begin_add,
    add,
    show_account,
    remove,
    end_others,
]
