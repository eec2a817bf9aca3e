"""Verbs of the mailbox: open a feed, post to it, read a page of it.

Posting is part of a caller's transaction and audited there: the mailbox does nothing of its own accord.
"""

from datetime import datetime

from waymark.identity import actions as identity
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.keys import KeyRing
from waymark.mailbox import store
from waymark.mailbox.records import Feed, Page, SealedMessage
from waymark.mailbox.rules import sign_message
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
    return Feed(feed_id=device.id, kind="enrolled", sign_key=device.sign_key, seal_key=device.seal_key)


def open_feed(db: Connection, feed: Feed) -> None:
    """Does nothing when it is open: a feed's keys never change."""
    store.open_feed(db, feed, chain=CHAIN_START)


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


def page(db: Connection, feed_id: str, *, cursor: str, limit: int, incarnation: str) -> Page:
    """What comes after `cursor`; the feed from its first message when the cursor is not of this feed."""
    known = decode_cursor(cursor) if cursor else None
    chain_at_pos = None
    if known is not None:
        chain_at_pos = store.chain_at(db, feed_id, known.pos) if known.pos else CHAIN_START
    good = known is not None and cursor_good(
        known, incarnation=incarnation, chain_at_pos=chain_at_pos, caps=CAPS
    )
    start, chain = (known.pos, known.chain) if known is not None and good else (0, CHAIN_START)
    found = store.messages_after(db, feed_id, start, limit=limit + 1)
    messages = tuple(found[:limit])
    return Page(
        messages=messages,
        pos=messages[-1].pos if messages else start,
        chain=messages[-1].chain if messages else chain,
        more=len(found) > limit,
        reset=bool(cursor) and not good,
    )
