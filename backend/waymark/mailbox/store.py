"""The only SQL of the mailbox."""

from waymark.kernel.db import Connection, Sql
from waymark.mailbox.records import Feed, FeedState, StoredMessage
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
