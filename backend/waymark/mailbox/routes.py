"""`GET /sync/v1/pull`: a device reads its feed, proving that the feed is its own."""

from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.params import QueryParameter
from msgspec import Struct

from waymark.kernel import clock, lineage
from waymark.kernel.db import Connection, Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import problem
from waymark.mailbox import actions
from waymark.mailbox.records import Feed, Page
from waymark.mailbox.rules import challenge_good, new_challenge, pull_signed
from waymark_sync.codec import answer_type, encode
from waymark_sync.intake_rules import Cursor, encode_cursor
from waymark_sync.protocol import PULL_LIMIT_MAX, Message, PullResponse

CHALLENGE: Final = "Waymark-Challenge"
CURSOR_MAX: Final = 256  # ours have 118 characters
DEVICE_MAX: Final = 36


class _Found(Struct, frozen=True, kw_only=True):
    feed: Feed
    page: Page
    incarnation: str


@get(
    "/sync/v1/pull",
    operation_id="PullMessages",
    public="the signature of the feed's own key is the proof; what is sent is sealed to that feed",
    unaudited="a device reads what was sealed for it; what was posted is in the trail",
)
async def pull(
    request: Request[Any, Any, Any],
    cursor: Annotated[str, QueryParameter(max_length=CURSOR_MAX)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PULL_LIMIT_MAX)] = PULL_LIMIT_MAX,
) -> Response[bytes]:
    """One page of one feed. A wrong signature, an old challenge and an unknown device are one answer."""
    # From the state, not by injection, which would cost this route a tenth of its time.
    database: Database = request.app.state.database
    ring: KeyRing = request.app.state.ring
    now = clock.now()
    fresh = new_challenge(ring.challenge_key, now=now)
    refused = problem("proof_needed", headers={CHALLENGE: fresh})
    challenge = request.headers.get(CHALLENGE.lower(), "")
    if not challenge_good(ring.challenge_key, challenge, now=now):
        raise refused
    device_id = request.headers.get("waymark-device", "")[:DEVICE_MAX]
    signature = request.headers.get("waymark-signature", "")
    found = await database.read(_page, device_id, cursor, limit)
    if found is None or not pull_signed(
        found.feed, challenge=challenge, cursor=cursor, limit=limit, signature=signature
    ):
        raise refused
    return _response(request, found, fresh)


def _page(db: Connection, device_id: str, cursor: str, limit: int) -> _Found | None:
    feed = actions.feed(db, device_id)
    if feed is None:
        return None
    incarnation = lineage.current(db).incarnation
    page = actions.page(db, device_id, cursor=cursor, limit=limit, incarnation=incarnation)
    return _Found(feed=feed, page=page, incarnation=incarnation)


def _response(request: Request[Any, Any, Any], found: _Found, challenge: str) -> Response[bytes]:
    page = found.page
    cursor = Cursor(incarnation=found.incarnation, pos=page.pos, chain=page.chain, caps=actions.CAPS)
    messages = tuple(
        Message(
            id=m.id,
            pos=m.pos,
            kind=m.kind,
            sealed=m.sealed,
            kid=m.kid,
            sig=m.sig,
            min_caps=tuple(m.min_caps.split()),
        )
        for m in page.messages
    )
    kind = answer_type(request.headers.get("accept", ""), "")
    answer = PullResponse(
        incarnation=found.incarnation,
        cursor=encode_cursor(cursor),
        more=page.more,
        messages=messages,
        challenge=challenge,
        reset=page.reset,
    )
    return Response(encode(answer, kind), media_type=kind, headers={"Cache-Control": "no-store"})


handlers: Final = [pull]
