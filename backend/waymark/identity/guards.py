"""Who is asking: the guard of every desk route that is not public."""

from typing import Any, Final

from litestar.connection import ASGIConnection, Request
from litestar.handlers import BaseRouteHandler

from waymark.identity import actions
from waymark.identity.records import User
from waymark.identity.rules import lately
from waymark.kernel import clock
from waymark.kernel.asking import ASKING
from waymark.kernel.db import Database
from waymark.kernel.problems import problem

COOKIE: Final = "__Host-waymark"
PERSON_HEADER: Final = "Waymark-Person"
"""Whom the page that asks shows as logged in. Optional: the cookie alone says who it is."""


async def logged_in(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Raises Problem login_needed, session_locked, another_person, factor_needed.

    What the person may do is decided in `agencies`. A route marked `polled` is asked by a page on its own: it
    does not keep a session alive. One marked `entering` is there for whoever has shown a password alone where
    more is required, to set that up; one marked `while_locked` is there on a page that is locked.
    """
    token = connection.cookies.get(COOKIE)
    database: Database = connection.app.state.database
    now = clock.now()
    session = await database.read(actions.session, token, now=now) if token else None
    if session is None:
        raise problem("login_needed")
    # Of two tabs of one browser, one may still show somebody who has been followed by another in the other.
    if connection.headers.get(PERSON_HEADER, session.id) != session.id:
        raise problem("another_person")
    is_locked = actions.is_locked(session, now=now)
    if is_locked and "while_locked" not in handler.opt:
        raise problem("session_locked")
    connection.state.locked, connection.state.shared = is_locked, session.shared
    lacking = session.password_alone and connection.app.state.settings.second_factor_required
    if lacking and "entering" not in handler.opt:
        raise problem("factor_needed")
    connection.state.factor_needed = lacking
    if not is_locked and "polled" not in handler.opt and actions.session_stale(session, now=now):
        await database.write(actions.saw_session, session, now=now)
    connection.state.user, connection.state.verified_at = session.user, session.verified_at
    ASKING.set(f"person:{session.user.id}")


async def fresh(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """After `logged_in`, for what is dangerous: whoever left a desk open is not who comes by.

    Raises Problem step_up_needed.
    """
    if not lately(connection.state.verified_at, now=clock.now()):
        raise problem("step_up_needed")


def user_of(request: Request[Any, Any, Any]) -> User:
    """The person that `logged_in` found."""
    user: User = request.state.user
    return user
