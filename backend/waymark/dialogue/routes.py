"""Acts on a report beyond the first: each one request, each naming the version that its page showed."""

from collections.abc import Callable
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from waymark.dialogue import actions
from waymark.dialogue.actions import Desk
from waymark.dialogue.records import (
    Close,
    Decide,
    Forward,
    Reopen,
    Say,
    SendBack,
    Signpost,
    SuggestionsAnswer,
    Versioned,
)
from waymark.identity.guards import logged_in, user_of
from waymark.kernel import clock
from waymark.kernel.web.bodies import in_json
from waymark.kernel.web.guards import same_origin
from waymark.triage.actions import Tools
from waymark.triage.records import Done
from waymark.triage.routes import NO_STORE, ON_REPORT, id_of, on_report, read
from waymark_sync.policy import Pack

TOLD: Final = ("no_safe_route", *ON_REPORT)
"""Of acts that the reporter may be told of."""


@get("/desk/api/reports/{report_id:str}/suggestions", operation_id="SuggestServices", guards=[logged_in])
async def suggest_services(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    pack: NamedDependency[SkipValidation[Pack]],
) -> Response[SuggestionsAnswer]:
    """What the reporter's own device would suggest today."""
    desk = _desk(request, report_id)
    services = await on_report(request, desk.report_id, actions.suggest, desk, pack)
    return Response(SuggestionsAnswer(services=services), headers=NO_STORE)


@post(
    "/desk/api/reports/{report_id:str}/ask",
    operation_id="AskReporter",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Say),
    refuses=TOLD,
)
async def ask(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
) -> Response[Done]:
    """A question; the report waits for its answer."""
    desk, asked = _desk(request, report_id), read(await request.body(), Say)
    return await _do(request, actions.ask, desk, asked)


@post(
    "/desk/api/reports/{report_id:str}/update",
    operation_id="UpdateReporter",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Say),
    refuses=TOLD,
)
async def update(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
) -> Response[Done]:
    """News, which ask for nothing."""
    desk, asked = _desk(request, report_id), read(await request.body(), Say)
    return await _do(request, actions.update, desk, asked)


@post(
    "/desk/api/reports/{report_id:str}/signpost",
    operation_id="SignpostReporter",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Signpost),
    refuses=TOLD,
)
async def signpost(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    pack: NamedDependency[SkipValidation[Pack]],
) -> Response[Done]:
    """Services that may help. They replace those named before."""
    desk, asked = _desk(request, report_id), read(await request.body(), Signpost)
    return await _do(request, actions.signpost, desk, asked, pack)


@post(
    "/desk/api/reports/{report_id:str}/decide",
    operation_id="DecideReport",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Decide),
    refuses=TOLD,
)
async def decide(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    pack: NamedDependency[SkipValidation[Pack]],
) -> Response[Done]:
    """A decision, or a new one."""
    desk, asked = _desk(request, report_id), read(await request.body(), Decide)
    return await _do(request, actions.decide, desk, asked, pack)


@post(
    "/desk/api/reports/{report_id:str}/close",
    operation_id="CloseReport",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Close),
    refuses=TOLD,
)
async def close(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
) -> Response[Done]:
    """The end, until somebody reopens it."""
    desk, asked = _desk(request, report_id), read(await request.body(), Close)
    return await _do(request, actions.close, desk, asked)


@post(
    "/desk/api/reports/{report_id:str}/reopen",
    operation_id="ReopenReport",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Reopen),
    refuses=TOLD,
)
async def reopen(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
) -> Response[Done]:
    """Work on it goes on."""
    desk, asked = _desk(request, report_id), read(await request.body(), Reopen)
    return await _do(request, actions.reopen, desk, asked)


@post(
    "/desk/api/reports/{report_id:str}/forward",
    operation_id="ForwardReport",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Forward),
    refuses=ON_REPORT,
)
async def forward(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    pack: NamedDependency[SkipValidation[Pack]],
) -> Response[Done]:
    """Another force is asked to take it."""
    desk, asked = _desk(request, report_id), read(await request.body(), Forward)
    return await _do(request, actions.forward, desk, asked, pack)


@post(
    "/desk/api/reports/{report_id:str}/accept",
    operation_id="AcceptReport",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Versioned),
    refuses=ON_REPORT,
)
async def accept(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
) -> Response[Done]:
    """It is this force's now."""
    desk, asked = _desk(request, report_id), read(await request.body(), Versioned)
    return await _do(request, actions.accept, desk, asked.version)


@post(
    "/desk/api/reports/{report_id:str}/send-back",
    operation_id="SendBackReport",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(SendBack),
    refuses=ON_REPORT,
)
async def send_back(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
) -> Response[Done]:
    """It stays with the force that offered it."""
    desk, asked = _desk(request, report_id), read(await request.body(), SendBack)
    return await _do(request, actions.send_back, desk, asked)


@post(
    "/desk/api/reports/{report_id:str}/reply-read",
    operation_id="MarkReplyRead",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Versioned),
    refuses=ON_REPORT,
)
async def mark_reply_read(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
) -> Response[Done]:
    """Somebody has read what the reporter wrote."""
    desk, asked = _desk(request, report_id), read(await request.body(), Versioned)
    return await _do(request, actions.mark_reply_read, desk, asked.version)


def _desk(request: Request[Any, Any, Any], report_id: str) -> Desk:
    state = request.app.state
    tools = Tools(vault=state.vault, keys=state.ring, now=clock.now())
    return Desk(user=user_of(request), report_id=id_of(report_id), tools=tools)


async def _do(
    request: Request[Any, Any, Any], act: Callable[..., Done], desk: Desk, *given: Any
) -> Response[Done]:
    done = await on_report(request, desk.report_id, act, desk, *given)
    return Response(done, headers=NO_STORE)


handlers: Final = [
    suggest_services,
    ask,
    update,
    signpost,
    decide,
    close,
    reopen,
    forward,
    accept,
    send_back,
    mark_reply_read,
]
