"""`POST /sync/v1/push`, `GET /sync/v1/keys`, and what a centre sees of its devices' queues."""

import shutil
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from waymark.identity.devices.rekeying import rekeyed_word
from waymark.identity.rules import order_of, word_of
from waymark.intake.admission import FREE_BYTES_MIN, Door, admitted
from waymark.intake.answers import alert_for
from waymark.intake.group import GroupCommit
from waymark.intake.rules import read_push
from waymark.kernel import clock
from waymark.kernel.db import Full
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import problem
from waymark.kernel.settings import Settings
from waymark.kernel.web.bodies import on_the_wire
from waymark.kernel.web.limits import caller_of
from waymark.mailbox.rules import new_challenge
from waymark_sync.codec import TooLarge, WireError, answer_type, decode_push, encode, media_type
from waymark_sync.protocol import PADDING_BUCKETS, PUSH_BYTES_MAX, PushRequest, PushResponse, SignedKeySet

NO_STORE: Final = {"Cache-Control": "no-store"}


@post(
    "/sync/v1/push",
    operation_id="TakeItems",
    status_code=200,
    request_max_body_size=PUSH_BYTES_MAX,
    public="a frightened person has no account; what comes is sealed, and the opener checks its signature",
    unaudited="nobody has seen anything yet; each stored row says what came and when",
    takes=on_the_wire(PushRequest),
    gives=on_the_wire(PushResponse),
    refuses=("unsupported_type", "too_many_at_once"),
)
async def push(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Store what is new, durably, and answer item by item with one signed receipt."""
    # From the state, not by injection, which would cost this one route a tenth of its time.
    intake: GroupCommit = request.app.state.intake
    ring: KeyRing = request.app.state.ring
    settings: Settings = request.app.state.settings
    sent_type = request.headers.get("content-type", "")
    expected = _items_expected(request.headers.get("content-length", ""))
    if request.app.state.ballast.released:
        raise Full("what room there is, is for erasing")
    intake.admit(items=expected)  # before the body is read: whoever is sent away shall cost nothing
    try:
        media_type(sent_type)
    except WireError:
        raise problem("unsupported_type") from None
    try:
        body = await request.body()
        intake.admit(items=expected)  # many may have been read meanwhile, and taking one apart costs most
        read = read_push(decode_push(body, sent_type))
    except TooLarge as error:
        raise problem("too_large", error.place) from None
    except WireError as error:
        raise problem("malformed", error.place) from None
    read = await admitted(read, caller_of(request), _door(request, ring, intake), now=clock.now())
    answered = await intake.take(read)
    committed = answered.committed
    response = PushResponse(
        incarnation=committed.incarnation,
        server_time=answered.at,
        restore_floor=committed.restore_floor,
        downstream=committed.downstream,
        challenge=new_challenge(ring.challenge_key, now=clock.now()),
        results=answered.results,
        receipt=answered.receipt,
        keys_issued_at=ring.issued_at,
        backoff_s=answered.backoff_s,
        alert=alert_for(read.app_build, soft=settings.soft_eol, hard=settings.hard_eol),
        revoke=order_of(committed.revoked, ring) if committed.revoked else None,
        in_service=word_of(read.device_id, ring, at=answered.at) if committed.in_service else None,
        work=read.asked,
        rekey=committed.rekey,
        rekeyed=rekeyed_word(read.device_id, committed.rekeyed, ring, at=answered.at)
        if committed.rekeyed
        else None,
    )
    kind = answer_type(request.headers.get("accept", ""), sent_type)
    return Response(encode(response, kind), media_type=kind, headers=NO_STORE)


@get(
    "/sync/v1/keys",
    operation_id="ListKeys",
    public="public keys, signed by the root that every build pins",
    unaudited="no report is touched",
    gives=on_the_wire(SignedKeySet),
)
async def public_keys(
    request: Request[Any, Any, Any], ring: NamedDependency[SkipValidation[KeyRing]]
) -> Response[bytes]:
    """What devices seal to and verify receipts with."""
    kind = answer_type(request.headers.get("accept", ""), "")
    return Response(encode(ring.signed_key_set(), kind), media_type=kind, headers=NO_STORE)


def _door(request: Request[Any, Any, Any], ring: KeyRing, intake: GroupCommit) -> Door:
    state = request.app.state
    return Door(
        limits=state.limits,
        pressure=state.pressure,
        database=state.database,
        secret=ring.challenge_key,
        crowded=intake.crowded,
        free_bytes=_free_bytes(state.settings.data),
    )


def _free_bytes(folder: Path) -> int:
    """Enough where it cannot be told: `/health/ready` says so, and a report that can be stored is."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return FREE_BYTES_MIN


def _items_expected(content_length: str) -> int:
    """Before the body is read; most are of the smallest size."""
    if not (content_length.isascii() and content_length.isdigit()):
        return 1
    return max(1, min(int(content_length), PUSH_BYTES_MAX) // PADDING_BUCKETS[0])


handlers: Final = [push, public_keys]
