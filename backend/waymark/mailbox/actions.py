"""Verbs of the mailbox: open a feed, post to it, read a page of it; find the way back of a return code.

Posting is part of a caller's transaction and audited there: the mailbox does nothing of its own accord but
write down the first use of a code.
"""

from datetime import datetime
from itertools import accumulate

from waymark.audit import actions as audit
from waymark.audit.records import SERVICE, Subject
from waymark.identity import actions as identity
from waymark.identity.records import Device, Revoked
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.keys import KeyRing
from waymark.mailbox import store
from waymark.mailbox.records import Feed, Page, ReturnWay, SealedMessage, StoredMessage
from waymark.mailbox.rules import opens, sha256, sign_message
from waymark_sync.intake_rules import CHAIN_START, caps_hash, cursor_good, decode_cursor, next_chain

CAPS = caps_hash(())
"""A pull names no capabilities yet."""


def feed(db: Connection, feed_id: str) -> Feed | None:
    """An enrolled device has one from enrolment to revocation, a visitor from the opening of the report."""
    device = identity.device(db, feed_id)
    if device is None:
        return store.feed(db, feed_id)
    if device.revoked_at is not None:
        return None
    return _of_device(device)


def revoked(db: Connection, feed_id: str) -> Revoked | None:
    """None for every feed that no order has closed."""
    return identity.revoked_among(db, [feed_id]).get(feed_id)


def closed_feed(db: Connection, feed_id: str) -> Feed | None:
    """Of a revoked device that nobody knows to have the order yet: its keys still say who asks."""
    device = identity.device(db, feed_id)
    if device is None or device.revoked_at is None or device.order_told_at is not None:
        return None
    return _of_device(device)


def told_order(db: Connection, device_id: str, *, now: datetime) -> None:
    identity.told_order(db, device_id, now=now)


def feed_id_taken(db: Connection, feed_id: str) -> bool:
    """Also by a tablet that was revoked: its feed is closed, and nobody else's."""
    return identity.device(db, feed_id) is not None or store.feed(db, feed_id) is not None


def open_feed(db: Connection, feed: Feed) -> None:
    """Does nothing when it is open: a feed's keys never change."""
    store.open_feed(db, feed, chain=CHAIN_START)


def last_pos(db: Connection, feed_id: str) -> int:
    """Nought for a feed to which nothing was posted."""
    found = store.state(db, feed_id)
    return found.last_pos if found else 0


def post(db: Connection, message: SealedMessage, *, keys: KeyRing, now: datetime) -> int:
    """Sign and append to the feed, opening it where it is not. Returns the position."""
    feed_id = message.feed.feed_id
    db.serialise(f"feed {feed_id}")
    open_feed(db, message.feed)
    before = store.state(db, feed_id)
    if before is None:
        raise AssertionError("the feed was opened in this transaction")
    pos, chain = before.last_pos + 1, next_chain(before.chain, message.id, message.sealed)
    if not store.advance(db, feed_id, pos=pos, chain=chain):
        raise AssertionError("posts to one feed follow one another")
    signed = sign_message(message, keys, pos=pos)
    store.add(db, signed, feed_id=feed_id, chain=chain, created_at=stamp(now))
    return pos


def report_feeds(db: Connection, *, report_id: str, feed_id: str, kind: str) -> tuple[Feed, ...]:
    """Where a message about a report goes: the device that sent it, and the way back of its code.

    Once the reporter has used the code, a centre's tablet is told of acknowledgements alone.
    """
    own = feed(db, feed_id)
    way = store.way_of(db, report_id)
    if way is None or way.feed_id == feed_id:
        return (own,) if own else ()
    if own and own.kind == "enrolled" and way.claimed_at is not None and kind != "ack":
        own = None
    return tuple(found for found in (own, store.feed(db, way.feed_id)) if found)


def way_taken(db: Connection, way: ReturnWay) -> bool:
    """Does another report have this way back already? The first one keeps it."""
    found = store.way(db, way.locator_hash)
    return found is not None and found.item_id != way.item_id


def open_way(db: Connection, way: ReturnWay) -> None:
    """The caller has asked `way_taken`, and has opened the feed."""
    store.add_way(db, way)


def way_of(db: Connection, report_id: str) -> ReturnWay | None:
    return store.way_of(db, report_id)


def way_back(db: Connection, *, locator: bytes, authenticator: bytes) -> ReturnWay | None:
    """None for an unknown locator and for a wrong authenticator alike."""
    found = store.way(db, sha256(locator))
    return found if opens(found, authenticator) else None


def note_use(db: Connection, way: ReturnWay, *, now: datetime) -> None:
    """A code was used. The first time goes into the trail; of later ones only the day is kept."""
    at = stamp(now)
    if store.claim_way(db, way.locator_hash, at=at):
        subject = Subject(kind="report", id=way.item_id)
        audit.append(db, actor=SERVICE, action="return.claimed", subject=subject, now=now)
    store.use_way(db, way.locator_hash, on_day=at[:10])


def page(
    db: Connection, feed_id: str, *, cursor: str, limit: int, incarnation: str, bytes_max: int | None = None
) -> Page:
    """What comes after `cursor`; the feed from its first message when the cursor is not of this feed.

    bytes_max: of sealed bytes together; the first message comes whatever its size.
    """
    known = decode_cursor(cursor) if cursor else None
    chain_at_pos = None
    if known is not None:
        chain_at_pos = store.chain_at(db, feed_id, known.pos) if known.pos else CHAIN_START
    good = known is not None and cursor_good(
        known, incarnation=incarnation, chain_at_pos=chain_at_pos, caps=CAPS
    )
    start, chain = (known.pos, known.chain) if known is not None and good else (0, CHAIN_START)
    found = store.messages_after(db, feed_id, start, limit=limit + 1)
    messages = _within(found[:limit], bytes_max)
    return Page(
        messages=messages,
        pos=messages[-1].pos if messages else start,
        chain=messages[-1].chain if messages else chain,
        more=len(found) > len(messages),
        reset=bool(cursor) and not good,
    )


def _of_device(device: Device) -> Feed:
    return Feed(feed_id=device.id, kind="enrolled", sign_key=device.sign_key, seal_key=device.seal_key)


def _within(found: list[StoredMessage], bytes_max: int | None) -> tuple[StoredMessage, ...]:
    if bytes_max is None:
        return tuple(found)
    sizes = accumulate(len(message.sealed) for message in found)
    fitting = sum(size <= bytes_max for size in sizes)
    return tuple(found[: max(fitting, 1)])
