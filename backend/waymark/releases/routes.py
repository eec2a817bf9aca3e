"""Acts on a release: narrow, override, end it, unmask. What one may not see answers like what never was."""

from typing import Any, Final

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from waymark.identity.guards import fresh, logged_in, user_of
from waymark.kernel import clock
from waymark.kernel.web.bodies import in_json
from waymark.kernel.web.guards import same_origin
from waymark.releases import actions
from waymark.releases.records import EndOverride, Narrow, Override, Unmask, Unmasked
from waymark.triage.actions import Tools
from waymark.triage.records import Done
from waymark.triage.routes import NO_STORE, ON_REPORT, id_of, on_report, read
from waymark_sync.policy import Pack


@post(
    "/desk/api/reports/{report_id:str}/narrow",
    operation_id="NarrowRelease",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Narrow),
    refuses=ON_REPORT,
)
async def narrow(request: Request[Any, Any, Any], report_id: FromPath[str]) -> Response[Done]:
    """The reporter takes back a part of what they released."""
    known_id, asked = id_of(report_id), read(await request.body(), Narrow)
    user, tools = user_of(request), _tools(request)
    done = await on_report(request, known_id, actions.narrow, user, known_id, asked, tools)
    return Response(done, headers=NO_STORE)


@post(
    "/desk/api/reports/{report_id:str}/override",
    operation_id="OverrideRelease",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    takes=in_json(Override),
    refuses=(*ON_REPORT, "step_up_needed"),
)
async def override(
    request: Request[Any, Any, Any],
    report_id: FromPath[str],
    pack: NamedDependency[SkipValidation[Pack]],
) -> Response[Done]:
    """Somebody is in danger: the report's force may read these answers."""
    known_id, asked = id_of(report_id), read(await request.body(), Override)
    user, tools = user_of(request), _tools(request)
    done = await on_report(request, known_id, actions.override, user, known_id, asked, tools, pack)
    return Response(done, headers=NO_STORE)


@post(
    "/desk/api/reports/{report_id:str}/end-override",
    operation_id="EndOverride",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(EndOverride),
    refuses=ON_REPORT,
)
async def end_override(request: Request[Any, Any, Any], report_id: FromPath[str]) -> Response[Done]:
    """The danger has passed: the report's force may no longer read these answers."""
    known_id, asked = id_of(report_id), read(await request.body(), EndOverride)
    user, tools = user_of(request), _tools(request)
    done = await on_report(request, known_id, actions.end_override, user, known_id, asked, tools)
    return Response(done, headers=NO_STORE)


@post(
    "/desk/api/reports/{report_id:str}/unmask",
    operation_id="UnmaskReport",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    takes=in_json(Unmask),
    refuses=("invalid", "step_up_needed"),
)
async def unmask(request: Request[Any, Any, Any], report_id: FromPath[str]) -> Response[Unmasked]:
    """Covered answers, this once, for a reason."""
    known_id, asked = id_of(report_id), read(await request.body(), Unmask)
    user, tools = user_of(request), _tools(request)
    shown = await on_report(request, known_id, actions.unmask, user, known_id, asked, tools)
    return Response(shown, headers=NO_STORE)


def _tools(request: Request[Any, Any, Any]) -> Tools:
    state = request.app.state
    return Tools(vault=state.vault, keys=state.ring, now=clock.now())


handlers: Final = [narrow, override, end_override, unmask]
