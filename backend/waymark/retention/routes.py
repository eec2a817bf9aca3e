"""How long a report is kept: reviewed, held, erased by two people. Who may not is told of nothing."""

from collections.abc import Callable
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from waymark.identity.guards import fresh, logged_in, user_of
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.web.bodies import in_json
from waymark.kernel.web.guards import same_origin
from waymark.retention import actions
from waymark.retention.records import (
    AskErasure,
    ConfirmErasure,
    ErasedReport,
    Hold,
    Keep,
    Lift,
    Review,
    ReviewLine,
    ReviewsAnswer,
)
from waymark.triage.actions import Tools
from waymark.triage.records import Done
from waymark.triage.routes import NO_STORE, ON_REPORT, id_of, on_report, read
from waymark_sync.policy.retention import RetentionPolicy, load_retention
from waymark_sync.reference import reference

REVIEWS_MAX: Final = 200


@post(
    "/desk/api/reports/{report_id:str}/erasure",
    operation_id="AskErasure",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(AskErasure),
    refuses=(*ON_REPORT, "held"),
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
    refuses=(*ON_REPORT, "held", "step_up_needed"),
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


@post(
    "/desk/api/reports/{report_id:str}/hold",
    operation_id="HoldReport",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Hold),
    refuses=(*ON_REPORT, "held"),
)
async def hold(request: Request[Any, Any, Any], report_id: FromPath[str]) -> Response[Done]:
    """Nothing erases the report until the hold is lifted."""
    return await _act(request, report_id, actions.hold, read(await request.body(), Hold))


@post(
    "/desk/api/reports/{report_id:str}/lift-hold",
    operation_id="LiftHold",
    status_code=200,
    guards=[same_origin, logged_in, fresh],
    takes=in_json(Lift),
    refuses=(*ON_REPORT, "step_up_needed"),
)
async def lift_hold(request: Request[Any, Any, Any], report_id: FromPath[str]) -> Response[Done]:
    """By the side that has placed it."""
    return await _act(request, report_id, actions.lift, read(await request.body(), Lift))


@post(
    "/desk/api/reports/{report_id:str}/keep",
    operation_id="KeepReport",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(Keep),
    refuses=ON_REPORT,
)
async def keep(request: Request[Any, Any, Any], report_id: FromPath[str]) -> Response[Done]:
    """It is still needed. Somebody is asked again after some months."""
    return await _act(request, report_id, actions.keep, read(await request.body(), Keep))


@get("/desk/api/reviews", operation_id="ListReviews", guards=[logged_in], refuses=("not_found",))
async def list_reviews(
    request: Request[Any, Any, Any], database: NamedDependency[SkipValidation[Database]]
) -> Response[ReviewsAnswer]:
    """Closed reports of which it is time to say whether they are still needed."""
    now, settings = clock.now(), request.app.state.settings
    found = await database.write(actions.reviews, user_of(request), limit=REVIEWS_MAX + 1, now=now)
    policy = load_retention()
    notice = policy.schedule(now).notice_days
    told = ReviewsAnswer(
        reviews=tuple(_line(one, policy) for one in found[:REVIEWS_MAX]),
        more=len(found) > REVIEWS_MAX,
        erases_after_days=notice if settings.retention == "erase" else None,
    )
    return Response(told, headers=NO_STORE)


def _line(one: Review, policy: RetentionPolicy) -> ReviewLine:
    return ReviewLine(
        id=one.report_id,
        reference=reference(one.report_id),
        sharing_choice=one.sharing_choice,
        closed_at=one.closed_at,
        review_at=one.review_at,
        kept_for=policy.label(one.kept_for) if one.kept_for else "",
        held=one.hold_side is not None,
        erasure_asked=one.erasure_by is not None,
    )


async def _act(
    request: Request[Any, Any, Any], report_id: str, verb: Callable[..., Done], asked: object
) -> Response[Done]:
    known_id, state = id_of(report_id), request.app.state
    tools = Tools(vault=state.vault, keys=state.ring, now=clock.now())
    done = await on_report(request, known_id, verb, user_of(request), known_id, asked, tools)
    return Response(done, headers=NO_STORE)


handlers: Final = [ask_erasure, confirm_erasure, hold, lift_hold, keep, list_reviews]
