"""What an answer to a push means: for the request as a whole, then for each of its items. Pure.

Only a verified receipt that covers our own bytes moves an item on. A refusal is signed by nobody: it sets
an item aside only where our own check of its bytes agrees. Everything else leaves it queued.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from waymark_sync.backoff import SUSPECT_AFTER, SUSPECT_DELAY_S, Random, delay_s
from waymark_sync.codec import WireError, decode
from waymark_sync.intake_rules import structural_fault
from waymark_sync.outbox_rows import Row
from waymark_sync.protocol import STORED, ItemResult, KeySet, ManifestResponse, PushResponse, Receipt
from waymark_sync.trust import covers, receipt_valid

WAIT_MAX_S = 86_400.0  # a Retry-After beyond a day is a mistake of somebody's

FailureKind = Literal["too_large", "fault", "later", "silent", "unreachable"]


class Failure(Struct, frozen=True, kw_only=True):
    """No item of the request was settled.

    too_large: 413. fault: the service failed on it, perhaps on one item. later: it asks for time.
    silent: no answer came in time, or a gateway's. unreachable: no service, or not ours, answered.
    """

    kind: FailureKind
    reason: str
    floor_s: float = 0.0


NOT_THE_SERVICE = Failure(kind="unreachable", reason="not_the_service")


class Stored(Struct, frozen=True):
    """Durable at the service, proven."""

    result: ItemResult
    receipt: Receipt


class Refused(Struct, frozen=True):
    """Nothing stored, and sending the same bytes again cannot help."""

    reason: str


class Doubted(Struct, frozen=True):
    """Refused by whoever answered, though its bytes are sound: still queued, and a failure of its own."""

    reason: str


class Later(Struct, frozen=True):
    """Still queued."""

    reason: str
    floor_s: float = 0.0


class Setback(Struct, frozen=True, kw_only=True):
    """What a failed request leaves on one of its items."""

    next_try_ms: int
    error: str
    attempts: int
    companions: int
    solo_failures: int


def failure_of(status: int, headers: Mapping[str, str]) -> Failure | None:
    """None for 200, whose body decides. headers: with lower-case names."""
    floor_s = retry_after_s(headers)
    reason = f"http_{status}"
    if status == 200:
        return None
    if status == 413:
        return Failure(kind="too_large", reason=reason)
    if status in (429, 503, 507):
        return Failure(kind="later", reason=reason, floor_s=floor_s)
    if status in (502, 504):
        return Failure(kind="silent", reason=reason)
    if status >= 500 or status == 400:
        return Failure(kind="fault", reason=reason, floor_s=floor_s)
    return Failure(kind="unreachable", reason=reason)


def retry_after_s(headers: Mapping[str, str]) -> float:
    """The finer of the two that can be read; never a date, which would need the device's clock.

    headers: with lower-case names.
    """
    for name, of_a_second in (("waymark-retry-ms", 1_000.0), ("retry-after", 1.0)):
        value = headers.get(name, "")
        if value.isascii() and value.isdigit():
            return min(float(value) / of_a_second, WAIT_MAX_S)
    return 0.0


def understand(body: bytes, content_type: str) -> PushResponse | None:
    """None for what no service of ours sends, such as a captive portal's page."""
    try:
        return decode(body, content_type, PushResponse)
    except WireError:
        return None


def understand_manifest(body: bytes, content_type: str) -> ManifestResponse | None:
    """As `understand`."""
    try:
        return decode(body, content_type, ManifestResponse)
    except WireError:
        return None


def receipt_holds(response: PushResponse | ManifestResponse, keys: KeySet) -> bool | None:
    """False: not from the service, so nothing of the answer counts. None: a newer key set may tell."""
    if response.receipt is None:
        return True
    if response.receipt.incarnation != response.incarnation:
        return False
    return receipt_valid(response.receipt, keys)


def judge(row: Row, index: int, response: PushResponse) -> Stored | Refused | Doubted | Later:
    """What became of the item that was sent at `index`. The answer's receipt holds already."""
    result = _result_of(row, index, response)
    if result is None:
        return Later("no_result")
    if result.verdict in STORED:
        return _stored(response.receipt, result, row) or Later("no_valid_receipt")
    if result.verdict == "rejected":
        fault = structural_fault(row.envelope())
        return Refused(fault) if fault is not None else Doubted("refused_unproven")
    return Later(result.reason or "retry", float(min(result.retry_after_s or 0, WAIT_MAX_S)))


def setback(row: Row, failure: Failure, *, batch_size: int, now_ms: int, random: Random) -> Setback:
    """Silence may be the network's fault: it parts a batch, but makes no item suspect."""
    blamed = failure.kind in ("too_large", "fault")
    solo_failures = row.solo_failures + (1 if blamed and batch_size == 1 else 0)
    suspect = solo_failures >= SUSPECT_AFTER
    parted = blamed or failure.kind == "silent"
    # Too large together says nothing of each alone: the halves go at once.
    at_once = failure.kind == "too_large" and batch_size > 1
    wait_s = delay_s(
        row.attempts, random=random, floor_s=SUSPECT_DELAY_S if suspect else failure.floor_s or None
    )
    return Setback(
        next_try_ms=now_ms if at_once else now_ms + round(wait_s * 1000),
        error="suspect" if suspect else failure.reason,
        attempts=row.attempts + (0 if at_once else 1),
        companions=max(1, min(row.companions, batch_size) // 2) if parted else row.companions,
        solo_failures=solo_failures,
    )


def no_answer(*, sent: bool) -> Failure:
    """sent: the request may have reached the service, which may have stored it."""
    if sent:
        return Failure(kind="silent", reason="no_answer")
    return Failure(kind="unreachable", reason="no_connection")


def ends_pass(failure: Failure) -> bool:
    """True: another request now would meet the same silence or the same refusal."""
    return failure.kind in ("unreachable", "silent", "later")


def _result_of(row: Row, index: int, response: PushResponse) -> ItemResult | None:
    for result in response.results:
        if result.index == index and result.item_id in (row.item_id, ""):
            return result
    return None


def _stored(receipt: Receipt | None, result: ItemResult, row: Row) -> Stored | None:
    """A result without an id is believed only when it refuses, so the id is compared here too."""
    if receipt is None or not covers(receipt, result, item_id=row.item_id, sha256=row.sha256, sig=row.sig):
        return None
    return Stored(result, receipt)
