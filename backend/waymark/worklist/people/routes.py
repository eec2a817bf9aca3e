"""The people of one's own place: who they are, inviting somebody, letting somebody go."""

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import Meta, Struct

from waymark.identity.guards import fresh, logged_in, user_of
from waymark.identity.invitations.actions import given_by
from waymark.identity.invitations.records import Colleague, Waiting
from waymark.identity.passkeys.records import Begin
from waymark.identity.records import Role
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.web.bodies import in_json, read_json
from waymark.kernel.web.guards import same_origin
from waymark.triage.routes import NO_STORE, id_of
from waymark.worklist.people import actions

Db = NamedDependency[SkipValidation[Database]]
_ONE_LINE: Final = r"^[^\x00-\x1f]*[^\x00-\x20][^\x00-\x1f]*\Z"


class PeopleAnswer(Struct, frozen=True, kw_only=True):
    people: tuple[Colleague, ...]
    waiting: tuple[Waiting, ...]
    """Invitations that nobody has followed yet."""
    roles: tuple[Role, ...]
    """Those that whoever asks may give."""


class InviteRequest(Struct, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=_ONE_LINE)]
    role: Role


class InviteAnswer(Struct, frozen=True, kw_only=True):
    token: str
    """Shown this once. It belongs behind the # of an address, which no server is sent."""
    expires_at: str


@get("/desk/api/people", operation_id="ListPeople", guards=[logged_in], refuses=("not_found",))
async def list_people(request: Request[Any, Any, Any], database: Db) -> Response[PeopleAnswer]:
    """Everybody of one's own place, and who has been invited to it."""
    user = user_of(request)
    people, waiting = await database.write(actions.people, user, now=clock.now())
    roles = tuple(sorted(given_by(user)))
    told = PeopleAnswer(people=tuple(people), waiting=tuple(waiting), roles=roles)
    return Response(told, headers=NO_STORE)


@post(
    "/desk/api/people/invitations",
    operation_id="InvitePerson",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    takes=in_json(InviteRequest),
    refuses=("invalid", "not_found", "step_up_needed"),
)
async def invite(request: Request[Any, Any, Any], database: Db) -> Response[InviteAnswer]:
    """A link for one person, once, within three days."""
    asked = read_json(await request.body(), InviteRequest)
    token, made = await database.write(
        actions.invite, user_of(request), asked.name.strip(), asked.role, now=clock.now()
    )
    return Response(InviteAnswer(token=token, expires_at=made.expires_at), headers=NO_STORE)


@post(
    "/desk/api/people/invitations/{invitation_id:str}/cancel",
    operation_id="CancelInvitation",
    status_code=204,
    guards=[same_origin, logged_in],
    takes=in_json(Begin),
    refuses=("invalid",),
)
async def cancel(
    request: Request[Any, Any, Any], invitation_id: FromPath[str], database: Db
) -> Response[None]:
    """The link works no more."""
    read_json(await request.body(), Begin)
    await database.write(actions.cancel, user_of(request), id_of(invitation_id), now=clock.now())
    return Response(None, status_code=204, headers=NO_STORE)


@post(
    "/desk/api/people/{person_id:str}/end",
    operation_id="EndMembership",
    status_code=204,
    guards=[same_origin, logged_in, fresh],
    takes=in_json(Begin),
    refuses=("invalid", "step_up_needed", "last_of_place"),
)
async def end(request: Request[Any, Any, Any], person_id: FromPath[str], database: Db) -> Response[None]:
    """Somebody has left. They are logged out everywhere, at once."""
    read_json(await request.body(), Begin)
    await database.write(actions.end, user_of(request), id_of(person_id), now=clock.now())
    return Response(None, status_code=204, headers=NO_STORE)


handlers: Final = [list_people, invite, cancel, end]
