"""The desk: reports, quarantine and devices. Whatever a person may not see answers like what never was."""

import asyncio
import re
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation
from msgspec import Meta, Struct

from waymark.agencies.records import Decision
from waymark.identity.guards import logged_in, user_of
from waymark.identity.records import User
from waymark.kernel import clock
from waymark.kernel.clock import stamp
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault
from waymark.kernel.web.guards import same_origin
from waymark.triage import actions
from waymark.triage.records import (
    Acknowledgement,
    CodeAnswer,
    Cursor,
    DevicesAnswer,
    Event,
    HeldItem,
    HistoryLine,
    Listed,
    QuarantineAnswer,
    Queue,
    ReportAnswer,
    ReportsAnswer,
    Taken,
    TriageReport,
)
from waymark.triage.rules import (
    decode_cursor,
    encode_cursor,
    listed,
    open_body,
    open_text,
    possible_acts,
    visible_answers,
)
from waymark_sync.codec import UNREADABLE
from waymark_sync.policy import Pack
from waymark_sync.report import TEXT_MAX

NO_STORE: Final = {"Cache-Control": "no-store"}
PAGE_MAX: Final = 100
PAGE: Final = 25
CURSOR_MAX: Final = 128
DEVICE_SHORT: Final = 8  # characters: enough to tell two tablets apart in a conversation
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

T = TypeVar("T")


class Message(Struct, frozen=True, kw_only=True):
    message: Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]


_ONE_LINE: Final = r"^[^\x00-\x1f]*[^\x00-\x20][^\x00-\x1f]*\Z"
"""Something to read, and no control characters."""


class CodeRequest(Struct, frozen=True, kw_only=True):
    label: Annotated[str, Meta(min_length=1, max_length=80, pattern=_ONE_LINE)]


@get(
    "/desk/api/reports",
    operation_id="ListReports",
    guards=[logged_in],
    polled="a page that looks for news by itself is not a person",
)
async def list_reports(
    request: Request[Any, Any, Any],
    database: NamedDependency[SkipValidation[Database]],
    vault: NamedDependency[SkipValidation[Vault]],
    pack: NamedDependency[SkipValidation[Pack]],
    report_state: Annotated[Queue, QueryParameter(name="state")] = "all",
    cursor: Annotated[str, QueryParameter(max_length=CURSOR_MAX)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = PAGE,
) -> Response[ReportsAnswer]:
    """Newest first. `counts` are of all that this person may see, whatever is filtered."""
    after = _after(cursor)
    now = clock.now()
    found, counts = await database.write(
        actions.list_reports, user_of(request), queue=report_state, after=after, limit=limit, now=now
    )
    page = found[:limit]

    def lines() -> tuple[Listed, ...]:
        return tuple(
            listed(
                report,
                open_body(vault, report).answers,
                decision,
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
    database: NamedDependency[SkipValidation[Database]],
    vault: NamedDependency[SkipValidation[Vault]],
    pack: NamedDependency[SkipValidation[Pack]],
) -> Response[ReportAnswer]:
    """One report, as far as it was released to whoever asks."""
    user, now = user_of(request), clock.now()
    report, decision, events = await database.write(actions.view, user, _id(report_id), now=now)
    body = open_body(vault, report)
    line = listed(report, body.answers, decision, area=pack.area_name(report.area), now=now)
    shown = {
        **msgspec.to_builtins(line),
        **_page_of(user, report, decision, events),
        "groups": visible_answers(body.answers, decision),
    }
    history = tuple(
        HistoryLine(at=e.at, who=e.who, action=e.action, text=open_text(vault, report, e.id, e.text))
        for e in events
    )
    return Response(ReportAnswer(report=shown, history=history), headers=NO_STORE)


@post(
    "/desk/api/reports/{report_id:str}/acknowledge",
    operation_id="AcknowledgeReport",
    status_code=200,
    guards=[same_origin, logged_in],
)
async def acknowledge_report(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    database: NamedDependency[SkipValidation[Database]],
    ring: NamedDependency[SkipValidation[KeyRing]],
    vault: NamedDependency[SkipValidation[Vault]],
) -> Response[Acknowledgement]:
    """Answer the reporter, once."""
    known_id = _id(report_id)
    text = _read(await request.body(), Message).message
    done = await database.write(
        actions.acknowledge, user_of(request), known_id, text, vault=vault, keys=ring, now=clock.now()
    )
    return Response(done, headers=NO_STORE)


@post(
    "/desk/api/reports/{report_id:str}/take",
    operation_id="TakeReport",
    status_code=200,
    guards=[same_origin, logged_in],
)
async def take_report(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    database: NamedDependency[SkipValidation[Database]],
) -> Response[Taken]:
    """A report of unknown area becomes the force's own."""
    done = await database.write(actions.take, user_of(request), _id(report_id), now=clock.now())
    return Response(done, headers=NO_STORE)


@get("/desk/api/quarantine", operation_id="ListQuarantine", guards=[logged_in])
async def list_quarantine(
    request: Request[Any, Any, Any], database: NamedDependency[SkipValidation[Database]]
) -> Response[QuarantineAnswer]:
    """Metadata of what could not be opened, for the intake custodian alone."""
    held = await database.write(actions.list_held, user_of(request), now=clock.now())
    items = tuple(
        HeldItem(
            id=item.id,
            received_at=item.received_at,
            lane=item.lane,
            reason=item.reason,
            bytes=item.bytes,
            device_id_short=item.device_id[:DEVICE_SHORT],
        )
        for item in held
    )
    return Response(QuarantineAnswer(items=items), headers=NO_STORE)


@get("/desk/api/devices", operation_id="ListDevices", guards=[logged_in])
async def list_devices(
    request: Request[Any, Any, Any], database: NamedDependency[SkipValidation[Database]]
) -> Response[DevicesAnswer]:
    """The tablets of one's own centre."""
    lines = await database.write(actions.list_devices, user_of(request), now=clock.now())
    return Response(DevicesAnswer(devices=tuple(lines)), headers=NO_STORE)


@post(
    "/desk/api/devices/codes",
    operation_id="MakeDeviceCode",
    status_code=200,
    guards=[same_origin, logged_in],
)
async def make_device_code(
    request: Request[Any, Any, Any], database: NamedDependency[SkipValidation[Database]]
) -> Response[CodeAnswer]:
    """A one-time code, shown this once."""
    raw = await request.body()
    label = _read(raw, CodeRequest).label.strip()
    code, expires_at = await database.write(
        actions.make_device_code, user_of(request), label, now=clock.now()
    )
    return Response(CodeAnswer(code=code, expires_at=stamp(expires_at)), headers=NO_STORE)


def _page_of(user: User, report: TriageReport, decision: Decision, events: list[Event]) -> dict[str, Any]:
    return {
        "hidden_groups": sorted(decision.hidden),
        "acts": possible_acts(user, report),
        "note": report.note,
        "acknowledged_by": next((e.who for e in events if e.action == "acknowledged"), None),
    }


def _id(text: str) -> str:
    """What has not the form of an id is nobody's."""
    if not _ID.fullmatch(text):
        raise problem("not_found")
    return text


def _after(cursor: str) -> Cursor | None:
    after = decode_cursor(cursor) if cursor else None
    if cursor and after is None:
        raise problem("invalid", "cursor")
    return after


def _read(raw: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError:
        raise problem("invalid", ", ".join(shape.__annotations__)) from None
    except UNREADABLE:
        raise problem("malformed") from None


handlers: Final = [
    list_reports,
    view_report,
    acknowledge_report,
    take_report,
    list_quarantine,
    list_devices,
    make_device_code,
]
