"""What a person has to show beside a password, at login and whenever they are asked again."""

from waymark.audit.records import SERVICE
from waymark.identity import actions as identity
from waymark.identity.passwords import PasswordCheck
from waymark.identity.records import Second
from waymark.identity.second_factor import actions
from waymark.identity.second_factor.records import TYPED_MAX
from waymark.identity.second_factor.rules import is_totp
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault


async def second_step(
    database: Database, vault: Vault, check: PasswordCheck, *, username: str, person_id: str, typed: str
) -> Second:
    """After the password was right. '' for whoever has nothing beside it.

    Raises Problem code_needed where nothing was typed; login_failed, which is counted like a wrong password.
    """
    factors = await database.read(actions.factors, person_id)
    if not factors.any:
        return ""
    if not typed.strip():
        await database.write(identity.half_heard, username)
        raise problem("code_needed")
    typed, now = typed[:TYPED_MAX], clock.now()
    if is_totp(typed):
        if await database.write(actions.use_totp, vault, person_id, typed, now=now):
            return "code"
    elif factors.recovery_salt is not None:
        digest = await check.digest(typed, factors.recovery_salt)
        if await database.write(actions.use_recovery, person_id, digest, actor=SERVICE, now=now):
            return "recovery_code"
    await database.write(identity.fail_login, person_id, now=now)
    raise problem("code_wrong")


async def new_hash(check: PasswordCheck, password: str, *words: str) -> str:
    """Raises Problem password_refused, with what is wrong with it."""
    if fault := await check.fault(password, *words):
        raise problem("password_refused", fault)
    return await check.hash(password)
