"""Verbs of knocks: subscribe, end, claim what is due, note what became of it.

None of it is audited: it changes no report, and a trail of who has which phone would be one more thing to
lose.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark.kernel.ids import new_id
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault, decrypt, encrypt
from waymark.knocks import store
from waymark.knocks.records import Delivered, Due, Gone, Knock, Outcome, Place, Refused
from waymark.knocks.rules import LEASE, PER_FEED, endpoint_hash, next_try, signed, target
from waymark.mailbox import actions as mailbox
from waymark_sync.knocking import Subscription, SubscriptionEnd


def subscribe(
    db: Connection, asked: Subscription, vault: Vault, *, hosts: Sequence[str], now: datetime
) -> bool:
    """False for an unknown feed and for a wrong signature alike. Raises Problem endpoint_refused.

    What lies in the feed already is no news: whoever subscribes is looking at it.
    """
    # Proof first: whoever has no feed does not learn which places are knocked at.
    if not _proved(db, asked):
        return False
    if target(asked.endpoint, hosts) is None:
        raise problem("endpoint_refused")
    db.serialise(f"knocks {asked.device_id}")
    knock_id, (key, wrapped) = new_id(), vault.new_key()
    place = Place(endpoint=asked.endpoint, p256dh=asked.p256dh, auth=asked.auth)
    knock = Knock(
        id=knock_id,
        feed_id=asked.device_id,
        wrapped_key=wrapped,
        sealed=encrypt(key, msgspec.msgpack.encode(place), aad=_place_of(knock_id)),
        knocked_pos=mailbox.last_pos(db, asked.device_id),
        failures=0,
        refusals=0,
    )
    hashed = endpoint_hash(asked.device_id, asked.endpoint)
    store.add(db, knock, endpoint_hash=hashed, made_at=stamp(now))
    store.keep_newest(db, asked.device_id, keep=PER_FEED)
    return True


def end(db: Connection, asked: SubscriptionEnd) -> bool:
    """Every subscription of the feed. False as at `subscribe`."""
    if not _proved(db, asked):
        return False
    store.remove_feed(db, asked.device_id)
    return True


def _proved(db: Connection, asked: Subscription | SubscriptionEnd) -> bool:
    feed = mailbox.feed(db, asked.device_id)
    return feed is not None and signed(feed.sign_key, asked)


def waiting(db: Connection, *, since: datetime, now: datetime, limit: int) -> list[Knock]:
    """What a message posted after `since` or an earlier failure makes due. Read-only: `claim` decides."""
    again = store.again(db, now=stamp(now), limit=limit)
    return again + store.fresh(db, since=stamp(since), limit=limit - len(again))


def claim(db: Connection, found: list[Knock], *, now: datetime) -> list[Due]:
    """Those that are ours to do. A crash loses none: an unfinished claim runs out."""
    mine = []
    for knock in found:
        if mailbox.feed(db, knock.feed_id) is None:
            store.remove(db, knock.id)  # the feed has closed: a revoked tablet is told nothing
        elif store.claim(db, knock, now=stamp(now), until=stamp(now + LEASE)):
            mine.append(Due(knock=knock, pos=mailbox.last_pos(db, knock.feed_id)))
    return mine


def place(knock: Knock, vault: Vault) -> Place:
    """Raises CannotDecrypt."""
    raw = decrypt(vault.unwrap(knock.wrapped_key), knock.sealed, aad=_place_of(knock.id))
    return msgspec.msgpack.decode(raw, type=Place)


def note(db: Connection, due: Due, outcome: Outcome, *, now: datetime) -> None:
    """What the push service's answer leaves behind."""
    knock_id = due.knock.id
    if isinstance(outcome, Delivered):
        store.done(db, knock_id, pos=due.pos)
    elif isinstance(outcome, Gone) or (moment := next_try(due.knock, outcome, now=now)) is None:
        store.remove(db, knock_id)
    else:
        store.put_off(db, knock_id, next_try_at=stamp(moment), refused=isinstance(outcome, Refused))


def _place_of(knock_id: str) -> bytes:
    return f"knock|{knock_id}|place".encode()
