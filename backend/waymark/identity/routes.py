"""The desk's session, and enrolment of a centre's tablets."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Struct

from waymark.identity import actions
from waymark.identity.guards import COOKIE, logged_in, user_of
from waymark.identity.passwords import LENGTH_MAX as PASSWORD_MAX
from waymark.identity.passwords import PasswordCheck, outdated
from waymark.identity.records import User
from waymark.identity.rules import new_token, proof_good
from waymark.identity.second_factor import actions as second_factor
from waymark.identity.second_factor.proving import second_step
from waymark.identity.second_factor.records import Typed
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.problems import Problem, problem
from waymark.kernel.vault import Vault
from waymark.kernel.web.bodies import in_json, on_the_wire, read_json
from waymark.kernel.web.guards import same_origin
from waymark.kernel.web.limits import limited
from waymark_sync.codec import UNREADABLE, WireError, answer_type, decode, encode
from waymark_sync.protocol import EnrolRequest, EnrolResponse

NO_STORE: Final = {"Cache-Control": "no-store"}
USERNAME_MAX: Final = 64
ENROL_BYTES_MAX: Final = 4_096


class Login(Struct, frozen=True, kw_only=True):
    username: str
    password: str
    code: Typed = ""
    """Of an authenticator app or from paper, once that has been asked for."""
    shared: bool = False
    """Other people use this computer or tablet, too: it locks soon after it was left."""


class Lock(Struct, frozen=True, kw_only=True):
    """Nothing is said with it."""


class SessionAnswer(Struct, frozen=True, kw_only=True):
    user: User
    demo: bool
    """Everything behind this login is invented; every page says so."""
    factor_needed: bool = False
    """Until something beside the password is set up, nothing but the own account is there."""
    shared: bool = False
    """Other people use this computer or tablet, too."""
    locked: bool = False
    """Until this person has shown that it is them, or another has logged in, nothing is there."""


@get(
    "/desk/api/session",
    operation_id="ShowSession",
    guards=[logged_in],
    entering=True,
    while_locked=True,
    unaudited="no report is touched",
)
async def show_session(request: Request[Any, Any, Any]) -> Response[SessionAnswer]:
    """Who am I?"""
    state = request.state
    answer = session_of(
        request, user_of(request), factor_needed=state.factor_needed, shared=state.shared, locked=state.locked
    )
    return Response(answer, headers=NO_STORE)


@post(
    "/desk/api/session",
    operation_id="LogIn",
    status_code=200,
    guards=[same_origin],
    public="this is where people become known",
    takes=in_json(Login),
    tells={200: {"Set-Cookie": str}},
    refuses=("login_failed", "code_needed", "code_wrong", "too_many_attempts"),
)
async def log_in(
    request: Request[Any, Any, Any],
    database: NamedDependency[SkipValidation[Database]],
    vault: NamedDependency[SkipValidation[Vault]],
    password_check: NamedDependency[SkipValidation[PasswordCheck]],
) -> Response[SessionAnswer]:
    """A wrong name, a wrong password and a long one are one answer, after the same work.

    Whoever has an authenticator app or a passkey is asked for a code, once the password was right.
    """
    login = _read_login(await request.body())
    # NUL is no character to PostgreSQL; without it this is just another name that nobody has.
    username = login.username.replace("\0", "").strip().lower()[:USERNAME_MAX]
    password = login.password[:PASSWORD_MAX]
    known = await database.write(actions.begin_login, username, now=clock.now())
    if isinstance(known, Problem):
        raise known
    right = await password_check.right(password, known.password_hash if known else None)
    now = clock.now()
    if known is None or not right:
        await database.write(actions.fail_login, known.person_id if known else None, now=now)
        raise problem("login_failed")
    second = await second_step(
        database, vault, password_check, username=username, person_id=known.person_id, typed=login.code
    )
    if outdated(known.password_hash):
        hashed = await password_check.hash(password)
        await database.write(second_factor.rehash, known.person_id, hashed, now=now)
    token = new_token()
    user = await database.write(
        actions.log_in,
        known.person_id,
        username=username,
        token=token,
        old_token=request.cookies.get(COOKIE),
        second=second,
        shared=login.shared,
        now=now,
    )
    needed = not second and request.app.state.settings.second_factor_required
    return Response(
        session_of(request, user, factor_needed=needed, shared=login.shared),
        headers=NO_STORE,
        cookies=[cookie_of(token)],
    )


@delete(
    "/desk/api/session",
    operation_id="LogOut",
    status_code=204,
    guards=[same_origin, logged_in],
    entering=True,
    while_locked=True,
    tells={204: {"Set-Cookie": str}},
)
async def log_out(
    request: Request[Any, Any, Any], database: NamedDependency[SkipValidation[Database]]
) -> Response[None]:
    """The session ends here, whatever else is open in the browser."""
    token = request.cookies[COOKIE]
    await database.write(actions.log_out, token, user_of(request), now=clock.now())
    return Response(None, status_code=204, headers=NO_STORE, cookies=[cookie_of("", max_age=0)])


@post(
    "/desk/api/session/lock",
    operation_id="LockSession",
    status_code=204,
    guards=[same_origin, logged_in],
    entering=True,
    while_locked=True,
    takes=in_json(Lock),
    refuses=("invalid",),
)
async def lock_session(
    request: Request[Any, Any, Any], database: NamedDependency[SkipValidation[Database]]
) -> Response[None]:
    """Whoever used this page has left it: nothing is shown until somebody shows who they are."""
    read_json(await request.body(), Lock)
    await database.write(actions.lock, request.cookies[COOKIE], user_of(request), now=clock.now())
    return Response(None, status_code=204, headers=NO_STORE)


@post(
    "/sync/v1/enrol",
    operation_id="EnrolDevice",
    status_code=200,
    request_max_body_size=ENROL_BYTES_MAX,
    public="the one-time code from the desk is the credential",
    takes=on_the_wire(EnrolRequest),
    gives=on_the_wire(EnrolResponse),
    refuses=("invalid", "code_not_known", "code_expired", "too_many_attempts"),
)
async def enrol(
    request: Request[Any, Any, Any], database: NamedDependency[SkipValidation[Database]]
) -> Response[bytes]:
    """A tablet shows the code and proves that it holds the key that it names."""
    limited(request, "enrolments")
    sent_type = request.headers.get("content-type", "")
    try:
        asked = decode(await request.body(), sent_type, EnrolRequest)
    except WireError as error:
        raise problem("malformed", error.place) from None
    if not proof_good(asked):
        raise problem("invalid", "sig")
    try:
        enrolled = await database.write(actions.enrol, asked, now=clock.now())
    except Problem as refused:
        if refused.kind.code == "code_not_known":
            # A right code is always heard: whoever sends wrong ones must not keep a centre's tablet out.
            raise await database.write(actions.miss_enrolment, now=clock.now()) or refused from None
        raise
    kind = answer_type(request.headers.get("accept", ""), sent_type)
    return Response(encode(enrolled, kind), media_type=kind, headers=NO_STORE)


def _read_login(raw: bytes) -> Login:
    try:
        return msgspec.json.decode(raw, type=Login)
    except UNREADABLE:
        raise problem("malformed") from None


def session_of(
    request: Request[Any, Any, Any],
    user: User,
    *,
    factor_needed: bool = False,
    shared: bool = False,
    locked: bool = False,
) -> SessionAnswer:
    demo = request.app.state.settings.profile != "production"
    return SessionAnswer(user=user, demo=demo, factor_needed=factor_needed, shared=shared, locked=locked)


def cookie_of(token: str, *, max_age: int | None = None) -> Cookie:
    """`__Host-` ties it to this very host; without an age it goes when the browser closes."""
    return Cookie(
        key=COOKIE, value=token, path="/", max_age=max_age, secure=True, httponly=True, samesite="strict"
    )


handlers: Final = [show_session, log_in, log_out, lock_session, enrol]
