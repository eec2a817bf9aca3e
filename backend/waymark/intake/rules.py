"""What a push holds, what it is answered, and what opening an item finds. Pure: all is handed in.

An item is never refused for its key or its content: it is opened, or held where a person sees it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from waymark.agencies.records import ReportFacts
from waymark.agencies.rules import TO_POLICE
from waymark.intake import report_keys
from waymark.intake.proving import KEY_GIVEN_UP, Withheld, on_curve, proven_feed
from waymark.intake.records import (
    Arrival,
    Keys,
    OpenedMessage,
    Outcome,
    Push,
    Reading,
    Said,
    Sender,
    State,
    WaitingItem,
    WayBack,
)
from waymark.kernel.clock import milliseconds, stamp
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import KeyUnknown, Vault, decrypt, encrypt
from waymark.mailbox.records import Feed, ReturnWay
from waymark.mailbox.rules import opens, proof_of, receipt_message, seal_message, sha256
from waymark_sync.codec import ItemFault, PushFrame, from_base64url
from waymark_sync.intake_rules import read_header, structural_fault
from waymark_sync.messages import AttentionBody, Proof
from waymark_sync.policy import Pack
from waymark_sync.protocol import (
    SUITE_P256,
    Envelope,
    Header,
    ItemResult,
    QueueState,
)
from waymark_sync.report import (
    MESSAGE_SCHEMA_VERSION,
    SCHEMA_VERSION,
    MessageBody,
    ReportBody,
    UnreadableReport,
    placed_at,
    read_message,
    read_report,
)
from waymark_sync.seal import CannotOpen
from waymark_sync.work import WORK

MESSAGE_AAD: Final = b"opened_message|body|"
NOT_PROVEN: Final = "message_not_proven"
ABLE_LENGTH: Final = 32
NO_FEED: Final = ""
"""Of a report whose sender gave no key to answer to: no device can ever have this id."""

Body = TypeVar("Body", ReportBody, MessageBody)


class Service(Struct, frozen=True, kw_only=True):
    """What opening needs besides the item."""

    keys: KeyRing
    vault: Vault
    pack: Pack
    able: str
    incarnation: str
    restore_floor: int


def able(kids: Iterable[str], version: str) -> str:
    """What opening can do with these keys: once this is another, what was held may open."""
    parts = (version, f"report {SCHEMA_VERSION}", f"message {MESSAGE_SCHEMA_VERSION}", *kids)
    return sha256(" ".join(parts).encode()).hex()[:ABLE_LENGTH]


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
        queue=_storable(frame.request.queue),
        app_build=_without_nul(frame.request.app_build),
        rekey=frame.request.rekey,
        arrivals=tuple(arrivals),
        unstored=tuple(rejected),
        work=frame.request.work,
        can_work=WORK in frame.request.caps,
    )


def _storable(queue: QueueState | None) -> QueueState | None:
    """NUL is no character to PostgreSQL: what a device says of itself must not keep its reports away."""
    if queue is None or queue.storage is None or "\0" not in queue.storage:
        return queue
    return replace(queue, storage=_without_nul(queue.storage))


def _without_nul(text: str) -> str:
    return text.replace("\0", "")


def still_held(queue: QueueState, *, brought: int) -> QueueState:
    """What a device holds once it is answered: until then it counts what it sends as waiting."""
    if not brought:
        return queue
    left = max(0, queue.queued - brought)
    return replace(queue, queued=left, oldest_age_s=queue.oldest_age_s if left else 0)


def _arrival(index: int, envelope: Envelope) -> Arrival | ItemFault:
    fault = structural_fault(envelope)
    header = read_header(envelope.header)
    if header is None or fault is not None:
        return ItemFault(item_id=header.item_id if header else "", reason=fault or "header_unreadable")
    return Arrival(index=index, header=header, envelope=envelope)


def open_waiting_item(item: WaitingItem, sender: Sender, service: Service, *, now: datetime) -> Outcome:
    """Check the signature, open the seal, read the report; or say why a person has to look."""
    header = read_header(item.header)
    if header is None:
        raise AssertionError("a header was readable when it was stored")
    # Nobody is told anything before the signature is proven: a header may name any tablet.
    feed: Feed | None = None
    try:
        feed = proven_feed(item, header, sender)
        if header.kind == "message":
            # It has no feed of its own: it belongs to the report's.
            feed = feed if feed in (sender.feed, sender.device) else None
            return _message(item, header, service, now=now)
        body, plaintext = _read(item, header, service, read_report)
    except Withheld as held:
        return _held(item, header.device_id, held, feed, now=now)
    proof = _proof(item, service)
    back = _way_back(header, feed, proof, received_at=item.received_at)
    outcome = Outcome(
        pos=item.pos,
        item_id=item.item_id,
        received_at=item.received_at,
        state="opened",
        report=_reading(header, body, plaintext, service, feed_id=feed.feed_id if feed else NO_FEED),
        feed=feed,
        message=receipt_message(proof, feed) if feed else None,
        back=back,
    )
    return outcome if back or not header.return_keys else noted(outcome, "return_code_unusable")


def noted(outcome: Outcome, code: str) -> Outcome:
    """The report is opened, but its return code leads nowhere: who works on it must know."""
    if outcome.report is None:
        return outcome
    note = " ".join(filter(None, (outcome.report.note, code)))
    return replace(outcome, report=replace(outcome.report, note=note), back=None)


def withheld(outcome: Outcome, state: State, code: str) -> Outcome:
    """For what turns out, beside what is stored, to be nothing to open or to answer."""
    return Outcome(
        pos=outcome.pos, item_id=outcome.item_id, received_at=outcome.received_at, state=state, code=code
    )


def message_proven(said: Said, feed: Feed | None, way: ReturnWay | None) -> bool:
    """Is it the reporter's? By the key of the phone that made the report, or by the return code.

    A centre's tablet signs for whoever stands before it, so its own signature proves nothing here.
    """
    if feed is not None and feed.kind == "visitor" and said.sign_key == feed.sign_key:
        return True
    return said.authenticator is not None and opens(way, said.authenticator)


def seal_said(keys: Keys, said: Said, message_id: str) -> bytes:
    """Under the key of what happened: it goes when the report goes."""
    return encrypt(keys.incident, said.plaintext, aad=MESSAGE_AAD + message_id.encode())


def open_message(keys: Keys, message: OpenedMessage) -> MessageBody:
    """keys: of its report. Raises CannotDecrypt."""
    plaintext = decrypt(keys.incident, message.body, aad=MESSAGE_AAD + message.id.encode())
    return read_message(plaintext, schema_v=1)


def failed(item: WaitingItem) -> Outcome:
    """For a bug of ours: the item waits for a person and delays no other."""
    return Outcome(
        pos=item.pos,
        item_id=item.item_id,
        received_at=item.received_at,
        state="dead_letter",
        code="opener_failed",
    )


def _way_back(header: Header, feed: Feed | None, proof: Proof, *, received_at: str) -> WayBack | None:
    """None without return keys, and when there is no key to answer to."""
    if header.return_keys is None or feed is None:
        return None
    own, receipt = feed, None
    if feed.kind == "enrolled":
        if header.reply_key is None or not on_curve(header.reply_key):
            return None
        own = Feed(feed_id=header.item_id, kind="return", sign_key=None, seal_key=header.reply_key)
        receipt = receipt_message(proof, own)
    way = ReturnWay(
        locator_hash=header.return_keys.locator_hash,
        verifier=header.return_keys.verifier,
        item_id=header.item_id,
        sha256=proof.sha256,
        pos=proof.result.pos or 0,
        received_at=received_at,
        feed_id=own.feed_id,
    )
    return WayBack(way=way, feed=own, receipt=receipt)


def _message(item: WaitingItem, header: Header, service: Service, *, now: datetime) -> Outcome:
    body, plaintext = _read(item, header, service, read_message)
    shown = body.authenticator
    if shown is not None:
        kept = msgspec.json.decode(plaintext)
        kept.pop("authenticator")
        plaintext = msgspec.json.encode(kept)
    return Outcome(
        pos=item.pos,
        item_id=item.item_id,
        received_at=item.received_at,
        state="opened",
        said=Said(
            about=body.about,
            sign_key=header.public_key,
            authenticator=_authenticator(shown) if shown else None,
            plaintext=plaintext,
            proof=_proof(item, service),
        ),
    )


def _authenticator(shown: str) -> bytes | None:
    try:
        return from_base64url(shown)
    except ValueError:
        return None


def _read(
    item: WaitingItem, header: Header, service: Service, read: Callable[..., Body]
) -> tuple[Body, bytes]:
    if header.kid not in service.keys.seal_kids:
        raise Withheld("dead_letter", "key_unknown")
    if header.suite != SUITE_P256:
        raise Withheld("dead_letter", "suite_unknown")
    if header.kind not in ("report", "message"):
        raise Withheld("dead_letter", "kind_unknown")
    try:
        plaintext = service.vault.open_item(header.kid, item.header, item.sealed)
        body = read(plaintext, schema_v=header.schema_v)
    except KeyUnknown:
        raise Withheld("dead_letter", "key_unknown") from None
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
    keys, choice = report_keys.new_keys(), body.answers.sharing_choice
    place = service.pack.place(placed_at(body.answers))
    known = body.centre_id in service.pack.centre_ids
    centre_id = body.centre_id if known else place.default_centre_id
    sealed, person = report_keys.seal_body(keys, plaintext, header.item_id)
    facts = ReportFacts(
        sharing_choice=choice, centre_id=centre_id, force_id=place.force_id, released=TO_POLICE[choice]
    )
    rows = report_keys.rows_for(service.vault.holders, keys, header.item_id, facts)
    contacts, whole = report_keys.findable(service.vault, rows, body.answers)
    return Reading(
        feed_id=feed_id,
        centre_id=centre_id,
        sharing_choice=choice,
        force_id=place.force_id,
        area=place.area_id,
        # Whoever is not enrolled may not say that a volunteer was there.
        channel="self_phone" if header.public_key else body.capture.channel,
        schema_v=header.schema_v,
        note=None if known else "centre_unknown",
        body=sealed,
        person=person,
        keys=rows,
        contacts=contacts,
        index_due=not whole,
    )


def _proof(item: WaitingItem, service: Service) -> Proof:
    """The receipt once more, in a tree of one: the answer to the push may have been lost."""
    return proof_of(
        item_id=item.item_id,
        sha256=item.sha256,
        pos=item.pos,
        keys=service.keys,
        incarnation=service.incarnation,
        restore_floor=service.restore_floor,
        at=milliseconds(datetime.fromisoformat(item.received_at)),
    )


def _held(item: WaitingItem, device_id: str, held: Withheld, feed: Feed | None, *, now: datetime) -> Outcome:
    body = AttentionBody(item_id=item.item_id, at=stamp(now), reason=held.state)
    return Outcome(
        pos=item.pos,
        item_id=item.item_id,
        received_at=item.received_at,
        state=held.state,
        code=held.code,
        judged=item.sig,
        copy_of=device_id if held.code == KEY_GIVEN_UP else None,
        place=held.place,
        feed=feed,
        message=seal_message(feed, kind="needs_attention", body=body) if feed else None,
    )


def runs(seqs: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers as runs without holes, first and last of each."""
    ordered = sorted(set(seqs))
    start = 0
    for place, seq in enumerate(ordered):
        if place + 1 == len(ordered) or ordered[place + 1] != seq + 1:
            yield ordered[start], seq
            start = place + 1
