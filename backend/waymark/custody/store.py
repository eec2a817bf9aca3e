"""The SQL of custody: what stands at which position. It knows nothing of what is sealed."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict

from waymark.custody.records import Explained, Mark, Run
from waymark.kernel.db import Connection, Sql
from waymark_sync.intake_rules import Known
from waymark_sync.protocol import MANIFEST_MAX, Envelope

PAGE: Final = 2_000
"""Positions read in one go."""
LOOKUP: Final = 64
HELD = Sql(
    """
    SELECT item_id, sha256, pos, 0 AS size FROM intake_item WHERE item_id IN (LISTED)
    UNION ALL
    SELECT item_id, sha256, pos, 0 AS size FROM intake_conflict WHERE item_id IN (LISTED)
    UNION ALL
    SELECT f.att_id AS item_id, f.sha256, f.pos, a.size
    FROM intake_file AS f
    JOIN attachment AS a ON a.att_id = f.att_id
    WHERE f.gone_at IS NULL AND f.att_id IN (LISTED)
    UNION ALL
    SELECT f.att_id AS item_id, f.sha256, f.pos, 0 AS size
    FROM intake_file AS f
    JOIN intake_erased AS e ON e.id = f.att_id AND e.sha256 = f.sha256
    WHERE f.att_id IN (LISTED)
    """.replace("LISTED", ", ".join(f":id_{n}" for n in range(LOOKUP)))
)
# Positions have no gaps, so a page of them is a page of rows.
HISTORY = Sql("""
    SELECT item_id, sha256, pos, FALSE AS file, FALSE AS gone
    FROM intake_item
    WHERE pos > :after AND pos <= :upto
    UNION ALL
    SELECT item_id, sha256, pos, FALSE AS file, FALSE AS gone
    FROM intake_conflict
    WHERE pos > :after AND pos <= :upto
    UNION ALL
    SELECT att_id AS item_id, sha256, pos, TRUE AS file, gone_at IS NOT NULL AS gone
    FROM intake_file
    WHERE pos > :after AND pos <= :upto
    ORDER BY pos
""")
SEALED = Sql("""
    SELECT pos, sha256, header, sealed FROM intake_item WHERE pos > :after AND pos <= :upto
    UNION ALL
    SELECT pos, sha256, header, sealed FROM intake_conflict WHERE pos > :after AND pos <= :upto
    ORDER BY pos
""")
LAST_POS = Sql("""
    SELECT COALESCE(MAX(pos), 0) AS pos
    FROM (
      SELECT MAX(pos) AS pos FROM intake_item
      UNION ALL
      SELECT MAX(pos) AS pos FROM intake_conflict
      UNION ALL
      SELECT MAX(pos) AS pos FROM intake_file
    ) AS heads
""")
FILES = Sql("""
    SELECT f.att_id, f.pos, f.sha256, a.size
    FROM intake_file AS f
    JOIN attachment AS a ON a.att_id = f.att_id
    WHERE f.gone_at IS NULL AND f.pos > :after
    ORDER BY f.pos
    LIMIT :limit
""")
# Everything at these positions, as it came. A file's bytes lie elsewhere.
SHIPPING = Sql("""
    SELECT pos, item_id AS id, item_id, sha256, received_at, header, sealed, sig, FALSE AS file, FALSE AS gone
    FROM intake_item
    WHERE pos > :after AND pos <= :upto
    UNION ALL
    SELECT pos, item_id AS id, item_id, sha256, received_at, header, sealed, sig, FALSE AS file, FALSE AS gone
    FROM intake_conflict
    WHERE pos > :after AND pos <= :upto
    UNION ALL
    SELECT pos, att_id AS id, item_id, sha256, received_at, NULL AS header, NULL AS sealed, NULL AS sig,
           TRUE AS file, gone_at IS NOT NULL AS gone
    FROM intake_file
    WHERE pos > :after AND pos <= :upto
    ORDER BY pos
""")
# Of each epoch the first and the last that it said: both at the end of an index.
ENDS = Sql("""
    SELECT m.device_id, m.epoch, m.max_seq, m.at
    FROM intake_device_seen AS seen
    JOIN device ON device.id = seen.device_id
    JOIN intake_device_mark AS m
      ON m.device_id = seen.device_id AND m.epoch = seen.epoch
      AND m.max_seq IN (
        (SELECT MIN(max_seq) FROM intake_device_mark
         WHERE device_id = seen.device_id AND epoch = seen.epoch),
        (SELECT MAX(max_seq) FROM intake_device_mark
         WHERE device_id = seen.device_id AND epoch = seen.epoch)
      )
    WHERE device.centre_id = :centre_id
    ORDER BY m.at, m.max_seq
""")
MARK_BEFORE = Sql("""
    SELECT device_id, epoch, max_seq, at
    FROM intake_device_mark
    WHERE device_id = :device_id AND epoch = :epoch AND max_seq < :seq
    ORDER BY max_seq DESC
    LIMIT 1
""")
MARK_FROM = Sql("""
    SELECT device_id, epoch, max_seq, at
    FROM intake_device_mark
    WHERE device_id = :device_id AND epoch = :epoch AND max_seq >= :seq
    ORDER BY max_seq
    LIMIT 1
""")
RUNS = Sql("""
    SELECT run.device_id, run.epoch, run.first_seq, run.last_seq
    FROM intake_device_run AS run
    JOIN device ON device.id = run.device_id
    WHERE device.centre_id = :centre_id
    ORDER BY run.device_id, run.epoch, run.first_seq
""")
EXPLAINED = Sql("""
    SELECT told.device_id, told.epoch, told.first_seq, told.last_seq, told.why, told.at
    FROM gap_explained AS told
    JOIN device ON device.id = told.device_id
    WHERE device.centre_id = :centre_id
""")
EXPLAIN = Sql("""
    INSERT INTO gap_explained (device_id, epoch, first_seq, last_seq, why, at)
    VALUES (:device_id, :epoch, :first_seq, :last_seq, :why, :at)
    ON CONFLICT (device_id, epoch, first_seq, last_seq) DO UPDATE SET why = excluded.why, at = excluded.at
""")
COUNTS = Sql("""
    SELECT (SELECT COUNT(*) FROM intake_item) AS items,
           (SELECT COUNT(*) FROM intake_conflict) AS conflicts,
           (SELECT COUNT(*) FROM opened_report) AS opened,
           (SELECT COUNT(*) FROM report_key) AS report_keys,
           (SELECT COUNT(*) FROM audit_entry) AS audit_entries
""")


class Placed(Struct, frozen=True, kw_only=True):
    """What stands at one position."""

    item_id: str
    sha256: bytes
    pos: int
    file: bool
    gone: bool = False
    """A file that the disk turned out not to hold."""

    @property
    def known(self) -> Known:
        return Known(item_id=self.item_id, sha256=self.sha256, pos=self.pos)


class HeldRow(Struct, frozen=True, kw_only=True):
    """What is stored under an id that was asked for."""

    item_id: str
    sha256: bytes
    pos: int
    size: int
    """Of a file, in sealed bytes; 0 of an item, which is never empty."""

    @property
    def known(self) -> Known:
        return Known(item_id=self.item_id, sha256=self.sha256, pos=self.pos)


class SealedRow(Struct, frozen=True, kw_only=True):
    pos: int
    sha256: bytes
    header: bytes
    sealed: bytes


class ShippedRow(Struct, frozen=True, kw_only=True):
    """What stands at one position, for the intake log."""

    pos: int
    id: str
    item_id: str
    sha256: bytes
    received_at: str
    header: bytes | None = None
    sealed: bytes | None = None
    sig: bytes | None = None
    file: bool = False
    gone: bool = False

    @property
    def envelope(self) -> Envelope:
        if self.header is None or self.sealed is None or self.sig is None:
            raise AssertionError("a file has no envelope")
        return Envelope(header=self.header, sealed=self.sealed, sha256=self.sha256, sig=self.sig)


class FileRow(Struct, frozen=True, kw_only=True):
    """A file that has come in full."""

    att_id: str
    pos: int
    sha256: bytes
    size: int


class Counts(Struct, frozen=True, kw_only=True):
    """What a copy must have as many of as the original."""

    items: int
    conflicts: int
    opened: int
    report_keys: int
    audit_entries: int


def held(db: Connection, ids: list[str]) -> list[HeldRow]:
    """Everything that is stored under these ids, at most MANIFEST_MAX of them."""
    if len(ids) > MANIFEST_MAX:
        raise ValueError("more ids than a manifest may hold")
    found: list[HeldRow] = []
    for start in range(0, len(ids), LOOKUP):
        some = ids[start : start + LOOKUP]
        padded = [*some, *[some[0]] * (LOOKUP - len(some))]
        found += db.many(HELD, HeldRow, **{f"id_{n}": one for n, one in enumerate(padded)})
    return found


def last_pos(db: Connection) -> int:
    return db.one(LAST_POS, int) or 0


def placed(db: Connection, pos: int) -> Placed | None:
    """What stands at a position."""
    return db.one(HISTORY, Placed, after=pos - 1, upto=pos)


def history(db: Connection, *, after: int = 0) -> Iterator[Placed]:
    """Every position in order."""
    last = last_pos(db)
    for start in range(after, last, PAGE):
        yield from db.many(HISTORY, Placed, after=start, upto=min(start + PAGE, last))


def sealed(db: Connection) -> Iterator[SealedRow]:
    """Every sealed item in order of its position, a few at a time: they are large."""
    step = PAGE // 20
    for start in range(0, last_pos(db), step):
        yield from db.many(SEALED, SealedRow, after=start, upto=start + step)


def shipping(db: Connection, *, after: int, limit: int) -> list[ShippedRow]:
    return db.many(SHIPPING, ShippedRow, after=after, upto=after + limit)


def files(db: Connection) -> Iterator[FileRow]:
    """Every file that has come in full, in order of its position."""
    after = 0
    while page := db.many(FILES, FileRow, after=after, limit=PAGE):
        yield from page
        after = page[-1].pos


def ends(db: Connection, centre_id: str) -> list[Mark]:
    """Of every epoch of every device of a centre, the first and the last."""
    return db.many(ENDS, Mark, centre_id=centre_id)


def marks_around(db: Connection, device_id: str, epoch: str, *, first: int, last: int) -> list[Mark]:
    """The last before a hole and the first after it."""
    place = {"device_id": device_id, "epoch": epoch}
    return [
        *db.many(MARK_BEFORE, Mark, seq=first, **place),
        *db.many(MARK_FROM, Mark, seq=last, **place),
    ]


def has_reached(db: Connection, device_id: str, epoch: str, *, seq: int) -> bool:
    """Has the device ever said that it had come so far?"""
    return db.one(MARK_FROM, Mark, device_id=device_id, epoch=epoch, seq=seq) is not None


def runs(db: Connection, centre_id: str) -> list[Run]:
    """What has come of every device of a centre, in order."""
    return db.many(RUNS, Run, centre_id=centre_id)


def explained(db: Connection, centre_id: str) -> list[Explained]:
    return db.many(EXPLAINED, Explained, centre_id=centre_id)


def explain(db: Connection, found: Explained) -> None:
    db.execute(EXPLAIN, **asdict(found))


def counts(db: Connection) -> Counts:
    found = db.one(COUNTS, Counts)
    if found is None:
        raise AssertionError("counts are one row")
    return found
