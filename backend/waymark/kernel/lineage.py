"""Which database this is. A restored copy begins a new lineage, so that devices offer everything again."""

from datetime import datetime

from msgspec import Struct

from waymark.kernel.db import Connection, Sql
from waymark.kernel.ids import new_id

CURRENT = Sql("""
    SELECT number, incarnation, restore_floor
    FROM lineage
    ORDER BY number DESC
    LIMIT 1
""")
EVERY = Sql("SELECT incarnation FROM lineage ORDER BY number")
BEGIN = Sql("""
    INSERT INTO lineage (number, incarnation, created_at)
    VALUES (:number, :incarnation, :created_at)
""")

MOVE_FLOOR = Sql("UPDATE lineage SET restore_floor = :floor WHERE number = :number")


class Lineage(Struct, frozen=True, kw_only=True):
    number: int
    incarnation: str
    """A device that sees another one than before offers again all that it keeps."""
    restore_floor: int
    """Every backup that may still be restored holds all positions up to this one."""


def current(db: Connection) -> Lineage:
    """A lineage is begun before anything is served."""
    lineage = db.one(CURRENT, Lineage)
    if lineage is None:
        raise AssertionError("no lineage has been begun")
    return lineage


def begun(db: Connection) -> Lineage | None:
    """None on a database that has never served."""
    return db.one(CURRENT, Lineage)


def every(db: Connection) -> list[str]:
    """The incarnations that this database has gone through, oldest first."""
    return db.many(EVERY, str)


def begin(db: Connection, *, now: datetime) -> Lineage:
    """Begin the next one. The caller holds the lock under which positions are allotted."""
    before = begun(db)
    number, incarnation = (before.number if before else 0) + 1, new_id()
    db.execute(BEGIN, number=number, incarnation=incarnation, created_at=now)
    return Lineage(number=number, incarnation=incarnation, restore_floor=0)


def move_floor(db: Connection, current: Lineage, floor: int) -> None:
    """It may sink, too: what was told before was true when it was told."""
    db.execute(MOVE_FLOOR, number=current.number, floor=floor)
