"""Verbs of attachments, each one transaction: begin, move on, set back, tell, and settle the picture.

Uploads are not audited: nobody has seen anything yet, and each row says what came and when.
"""

from datetime import datetime
from typing import Final

from waymark.attachments import store
from waymark.attachments.records import AttachmentView, Held, Original, Picture, Reason, Undeveloped
from waymark.attachments.rules import (
    GIVEN_UP_AFTER,
    REPORT_UNFINISHED_BYTES_MAX,
    TRIES_MAX,
    UNFINISHED_BYTES_MAX,
    complete_state,
    listed,
    patience,
    views,
)
from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Subject
from waymark.intake import actions as intake
from waymark.kernel import lineage
from waymark.kernel.db import Connection
from waymark.kernel.keys import KeyRing
from waymark.kernel.lineage import Lineage
from waymark.kernel.problems import problem
from waymark.mailbox import actions as mailbox
from waymark.mailbox.rules import seal_message
from waymark_sync.intake_rules import read_header
from waymark_sync.messages import AttachmentBody

RETRY_AFTER_S: Final = "60"
KIND: Final = "attachment"


def begin(db: Connection, item_id: str, att_id: str, *, now: datetime) -> tuple[Held, Lineage]:
    """The attachment, known from now on. Raises Problem attachment_unknown, file_too_large."""
    known = store.held(db, att_id)
    if known is None:
        place, found = listed(store.announced(db, item_id), att_id)
        new = Held(
            att_id=att_id,
            item_id=item_id,
            pos=place.pos,
            lane=place.lane,
            size=found.size,
            sha256=found.sha256,
            received=0,
            state="waiting",
        )
        store.add(db, new, now=now)
        known = store.held(db, att_id)
    if known is None or known.item_id != item_id:
        raise problem("attachment_unknown")
    return known, lineage.current(db)


def find(db: Connection, att_id: str) -> tuple[Held, Lineage]:
    """Raises Problem attachment_unknown."""
    known = store.held(db, att_id)
    if known is None:
        raise problem("attachment_unknown")
    return known, lineage.current(db)


def with_room(db: Connection, att_id: str) -> tuple[Held, Lineage]:
    """As `find`, where more bytes may come. Raises Problem attachment_unknown, storage_full."""
    known, current = find(db, att_id)
    if known.lane == "visitor" and known.state == "waiting":
        others = store.unfinished_of_others(db, known)
        crowded = others + known.received > REPORT_UNFINISHED_BYTES_MAX
        if crowded or store.unfinished_bytes(db, "visitor") >= UNFINISHED_BYTES_MAX:
            raise problem("storage_full", headers={"Retry-After": RETRY_AFTER_S})
    return known, current


def advance(db: Connection, known: Held, to_offset: int, *, now: datetime) -> Held:
    """What the disk holds is acknowledged from here on. At its end it is complete.

    Returned as it now stands, which is elsewhere when another process has moved it.
    """
    if store.advance(db, known, to_offset, now=now) and to_offset == known.size:
        intake.place_file(db, known.att_id, known.sha256, item_id=known.item_id, now=now)
    return find(db, known.att_id)[0]


def set_back(db: Connection, att_id: str, to_offset: int, *, now: datetime) -> Held:
    """The disk holds less than the row says, or other bytes than the report names."""
    store.set_back(db, att_id, to_offset, now=now)
    intake.take_file_back(db, att_id, now=now)
    return find(db, att_id)[0]


def expire(db: Connection, known: Held, *, now: datetime) -> None:
    """Its device is told when it goes on: `upload_expired`, from the beginning."""
    store.expire(db, known, now=now)


def given_up(db: Connection, *, limit: int, now: datetime) -> list[Held]:
    """Known tablets' uploads rest for as long as ever; visitors' by the room that is left for them."""
    rest = patience(store.unfinished_bytes(db, "visitor"))
    return [
        *store.given_up(db, "visitor", before=now - rest, limit=limit),
        *store.given_up(db, "enrolled", before=now - GIVEN_UP_AFTER, limit=limit),
    ]


def tell(db: Connection, *, limit: int, keys: KeyRing, now: datetime) -> int:
    """Tell reporters what has come in full. Returns how many attachments that were.

    Only of opened reports: before a signature is proven, a header may name anybody's device.
    """
    db.serialise("attachments told")
    found = store.untold(db, limit=limit)
    current = lineage.current(db)
    for one in found:
        if not store.tell(db, one.att_id):
            continue
        state = complete_state(one.att_id, one.sha256, one.pos, one.size, keys, current, now=now)
        body = AttachmentBody(item_id=one.item_id, state=state)
        for feed in mailbox.report_feeds(db, report_id=one.item_id, feed_id=one.feed_id, kind=KIND):
            mailbox.post(db, seal_message(feed, kind=KIND, body=body), keys=keys, now=now)
        _audit(db, "attachment.complete", one.item_id, one.att_id, now)
    return len(found)


def next_undeveloped(db: Connection, *, now: datetime) -> Undeveloped | None:
    """Counted before it is tried: what brings the process down is not tried for ever."""
    found = store.undeveloped(db)
    while found is not None and found.tries >= TRIES_MAX:
        settle_unshown(db, found, "failed", now=now)
        found = store.undeveloped(db)
    if found is not None:
        store.note_try(db, found.att_id, more=1, now=now)
    return found


def put_off(db: Connection, found: Undeveloped, *, now: datetime) -> None:
    """The try does not count: the disk or the machine was at fault, or the service is stopping."""
    store.note_try(db, found.att_id, more=-1, now=now)


def settle_shown(
    db: Connection, found: Undeveloped, picture: Picture, kind: str | None, *, now: datetime
) -> None:
    if store.settle(db, found.att_id, state="shown", reason=None, kind=kind, now=now):
        store.keep_picture(db, picture)
        _audit(db, "attachment.shown", found.report_id, found.att_id, now)


def settle_unshown(
    db: Connection, found: Undeveloped, reason: Reason, kind: str | None = None, *, now: datetime
) -> None:
    if store.settle(db, found.att_id, state="unshown", reason=reason, kind=kind, now=now):
        _audit(db, "attachment.unshown", found.report_id, found.att_id, now, reason)


def of_report(db: Connection, report_id: str) -> tuple[AttachmentView, ...]:
    """All that the header of an opened report lists; `rules.described` adds what its body says of them."""
    place = store.header_of(db, report_id)
    header = read_header(place.header) if place else None
    return views(header.att, store.standings(db, report_id)) if header else ()


def picture(db: Connection, report_id: str, att_id: str) -> Picture | None:
    """None when there is none to look at. Who may is decided, and audited, by whoever asks."""
    return store.picture(db, report_id, att_id)


def original(db: Connection, report_id: str, att_id: str, *, holder: str) -> Original | None:
    """None when there is none that may be handed out. As for `picture`, whoever asks decides and audits."""
    return store.original(db, report_id, att_id, holder=holder)


def _audit(
    db: Connection, action: str, report_id: str, att_id: str, now: datetime, reason: str | None = None
) -> None:
    subject = Subject(kind="report", id=report_id)
    detail = {"attachment": att_id} | ({"reason": reason} if reason else {})
    audit.append(db, actor=SERVICE, action=action, subject=subject, detail=detail, now=now)
