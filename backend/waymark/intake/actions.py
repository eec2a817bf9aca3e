"""Verbs of intake, each one transaction: begin a lineage, commit pushes, settle what was opened."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Actor, Subject
from waymark.identity import actions as identity
from waymark.identity.devices import rekeying
from waymark.intake import store
from waymark.intake.devices import store as devices
from waymark.intake.keys import store as keys
from waymark.intake.proving import SIGNATURE_WRONG
from waymark.intake.records import (
    Committed,
    DeviceSeen,
    Held,
    OpenedMessage,
    OpenedReport,
    Opening,
    Outcome,
    Push,
    Reading,
    ReopenReason,
    Said,
    WayBack,
)
from waymark.intake.report_keys import open_keys
from waymark.intake.rules import (
    NOT_PROVEN,
    Service,
    message_proven,
    noted,
    seal_said,
    still_held,
    withheld,
)
from waymark.intake.taking import Desk
from waymark.kernel import lineage
from waymark.kernel.clock import milliseconds, stamp
from waymark.kernel.db import Connection
from waymark.kernel.lineage import Lineage
from waymark.kernel.vault import CannotDecrypt
from waymark.mailbox import actions as mailbox
from waymark.mailbox.records import Feed
from waymark.mailbox.rules import receipt_message, sha256
from waymark_sync.intake_rules import Known
from waymark_sync.protocol import QueueState

POS_MAX = store.POS_MAX
LOCK = "intake"
"""Positions are allotted under it and become visible in order."""


def ensure_lineage(db: Connection, *, now: datetime) -> Lineage:
    """The current lineage; the first one on a new database."""
    db.serialise(LOCK)
    return lineage.begun(db) or begin_lineage(db, now=now)


def begin_lineage(db: Connection, *, now: datetime) -> Lineage:
    """What a restore does: a new incarnation, so that every device offers again what it keeps."""
    db.serialise(LOCK)
    begun = lineage.begin(db, now=now)
    audit.append(
        db,
        actor=SERVICE,
        action="lineage.begun",
        subject=Subject(kind="lineage", id=begun.incarnation),
        detail={"number": begun.number},
        now=now,
    )
    return begun


def commit_pushes(db: Connection, pushes: Sequence[Push], *, now: datetime) -> list[Committed]:
    """Store whatever is new in all of them. One transaction and one wait for the disk serve many devices.

    Not audited: nobody has seen anything yet, and each row says itself what came and when.
    """
    db.serialise(LOCK)
    at = stamp(now)
    current = lineage.current(db)
    rekeyed = {push.device_id: key for push in pushes if (key := _take_keys(db, push, now=now)) is not None}
    desk = Desk(db, [arrival for push in pushes for arrival in push.arrivals], received_at=at)
    standings = [
        tuple(desk.take(arrival, worked=push.worked) for arrival in push.arrivals) for push in pushes
    ]
    desk.write(db)
    for push in pushes:
        if push.queue is not None:
            _see(db, push, push.queue, now=now)
    asking = {push.device_id for push in pushes}
    downstream, revoked = store.feeds_with_messages(db, asking), identity.revoked_among(db, asking)
    in_service = rekeying.in_service_among(db, asking, now=now)
    return [
        Committed(
            incarnation=current.incarnation,
            restore_floor=current.restore_floor,
            downstream=push.device_id in downstream,
            standings=stood,
            revoked=revoked.get(push.device_id),
            in_service=push.device_id in in_service,
            rekey=in_service.get(push.device_id, False),
            rekeyed=rekeyed.get(push.device_id) if push.rekey else None,
        )
        for push, stood in zip(pushes, standings, strict=True)
    ]


def _take_keys(db: Connection, push: Push, *, now: datetime) -> bytes | None:
    """Before its items are judged. What came under the new key before that was known is looked at again."""
    key = rekeying.take_keys(db, push.device_id, push.rekey, now=now) if push.rekey else None
    if key is not None:
        store.look_again(db, push.device_id, reason=SIGNATURE_WRONG)
    return key


def _see(db: Connection, push: Push, queue: QueueState, *, now: datetime) -> None:
    own = sum(arrival.header.device_id == push.device_id for arrival in push.arrivals)
    ahead = None if queue.device_time is None else (queue.device_time - milliseconds(now)) // 1000
    devices.saw_device(
        db,
        push.device_id,
        still_held(queue, brought=own),
        app_build=push.app_build,
        clock_ahead_s=ahead,
        at=stamp(now),
    )


def place_file(db: Connection, att_id: str, sha256: bytes, *, item_id: str, now: datetime) -> int:
    """A file has come in full: its position. From then on a backup without it is not a whole one."""
    db.serialise(LOCK)
    known = Known(item_id=att_id, sha256=sha256, pos=store.last_pos(db) + 1)
    store.add_file(db, known, item_id=item_id, now=now)
    return known.pos


def take_file_back(db: Connection, att_id: str, *, now: datetime) -> None:
    """The disk does not hold it any more. Its position stays taken."""
    store.file_gone(db, att_id, now=now)


def settle_outcomes(db: Connection, outcomes: Sequence[Outcome], *, service: Service, now: datetime) -> int:
    """Write down what opening found. Does nothing for an item that another worker has settled meanwhile."""
    db.serialise("opener")
    done = 0
    for found in outcomes:
        outcome = _as_things_stand(db, found)
        if outcome.said is not None:
            done += _settle_message(db, outcome, outcome.said, service=service, now=now)
            continue
        force_id = outcome.report.force_id if outcome.report else "unknown"
        if not store.settle(db, outcome, force_id=force_id, tried_by=service.able):
            continue
        done += 1
        if outcome.copy_of is not None:
            rekeying.doubt(db, outcome.copy_of, now=now)
        _settle_report(db, outcome, service=service, now=now)
        _audit(db, outcome, now=now)
    return done


def _settle_report(db: Connection, outcome: Outcome, *, service: Service, now: datetime) -> None:
    if outcome.report is not None:
        number = store.last_opened(db) + 1
        opened = _opened(outcome, outcome.report, number=number, now=now)
        store.add_opened(db, opened)
        keys.put_keys(db, outcome.report.keys)
        for each in outcome.report.contacts:
            keys.put_index(db, opened.id, each.holder, each.digests)
        if outcome.report.index_due:
            keys.put_index_due(db, opened.id)
    # A phone has one report. Were its messages looked at again for every one, a few could cost thousands.
    first = outcome.feed is not None and mailbox.feed(db, outcome.feed.feed_id) is None
    if outcome.feed is not None:
        mailbox.open_feed(db, outcome.feed)
    if outcome.message is not None and (
        outcome.state == "opened" or store.first_told(db, outcome.pos, now=now)
    ):
        mailbox.post(db, outcome.message, keys=service.keys, now=now)
    if outcome.back is not None:
        _open_way(db, outcome.back, service=service, now=now)
    if outcome.report is not None and outcome.feed is not None and first:
        store.look_again(db, outcome.feed.feed_id, reason=NOT_PROVEN)


def _open_way(db: Connection, back: WayBack, *, service: Service, now: datetime) -> None:
    mailbox.open_feed(db, back.feed)
    mailbox.open_way(db, back.way)
    if back.receipt is not None:
        mailbox.post(db, back.receipt, keys=service.keys, now=now)


def _as_things_stand(db: Connection, outcome: Outcome) -> Outcome:
    """Asked again under the lock: two items may have been opened at once, and the first one has it."""
    feed = mailbox.feed(db, outcome.feed.feed_id) if outcome.feed is not None else None
    if feed not in (None, outcome.feed) and not _same_tablet(feed, outcome.feed):
        return withheld(outcome, "quarantined", "feed_key_differs")
    if outcome.back is None:
        return outcome
    if mailbox.way_taken(db, outcome.back.way):
        return noted(outcome, "return_code_reused")
    if outcome.back.receipt is not None and mailbox.feed_id_taken(db, outcome.back.feed.feed_id):
        return noted(outcome, "return_code_unusable")
    return outcome


def _same_tablet(one: Feed | None, other: Feed | None) -> bool:
    """It may have taken new keys while its report was opened; what is sealed to the old ones it opens."""
    return one is not None and other is not None and one.kind == other.kind == "enrolled"


def _settle_message(db: Connection, outcome: Outcome, said: Said, *, service: Service, now: datetime) -> int:
    """Believe a message beside its report, or hold it. Returns how many items were settled: 0 or 1."""
    report = store.opened(db, said.about)
    feed = mailbox.feed(db, report.feed_id) if report else None
    way = mailbox.way_of(db, said.about)
    body = None
    if report is None or not message_proven(said, feed, way):
        outcome = withheld(outcome, "quarantined", NOT_PROVEN)
    else:
        try:
            body = seal_said(open_keys(service.vault, report.lock), said, outcome.item_id)
        except CannotDecrypt:
            outcome = withheld(outcome, "dead_letter", "report_key_unknown")
    force_id = report.force_id if report and body else "unknown"
    if not store.settle(db, outcome, force_id=force_id, tried_by=service.able):
        return 0
    _audit(db, outcome, now=now)
    if report is None or body is None:
        return 1
    store.add_message(db, _opened_message(db, outcome, body, report_id=report.id))
    if way is not None and said.authenticator is not None and sha256(said.authenticator) == way.verifier:
        mailbox.note_use(db, way, now=now)
    for told in mailbox.report_feeds(db, report_id=report.id, feed_id=report.feed_id, kind="receipt"):
        mailbox.post(db, receipt_message(said.proof, told), keys=service.keys, now=now)
    return 1


def _opened_message(db: Connection, outcome: Outcome, body: bytes, *, report_id: str) -> OpenedMessage:
    return OpenedMessage(
        id=outcome.item_id,
        number=store.last_message(db) + 1,
        report_id=report_id,
        received_at=outcome.received_at,
        body=body,
    )


def _audit(db: Connection, outcome: Outcome, *, now: datetime) -> None:
    detail = {"reason": outcome.code} if outcome.code else {}
    if outcome.said is not None:
        detail["about"] = outcome.said.about
    audit.append(
        db,
        actor=SERVICE,
        action=f"item.{outcome.state}",
        subject=Subject(kind="report", id=outcome.item_id),
        detail=detail,
        now=now,
    )


def _opened(outcome: Outcome, report: Reading, *, number: int, now: datetime) -> Opening:
    return Opening(
        id=outcome.item_id,
        pos=outcome.pos,
        number=number,
        feed_id=report.feed_id,
        centre_id=report.centre_id,
        sharing_choice=report.sharing_choice,
        force_id=report.force_id,
        area=report.area,
        received_at=outcome.received_at,
        opened_at=stamp(now),
        channel=report.channel,
        schema_v=report.schema_v,
        note=report.note,
        body=report.body,
        person=report.person,
    )


def held(db: Connection, *, state: str = "", before: int = POS_MAX, limit: int) -> list[Held]:
    """state: '' for all. before: a position, for the next page."""
    return store.held(db, state=state, before=before, limit=limit)


def reopen(
    db: Connection, item_ids: Sequence[str], *, actor: Actor, why: ReopenReason, now: datetime
) -> list[str]:
    """Let the opener try these again. What is not held stays as it is. Returns those that were."""
    db.serialise("opener")
    reopened = store.reopen(db, item_ids)
    for item_id in reopened:
        subject = Subject(kind="report", id=item_id)
        audit.append(db, actor=actor, action="item.reopened", subject=subject, detail={"why": why}, now=now)
    return reopened


def reopen_outgrown(db: Connection, able: str, *, limit: int, now: datetime) -> int:
    """What was held by an opener that could do less, and what came from a tablet that is known by now."""
    outgrown = store.outgrown(db, able, limit=limit)
    done = reopen(db, outgrown, actor=SERVICE, why="able_to_do_more", now=now)
    known = store.now_known(db, limit=limit)
    return len(done) + len(reopen(db, known, actor=SERVICE, why="device_known", now=now))


def opened_after(db: Connection, number: int, *, limit: int) -> list[OpenedReport]:
    """Reports in order of opening, after `number`. What reads on from the last one it saw misses none."""
    return store.opened_after(db, number, limit=limit)


def of_visitors(db: Connection, report_ids: Iterable[str]) -> dict[str, bool]:
    """Those that no tablet has signed, and whether their phones had worked for them."""
    return {visit.item_id: visit.worked for visit in store.of_visitors(db, report_ids)}


def messages_after(db: Connection, number: int, *, limit: int) -> list[OpenedMessage]:
    """What reporters have added, in order of opening, after `number`."""
    return store.messages_after(db, number, limit=limit)


def opened(db: Connection, report_id: str) -> OpenedReport | None:
    return store.opened(db, report_id)


def last_seen(db: Connection, centre_id: str) -> list[DeviceSeen]:
    """Each epoch of each device, the one heard last at the end."""
    return devices.last_seen(db, centre_id)


def come_since_revoked(db: Connection, centre_id: str) -> dict[str, int]:
    """Reports by device, of those of this centre that were taken out of service; none where none came."""
    return {one.device_id: one.count for one in devices.come_since_revoked(db, centre_id)}
