"""The board of a centre's devices: what each still holds, and what is done when one is lost."""

from functools import partial
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import Meta, Struct

from waymark.custody.records import Explained
from waymark.identity.guards import fresh, logged_in, user_of
from waymark.intake.answers import alert_for
from waymark.kernel import clock
from waymark.kernel.clock import stamp
from waymark.kernel.db import Database
from waymark.kernel.settings import Settings
from waymark.kernel.web.bodies import in_json
from waymark.kernel.web.guards import same_origin
from waymark.triage.routes import NO_STORE, id_of, read
from waymark.worklist import actions
from waymark.worklist.records import CodeAnswer, DevicesAnswer, ExplainRequest, RevokeRequest

_ONE_LINE: Final = r"^[^\x00-\x1f]*[^\x00-\x20][^\x00-\x1f]*\Z"
"""Something to read, and no control characters."""


class CodeRequest(Struct, frozen=True, kw_only=True):
    label: Annotated[str, Meta(min_length=1, max_length=80, pattern=_ONE_LINE)]


@get(
    "/desk/api/devices",
    operation_id="ListDevices",
    guards=[logged_in],
    refuses=("not_found",),
)
async def list_devices(
    request: Request[Any, Any, Any], database: NamedDependency[SkipValidation[Database]]
) -> Response[DevicesAnswer]:
    """The tablets of one's own centre."""
    settings: Settings = request.app.state.settings
    ends = partial(alert_for, soft=settings.soft_eol, hard=settings.hard_eol)
    lines = await database.write(actions.list_devices, user_of(request), ends, now=clock.now())
    return Response(DevicesAnswer(devices=tuple(lines)), headers=NO_STORE)


@post(
    "/desk/api/devices/codes",
    operation_id="MakeDeviceCode",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(CodeRequest),
    refuses=("invalid", "not_found"),
)
async def make_device_code(
    request: Request[Any, Any, Any], database: NamedDependency[SkipValidation[Database]]
) -> Response[CodeAnswer]:
    """A one-time code, shown this once."""
    raw = await request.body()
    label = read(raw, CodeRequest).label.strip()
    code, expires_at = await database.write(
        actions.make_device_code, user_of(request), label, now=clock.now()
    )
    return Response(CodeAnswer(code=code, expires_at=stamp(expires_at)), headers=NO_STORE)


@post(
    "/desk/api/devices/{device_id:str}/revoke",
    operation_id="RevokeDevice",
    status_code=204,
    guards=[same_origin, logged_in, fresh],
    takes=in_json(RevokeRequest),
    refuses=("invalid", "step_up_needed"),
)
async def revoke_device(
    request: Request[Any, Any, Any],
    device_id: FromPath[str],
    database: NamedDependency[SkipValidation[Database]],
) -> Response[None]:
    """Take a tablet out of its centre. What it holds still comes, and is looked at by a person."""
    scope = read(await request.body(), RevokeRequest).scope
    await database.write(actions.revoke_device, user_of(request), id_of(device_id), scope, now=clock.now())
    return Response(None, status_code=204, headers=NO_STORE)


@post(
    "/desk/api/devices/{device_id:str}/gaps",
    operation_id="ExplainGap",
    status_code=204,
    guards=[same_origin, logged_in],
    takes=in_json(ExplainRequest),
    refuses=("invalid",),
)
async def explain_gap(
    request: Request[Any, Any, Any],
    device_id: FromPath[str],
    database: NamedDependency[SkipValidation[Database]],
) -> Response[None]:
    """Write down what a person has found out about reports that never came."""
    told = read(await request.body(), ExplainRequest)
    found = Explained(
        device_id=id_of(device_id),
        epoch=told.epoch,
        first_seq=told.first_seq,
        last_seq=told.first_seq + told.count - 1,
        why=told.why,
        at=stamp(clock.now()),
    )
    await database.write(actions.explain_gap, user_of(request), found)
    return Response(None, status_code=204, headers=NO_STORE)


handlers: Final = [list_devices, make_device_code, revoke_device, explain_gap]
