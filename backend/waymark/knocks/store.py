"""The only SQL of knocks.

Fresh ones are found by what was posted of late, so the cost follows the answers of a few days and not the
number of subscriptions.
"""

from waymark.kernel.db import Connection, Sql
from waymark.knocks.records import Knock

ADD = Sql("""
    INSERT INTO knock (id, feed_id, endpoint_hash, wrapped_key, sealed, knocked_pos, made_at)
    VALUES (:id, :feed_id, :endpoint_hash, :wrapped_key, :sealed, :knocked_pos, :made_at)
""")
REMOVE_PLACE = Sql("DELETE FROM knock WHERE endpoint_hash = :endpoint_hash")
REMOVE_FEED = Sql("DELETE FROM knock WHERE feed_id = :feed_id")
REMOVE = Sql("DELETE FROM knock WHERE id = :id")
# The oldest go.
KEEP_NEWEST = Sql("""
    DELETE FROM knock
    WHERE feed_id = :feed_id AND id NOT IN (
      SELECT id
      FROM knock
      WHERE feed_id = :feed_id
      ORDER BY made_at DESC, id DESC
      LIMIT :keep
    )
""")
# The kinds are written out: only then do both engines use the index that holds these alone.
FRESH = Sql("""
    SELECT DISTINCT k.id, k.feed_id, k.wrapped_key, k.sealed, k.knocked_pos, k.failures, k.refusals
    FROM mailbox_message AS m
    JOIN knock AS k ON k.feed_id = m.feed_id
    WHERE m.created_at > :since
      AND m.kind IN ('ack', 'message', 'signpost', 'status')
      AND m.pos > k.knocked_pos
      AND k.next_try_at IS NULL
    ORDER BY k.id
    LIMIT :limit
""")
AGAIN = Sql("""
    SELECT id, feed_id, wrapped_key, sealed, knocked_pos, failures, refusals
    FROM knock
    WHERE next_try_at <= :now
    ORDER BY next_try_at, id
    LIMIT :limit
""")
# Compared before it is set, so that of two processes one knocks.
CLAIM = Sql("""
    UPDATE knock
    SET next_try_at = :until
    WHERE id = :id AND knocked_pos = :knocked_pos AND (next_try_at IS NULL OR next_try_at <= :now)
""")
DONE = Sql("""
    UPDATE knock
    SET knocked_pos = :pos, next_try_at = NULL, failures = 0, refusals = 0
    WHERE id = :id
""")
PUT_OFF = Sql("""
    UPDATE knock
    SET next_try_at = :next_try_at, failures = failures + 1, refusals = refusals + :refused
    WHERE id = :id
""")
FORGET_FEED = Sql("DELETE FROM knock WHERE feed_id = :feed_id")


def add(db: Connection, knock: Knock, *, endpoint_hash: bytes, made_at: str) -> None:
    """In the place of what there was for this feed at this endpoint."""
    db.execute(REMOVE_PLACE, endpoint_hash=endpoint_hash)
    db.execute(
        ADD,
        id=knock.id,
        feed_id=knock.feed_id,
        endpoint_hash=endpoint_hash,
        wrapped_key=knock.wrapped_key,
        sealed=knock.sealed,
        knocked_pos=knock.knocked_pos,
        made_at=made_at,
    )


def keep_newest(db: Connection, feed_id: str, *, keep: int) -> None:
    db.execute(KEEP_NEWEST, feed_id=feed_id, keep=keep)


def remove_feed(db: Connection, feed_id: str) -> None:
    db.execute(REMOVE_FEED, feed_id=feed_id)


def remove(db: Connection, knock_id: str) -> None:
    db.execute(REMOVE, id=knock_id)


def fresh(db: Connection, *, since: str, limit: int) -> list[Knock]:
    return db.many(FRESH, Knock, since=since, limit=limit)


def again(db: Connection, *, now: str, limit: int) -> list[Knock]:
    return db.many(AGAIN, Knock, now=now, limit=limit)


def claim(db: Connection, knock: Knock, *, now: str, until: str) -> bool:
    return db.execute(CLAIM, id=knock.id, knocked_pos=knock.knocked_pos, now=now, until=until) == 1


def done(db: Connection, knock_id: str, *, pos: int) -> None:
    db.execute(DONE, id=knock_id, pos=pos)


def put_off(db: Connection, knock_id: str, *, next_try_at: str, refused: bool) -> None:
    db.execute(PUT_OFF, id=knock_id, next_try_at=next_try_at, refused=int(refused))


def forget(db: Connection, feed_id: str) -> None:
    """Nobody is told any more: the feed is gone."""
    db.execute(FORGET_FEED, feed_id=feed_id)
