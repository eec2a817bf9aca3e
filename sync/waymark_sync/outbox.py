"""Outbox of one device. Bytes are frozen when added; nothing is let go before a receipt and the floor.

The schema and every statement are those of outbox.sql, which the browser runs too. A report is saved when
`add` returns: committed with an fsync, read back in a new transaction and hashed again. A crash at any
point leaves a row queued or as it was; being in flight is no state.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from pysqlite3 import dbapi2

from waymark_sync import core_parts as core
from waymark_sync.backoff import SUSPECT_AFTER
from waymark_sync.messages import ReceiptBody
from waymark_sync.outbox_rows import Custody, Held, KeptOrder, NotHeld, NotSaved, Row, State, StoredMessage
from waymark_sync.protocol import Envelope, ExportedQueue, Message, PullResponse, decode_header

__all__ = ["Custody", "Held", "NotHeld", "NotSaved", "Outbox", "Row", "State", "StoredMessage"]

SQLITE_OLDEST = (3, 51, 3)  # older ones may corrupt a WAL database that is written and checkpointed at once
BUSY_TIMEOUT_S = 10.0


class Settled(Struct, frozen=True, kw_only=True):
    """What became of an answer. `stale`: nothing, for another drainer knows a newer lineage."""

    stale: bool = False
    requeued: bool = False


def sections() -> dict[str, str]:
    """The parts of outbox.sql by name."""
    text = files("waymark_sync").joinpath("outbox.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- :(\w+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


SQL = sections()


class Outbox:
    """One open file. Several may be open on the same file; each belongs to one thread."""

    def __init__(self, path: Path | str) -> None:
        if dbapi2.sqlite_version_info < SQLITE_OLDEST:
            raise RuntimeError(
                f"SQLite {dbapi2.sqlite_version} can corrupt what it holds; use 3.51.3 or later"
            )
        self._db = dbapi2.connect(str(path), isolation_level=None, timeout=BUSY_TIMEOUT_S)
        self._db.row_factory = dbapi2.Row
        for setting in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._db.execute(f"PRAGMA {setting}")
        self._migrate()

    def close(self) -> None:
        self._db.close()

    def add(self, *, device_id: str, epoch: str, created_at: str, seal: Callable[[int], Envelope]) -> Row:
        """Give out the next number, seal under it, and keep the bytes: one transaction, so no gaps.

        Raises NotSaved, or what `seal` raises; then nothing was added.
        """
        with self._transaction():
            seq = int(self._value("next_seq", device_id=device_id, epoch=epoch))
            envelope = seal(seq)
            header = decode_header(envelope.header)
            if (header.device_id, header.epoch, header.seq) != (device_id, epoch, seq):
                raise NotSaved("sealed under another number than the one given out")
            item_id = self._insert(envelope, created_at)
        return self._read_back(item_id, envelope)

    def item(self, item_id: str) -> Row | None:
        return next(iter(self._rows("item", item_id=item_id)), None)

    def items(self) -> list[Row]:
        """All, oldest first."""
        return self._rows("items")

    def due(self, now_ms: int, *, limit: int = 64) -> list[Row]:
        """Queued reports whose time has come."""
        return self._rows("due", now=now_ms, limit=limit)

    def next_try_ms(self) -> int | None:
        """When the next queued report falls due: 0 for at once, None when nothing waits."""
        found = self._value("next_try")
        return None if found is None else int(found)

    def record_receipt(self, body: ReceiptBody, *, sha256: bytes) -> bool:
        """Take over a receipt that the caller has verified. False: another drainer was first."""
        return self._changed(
            "record_receipt",
            item_id=body.item_id,
            sha256=sha256,
            receipt=msgspec.msgpack.encode(body),
            incarnation=body.receipt.incarnation,
            pos=body.result.pos,
        )

    def record_retry(
        self,
        row: Row,
        *,
        next_try_ms: int,
        error: str,
        attempts: int | None = None,
        companions: int | None = None,
        solo_failures: int | None = None,
    ) -> bool:
        """Note a failed try. None leaves a number as it was, except attempts: one more."""
        return self._changed(
            "record_retry",
            item_id=row.item_id,
            attempts_before=row.attempts,
            attempts=row.attempts + 1 if attempts is None else attempts,
            companions=row.companions if companions is None else companions,
            solo_failures=row.solo_failures if solo_failures is None else solo_failures,
            next_try_at=next_try_ms,
            last_error=error,
        )

    def quarantine(self, row: Row, *, error: str) -> bool:
        """The service stored nothing and will not. The bytes stay, and can be exported."""
        return self._changed("quarantine", item_id=row.item_id, sha256=row.sha256, last_error=error)

    def adopt_incarnation(self, incarnation: str) -> bool:
        """Note which lineage the service is. True: it has changed, so all is queued and read again."""
        with self._transaction():
            known = self.state("incarnation")
            if known == incarnation:
                return False
            self.keep_state("incarnation", incarnation)
            if known is None:
                return False
            self._run("requeue_all", incarnation=incarnation)
            self._run("forget_cursors")
            return True

    def apply(self, effect: core.Apply) -> Settled:
        """All that an answer changes, in one transaction."""
        with self._transaction():
            requeued, known = False, self.state("incarnation")
            if effect.incarnation is not None and effect.incarnation != known:
                if known != effect.seen:
                    return Settled(stale=True)
                requeued = self.adopt_incarnation(effect.incarnation)
            for write in effect.writes:
                self._write(write)
            return Settled(requeued=requeued)

    def _write(self, write: core.Write) -> None:
        match write:
            case core.TakeReceipt():
                self.record_receipt(write.body, sha256=write.sha256)
            case core.SetAside():
                self.quarantine(write.row, error=write.error)
            case core.Postpone():
                self.record_retry(**_fields(write))
            case core.LetGo():
                self._run("let_go", **_fields(write))
            case core.OfferAgain():
                self._run("offer_again", **_fields(write))
            case core.KeepPage():
                self.keep_page(write.feed_id, write.page)
            case core.MarkApplied():
                self.mark_applied(write.message_id)
            case core.Remember():
                self.keep_state(write.key, write.value)
            case core.SendNow():
                self.send_now()
            case core.Obey(device_id=device_id, scope=scope):
                self._obey(KeptOrder(device_id=device_id, scope=scope))
            case core.PassOver():
                self.keep_state("orders_passed_over", self.orders_passed_over() + 1)

    def requeue_all(self, incarnation: str) -> int:
        """Queue again whatever is held without a receipt of this incarnation. How many that were."""
        return int(self._run("requeue_all", incarnation=incarnation).rowcount)

    def send_now(self) -> None:
        """A person asks: no waiting."""
        self._run("send_now")

    def retained(self, *, device_id: str = "", item_id: str = "", limit: int) -> list[Held]:
        """Receipted reports that are held still, after that one in order of device and id."""
        found = self._run("retained", device_id=device_id, item_id=item_id, limit=limit)
        return [Held(**dict(row)) for row in found]

    def holding(self) -> bool:
        """Is anything receipted held still?"""
        return bool(self._value("holding"))

    def draining(self) -> bool:
        """Does anything wait that may yet go? What fails again and again, all alone, does not count."""
        return bool(self._value("draining", solo_failures=SUSPECT_AFTER))

    def order(self) -> KeptOrder | None:
        """That the device was taken out of service, once it was."""
        raw = self.state("order")
        return None if raw is None else msgspec.msgpack.decode(raw, type=KeptOrder)

    def orders_passed_over(self) -> int:
        return int(self.state("orders_passed_over") or 0)

    def stuck(self) -> bool:
        """Is anything here that never arrived, and is not waited for?"""
        return bool(self._value("stuck"))

    def carried_out(self, order: KeptOrder, states: Mapping[str, str | int | bytes]) -> None:
        """Forget what came back and keep these states, in one transaction; no trace of before stays."""
        with self._transaction():
            self._run("forget_messages")
            self._run("forget_cursors")
            if order.gone == "all":
                for name in ("may_forget", "forget_reports", "forget_state", "may_not_forget"):
                    self._run(name)
            for key, value in states.items():
                self.keep_state(key, value)
            self.keep_state("order", msgspec.msgpack.encode(order))
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _obey(self, order: KeptOrder) -> None:
        known = self.order()
        if known is not None and known.device_id == order.device_id:
            if (known.scope, order.scope) != ("keys", "all"):
                return
            order = msgspec.structs.replace(known, scope="all")
        self.keep_order(order)

    def keep_order(self, order: KeptOrder) -> None:
        self.keep_state("order", msgspec.msgpack.encode(order))

    def custody(self, device_id: str) -> list[Custody]:
        """Of every epoch of this device."""
        return [Custody(**dict(row)) for row in self._run("custody", device_id=device_id)]

    def queued_kids(self, *, device_id: str, epoch: str) -> list[str]:
        """Of the service keys that unsent reports are sealed to: their private halves are still needed."""
        headers = self._run("queued_headers", device_id=device_id, epoch=epoch)
        return sorted({decode_header(row["header"]).kid for row in headers})

    def oldest_queued(self, *, device_id: str, epoch: str) -> str | None:
        """When the oldest unsent report was made, as it was told; None when nothing waits."""
        found = self._value("oldest_queued", device_id=device_id, epoch=epoch)
        return None if found is None else str(found)

    def export(self) -> ExportedQueue:
        """Everything unsent, to carry by hand: sealed, so safe to carry."""
        waiting = [row for row in self.items() if row.state in ("queued", "quarantined")]
        return ExportedQueue(format="waymark-sealed-queue/1", items=tuple(row.envelope() for row in waiting))

    def import_queue(self, queue: ExportedQueue, *, created_at: str) -> int:
        """Queue another device's envelopes beside our own. How many were new.

        Raises NotSaved when an envelope is damaged or clashes with one held here; then none is added.
        """
        before = len(self.items())
        try:
            with self._transaction():
                for envelope in queue.items:
                    if hashlib.sha256(envelope.header + envelope.sealed).digest() != envelope.sha256:
                        raise NotSaved("an envelope of the file is damaged")
                    self._insert(envelope, created_at)
        except dbapi2.IntegrityError as error:
            raise NotSaved(str(error)) from error
        return len(self.items()) - before

    def together(self) -> AbstractContextManager[None]:
        """What is read and kept within is one transaction."""
        return self._transaction()

    def last_seq(self, *, device_id: str, epoch: str) -> int:
        """Given out so far. Nought: none."""
        return int(self._value("next_seq", device_id=device_id, epoch=epoch)) - 1

    def state(self, key: str) -> Any:
        """A setting of this device, None when never kept."""
        return self._value("state", key=key)

    def keep_state(self, key: str, value: str | int | bytes) -> None:
        self._run("keep_state", key=key, value=value)

    def cursor(self, feed_id: str) -> str:
        """Empty before the first pull."""
        return str(self._value("cursor", feed_id=feed_id) or "")

    def keep_page(self, feed_id: str, page: PullResponse) -> None:
        """Messages and cursor in one transaction: the cursor is never ahead of what is held."""
        with self._transaction():
            for message in page.messages:
                self._add_message(feed_id, message)
            self._run("keep_cursor", feed_id=feed_id, cursor=page.cursor, incarnation=page.incarnation)

    def messages(self, feed_id: str) -> list[StoredMessage]:
        """In the feed's order, unknown kinds too."""
        return [
            StoredMessage(**{**dict(row), "applied": bool(row["applied"])})
            for row in self._run("feed_messages", feed_id=feed_id)
        ]

    def mark_applied(self, message_id: str) -> None:
        self._run("mark_applied", id=message_id)

    def _migrate(self) -> None:
        with self._transaction():
            done = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            for version in sorted(
                int(name.removeprefix("schema_")) for name in SQL if name.startswith("schema_")
            ):
                if version > done:
                    for statement in _statements(SQL[f"schema_{version}"]):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version = {version}")

    def _insert(self, envelope: Envelope, created_at: str) -> str:
        header = decode_header(envelope.header)
        self._run(
            "add",
            item_id=header.item_id,
            device_id=header.device_id,
            epoch=header.epoch,
            seq=header.seq,
            created_at=created_at,
            **msgspec.structs.asdict(envelope),
        )
        return header.item_id

    def _read_back(self, item_id: str, written: Envelope) -> Row:
        row = self.item(item_id)
        if row is None or row.sealed is None or row.sig != written.sig:
            raise NotSaved(item_id)
        if hashlib.sha256(row.header + row.sealed).digest() != written.sha256 or row.sha256 != written.sha256:
            raise NotSaved(item_id)
        return row

    def _add_message(self, feed_id: str, message: Message) -> None:
        self._run(
            "add_message",
            id=message.id,
            feed_id=feed_id,
            pos=message.pos,
            kind=message.kind,
            sealed=message.sealed,
        )

    def _rows(self, name: str, **values: Any) -> list[Row]:
        return [Row(**dict(row)) for row in self._run(name, **values)]

    def _value(self, name: str, **values: Any) -> Any:
        row = self._run(name, **values).fetchone()
        return None if row is None else row[0]

    def _changed(self, name: str, **values: Any) -> bool:
        return bool(self._run(name, **values).rowcount == 1)

    def _run(self, name: str, **values: Any) -> Any:
        return self._db.execute(SQL[name], values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def _fields(write: Struct) -> dict[str, Any]:
    return {name: getattr(write, name) for name in write.__struct_fields__}


def _statements(script: str) -> Sequence[str]:
    """Split a script where SQLite itself sees the end of a statement; executescript would commit first."""
    found, open_part = [], ""
    for line in script.splitlines(keepends=True):
        open_part += line
        if dbapi2.complete_statement(open_part):
            found.append(open_part)
            open_part = ""
    return found
