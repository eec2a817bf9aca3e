"""What a push holds, what it is answered, and what opening an item finds. Pure: all is handed in.

An item is never refused for its key or its content: it is opened, or held where a person sees it.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from waymark.intake.records import Arrival, Committed, Push, State, WaitingItem
from waymark.kernel.clock import milliseconds, stamp
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault, encrypt
from waymark.mailbox.records import Feed, SealedMessage
from waymark.mailbox.rules import seal_message
from waymark_sync.codec import ItemFault, PushFrame
from waymark_sync.intake_rules import read_header, structural_fault
from waymark_sync.messages import AttentionBody, ReceiptBody
from waymark_sync.policy import Pack
from waymark_sync.protocol import (
    LABEL_ITEM,
    STORED,
    SUITE_P256,
    Envelope,
    Header,
    ItemResult,
    Leaf,
    Receipt,
    leaf_bytes,
)
from waymark_sync.report import ReportBody, SharingChoice, UnreadableReport, read_report
from waymark_sync.seal import CannotOpen, open_item, point, signature_valid

BODY_AAD: Final = b"opened_report|body|"
NO_FEED: Final = ""
"""Of a report whose sender gave no key to answer to: no device can ever have this id."""


class Sender(Struct, frozen=True, kw_only=True):
    """What the service holds about the device that an item's header names."""

    device: Feed | None
    """The enrolled device of that id, unless revoked."""
    revoked: bool
    feed: Feed | None
    """The visitor's feed that is already open under that id."""


class Service(Struct, frozen=True, kw_only=True):
    """What opening needs besides the item."""

    keys: KeyRing
    vault: Vault
    pack: Pack
    incarnation: str
    restore_floor: int


class Reading(Struct, frozen=True, kw_only=True):
    """An opened report, encrypted again under its own key, with what routing needs."""

    feed_id: str
    centre_id: str
    sharing_choice: SharingChoice
    force_id: str
    area: str
    channel: str
    schema_v: int
    note: str | None
    body: bytes
    wrapped: bytes


class Outcome(Struct, frozen=True, kw_only=True):
    """What opening one item found, ready to be written down."""

    pos: int
    item_id: str
    received_at: str
    state: State
    code: str | None = None
    """Why it is held; None when it was opened."""
    place: str | None = None
    """Where in the form it does not fit: a path, never a value."""
    report: Reading | None = None
    feed: Feed | None = None
    message: SealedMessage | None = None

    @property
    def reason(self) -> str | None:
        return f"{self.code}: {self.place}" if self.place else self.code


class Withheld(Exception):
    """This item cannot be opened here and now."""

    def __init__(self, state: State, code: str, place: str | None = None) -> None:
        super().__init__(code)
        self.state: State = state
        self.code = code
        self.place = place


def read_push(frame: PushFrame) -> Push:
    """Split a request into what can be stored and what is `rejected`: malformed, hash wrong, too large."""
    arrivals: list[Arrival] = []
    rejected: list[ItemResult] = []
    for index, item in enumerate(frame.items):
        read = item if isinstance(item, ItemFault) else _arrival(index, item)
        if isinstance(read, Arrival):
            arrivals.append(read)
        else:
            rejected.append(
                ItemResult(item_id=read.item_id, index=index, verdict="rejected", reason=read.reason)
            )
    return Push(
        device_id=frame.request.device_id,
        queue=frame.request.queue,
        arrivals=tuple(arrivals),
        rejected=tuple(rejected),
    )


def _arrival(index: int, envelope: Envelope) -> Arrival | ItemFault:
    fault = structural_fault(envelope)
    header = read_header(envelope.header)
    if header is None or fault is not None:
        return ItemFault(item_id=header.item_id if header else "", reason=fault or "header_unreadable")
    return Arrival(index=index, header=header, envelope=envelope)


def proofs(leaves: Sequence[bytes]) -> tuple[bytes, list[tuple[bytes, ...]]]:
    """The Merkle root and every leaf's path, in one walk: 2n hashes where one path at a time takes n each.

    Equal to `intake_rules.merkle_root` and `.merkle_path`, which a test holds it to. `leaves` is not empty.
    """
    paths: list[list[bytes]] = [[] for _ in leaves]
    level: list[tuple[bytes, tuple[int, ...]]] = [
        (hashlib.sha256(b"\x00" + leaf).digest(), (i,)) for i, leaf in enumerate(leaves)
    ]
    while len(level) > 1:
        above: list[tuple[bytes, tuple[int, ...]]] = []
        for left, right in zip(level[::2], level[1::2], strict=False):
            for index in left[1]:
                paths[index].append(right[0])
            for index in right[1]:
                paths[index].append(left[0])
            above.append((hashlib.sha256(b"\x01" + left[0] + right[0]).digest(), left[1] + right[1]))
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0][0], [tuple(path) for path in paths]


def answer(
    push: Push, committed: Committed, keys: KeyRing, *, at: int
) -> tuple[tuple[ItemResult, ...], Receipt | None]:
    """Results in the order of the request. at: server time in milliseconds, after the commit."""
    pairs = list(zip(push.arrivals, committed.standings, strict=True))
    if not pairs:
        return push.rejected, None
    if any(standing.verdict not in STORED for _, standing in pairs):
        raise AssertionError("what was committed is stored")
    root, paths = proofs(
        [
            leaf_bytes(arrival.header.item_id, arrival.envelope.sha256, standing.pos, standing.verdict)
            for arrival, standing in pairs
        ]
    )
    size = len(pairs)
    results = [
        ItemResult(
            item_id=arrival.header.item_id,
            index=arrival.index,
            verdict=standing.verdict,
            pos=standing.pos,
            leaf=Leaf(index=place, size=size, path=paths[place]),
        )
        for place, (arrival, standing) in enumerate(pairs)
    ]
    if push.rejected:
        results = sorted([*results, *push.rejected], key=lambda result: result.index)
    receipt = keys.sign_receipt(
        incarnation=committed.incarnation, restore_floor=committed.restore_floor, at=at, root=root
    )
    return tuple(results), receipt


def open_waiting_item(item: WaitingItem, sender: Sender, service: Service, *, now: datetime) -> Outcome:
    """Check the signature, open the seal, read the report; or say why a person has to look."""
    header = read_header(item.header)
    if header is None:
        raise AssertionError("a header was readable when it was stored")
    # Nobody is told anything before the signature is proven: a header may name any tablet.
    feed: Feed | None = None
    try:
        feed = _proven_feed(item, header, sender)
        body, plaintext = _read(item, header, service)
    except Withheld as held:
        return _held(item, held, feed, now=now)
    message = _receipt_message(item, feed, service, now=now) if feed else None
    return Outcome(
        pos=item.pos,
        item_id=item.item_id,
        received_at=item.received_at,
        state="opened",
        report=_reading(header, body, plaintext, service, feed_id=feed.feed_id if feed else NO_FEED),
        feed=feed,
        message=message,
    )


def failed(item: WaitingItem) -> Outcome:
    """For a bug of ours: the item waits for a person and delays no other."""
    return Outcome(
        pos=item.pos,
        item_id=item.item_id,
        received_at=item.received_at,
        state="dead_letter",
        code="opener_failed",
    )


def feed_taken(outcome: Outcome) -> Outcome:
    """For an item whose feed another one opened first, under other keys: no answer may go there."""
    return Outcome(
        pos=outcome.pos,
        item_id=outcome.item_id,
        received_at=outcome.received_at,
        state="quarantined",
        code="feed_key_differs",
    )


def _proven_feed(item: WaitingItem, header: Header, sender: Sender) -> Feed | None:
    """The feed of whoever signed. None for a visitor who gave no key to answer to."""
    feed = _visitor_feed(header, sender) if header.public_key else sender.device
    sign_key = header.public_key or (feed.sign_key if feed else None)
    if sign_key is None:
        raise Withheld("quarantined", "device_revoked" if sender.revoked else "device_unknown")
    if not signature_valid(sign_key, LABEL_ITEM + item.sha256, item.sig):
        raise Withheld("quarantined", "signature_wrong")
    return feed


def _visitor_feed(header: Header, sender: Sender) -> Feed | None:
    if sender.device is not None or sender.revoked:
        raise Withheld("quarantined", "device_is_enrolled")
    if header.public_key is None or header.reply_key is None or not _on_curve(header.reply_key):
        return None
    feed = Feed(
        feed_id=header.device_id, kind="visitor", sign_key=header.public_key, seal_key=header.reply_key
    )
    if sender.feed is not None and sender.feed != feed:
        raise Withheld("quarantined", "feed_key_differs")
    return feed


def _read(item: WaitingItem, header: Header, service: Service) -> tuple[ReportBody, bytes]:
    key = service.keys.opening_key(header.kid)
    if key is None:
        raise Withheld("dead_letter", "key_unknown")
    if header.suite != SUITE_P256:
        raise Withheld("dead_letter", "suite_unknown")
    if header.kind != "report":
        raise Withheld("dead_letter", "kind_unknown")
    try:
        plaintext = open_item(item.header, item.sealed, private_key=key)
        body = read_report(plaintext, schema_v=header.schema_v)
    except CannotOpen:
        raise Withheld("dead_letter", "cannot_open") from None
    except UnreadableReport as error:
        raise Withheld("dead_letter", "unreadable", error.reason) from None
    if body.item_id != header.item_id:
        raise Withheld("dead_letter", "item_id_differs")
    return body, plaintext


def _reading(
    header: Header, body: ReportBody, plaintext: bytes, service: Service, *, feed_id: str
) -> Reading:
    key, wrapped = service.vault.new_key()
    place = service.pack.place(body.answers.postcode)
    known = body.centre_id in service.pack.centre_ids
    return Reading(
        feed_id=feed_id,
        centre_id=body.centre_id if known else place.default_centre_id,
        sharing_choice=body.answers.sharing_choice,
        force_id=place.force_id,
        area=place.area_id,
        channel=body.channel,
        schema_v=header.schema_v,
        note=None if known else "centre_unknown",
        body=encrypt(key, plaintext, aad=BODY_AAD + header.item_id.encode()),
        wrapped=wrapped,
    )


def _receipt_message(item: WaitingItem, feed: Feed, service: Service, *, now: datetime) -> SealedMessage:
    """The item's receipt once more, in a tree of one: the answer to the push may have been lost."""
    leaf = leaf_bytes(item.item_id, item.sha256, item.pos, "accepted")
    root, paths = proofs([leaf])
    receipt = service.keys.sign_receipt(
        incarnation=service.incarnation,
        restore_floor=service.restore_floor,
        at=milliseconds(now),
        root=root,
    )
    result = ItemResult(
        item_id=item.item_id,
        index=0,
        verdict="accepted",
        pos=item.pos,
        leaf=Leaf(index=0, size=1, path=paths[0]),
    )
    body = ReceiptBody(item_id=item.item_id, result=result, receipt=receipt)
    return seal_message(feed, kind="receipt", body=body)


def _held(item: WaitingItem, held: Withheld, feed: Feed | None, *, now: datetime) -> Outcome:
    body = AttentionBody(item_id=item.item_id, at=stamp(now), reason=held.state)
    return Outcome(
        pos=item.pos,
        item_id=item.item_id,
        received_at=item.received_at,
        state=held.state,
        code=held.code,
        place=held.place,
        feed=feed,
        message=seal_message(feed, kind="needs_attention", body=body) if feed else None,
    )


def _on_curve(key: bytes) -> bool:
    try:
        point(key)
    except ValueError:
        return False
    return True
