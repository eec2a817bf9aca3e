"""What enrolled devices say of themselves, and which of their numbers have come."""

from msgspec import Struct

from waymark.intake.records import DeviceSeen
from waymark.kernel.db import Connection, Sql
from waymark_sync.protocol import QueueState

# Only of enrolled devices: a visitor's id is random and used once.
SAW_DEVICE = Sql("""
    INSERT INTO intake_device_seen
      (device_id, epoch, max_seq, queued, oldest_age_s, at, app_build, storage, clock_ahead_s)
    SELECT id, :epoch, :max_seq, :queued, :oldest_age_s, :at, :app_build, :storage, :clock_ahead_s
    FROM device
    WHERE id = :device_id
    ON CONFLICT (device_id, epoch) DO UPDATE
    SET max_seq = excluded.max_seq,
        queued = excluded.queued,
        oldest_age_s = excluded.oldest_age_s,
        at = excluded.at,
        app_build = excluded.app_build,
        storage = excluded.storage,
        clock_ahead_s = excluded.clock_ahead_s
""")
MARK_DEVICE = Sql("""
    INSERT INTO intake_device_mark (device_id, epoch, max_seq, at)
    SELECT id, :epoch, :max_seq, :at
    FROM device
    WHERE id = :device_id
      AND NOT EXISTS (
        SELECT 1 FROM intake_device_mark
        WHERE device_id = :device_id AND epoch = :epoch AND max_seq >= :max_seq
      )
""")
LAST_SEEN = Sql("""
    SELECT seen.device_id, seen.epoch, seen.queued, seen.oldest_age_s, seen.at, seen.app_build, seen.storage,
           seen.clock_ahead_s
    FROM intake_device_seen AS seen
    JOIN device ON device.id = seen.device_id
    WHERE device.centre_id = :centre_id
    ORDER BY seen.at, seen.device_id
""")
COME_SINCE_REVOKED = Sql("""
    SELECT item.device_id, COUNT(*) AS count
    FROM device
    JOIN intake_item AS item ON item.device_id = device.id AND item.received_at > device.revoked_at
    WHERE device.centre_id = :centre_id AND device.revoked_at IS NOT NULL
    GROUP BY item.device_id
""")
# Nearly always the next number of a device: one statement then.
LENGTHEN_RUN = Sql("""
    UPDATE intake_device_run
    SET last_seq = :last
    WHERE device_id = :device_id AND epoch = :epoch AND last_seq = :first - 1
      AND NOT EXISTS (
        SELECT 1 FROM intake_device_run
        WHERE device_id = :device_id AND epoch = :epoch AND first_seq BETWEEN :first AND :last + 1)
""")
TAKE_RUNS = Sql("""
    DELETE FROM intake_device_run
    WHERE device_id = :device_id AND epoch = :epoch AND first_seq <= :last + 1 AND last_seq >= :first - 1
    RETURNING first_seq, last_seq
""")
ADD_RUN = Sql("""
    INSERT INTO intake_device_run (device_id, epoch, first_seq, last_seq)
    VALUES (:device_id, :epoch, :first, :last)
""")


class Come(Struct, frozen=True, kw_only=True):
    device_id: str
    count: int


class Run(Struct, frozen=True, kw_only=True):
    first_seq: int
    last_seq: int


def saw_device(
    db: Connection, device_id: str, queue: QueueState, *, app_build: str, clock_ahead_s: int | None, at: str
) -> None:
    known = {"device_id": device_id, "epoch": queue.epoch, "max_seq": queue.max_seq, "at": at}
    db.execute(
        SAW_DEVICE,
        queued=queue.queued,
        oldest_age_s=queue.oldest_age_s,
        app_build=app_build,
        storage=queue.storage,
        clock_ahead_s=clock_ahead_s,
        **known,
    )
    db.execute(MARK_DEVICE, **known)


def note_run(db: Connection, device_id: str, epoch: str, *, first: int, last: int) -> None:
    """These numbers have come. The caller holds the lock under which positions are allotted."""
    place = {"device_id": device_id, "epoch": epoch}
    if db.execute(LENGTHEN_RUN, first=first, last=last, **place):
        return
    beside = db.many(TAKE_RUNS, Run, first=first, last=last, **place)
    reach = [(run.first_seq, run.last_seq) for run in beside] + [(first, last)]
    db.execute(ADD_RUN, first=min(reach)[0], last=max(end for _, end in reach), **place)


def last_seen(db: Connection, centre_id: str) -> list[DeviceSeen]:
    return db.many(LAST_SEEN, DeviceSeen, centre_id=centre_id)


def come_since_revoked(db: Connection, centre_id: str) -> list[Come]:
    return db.many(COME_SINCE_REVOKED, Come, centre_id=centre_id)
