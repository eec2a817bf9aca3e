"""Following an invitation: nobody is known yet, and the link is the credential."""

from typing import Any, Final

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from waymark.identity.guards import COOKIE
from waymark.identity.invitations import actions
from waymark.identity.invitations.records import Accepted, Offer, Shown
from waymark.identity.passwords import PasswordCheck
from waymark.identity.routes import NO_STORE, SessionAnswer, cookie_of, session_of
from waymark.identity.rules import new_token
from waymark.identity.second_factor.proving import new_hash
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.web.bodies import in_json, read_json
from waymark.kernel.web.guards import same_origin
from waymark.kernel.web.limits import limited

Db = NamedDependency[SkipValidation[Database]]


@post(
    "/desk/api/invitation",
    operation_id="ShowInvitation",
    status_code=200,
    guards=[same_origin],
    public="whoever was invited is not known yet",
    unaudited="no report is touched",
    takes=in_json(Shown),
    refuses=("invalid", "invitation_over", "too_many_attempts"),
)
async def show_invitation(request: Request[Any, Any, Any], database: Db) -> Response[Offer]:
    """Who invites whom to be what. A link that was used, taken back or is too old says one thing."""
    limited(request, "passkeys")
    asked = read_json(await request.body(), Shown)
    return Response(await database.read(actions.offer, asked.token, now=clock.now()), headers=NO_STORE)


@post(
    "/desk/api/invitation/accept",
    operation_id="AcceptInvitation",
    status_code=200,
    guards=[same_origin],
    public="whoever was invited is not known yet",
    takes=in_json(Accepted),
    tells={200: {"Set-Cookie": str}},
    refuses=(
        "invalid",
        "invitation_over",
        "login_failed",
        "username_taken",
        "password_refused",
        "too_many_attempts",
    ),
)
async def accept_invitation(
    request: Request[Any, Any, Any],
    database: Db,
    password_check: NamedDependency[SkipValidation[PasswordCheck]],
) -> Response[SessionAnswer]:
    """Choose a user name and a password, and be logged in. A session that was here before ends."""
    limited(request, "passkeys")
    asked = read_json(await request.body(), Accepted)
    told = await database.read(actions.offer, asked.token, now=clock.now())
    hashed = await new_hash(password_check, asked.password, told.name, asked.username, told.organisation)
    session, old = new_token(), request.cookies.get(COOKIE)
    user = await database.write(
        actions.accept, asked.token, asked.username, hashed, session=session, old=old, now=clock.now()
    )
    needed = request.app.state.settings.second_factor_required
    answer = session_of(request, user, factor_needed=needed, shared=True)
    return Response(answer, headers=NO_STORE, cookies=[cookie_of(session)])


handlers: Final = [show_invitation, accept_invitation]
