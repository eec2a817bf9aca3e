"""`GET /sync/v1/pull`: a device reads its feed, proving that the feed is its own.

`GET /sync/v1/return`: a reporter reads it from anywhere, proving to have the return code.
"""

from datetime import datetime
from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.params import QueryParameter
from msgspec import Struct

from waymark.identity.rules import order_of
from waymark.kernel import clock, lineage
from waymark.kernel.db import Connection, Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.lineage import Lineage
from waymark.kernel.problems import problem
from waymark.kernel.web.bodies import SecretText, SignatureText, on_the_wire
from waymark.kernel.web.errors import PROBLEM_JSON, problem_bytes
from waymark.kernel.web.limits import Limits, caller_of, limited
from waymark.mailbox import actions
from waymark.mailbox.records import Feed, Page, ReturnWay
from waymark.mailbox.rules import (
    PAGE_BYTES,
    challenge_good,
    new_challenge,
    padded,
    proof_of,
    pull_signed,
)
from waymark_sync.codec import MSGPACK, answer_type, encode, from_base64url, to_base64url
from waymark_sync.intake_rules import Cursor, encode_cursor
from waymark_sync.messages import ReturnResponse
from waymark_sync.protocol import PADDING_BUCKETS, PULL_LIMIT_MAX, Message, PullResponse, Uuid

CHALLENGE: Final = "Waymark-Challenge"
REVOKE: Final = "Waymark-Revoke"
"""msgpack of a `Revocation` as base64url, to a tablet that was taken out of its centre."""
CURSOR_MAX: Final = 256  # ours have 118 characters
DEVICE_MAX: Final = 36
SECRET_BYTES: Final = 32
NO_STORE: Final = {"Cache-Control": "no-store"}


class _Found(Struct, frozen=True, kw_only=True):
    feed: Feed
    page: Page
    incarnation: str


class _CameBack(Struct, frozen=True, kw_only=True):
    way: ReturnWay
    page: Page
    lineage: Lineage


@get(
    "/sync/v1/pull",
    operation_id="PullMessages",
    public="the signature of the feed's own key is the proof; what is sent is sealed to that feed",
    gives=on_the_wire(PullResponse),
    heads={"Waymark-Device": Uuid, CHALLENGE: str, "Waymark-Signature": SignatureText},
    tells={401: {CHALLENGE: str, REVOKE: str}},
    refuses=("proof_needed", "invalid"),
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
    if found is None and (order := await database.read(actions.revoked, device_id)) is not None:
        # That it was taken out is no secret. Who proves to be that device will know: its board can say so.
        closed = await database.read(actions.closed_feed, device_id)
        if closed is not None and pull_signed(
            closed, challenge=challenge, cursor=cursor, limit=limit, signature=signature
        ):
            await database.write(actions.told_order, device_id, now=now)
        told = to_base64url(encode(order_of(order, ring), MSGPACK))
        raise problem("proof_needed", headers={CHALLENGE: fresh, REVOKE: told})
    if found is None or not pull_signed(
        found.feed, challenge=challenge, cursor=cursor, limit=limit, signature=signature
    ):
        raise refused
    kind = answer_type(request.headers.get("accept", ""), "")
    return Response(
        encode(_pulled(found.page, found.incarnation, fresh), kind), media_type=kind, headers=NO_STORE
    )


@get(
    "/sync/v1/return",
    operation_id="OpenReturn",
    public="the return code's locator and authenticator are the proof; messages are sealed to its reply key",
    gives=on_the_wire(ReturnResponse),
    heads={"Waymark-Locator": SecretText, "Waymark-Authenticator": SecretText},
    needs_heads=True,
    refuses=("return_unknown", "too_many_attempts", "invalid"),
)
async def come_back(
    request: Request[Any, Any, Any],
    cursor: Annotated[str, QueryParameter(max_length=CURSOR_MAX)] = "",
) -> Response[bytes]:
    """One page of a report's mailbox and its proof. Whatever is wrong with the code is one answer."""
    state, now = request.app.state, clock.now()
    limited(request, "return_misses")  # each counts as a miss until it has turned out to be none
    secrets = [_secret(request, f"waymark-{name}") for name in ("locator", "authenticator")]
    database: Database = state.database
    found = await database.read(_came_back, locator=secrets[0], authenticator=secrets[1], cursor=cursor)
    if found is None:
        body = problem_bytes(problem("return_unknown")).ljust(PADDING_BUCKETS[0])
        return Response(body, status_code=404, media_type=PROBLEM_JSON, headers=NO_STORE)
    limits: Limits = state.limits
    limits.give_back("return_misses", caller_of(request))
    # Written before it is answered: from here on the tablet that made the report is told no more.
    if found.way.claimed_at is None or found.way.last_used_on != clock.stamp(now)[:10]:
        await database.write(actions.note_use, found.way, now=now)
    return _mailbox(request, found, now=now)


def _secret(request: Request[Any, Any, Any], name: str) -> bytes:
    """Nothing at all where it is missing or malformed: no way has that."""
    try:
        raw = from_base64url(request.headers.get(name, ""))
    except ValueError:
        return b""
    return raw if len(raw) == SECRET_BYTES else b""


def _came_back(db: Connection, *, locator: bytes, authenticator: bytes, cursor: str) -> _CameBack | None:
    way = actions.way_back(db, locator=locator, authenticator=authenticator)
    if way is None:
        return None
    current = lineage.current(db)
    page = actions.page(
        db,
        way.feed_id,
        cursor=cursor,
        limit=PULL_LIMIT_MAX,
        incarnation=current.incarnation,
        bytes_max=PAGE_BYTES,
    )
    return _CameBack(way=way, page=page, lineage=current)


def _mailbox(request: Request[Any, Any, Any], found: _CameBack, *, now: datetime) -> Response[bytes]:
    ring: KeyRing = request.app.state.ring
    current = found.lineage
    answer = ReturnResponse(
        feed_id=found.way.feed_id,
        proof=proof_of(
            item_id=found.way.item_id,
            sha256=found.way.sha256,
            pos=found.way.pos,
            keys=ring,
            incarnation=current.incarnation,
            restore_floor=current.restore_floor,
            at=clock.milliseconds(datetime.fromisoformat(found.way.received_at)),
        ),
        page=_pulled(found.page, current.incarnation, new_challenge(ring.challenge_key, now=now)),
    )
    kind = answer_type(request.headers.get("accept", ""), "")
    return Response(padded(answer, kind), media_type=kind, headers=NO_STORE)


def _page(db: Connection, device_id: str, cursor: str, limit: int) -> _Found | None:
    feed = actions.feed(db, device_id)
    if feed is None:
        return None
    incarnation = lineage.current(db).incarnation
    page = actions.page(db, device_id, cursor=cursor, limit=limit, incarnation=incarnation)
    return _Found(feed=feed, page=page, incarnation=incarnation)


def _pulled(page: Page, incarnation: str, challenge: str) -> PullResponse:
    cursor = Cursor(incarnation=incarnation, pos=page.pos, chain=page.chain, caps=actions.CAPS)
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
    return PullResponse(
        incarnation=incarnation,
        cursor=encode_cursor(cursor),
        more=page.more,
        messages=messages,
        challenge=challenge,
        reset=page.reset,
    )


handlers: Final = [pull, come_back]
