"""The only SQL of who holds a report's keys, and of what finds the same telephone again."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import asdict

from waymark.intake.records import KeyRow
from waymark.kernel.db import Connection, Sql

PUT_KEY = Sql("""
    INSERT INTO report_key (report_id, holder, kid, person, wrapped)
    VALUES (:report_id, :holder, :kid, :person, :wrapped)
    ON CONFLICT (report_id, holder) DO UPDATE
    SET kid = excluded.kid, person = excluded.person, wrapped = excluded.wrapped
""")
DROP_KEY = Sql("DELETE FROM report_key WHERE report_id = :report_id AND holder = :holder")
KEYS_OF = Sql("""
    SELECT report_id, holder, kid, person, wrapped
    FROM report_key
    WHERE report_id = :report_id
    ORDER BY holder
""")
WRAPPED_TO = Sql("""
    SELECT DISTINCT report_id
    FROM report_key
    WHERE kid = :kid AND (:holder = '' OR holder = :holder)
    ORDER BY report_id
    LIMIT :limit
""")
RESEAL = Sql("UPDATE opened_report SET body = :body, person = :person WHERE id = :id")
PUT_INDEX = Sql("""
    INSERT INTO report_index (report_id, holder, kind, digest)
    VALUES (:report_id, :holder, :kind, :digest)
    ON CONFLICT (report_id, holder, kind) DO UPDATE SET digest = excluded.digest
""")
DROP_INDEX = Sql("DELETE FROM report_index WHERE report_id = :report_id AND holder = :holder")
INDEXED = Sql("SELECT DISTINCT holder FROM report_index WHERE report_id = :report_id ORDER BY holder")
PUT_INDEX_DUE = Sql("""
    INSERT INTO report_index_due (report_id)
    VALUES (:report_id)
    ON CONFLICT (report_id) DO NOTHING
""")
DROP_INDEX_DUE = Sql("DELETE FROM report_index_due WHERE report_id = :report_id")
INDEX_DUE = Sql("SELECT report_id FROM report_index_due ORDER BY report_id LIMIT :limit")
SAME_CONTACT = Sql("""
    SELECT DISTINCT other.report_id
    FROM report_index AS own
    JOIN report_index AS other
      ON other.holder = own.holder AND other.kind = own.kind AND other.digest = own.digest
    WHERE own.report_id = :report_id AND own.holder = :holder AND other.report_id <> own.report_id
    ORDER BY other.report_id
    LIMIT :limit
""")
COUNTED = Sql("SELECT kid, COUNT(*) AS reports FROM report_key GROUP BY kid")


class CountedKid(Struct, frozen=True, kw_only=True):
    kid: str
    reports: int


def put_keys(db: Connection, rows: Iterable[KeyRow]) -> None:
    """In place of what these holders were given before."""
    db.execute_many(PUT_KEY, [asdict(row) for row in rows])


def drop_keys(db: Connection, report_id: str, holders: Iterable[str]) -> None:
    """What they could find by telephone or address goes, too."""
    for holder in sorted(holders):
        db.execute(DROP_KEY, report_id=report_id, holder=holder)
        db.execute(DROP_INDEX, report_id=report_id, holder=holder)


def keys_of(db: Connection, report_id: str) -> list[KeyRow]:
    return db.many(KEYS_OF, KeyRow, report_id=report_id)


def wrapped_to(db: Connection, kid: str, holder: str, *, limit: int) -> list[str]:
    return db.many(WRAPPED_TO, str, kid=kid, holder=holder, limit=limit)


def reseal(db: Connection, report_id: str, *, body: bytes, person: bytes) -> None:
    db.execute(RESEAL, id=report_id, body=body, person=person)


def put_index(db: Connection, report_id: str, holder: str, digests: Mapping[str, bytes]) -> None:
    """In place of what this holder could find before."""
    db.execute(DROP_INDEX, report_id=report_id, holder=holder)
    for kind, digest in sorted(digests.items()):
        db.execute(PUT_INDEX, report_id=report_id, holder=holder, kind=kind, digest=digest)


def indexed(db: Connection, report_id: str) -> list[str]:
    """Holders who can find it."""
    return db.many(INDEXED, str, report_id=report_id)


def put_index_due(db: Connection, report_id: str) -> None:
    db.execute(PUT_INDEX_DUE, report_id=report_id)


def drop_index_due(db: Connection, report_id: str) -> None:
    db.execute(DROP_INDEX_DUE, report_id=report_id)


def index_due(db: Connection, *, limit: int) -> list[str]:
    return db.many(INDEX_DUE, str, limit=limit)


def same_contact(db: Connection, report_id: str, holder: str, *, limit: int) -> list[str]:
    return db.many(SAME_CONTACT, str, report_id=report_id, holder=holder, limit=limit)


def counted(db: Connection) -> dict[str, int]:
    return {row.kid: row.reports for row in db.many(COUNTED, CountedKid)}
