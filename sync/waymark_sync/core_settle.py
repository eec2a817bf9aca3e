"""What an answer, or none, changes in the outbox. Pure: the rules of `answers` and of letting go, as writes.

Bytes are let go of only under a receipt that covers them and whose own floor has passed them: the floor of
another report's receipt would speak of a database that may have been copied back by hand meanwhile.
"""

from collections.abc import Iterable, Sequence
from typing import get_args

from waymark_sync.answers import Doubted, Failure, Later, Refused, Stored, judge, setback
from waymark_sync.backoff import delay_s
from waymark_sync.core_parts import (
    Failed,
    LetGo,
    ManifestAnswered,
    Obey,
    OfferAgain,
    PassOver,
    Postpone,
    PushAnswered,
    Remember,
    SetAside,
    TakeReceipt,
    Write,
)
from waymark_sync.intake_rules import manifest_leaves, merkle_root, purgeable
from waymark_sync.messages import ReceiptBody
from waymark_sync.outbox_rows import Held, Row, Scope
from waymark_sync.protocol import (
    ITEMS_MAX,
    MANIFEST_MAX,
    PUSH_BYTES_MAX,
    ManifestResponse,
    Receipt,
    Retained,
)

FRAME_BYTES = 2_048  # a request without its items, with room to spare
ITEM_FRAME_BYTES = 128  # names and lengths of one item's four fields


def next_batch(due: Sequence[Row]) -> tuple[Row, ...]:
    """Those that may share the next request: one device's, as many as each allows, within a push's bytes."""
    batch: list[Row] = []
    room = PUSH_BYTES_MAX - FRAME_BYTES
    for row in due:
        if row.device_id != due[0].device_id:
            continue
        room -= _bytes_on_the_wire(row)
        if batch and (room < 0 or len(batch) >= min(ITEMS_MAX, row.companions)):
            break
        batch.append(row)
    return tuple(batch)


def settle_push(event: PushAnswered) -> tuple[Write, ...]:
    """Each report by itself; then what the service asks for."""
    response, writes = event.response, list[Write]()
    for index, row in enumerate(event.request.rows):
        writes += _settle(row, index, event)
    writes.append(Remember(key="challenge", value=response.challenge))
    writes += heed(event)
    if response.backoff_s:
        writes.append(pause(float(response.backoff_s), now_ms=event.now_ms, luck=event.luck))
    return tuple(writes)


def heed(event: PushAnswered | ManifestAnswered | Failed) -> tuple[Write, ...]:
    """An order binds the device that it names, if the service signed it and its scope is known."""
    order = event.order
    if order is None:
        return ()
    if order.genuine and order.device_id == event.own_id:
        for scope in get_args(Scope):
            if scope == order.scope:
                return (Obey(device_id=order.device_id, scope=scope),)
    return (PassOver(),)


def settle_failure(
    rows: Iterable[Row], failure: Failure, *, batch_size: int, now_ms: int, luck: float
) -> tuple[Write, ...]:
    """Nothing was settled: each waits, and perhaps the batch comes apart."""
    writes: list[Write] = [
        _postponed(row, failure, batch_size=batch_size, now_ms=now_ms, luck=luck) for row in rows
    ]
    if failure.kind == "later" and failure.floor_s:
        writes.append(pause(failure.floor_s, now_ms=now_ms, luck=luck))
    return tuple(writes)


def manifest_page(held: Sequence[Held]) -> tuple[Retained, ...]:
    """Of one device: a visitor's reports must not be told to be from one phone."""
    return tuple(
        Retained(id=one.item_id, sha256=one.sha256, pos=one.pos)
        for one in held[:MANIFEST_MAX]
        if one.device_id == held[0].device_id
    )


def manifest_holds(asked: Sequence[Retained], response: ManifestResponse) -> bool:
    """Does the receipt cover exactly what is not missing? Its signature was verified before."""
    leaves = manifest_leaves(asked, response.missing)
    if response.receipt is None or not leaves:
        return response.receipt is None and not leaves
    return response.receipt.root == merkle_root(leaves)


def settle_manifest(event: ManifestAnswered) -> tuple[Write, ...]:
    """`manifest_holds` already."""
    missing = frozenset(event.response.missing)
    writes: list[Write] = []
    for one in event.request.retained:
        if one.id in missing:
            writes.append(OfferAgain(item_id=one.id, sha256=one.sha256, pos=one.pos))
        elif event.response.receipt is not None:
            writes += _let_go(one.id, one.sha256, one.pos, event.response.receipt)
    return (*writes, *heed(event))


def pause(floor_s: float, *, now_ms: int, luck: float) -> Remember:
    """Nothing is sent before then."""
    wait_s = delay_s(0, random=lambda: luck, floor_s=floor_s)
    return Remember(key="not_before", value=now_ms + round(wait_s * 1000))


def _settle(row: Row, index: int, event: PushAnswered) -> list[Write]:
    match judge(row, index, event.response):
        case Stored(result, receipt):
            body = ReceiptBody(item_id=row.item_id, result=result, receipt=receipt)
            taken = TakeReceipt(body=body, sha256=row.sha256)
            if result.gone:
                gone = LetGo(
                    item_id=row.item_id,
                    sha256=row.sha256,
                    incarnation=receipt.incarnation,
                    pos=result.pos or 0,
                )
                return [taken, gone]  # whatever the floor: nobody shall bring it back
            return [taken, *_let_go(row.item_id, row.sha256, result.pos or 0, receipt)]
        case Refused(reason):
            return [SetAside(row=row, error=reason)]
        case Doubted(reason):
            # Who failed is known, so the batch need not come apart.
            doubt = Failure(kind="fault", reason=reason)
            return [_postponed(row, doubt, batch_size=1, now_ms=event.now_ms, luck=event.luck, parts=False)]
        case Later(reason, floor_s):
            wait_s = delay_s(row.attempts, random=lambda: event.luck, floor_s=floor_s or None)
            return [
                Postpone(
                    row=row,
                    next_try_ms=event.now_ms + round(wait_s * 1000),
                    error=reason,
                    attempts=row.attempts + 1,
                    companions=row.companions,
                    solo_failures=row.solo_failures,
                )
            ]


def _let_go(item_id: str, sha256: bytes, pos: int, receipt: Receipt) -> list[Write]:
    """The receipt covers the item at `pos`; its lineage is the current one when this is applied."""
    if not purgeable(
        receipt_incarnation=receipt.incarnation,
        current_incarnation=receipt.incarnation,
        pos=pos,
        restore_floor=receipt.restore_floor,
    ):
        return []
    return [LetGo(item_id=item_id, sha256=sha256, incarnation=receipt.incarnation, pos=pos)]


def _postponed(
    row: Row, failure: Failure, *, batch_size: int, now_ms: int, luck: float, parts: bool = True
) -> Postpone:
    back = setback(row, failure, batch_size=batch_size, now_ms=now_ms, random=lambda: luck)
    return Postpone(
        row=row,
        next_try_ms=back.next_try_ms,
        error=back.error,
        attempts=back.attempts,
        companions=back.companions if parts else row.companions,
        solo_failures=back.solo_failures,
    )


def _bytes_on_the_wire(row: Row) -> int:
    return len(row.header) + len(row.sealed or b"") + len(row.sha256) + len(row.sig) + ITEM_FRAME_BYTES
