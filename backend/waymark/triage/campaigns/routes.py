"""What lies apart because it came in a flood, and the way back into the lists."""

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec.structs import replace

from waymark.identity.guards import logged_in, user_of
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.web.bodies import in_json
from waymark.kernel.web.guards import same_origin
from waymark.triage.campaigns import actions
from waymark.triage.campaigns.records import CampaignsAnswer, ReturnedAnswer, ReturnRequest
from waymark.triage.campaigns.rules import FACTOR
from waymark.triage.routes import NO_STORE, id_of, read
from waymark_sync.policy import Pack


@get("/desk/api/campaigns", operation_id="ListCampaigns", guards=[logged_in], refuses=("not_found",))
async def list_campaigns(
    request: Request[Any, Any, Any],
    database: NamedDependency[SkipValidation[Database]],
    pack: NamedDependency[SkipValidation[Pack]],
) -> Response[CampaignsAnswer]:
    """Floods of which anything lies apart. The reports themselves are in the list's queue `apart`."""
    found = await database.write(actions.list_campaigns, user_of(request), now=clock.now())
    named = tuple(replace(view, areas=tuple(pack.area_name(area) for area in view.areas)) for view in found)
    return Response(CampaignsAnswer(campaigns=named, usual_factor=FACTOR), headers=NO_STORE)


@post(
    "/desk/api/campaigns/{campaign_id:str}/return",
    operation_id="ReturnFromCampaign",
    status_code=200,
    guards=[same_origin, logged_in],
    takes=in_json(ReturnRequest),
    refuses=("invalid", "not_found"),
)
async def return_from_campaign(
    request: Request[Any, Any, Any],
    campaign_id: FromPath[str],
    database: NamedDependency[SkipValidation[Database]],
) -> Response[ReturnedAnswer]:
    """Put reports back into the ordinary lists. Asking twice does no more than asking once."""
    asked = read(await request.body() or b"{}", ReturnRequest)
    returned = await database.write(
        actions.return_reports, user_of(request), id_of(campaign_id), asked.report_ids, now=clock.now()
    )
    return Response(ReturnedAnswer(returned=returned), headers=NO_STORE)


handlers: Final = [list_campaigns, return_from_campaign]
