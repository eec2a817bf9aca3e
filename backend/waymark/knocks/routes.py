"""`/sync/v1/knocks`: be told, by a knock that says nothing, that something waits in a feed."""

from typing import Any, Final, TypeVar

from litestar import Request, Response, get, post

from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import Problem, problem
from waymark.kernel.settings import Settings
from waymark.kernel.vault import Vault
from waymark.kernel.web.bodies import on_the_wire
from waymark.kernel.web.limits import limited
from waymark.knocks import actions
from waymark.mailbox.rules import challenge_good, new_challenge
from waymark_sync.codec import WireError, answer_type, decode, encode
from waymark_sync.knocking import KnockKey, Subscription, SubscriptionEnd
from waymark_sync.seal import raw_public

CHALLENGE: Final = "Waymark-Challenge"
NO_STORE: Final = {"Cache-Control": "no-store"}
BODY_MAX: Final = 4_096  # an endpoint has at most 2,048 characters
PROOF: Final = "the signature of the feed's own key over this very endpoint is the proof"
OWN_CHOICE: Final = "a person's choice about their own device, which changes no report"

T = TypeVar("T", Subscription, SubscriptionEnd)


@get(
    "/sync/v1/knock-key",
    operation_id="GetKnockKey",
    public="a public key, the same for everybody",
    unaudited="nothing is read that anybody has written",
    gives=on_the_wire(KnockKey),
)
async def knock_key(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What a browser's push manager asks for."""
    ring: KeyRing = request.app.state.ring
    kind = answer_type(request.headers.get("accept", ""), "")
    answer = KnockKey(public=raw_public(ring.knock_key))
    return Response(encode(answer, kind), media_type=kind, headers=NO_STORE)


@post(
    "/sync/v1/knocks",
    operation_id="Subscribe",
    status_code=204,
    request_max_body_size=BODY_MAX,
    public=PROOF,
    unaudited=OWN_CHOICE,
    takes=on_the_wire(Subscription),
    tells={401: {CHALLENGE: str}},
    refuses=("proof_needed", "endpoint_refused", "too_many_attempts"),
)
async def subscribe(request: Request[Any, Any, Any]) -> Response[None]:
    """Again with the same endpoint takes the place of what was there."""
    limited(request, "subscriptions")
    asked, refused = await _read(request, Subscription)
    state = request.app.state
    settings: Settings = state.settings
    vault: Vault = state.vault
    database: Database = state.database
    if not await database.write(actions.subscribe, asked, vault, hosts=settings.push_hosts, now=clock.now()):
        raise refused
    return Response(None, status_code=204, headers=NO_STORE)


@post(
    "/sync/v1/knocks/end",
    operation_id="EndSubscription",
    status_code=204,
    request_max_body_size=BODY_MAX,
    public=PROOF,
    unaudited=OWN_CHOICE,
    takes=on_the_wire(SubscriptionEnd),
    tells={401: {CHALLENGE: str}},
    refuses=("proof_needed",),
)
async def end(request: Request[Any, Any, Any]) -> Response[None]:
    """No more knocks for this feed, on whatever device. Repeating it changes nothing."""
    asked, refused = await _read(request, SubscriptionEnd)
    database: Database = request.app.state.database
    if not await database.write(actions.end, asked):
        raise refused
    return Response(None, status_code=204, headers=NO_STORE)


async def _read(request: Request[Any, Any, Any], shape: type[T]) -> tuple[T, Problem]:
    """What was asked, and the refusal for a proof that fails. Raises that for an old challenge."""
    try:
        asked = decode(await request.body(), request.headers.get("content-type", ""), shape)
    except WireError as error:
        raise problem("malformed", error.place) from None
    ring: KeyRing = request.app.state.ring
    now = clock.now()
    fresh = new_challenge(ring.challenge_key, now=now)
    refused = problem("proof_needed", headers={CHALLENGE: fresh})
    if not challenge_good(ring.challenge_key, asked.challenge, now=now):
        raise refused
    return asked, refused


handlers: Final = [knock_key, subscribe, end]
