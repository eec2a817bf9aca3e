"""Very many reports at once, by the database itself: what others have stored, for `bench pull`.

Every report has its rows in every table that a feed or a list could touch, under ids in random order. Their
bytes are shorter than real ones, so that a million fit; what is read by its key does not get slower by that.
Only here does one module write the tables of every feature: no service does, and no store may.
"""

from typing import Final

import msgspec

from waymark.agencies.records import ALL_GROUPS, ReportFacts
from waymark.cli.bench_tablets import report_body
from waymark.intake.report_keys import new_keys, rows_for, seal_body
from waymark.kernel.db import Connection, Sql
from waymark.kernel.vault import Vault
from waymark_sync.report import SCHEMA_VERSION

AT_ONCE: Final = 50_000
NUMBERS: Final = """
    WITH RECURSIVE n (i) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :last)
"""
# Multiplying by an odd number mod 2^32 gives each number another one: ids in no order.
ID: Final = "printf('%08x-0000-4000-8000-000000000000', (i * 2654435761) & 4294967295)"
AT: Final = "strftime('%Y-%m-%dT%H:%M:%fZ', 1763600000 + i, 'unixepoch')"
ON_POSTGRES: Final = (
    (ID, "lpad(to_hex((i * 2654435761) & 4294967295), 8, '0') || '-0000-4000-8000-000000000000'"),
    (AT, "to_char(to_timestamp(1763600000 + i) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"),
    ("randomblob(32)", "sha256(i::text::bytea)"),
    ("zeroblob(64)", "decode(repeat('00', 64), 'hex')"),
    ("zeroblob(400)", "decode(repeat('00', 400), 'hex')"),
)


def _fill(table: str, columns: str, values: str) -> Sql:
    text = f"INSERT INTO {table} ({columns}) {NUMBERS} SELECT {values} FROM n"  # noqa: S608 - our own words
    text = text.replace("ID(i)", ID).replace("AT(i)", AT)
    other = text
    for ours, theirs in ON_POSTGRES:
        other = other.replace(ours, theirs)
    return Sql(text, postgres=other)


QUEUE: Final = (
    "CASE i % 8 WHEN 0 THEN 'waiting' WHEN 1 THEN 'acknowledged' WHEN 2 THEN 'decided' ELSE 'closed' END"
)
STATE: Final = (
    "CASE i % 8 WHEN 0 THEN 'awaiting_triage' WHEN 1 THEN 'in_triage' "
    "WHEN 2 THEN 'crime_recorded' ELSE 'closed' END"
)
FILLS: Final = (
    _fill(
        "intake_item",
        "pos, item_id, device_id, epoch, seq, sha256, header, sealed, sig, received_at, lane, state",
        "i, ID(i), ID(i), 'ffffffffffffffff', 1, randomblob(32), zeroblob(64), zeroblob(400), zeroblob(64), "
        "AT(i), 'visitor', 'opened'",
    ),
    _fill(
        "opened_report",
        "id, pos, number, feed_id, centre_id, sharing_choice, force_id, area, received_at, opened_at, "
        "channel, schema_v, body, person",
        "ID(i), i, i, ID(i), 'demo-harbour-library', 'P1', 'demo-northshire', 'demo-harbour', AT(i), AT(i), "
        f"'self_phone', {SCHEMA_VERSION}, zeroblob(400), zeroblob(64)",
    ),
    *(
        _fill(
            "report_key",
            "report_id, holder, kid, person, wrapped",
            f"ID(i), '{holder}', '', TRUE, zeroblob(64)",
        )
        for holder in ("centre:demo-harbour-library", "force:demo-northshire")
    ),
    _fill(
        "triage_report",
        "report_id, number, state, queue, released, force_id, centre_id, received_at, area, sharing_choice, "
        "channel",
        f"ID(i), i, {STATE}, {QUEUE}, TRUE, 'demo-northshire', 'demo-harbour-library', AT(i), "
        "'demo-harbour', 'P1', 'self_phone'",
    ),
    _fill(
        "release_change",
        "report_id, version, basis, at, actor_id, actor_role",
        "ID(i), 1, 'choice', AT(i), 'bench', 'service'",
    ),
    *(
        _fill(
            "report_release",
            "report_id, from_version, field_group, basis, valid_from",
            f"ID(i), 1, '{group}', 'choice', AT(i)",
        )
        for group in sorted(ALL_GROUPS)
    ),
    _fill(
        "mailbox_feed",
        "feed_id, kind, sign_key, seal_key, last_pos, chain",
        "ID(i), 'visitor', zeroblob(64), zeroblob(64), 1, randomblob(32)",
    ),
    _fill(
        "mailbox_message",
        "id, feed_id, pos, kind, sealed, kid, sig, chain, created_at",
        "ID(i), ID(i), 1, 'receipt', zeroblob(400), 'bench', zeroblob(64), randomblob(32), AT(i)",
    ),
)
FACTS: Final = ReportFacts(
    sharing_choice="P1",
    centre_id="demo-harbour-library",
    force_id="demo-northshire",
    released=ALL_GROUPS,
)
NEWEST, SET_BODY, SET_KEY, ANALYSE = (
    Sql("SELECT id FROM opened_report ORDER BY number DESC LIMIT 100"),
    Sql("UPDATE opened_report SET body = :body, person = :person WHERE id = :id"),
    Sql("""
    UPDATE report_key
    SET kid = :kid, wrapped = :wrapped
    WHERE report_id = :report_id AND holder = :holder
    """),
    Sql("ANALYZE"),
)


def fill(db: Connection, first: int, last: int) -> None:
    """Both included; at most AT_ONCE of them in one transaction."""
    for statement in FILLS:
        db.execute(statement, first=first, last=last)


def make_readable(db: Connection, vault: Vault) -> None:
    """The newest reports, which a list opens."""
    for report_id in db.many(NEWEST, str):
        keys = new_keys()
        body, person = seal_body(keys, msgspec.json.encode(report_body(report_id)), report_id)
        db.execute(SET_BODY, id=report_id, body=body, person=person)
        for row in rows_for(vault.holders, keys, report_id, FACTS):
            db.execute(SET_KEY, kid=row.kid, wrapped=row.wrapped, report_id=report_id, holder=row.holder)


def analyse(db: Connection) -> None:
    """PostgreSQL plans by what it has counted; SQLite's plans do not depend on it here."""
    if db.engine == "postgres":
        db.execute(ANALYSE)
