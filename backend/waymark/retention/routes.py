"""Erasing a report: one person asks, another confirms. Whoever may not is answered like what never was."""

from typing import Any, Final

from litestar import Request, Response, post
from litestar.params import FromPath

from waymark.identity.guards import fresh, logged_in, user_of
from waymark.kernel import clock
from waymark.kernel.web.bodies import in_json
from waymark.kernel.web.guards import same_origin
from waymark.retention import actions
from waymark.retention.records import AskErasure, ConfirmErasure, ErasedReport
from waymark.triage.actions import Tools
from waymark.triage.records import Done
from waymark.triage.routes import NO_STORE, ON_REPORT, id_of, on_report, read


@post(
    "/desk/api/reports/{report_id:str}/erasure",
    operation_id="AskErasure",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(AskErasure),
    refuses=ON_REPORT,
)
async def ask_erasure(request: Request[Any, Any, Any], report_id: FromPath[str]) -> Response[Done]:
    """A closed report is no longer to be kept, one person says."""
    known_id, asked = id_of(report_id), read(await request.body(), AskErasure)
    state = request.app.state
    tools = Tools(vault=state.vault, keys=state.ring, now=clock.now())
    done = await on_report(request, known_id, actions.ask, user_of(request), known_id, asked, tools)
    return Response(done, headers=NO_STORE)


@post(
    "/desk/api/reports/{report_id:str}/confirm-erasure",
    operation_id="ConfirmErasure",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    takes=in_json(ConfirmErasure),
    refuses=(*ON_REPORT, "step_up_needed"),
)
async def confirm_erasure(
    request: Request[Any, Any, Any], report_id: FromPath[str]
) -> Response[ErasedReport]:
    """Another person says so, too: it is destroyed, in every copy."""
    known_id, asked = id_of(report_id), read(await request.body(), ConfirmErasure)
    state = request.app.state
    erased = await on_report(
        request,
        known_id,
        actions.confirm,
        user_of(request),
        known_id,
        asked,
        state.erased,
        now=clock.now(),
    )
    state.jobs.wake()
    return Response(erased, headers=NO_STORE)


handlers: Final = [ask_erasure, confirm_erasure]
