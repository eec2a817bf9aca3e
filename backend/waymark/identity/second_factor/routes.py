"""What a person sets up beside their password, and the password itself."""

import secrets
from typing import Any, Final

from litestar import Request, Response, delete, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from waymark.identity import actions as identity
from waymark.identity.guards import COOKIE, fresh, logged_in, user_of
from waymark.identity.passkeys import actions as passkeys
from waymark.identity.passkeys.records import Account, Begin
from waymark.identity.passwords import PasswordCheck
from waymark.identity.records import User
from waymark.identity.routes import NO_STORE, cookie_of
from waymark.identity.rules import new_token
from waymark.identity.second_factor import actions
from waymark.identity.second_factor.proving import new_hash
from waymark.identity.second_factor.records import Confirmed, NewPassword, Secured, TotpShown
from waymark.identity.second_factor.rules import (
    SALT_BYTES,
    new_recovery_codes,
    new_secret,
    uri,
)
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault
from waymark.kernel.web.bodies import in_json, read_json
from waymark.kernel.web.guards import same_origin
from waymark.kernel.web.limits import limited

Db = NamedDependency[SkipValidation[Database]]
Check = NamedDependency[SkipValidation[PasswordCheck]]
Keys = NamedDependency[SkipValidation[Vault]]


@post(
    "/desk/api/account/totp",
    operation_id="BeginTotp",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    entering=True,
    takes=in_json(Begin),
    refuses=("invalid", "step_up_needed", "not_now"),
    unaudited="nothing counts before it is confirmed",
)
async def begin_totp(request: Request[Any, Any, Any], database: Db, vault: Keys) -> Response[TotpShown]:
    """The secret that an authenticator app needs. It is shown this once."""
    read_json(await request.body(), Begin)
    user, secret = user_of(request), new_secret()
    await database.write(actions.begin_totp, vault, user, secret, now=clock.now())
    name = await database.read(passkeys.username, user)
    return Response(TotpShown(secret=secret, uri=uri(secret, name)), headers=NO_STORE)


@post(
    "/desk/api/account/totp/confirm",
    operation_id="ConfirmTotp",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    entering=True,
    takes=in_json(Confirmed),
    tells={200: {"Set-Cookie": str}},
    refuses=("invalid", "step_up_needed", "code_wrong", "not_now", "too_many_attempts"),
)
async def confirm_totp(
    request: Request[Any, Any, Any], database: Db, vault: Keys, password_check: Check
) -> Response[Secured]:
    """From now on the password needs a code. The session goes on under a new token."""
    limited(request, "passkeys")
    user, typed, token, now = (
        user_of(request),
        read_json(await request.body(), Confirmed),
        new_token(),
        clock.now(),
    )

    def confirm(db: Connection) -> None:
        actions.confirm_totp(db, vault, user, typed.code, now=now)
        identity.go_on_as(db, request.cookies[COOKIE], token, user, second="code", now=now)

    await database.write(confirm)
    codes = await _first_codes(database, password_check, user)
    return await _secured(database, user, token, codes, renewed=True)


@delete(
    "/desk/api/account/totp",
    operation_id="RemoveTotp",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    refuses=("step_up_needed", "not_found", "last_factor"),
)
async def remove_totp(request: Request[Any, Any, Any], database: Db) -> Response[Account]:
    """The app proves nothing any more."""
    user, settings = user_of(request), request.app.state.settings
    required = settings.second_factor_required
    await database.write(actions.remove_totp, user, required=required, now=clock.now())
    return Response(
        await database.read(passkeys.account, user, request.cookies[COOKIE], now=clock.now()),
        headers=NO_STORE,
    )


@post(
    "/desk/api/account/recovery-codes",
    operation_id="MakeRecoveryCodes",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    takes=in_json(Begin),
    refuses=("invalid", "step_up_needed", "not_now"),
)
async def make_recovery(
    request: Request[Any, Any, Any], database: Db, password_check: Check
) -> Response[Secured]:
    """Ten codes to print. Those made before are worth nothing."""
    read_json(await request.body(), Begin)
    user = user_of(request)
    codes = await _new_codes(database, password_check, user)
    return await _secured(database, user, request.cookies[COOKIE], codes)


@post(
    "/desk/api/account/password",
    operation_id="ChangePassword",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    entering=True,
    takes=in_json(NewPassword),
    tells={200: {"Set-Cookie": str}},
    refuses=("invalid", "step_up_needed", "password_refused"),
)
async def change_password(
    request: Request[Any, Any, Any], database: Db, password_check: Check
) -> Response[Secured]:
    """Wherever else this person is signed in, they no longer are."""
    user, asked, token, now = (
        user_of(request),
        read_json(await request.body(), NewPassword),
        new_token(),
        clock.now(),
    )
    name = await database.read(passkeys.username, user)
    hashed = await new_hash(password_check, asked.password, user.name, name, user.organisation)

    def change(db: Connection) -> None:
        actions.set_password(db, user, hashed, now=now)
        identity.go_on_as(db, request.cookies[COOKIE], token, user, now=now)
        passkeys.end_others(db, user, token, now=now)

    await database.write(change)
    return await _secured(database, user, token, (), renewed=True)


async def _first_codes(database: Database, check: PasswordCheck, user: User) -> tuple[str, ...]:
    """Of whoever has none yet."""
    has = await database.read(actions.factors, user.id)
    return () if has.recovery_left else await _new_codes(database, check, user)


async def _new_codes(database: Database, check: PasswordCheck, user: User) -> tuple[str, ...]:
    codes, salt = new_recovery_codes(), secrets.token_bytes(SALT_BYTES)
    if not (await database.read(actions.factors, user.id)).any:
        raise problem("not_now")
    digests = tuple([await check.digest(code, salt) for code in codes])
    await database.write(actions.keep_recovery, user, salt, digests, now=clock.now())
    return codes


async def _secured(
    database: Database, user: User, token: str, codes: tuple[str, ...], *, renewed: bool = False
) -> Response[Secured]:
    account = await database.read(passkeys.account, user, token, now=clock.now())
    told = Secured(account=account, recovery_codes=codes)
    return Response(told, headers=NO_STORE, cookies=[cookie_of(token)] if renewed else [])


handlers: Final = [begin_totp, confirm_totp, remove_totp, make_recovery, change_password]
