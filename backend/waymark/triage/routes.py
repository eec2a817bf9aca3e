"""The first acts on a report. Whatever a person may not see answers like what never was."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import Meta, Struct

from waymark.identity.guards import logged_in, user_of
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import Problem, problem
from waymark.kernel.vault import Vault
from waymark.kernel.web.bodies import in_json
from waymark.kernel.web.guards import same_origin
from waymark.triage import actions
from waymark.triage.actions import Tools
from waymark.triage.records import Acknowledgement, Taken
from waymark_sync.codec import UNREADABLE
from waymark_sync.report import TEXT_MAX

NO_STORE: Final = {"Cache-Control": "no-store"}
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

ON_REPORT: Final = ("changed_meanwhile", "invalid", "not_now")
"""What acts on a report are refused with, beside what is refused everywhere."""

T = TypeVar("T")


class Acknowledging(Struct, frozen=True, kw_only=True):
    message: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
    version: int | None = None
    """Of the report as the page showed it."""


class Taking(Struct, frozen=True, kw_only=True):
    version: int | None = None


@post(
    "/desk/api/reports/{report_id:str}/acknowledge",
    operation_id="AcknowledgeReport",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Acknowledging),
    refuses=("already_acknowledged", *ON_REPORT),
)
async def acknowledge_report(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    ring: NamedDependency[SkipValidation[KeyRing]],
    vault: NamedDependency[SkipValidation[Vault]],
) -> Response[Acknowledgement]:
    """Answer the reporter, once."""
    known_id = id_of(report_id)
    asked = read(await request.body(), Acknowledging)
    done = await on_report(
        request,
        known_id,
        actions.acknowledge,
        user_of(request),
        known_id,
        asked.message,
        version=asked.version,
        vault=vault,
        keys=ring,
        now=clock.now(),
    )
    return Response(done, headers=NO_STORE)


@post(
    "/desk/api/reports/{report_id:str}/take",
    operation_id="TakeReport",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Taking),
    refuses=("changed_meanwhile", "invalid"),
)
async def take_report(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    ring: NamedDependency[SkipValidation[KeyRing]],
    vault: NamedDependency[SkipValidation[Vault]],
) -> Response[Taken]:
    """A report of unknown area becomes the force's own."""
    known_id, version = id_of(report_id), read(await request.body() or b"{}", Taking).version
    tools = Tools(vault=vault, keys=ring, now=clock.now())
    done = await on_report(
        request, known_id, actions.take, user_of(request), known_id, version=version, tools=tools
    )
    return Response(done, headers=NO_STORE)


async def on_report(
    request: Request[Any, Any, Any], report_id: str, act: Callable[..., T], *given: Any, **more: Any
) -> T:
    """`act` in a transaction. Whoever is refused leaves a trace, whether there is such a report or not.

    Both, or the time that writing takes would tell which ids exist.
    """
    database: Database = request.app.state.database
    try:
        return await database.write(act, *given, **more)
    except Problem as refused:
        if refused.kind.code == "not_found":
            asked = str(request.route_handler.operation_id)
            await database.write(actions.refuse, user_of(request), report_id, asked=asked, now=clock.now())
        raise


def id_of(text: str) -> str:
    """What has not the form of an id is nobody's."""
    if not _ID.fullmatch(text):
        raise problem("not_found")
    return text


def read(raw: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError:
        raise problem("invalid", ", ".join(shape.__annotations__)) from None
    except UNREADABLE:
        raise problem("malformed") from None


handlers: Final = [
    acknowledge_report,
    take_report,
]
