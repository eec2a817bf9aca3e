"""The only SQL of the commands: what a demonstration looks at from outside the service."""

from msgspec import Struct

from waymark.kernel.db import Connection, Sql

COUNTS = Sql("""
    SELECT (SELECT COUNT(*) FROM intake_item) AS received,
           (SELECT COUNT(*) FROM triage_report WHERE acknowledged_at IS NOT NULL) AS acknowledged
""")
ITEMS = Sql("""
    SELECT i.item_id, i.sha256, i.device_id, i.state,
           CASE WHEN t.report_id IS NULL THEN 0 ELSE 1 END AS screened
    FROM intake_item AS i
    LEFT JOIN triage_report AS t ON t.report_id = i.item_id
    ORDER BY i.pos
""")
FILES = Sql("SELECT att_id, item_id, sha256, received, state FROM attachment ORDER BY att_id")
CONFLICTS = Sql("SELECT item_id FROM intake_conflict ORDER BY pos")


class Counts(Struct, frozen=True, kw_only=True):
    received: int
    """Sealed items that the service has stored."""
    acknowledged: int
    """Reports that somebody at a desk has answered."""


class StoredItem(Struct, frozen=True, kw_only=True):
    item_id: str
    sha256: bytes
    device_id: str
    state: str
    screened: int


class StoredFile(Struct, frozen=True, kw_only=True):
    """A photo, as far as the database knows of it."""

    att_id: str
    item_id: str
    sha256: bytes
    received: int
    state: str


def counts(db: Connection) -> Counts:
    return db.one(COUNTS, Counts) or Counts(received=0, acknowledged=0)


def items(db: Connection) -> list[StoredItem]:
    """All, in the order of arrival."""
    return db.many(ITEMS, StoredItem)


def files(db: Connection) -> list[StoredFile]:
    return db.many(FILES, StoredFile)


def conflicts(db: Connection) -> list[str]:
    """Ids of what came a second time with other bytes."""
    return db.many(CONFLICTS, str)
