"""The desk's reading side. Whatever a person may not see answers like what never was."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation
from litestar.response import ServerSentEvent, Stream
from litestar.response.sse import ServerSentEventMessage
from msgspec import Meta, Struct

from waymark.attachments import originals
from waymark.attachments.decoding import SHOWN_AS
from waymark.attachments.rules import open_picture
from waymark.identity import actions as identity
from waymark.identity.guards import COOKIE, fresh, logged_in, user_of
from waymark.intake.records import HeldState
from waymark.intake.report_keys import open_keys
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.jobs import Jobs
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault
from waymark.kernel.web.bodies import content, in_json
from waymark.kernel.web.guards import same_origin
from waymark.triage import actions as triage
from waymark.triage.records import Listed, ReportAnswer
from waymark.triage.routes import NO_STORE, id_of, on_report, read
from waymark.triage.rules import listed, open_body
from waymark.worklist import actions
from waymark.worklist.devices import routes as devices
from waymark.worklist.jobs import Arrivals, Told
from waymark.worklist.records import (
    ChoicesAnswer,
    Cursor,
    Filter,
    HeldItem,
    QuarantineAnswer,
    Queue,
    ReopenedAnswer,
    ReportsAnswer,
)
from waymark.worklist.rules import choices, day, decode_cursor, encode_cursor, page_of
from waymark_sync.policy import Pack
from waymark_sync.policy.decisions import load_decisions
from waymark_sync.policy.timers import load_timers
from waymark_sync.protocol import Uuid
from waymark_sync.report import Channel, SharingChoice

OF_PICTURES: Final = {
    **NO_STORE,
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""Whatever it holds, a browser shows it as a picture and runs nothing of it."""
OF_ORIGINALS: Final = {
    **NO_STORE,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""It goes into a file, or into a player of ours; it never becomes a page."""
PAGE_MAX: Final = 100
PAGE: Final = 25
CURSOR_MAX: Final = 128
CODE_MAX: Final = 64
RETRY_AFTER_S: Final = "60"
LAST_ID_MAX: Final = 64
DEVICE_SHORT: Final = 8  # characters: enough to tell two tablets apart in a conversation

Code = Annotated[str, QueryParameter(max_length=CODE_MAX, pattern=r"^[A-Za-z0-9_-]*\Z")]
"""As ids of the pack and days are written. PostgreSQL has no NUL, and would take it for a bug of ours."""


class ReopenRequest(Struct, frozen=True, kw_only=True):
    ids: Annotated[tuple[Uuid, ...], Meta(min_length=1, max_length=PAGE_MAX)]


@get(
    "/desk/api/reports",
    operation_id="ListReports",
    guards=[logged_in],
    polled="a page that looks for news by itself is not a person",
    refuses=("invalid", "not_found"),
)
async def list_reports(
    request: Request[Any, Any, Any],
    database: NamedDependency[SkipValidation[Database]],
    vault: NamedDependency[SkipValidation[Vault]],
    pack: NamedDependency[SkipValidation[Pack]],
    queue: Annotated[Queue, QueryParameter()] = "all",
    area: Code = "",
    centre: Code = "",
    sharing: Annotated[SharingChoice | Literal[""], QueryParameter()] = "",
    channel: Annotated[Channel | Literal[""], QueryParameter()] = "",
    received_from: Code = "",
    received_to: Code = "",
    with_pictures: Annotated[bool, QueryParameter()] = False,
    overdue: Annotated[bool, QueryParameter()] = False,
    cursor: Annotated[str, QueryParameter(max_length=CURSOR_MAX)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = PAGE,
) -> Response[ReportsAnswer]:
    """Newest first. `counts` are of all that this person may see, whatever is filtered."""
    user, now = user_of(request), clock.now()
    wanted = Filter(
        queue=queue,
        area=area,
        centre=centre,
        sharing=sharing,
        channel=channel,
        received_from=day(received_from, "received_from"),
        received_before=day(received_to, "received_to", after=True),
        with_pictures=with_pictures,
        overdue=overdue,
    )
    found, counts = await database.write(
        actions.list_reports, user, wanted, after=_after(cursor), limit=limit, now=now
    )
    page = found[:limit]

    def lines() -> tuple[Listed, ...]:
        return tuple(
            listed(
                report,
                open_body(vault, report, person=False).answers,
                decision,
                user,
                area=pack.area_name(report.area),
                now=now,
            )
            for report, decision in page
        )

    reports = await asyncio.to_thread(lines)
    more = len(found) > limit
    last = Cursor(received_at=page[-1][0].received_at, report_id=page[-1][0].report_id) if more else None
    answer = ReportsAnswer(reports=reports, next=encode_cursor(last) if last else None, counts=counts)
    return Response(answer, headers=NO_STORE)


@get("/desk/api/reports/{report_id:str}", operation_id="ViewReport", guards=[logged_in])
async def view_report(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    vault: NamedDependency[SkipValidation[Vault]],
    pack: NamedDependency[SkipValidation[Pack]],
) -> Response[ReportAnswer]:
    """One report, as far as it was released to whoever asks."""
    user, now = user_of(request), clock.now()
    known_id = id_of(report_id)
    viewed = await on_report(request, known_id, triage.view, user, known_id, now=now)
    answer = await asyncio.to_thread(
        page_of, user, viewed, vault=vault, pack=pack, data=load_decisions(), timers=load_timers(), now=now
    )
    return Response(answer, headers=NO_STORE)


@get(
    "/desk/api/reports/{report_id:str}/pictures/{att_id:str}",
    operation_id="ViewPicture",
    guards=[logged_in],
    gives=content(SHOWN_AS),
)
async def view_picture(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    att_id: FromPath[str],
    vault: NamedDependency[SkipValidation[Vault]],
) -> Response[bytes]:
    """A picture made of an attachment. The file that was sent goes to no browser."""
    known_id, picture_id = id_of(report_id), id_of(att_id)
    report, shown = await on_report(
        request, known_id, triage.picture, user_of(request), known_id, picture_id, now=clock.now()
    )
    body = await asyncio.to_thread(lambda: open_picture(open_keys(vault, report.lock), shown))
    return Response(body, media_type=shown.media_type, headers=OF_PICTURES)


@get(
    "/desk/api/reports/{report_id:str}/originals/{att_id:str}",
    operation_id="TakeOriginal",
    guards=[logged_in],
    gives=content(originals.BYTES, *sorted(originals.PLAYED)),
)
async def take_original(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    att_id: FromPath[str],
    vault: NamedDependency[SkipValidation[Vault]],
) -> Stream:
    """A sound, a film or a paper as it was sent, for whoever has asked for it: a look is not enough."""
    known_id, file_id = id_of(report_id), id_of(att_id)
    found = await on_report(
        request, known_id, triage.original, user_of(request), known_id, file_id, now=clock.now()
    )
    content = await asyncio.to_thread(originals.opened, vault, request.app.state.files, found)
    headers = {**OF_ORIGINALS, **originals.headers_of(found)}
    return Stream(content, media_type=originals.media_type_of(found), headers=headers)


@get(
    "/desk/api/choices",
    operation_id="ListChoices",
    guards=[logged_in],
    unaudited="names of places and organisations, of no report",
    refuses=("not_found",),
)
async def list_choices(
    request: Request[Any, Any, Any], pack: NamedDependency[SkipValidation[Pack]]
) -> Response[ChoicesAnswer]:
    """What a list can be filtered by."""
    user = user_of(request)
    actions.allowed(user, "list_reports", now=clock.now())
    return Response(choices(user, pack), headers=NO_STORE)


@get(
    "/desk/api/live",
    operation_id="WaitForNews",
    guards=[logged_in],
    polled="an open page is not a person",
    unaudited="numbers and a time, of no single report; what is looked at then is audited",
    gives=content("text/event-stream"),
    refuses=("not_found", "too_many_streams"),
)
async def wait_for_news(
    request: Request[Any, Any, Any],
    database: NamedDependency[SkipValidation[Database]],
    arrivals: NamedDependency[SkipValidation[Arrivals]],
) -> ServerSentEvent:
    """A stream of events that ends with the session. A browser that reconnects goes on where it was."""
    actions.allowed(user_of(request), "list_reports", now=clock.now())
    token = request.cookies[COOKIE]
    session = await database.read(identity.open_session, token, now=clock.now())
    if session is None:
        raise problem("login_needed")
    if arrivals.full(session):
        raise problem("too_many_streams", headers={"Retry-After": RETRY_AFTER_S})
    last_id = request.headers.get("last-event-id", "")[:LAST_ID_MAX]
    # A proxy that gathers an answer before it passes it on would hold back every event.
    headers = {**NO_STORE, "X-Accel-Buffering": "no"}
    return ServerSentEvent(_events(arrivals.listen(session, token, last_id)), headers=headers)


@get(
    "/desk/api/quarantine",
    operation_id="ListQuarantine",
    guards=[logged_in],
    refuses=("invalid", "not_found"),
)
async def list_quarantine(
    request: Request[Any, Any, Any],
    database: NamedDependency[SkipValidation[Database]],
    kind: Annotated[HeldState | Literal[""], QueryParameter()] = "",
    cursor: Annotated[str, QueryParameter(pattern=r"^([1-9][0-9]{0,17})?\Z")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = PAGE,
) -> Response[QuarantineAnswer]:
    """Metadata of what could not be opened, newest first, for the intake custodian alone."""
    before = int(cursor) if cursor else None
    found = await database.write(
        actions.list_held, user_of(request), kind, before=before, limit=limit, now=clock.now()
    )
    held = found[:limit]
    items = tuple(
        HeldItem(
            id=item.id,
            received_at=item.received_at,
            lane=item.lane,
            state=item.state,
            reason=item.reason,
            bytes=item.bytes,
            device_id_short=item.device_id[:DEVICE_SHORT],
        )
        for item in held
    )
    after = str(held[-1].pos) if len(found) > limit else None
    return Response(QuarantineAnswer(items=items, next=after), headers=NO_STORE)


@post(
    "/desk/api/quarantine/reopen",
    operation_id="ReopenQuarantine",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    takes=in_json(ReopenRequest),
    refuses=("invalid", "not_found", "step_up_needed"),
)
async def reopen_quarantine(
    request: Request[Any, Any, Any],
    database: NamedDependency[SkipValidation[Database]],
    jobs: NamedDependency[SkipValidation[Jobs]],
) -> Response[ReopenedAnswer]:
    """Try to open these again. Asking twice does no more than asking once."""
    raw = await request.body()
    user = user_of(request)
    actions.allowed(user, "reopen_quarantine", now=clock.now())
    wanted = read(raw, ReopenRequest).ids
    count = await database.write(actions.reopen, user, wanted, now=clock.now())
    jobs.wake()
    return Response(ReopenedAnswer(reopened=count), headers=NO_STORE)


async def _events(told: AsyncIterator[Told]) -> AsyncIterator[ServerSentEventMessage]:
    async for one in told:
        match one.kind:
            case "reports":
                data = msgspec.json.encode(one.news).decode()
                yield ServerSentEventMessage(event="reports", id=one.id, data=data)
            case "still_here":
                yield ServerSentEventMessage(comment="still here")
            case "ended":
                yield ServerSentEventMessage(event="ended", data="{}")


def _after(cursor: str) -> Cursor | None:
    after = decode_cursor(cursor) if cursor else None
    if cursor and after is None:
        raise problem("invalid", "cursor")
    return after


handlers: Final = [
    list_reports,
    view_report,
    view_picture,
    take_original,
    list_choices,
    wait_for_news,
    list_quarantine,
    reopen_quarantine,
    *devices.handlers,
]
