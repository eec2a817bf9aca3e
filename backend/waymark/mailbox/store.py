"""The only SQL of the mailbox."""

from waymark.kernel.db import Connection, Sql
from waymark.mailbox.records import Feed, FeedState, ReturnWay, StoredMessage
from waymark_sync.protocol import Message

FEED = Sql("""
    SELECT feed_id, kind, sign_key, seal_key
    FROM mailbox_feed
    WHERE feed_id = :feed_id
""")
OPEN_FEED = Sql("""
    INSERT INTO mailbox_feed (feed_id, kind, sign_key, seal_key, chain)
    VALUES (:feed_id, :kind, :sign_key, :seal_key, :chain)
    ON CONFLICT (feed_id) DO NOTHING
""")
FEED_STATE = Sql("""
    SELECT last_pos, chain
    FROM mailbox_feed
    WHERE feed_id = :feed_id
""")
# The position is compared, so that two posts can never share one.
ADVANCE = Sql("""
    UPDATE mailbox_feed
    SET last_pos = :pos, chain = :chain
    WHERE feed_id = :feed_id AND last_pos = :pos - 1
""")
ADD_MESSAGE = Sql("""
    INSERT INTO mailbox_message (id, feed_id, pos, kind, sealed, kid, sig, chain, created_at)
    VALUES (:id, :feed_id, :pos, :kind, :sealed, :kid, :sig, :chain, :created_at)
""")
CHAIN_AT = Sql("""
    SELECT chain
    FROM mailbox_message
    WHERE feed_id = :feed_id AND pos = :pos
""")
MESSAGES_AFTER = Sql("""
    SELECT id, pos, kind, min_caps, sealed, kid, sig, chain
    FROM mailbox_message
    WHERE feed_id = :feed_id AND pos > :pos
    ORDER BY pos
    LIMIT :limit
""")
WAY = Sql("""
    SELECT locator_hash, verifier, item_id, sha256, pos, received_at, feed_id, claimed_at, last_used_on
    FROM return_way
    WHERE locator_hash = :locator_hash
""")
WAY_OF = Sql("""
    SELECT locator_hash, verifier, item_id, sha256, pos, received_at, feed_id, claimed_at, last_used_on
    FROM return_way
    WHERE item_id = :item_id
""")
ADD_WAY = Sql("""
    INSERT INTO return_way (locator_hash, verifier, item_id, sha256, pos, received_at, feed_id)
    VALUES (:locator_hash, :verifier, :item_id, :sha256, :pos, :received_at, :feed_id)
""")
CLAIM_WAY = Sql("""
    UPDATE return_way
    SET claimed_at = :at
    WHERE locator_hash = :locator_hash AND claimed_at IS NULL
""")
USE_WAY = Sql("""
    UPDATE return_way
    SET last_used_on = :on_day
    WHERE locator_hash = :locator_hash
""")
CLOSE_WAY = Sql("DELETE FROM return_way WHERE item_id = :item_id")
DROP_MESSAGES = Sql("DELETE FROM mailbox_message WHERE feed_id = :feed_id")
DROP_FEED = Sql("DELETE FROM mailbox_feed WHERE feed_id = :feed_id")


def feed(db: Connection, feed_id: str) -> Feed | None:
    return db.one(FEED, Feed, feed_id=feed_id)


def open_feed(db: Connection, feed: Feed, *, chain: bytes) -> None:
    db.execute(
        OPEN_FEED,
        feed_id=feed.feed_id,
        kind=feed.kind,
        sign_key=feed.sign_key,
        seal_key=feed.seal_key,
        chain=chain,
    )


def state(db: Connection, feed_id: str) -> FeedState | None:
    return db.one(FEED_STATE, FeedState, feed_id=feed_id)


def advance(db: Connection, feed_id: str, *, pos: int, chain: bytes) -> bool:
    return db.execute(ADVANCE, feed_id=feed_id, pos=pos, chain=chain) == 1


def add(db: Connection, message: Message, *, feed_id: str, chain: bytes, created_at: str) -> None:
    db.execute(
        ADD_MESSAGE,
        id=message.id,
        feed_id=feed_id,
        pos=message.pos,
        kind=message.kind,
        sealed=message.sealed,
        kid=message.kid,
        sig=message.sig,
        chain=chain,
        created_at=created_at,
    )


def chain_at(db: Connection, feed_id: str, pos: int) -> bytes | None:
    return db.one(CHAIN_AT, bytes, feed_id=feed_id, pos=pos)


def messages_after(db: Connection, feed_id: str, pos: int, *, limit: int) -> list[StoredMessage]:
    return db.many(MESSAGES_AFTER, StoredMessage, feed_id=feed_id, pos=pos, limit=limit)


def way(db: Connection, locator_hash: bytes) -> ReturnWay | None:
    return db.one(WAY, ReturnWay, locator_hash=locator_hash)


def way_of(db: Connection, item_id: str) -> ReturnWay | None:
    return db.one(WAY_OF, ReturnWay, item_id=item_id)


def add_way(db: Connection, way: ReturnWay) -> None:
    db.execute(
        ADD_WAY,
        locator_hash=way.locator_hash,
        verifier=way.verifier,
        item_id=way.item_id,
        sha256=way.sha256,
        pos=way.pos,
        received_at=way.received_at,
        feed_id=way.feed_id,
    )


def claim_way(db: Connection, locator_hash: bytes, *, at: str) -> bool:
    """False: it was claimed before."""
    return db.execute(CLAIM_WAY, locator_hash=locator_hash, at=at) == 1


def use_way(db: Connection, locator_hash: bytes, *, on_day: str) -> None:
    db.execute(USE_WAY, locator_hash=locator_hash, on_day=on_day)


def close_way(db: Connection, item_id: str) -> None:
    """The return code of an erased report opens nothing."""
    db.execute(CLOSE_WAY, item_id=item_id)


def close_feed(db: Connection, feed_id: str) -> None:
    """With all that was said in it: of a report that is erased, and of no other."""
    db.execute(DROP_MESSAGES, feed_id=feed_id)
    db.execute(DROP_FEED, feed_id=feed_id)
