"""The only SQL of intake: what came, what became of it, and what has been opened."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import asdict

from waymark.intake.records import (
    Arrival,
    Held,
    OpenedMessage,
    OpenedReport,
    Opening,
    Outcome,
    Visit,
    WaitingItem,
)
from waymark.kernel.db import Connection, Sql
from waymark_sync.intake_rules import Known

T = TypeVar("T")

POS_MAX: Final = 2**62
LOOKUP: Final = 64
"""Keys asked for in one statement. One text per statement, so that it is prepared once."""


def _listed(text: str, prefix: str) -> Sql:
    return Sql(text.replace("LISTED", ", ".join(f":{prefix}{n}" for n in range(LOOKUP))))


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
KNOWN_IDS = _listed(
    """
    SELECT item_id, sha256, pos
    FROM intake_item
    WHERE item_id IN (LISTED)
    """,
    "id_",
)
KNOWN_SEQS = _listed(
    """
    SELECT item_id, sha256, pos, seq
    FROM intake_item
    WHERE device_id = :device_id AND epoch = :epoch AND seq IN (LISTED)
    """,
    "seq_",
)
KNOWN_CONFLICT = Sql("""
    SELECT item_id, sha256, pos
    FROM intake_conflict
    WHERE item_id = :item_id AND sha256 = :sha256
""")
# Nobody has opened these, and the signature that came with them may be why.
UNPROVEN = _listed(
    """
    SELECT item_id, sig
    FROM intake_item
    WHERE item_id IN (LISTED) AND (state = 'waiting' OR reason = 'signature_wrong')
    """,
    "id_",
)
RESIGN = Sql("""
    UPDATE intake_item
    SET sig = :sig, state = 'waiting', reason = NULL
    WHERE item_id = :item_id AND sha256 = :sha256 AND (state = 'waiting' OR reason = 'signature_wrong')
""")
ADD_ITEM = Sql("""
    INSERT INTO intake_item
      (pos, item_id, device_id, epoch, seq, sha256, header, sealed, sig, received_at, lane, worked)
    VALUES
      (:pos, :item_id, :device_id, :epoch, :seq, :sha256, :header, :sealed, :sig, :received_at, :lane,
       :worked)
""")
ADD_CONFLICT = Sql("""
    INSERT INTO intake_conflict
      (pos, item_id, device_id, epoch, seq, sha256, header, sealed, sig, received_at, lane, why)
    VALUES
      (:pos, :item_id, :device_id, :epoch, :seq, :sha256, :header, :sealed, :sig, :received_at, :lane, :why)
""")
ADD_FILE = Sql("""
    INSERT INTO intake_file (pos, att_id, item_id, sha256, received_at)
    VALUES (:pos, :att_id, :item_id, :sha256, :now)
""")
FILE_GONE = Sql("UPDATE intake_file SET gone_at = :now WHERE att_id = :att_id AND gone_at IS NULL")
OF_VISITORS = _listed(
    """
    SELECT item_id, worked
    FROM intake_item
    WHERE lane = 'visitor' AND item_id IN (LISTED)
    """,
    "id_",
)
FEEDS_WITH_MESSAGES = _listed(
    """
    SELECT feed_id
    FROM mailbox_feed
    WHERE last_pos > 0 AND feed_id IN (LISTED)
    """,
    "id_",
)
WAITING = Sql("""
    SELECT pos, item_id, sha256, header, sealed, sig, received_at
    FROM intake_item
    WHERE state = 'waiting'
    ORDER BY pos
    LIMIT :limit
""")
SETTLE = Sql("""
    UPDATE intake_item
    SET state = :state, reason = :reason, force_id = :force_id, tried_by = :tried_by
    WHERE pos = :pos AND state = 'waiting'
      AND (COALESCE(CAST(:reason AS TEXT), '') <> 'signature_wrong' OR sig = :judged)
""")
TOLD = Sql("UPDATE intake_item SET told_at = :now WHERE pos = :pos AND told_at IS NULL")
REOPEN = Sql("""
    UPDATE intake_item
    SET state = 'waiting', reason = NULL
    WHERE item_id = :item_id AND state IN ('quarantined', 'dead_letter')
""")
OUTGROWN = Sql("""
    SELECT item_id
    FROM intake_item
    WHERE state IN ('quarantined', 'dead_letter') AND (tried_by IS NULL OR tried_by <> :able)
    ORDER BY pos
    LIMIT :limit
""")
# A tablet that was not known when its report came, and is now.
NOW_KNOWN = Sql("""
    SELECT item_id
    FROM intake_item
    WHERE state = 'quarantined' AND reason = 'device_unknown' AND device_id IN (
      SELECT id FROM device WHERE revoked_at IS NULL
    )
    ORDER BY pos
    LIMIT :limit
""")
HELD_ITEMS = Sql("""
    SELECT item_id AS id, pos, received_at, lane, state, reason, length(sealed) AS bytes, device_id
    FROM intake_item
    WHERE state IN ('quarantined', 'dead_letter') AND (:state = '' OR state = :state) AND pos < :before
    ORDER BY pos DESC
    LIMIT :limit
""")
CONFLICTS = Sql("""
    SELECT item_id AS id, pos, received_at, lane, 'conflict' AS state, why AS reason, length(sealed) AS bytes,
           device_id
    FROM intake_conflict
    WHERE :state IN ('', 'conflict') AND pos < :before
    ORDER BY pos DESC
    LIMIT :limit
""")
LAST_OPENED = Sql("SELECT COALESCE(MAX(number), 0) AS number FROM opened_report")
ADD_OPENED = Sql("""
    INSERT INTO opened_report
      (id, pos, number, feed_id, centre_id, sharing_choice, force_id, area, received_at, opened_at, channel,
       schema_v, note, body, person)
    VALUES
      (:id, :pos, :number, :feed_id, :centre_id, :sharing_choice, :force_id, :area, :received_at, :opened_at,
       :channel, :schema_v, :note, :body, :person)
""")
OPENED = Sql("""
    SELECT r.id, r.pos, r.number, r.feed_id, r.centre_id, r.sharing_choice, r.force_id, r.area, r.received_at,
           r.opened_at, r.channel, r.schema_v, r.note, r.body, r.person, k.holder, k.wrapped
    FROM opened_report AS r
    JOIN report_key AS k ON k.report_id = r.id AND k.holder = 'centre:' || r.centre_id
    WHERE r.id = :id
""")
OPENED_AFTER = Sql("""
    SELECT r.id, r.pos, r.number, r.feed_id, r.centre_id, r.sharing_choice, r.force_id, r.area, r.received_at,
           r.opened_at, r.channel, r.schema_v, r.note, r.body, r.person, k.holder, k.wrapped
    FROM opened_report AS r
    JOIN report_key AS k ON k.report_id = r.id AND k.holder = 'centre:' || r.centre_id
    WHERE r.number > :after
    ORDER BY r.number
    LIMIT :limit
""")
LAST_MESSAGE = Sql("SELECT COALESCE(MAX(number), 0) AS number FROM opened_message")
ADD_MESSAGE = Sql("""
    INSERT INTO opened_message (id, number, report_id, received_at, body)
    VALUES (:id, :number, :report_id, :received_at, :body)
""")
MESSAGES_AFTER = Sql("""
    SELECT id, number, report_id, received_at, body
    FROM opened_message
    WHERE number > :after
    ORDER BY number
    LIMIT :limit
""")
# What a phone added to its report may have come before the report.
LOOK_AGAIN = Sql("""
    UPDATE intake_item
    SET state = 'waiting', reason = NULL
    WHERE device_id = :device_id AND state = 'quarantined' AND reason = :reason
""")


class Signed(Struct, frozen=True, kw_only=True):
    item_id: str
    sig: bytes


class KnownSeq(Struct, frozen=True, kw_only=True):
    item_id: str
    sha256: bytes
    pos: int
    seq: int


def last_pos(db: Connection) -> int:
    return db.one(LAST_POS, int) or 0


def known_by_id(db: Connection, item_ids: Iterable[str]) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for some in _chunks(item_ids):
        for known in db.many(KNOWN_IDS, Known, **_filled("id_", some)):
            found[known.item_id] = known
    return found


def known_by_seq(db: Connection, device_id: str, epoch: str, seqs: Iterable[int]) -> dict[int, Known]:
    found: dict[int, Known] = {}
    for some in _chunks(seqs):
        values = _filled("seq_", some)
        for known in db.many(KNOWN_SEQS, KnownSeq, device_id=device_id, epoch=epoch, **values):
            found[known.seq] = Known(item_id=known.item_id, sha256=known.sha256, pos=known.pos)
    return found


def unproven(db: Connection, item_ids: Iterable[str]) -> dict[str, bytes]:
    """By id the signature of those that are not open: waiting, or held because of it."""
    return {
        row.item_id: row.sig
        for some in _chunks(item_ids)
        for row in db.many(UNPROVEN, Signed, **_filled("id_", some))
    }


def resign(db: Connection, *, item_id: str, sha256: bytes, sig: bytes) -> bool:
    return db.execute(RESIGN, item_id=item_id, sha256=sha256, sig=sig) == 1


def known_conflict(db: Connection, *, item_id: str, sha256: bytes) -> Known | None:
    return db.one(KNOWN_CONFLICT, Known, item_id=item_id, sha256=sha256)


def row_of(arrival: Arrival, *, pos: int, received_at: str) -> dict[str, Any]:
    header, envelope = arrival.header, arrival.envelope
    return {
        "pos": pos,
        "item_id": header.item_id,
        "device_id": header.device_id,
        "epoch": header.epoch,
        "seq": header.seq,
        "sha256": envelope.sha256,
        "header": envelope.header,
        "sealed": envelope.sealed,
        "sig": envelope.sig,
        "received_at": received_at,
        "lane": arrival.lane,
    }


def add_items(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    db.execute_many(ADD_ITEM, rows)


def add_conflicts(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    db.execute_many(ADD_CONFLICT, rows)


def add_file(db: Connection, known: Known, *, item_id: str, now: datetime) -> None:
    values = {"pos": known.pos, "att_id": known.item_id, "sha256": known.sha256}
    db.execute(ADD_FILE, item_id=item_id, now=now, **values)


def file_gone(db: Connection, att_id: str, *, now: datetime) -> None:
    db.execute(FILE_GONE, att_id=att_id, now=now)


def feeds_with_messages(db: Connection, feed_ids: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for some in _chunks(feed_ids):
        found.update(db.many(FEEDS_WITH_MESSAGES, str, **_filled("id_", some)))
    return found


def of_visitors(db: Connection, item_ids: Iterable[str]) -> list[Visit]:
    return [
        visit for some in _chunks(item_ids) for visit in db.many(OF_VISITORS, Visit, **_filled("id_", some))
    ]


def waiting(db: Connection, *, limit: int) -> list[WaitingItem]:
    return db.many(WAITING, WaitingItem, limit=limit)


def settle(db: Connection, outcome: Outcome, *, force_id: str, tried_by: str) -> bool:
    """False: somebody else has settled it meanwhile, or it came again with another signature."""
    found = {"pos": outcome.pos, "state": outcome.state, "reason": outcome.reason}
    return db.execute(SETTLE, force_id=force_id, tried_by=tried_by, judged=outcome.judged, **found) == 1


def first_told(db: Connection, pos: int, *, now: datetime) -> bool:
    return db.execute(TOLD, pos=pos, now=now) == 1


def reopen(db: Connection, item_ids: Iterable[str]) -> list[str]:
    """Those that were held."""
    return [item_id for item_id in item_ids if db.execute(REOPEN, item_id=item_id) == 1]


def outgrown(db: Connection, able: str, *, limit: int) -> list[str]:
    return db.many(OUTGROWN, str, able=able, limit=limit)


def now_known(db: Connection, *, limit: int) -> list[str]:
    return db.many(NOW_KNOWN, str, limit=limit)


def held(db: Connection, *, state: str = "", before: int = POS_MAX, limit: int) -> list[Held]:
    """Quarantine, dead letters and conflicts, newest first."""
    asked = {"state": state, "before": before, "limit": limit}
    found = [*db.many(HELD_ITEMS, Held, **asked), *db.many(CONFLICTS, Held, **asked)]
    return sorted(found, key=lambda item: -item.pos)[:limit]


def last_opened(db: Connection) -> int:
    return db.one(LAST_OPENED, int) or 0


def add_opened(db: Connection, report: Opening) -> None:
    db.execute(ADD_OPENED, **asdict(report))


def last_message(db: Connection) -> int:
    return db.one(LAST_MESSAGE, int) or 0


def add_message(db: Connection, message: OpenedMessage) -> None:
    db.execute(ADD_MESSAGE, **asdict(message))


def messages_after(db: Connection, number: int, *, limit: int) -> list[OpenedMessage]:
    return db.many(MESSAGES_AFTER, OpenedMessage, after=number, limit=limit)


def look_again(db: Connection, device_id: str, *, reason: str) -> None:
    db.execute(LOOK_AGAIN, device_id=device_id, reason=reason)


def opened(db: Connection, report_id: str) -> OpenedReport | None:
    return db.one(OPENED, OpenedReport, id=report_id)


def opened_after(db: Connection, number: int, *, limit: int) -> list[OpenedReport]:
    return db.many(OPENED_AFTER, OpenedReport, after=number, limit=limit)


def _chunks(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(islice(rest, LOOKUP)):
        yield chunk


def _filled(prefix: str, values: Sequence[T]) -> dict[str, T]:
    """Exactly LOOKUP parameters: the first value again where there are fewer."""
    padded = [*values, *[values[0]] * (LOOKUP - len(values))]
    return {f"{prefix}{n}": value for n, value in enumerate(padded)}
