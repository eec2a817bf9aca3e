"""A device of a story: an outbox with the real statements, and one or more drainers of the real core."""

from typing import Any

import msgspec
from msgspec.structs import replace

from waymark_sync import core_parts as core
from waymark_sync.intake_rules import Known
from waymark_sync.messages import ReceiptBody
from waymark_sync.outbox import Outbox, Settled
from waymark_sync.outbox_rows import NotSaved, Row, Scope
from waymark_sync.protocol import Attachment, Envelope, Header, decode_header
from waymark_sync.simulate import stand_ins
from waymark_sync.simulate.faults import Ablation, Chance
from waymark_sync.simulate.ledger import Ledger, Saved
from waymark_sync.simulate.operator import Operator

VISITS_MAX = 3  # reports that one visitor makes


class DiskFull(Exception):
    """The write failed; nothing of it is there."""


class Store(Outbox):
    """An outbox whose disk may be full, and may read back nothing where something was written."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.reads_nothing = False
        self.gone: list[core.LetGo] = []
        """What the last transaction let go of."""

    def _write(self, write: core.Write) -> None:
        if isinstance(write, core.LetGo):
            if self._changed("let_go", **msgspec.structs.asdict(write)):
                self.gone.append(write)
        else:
            super()._write(write)

    def item(self, item_id: str) -> Row | None:
        if self.reads_nothing:
            self.reads_nothing = False
            return None
        return super().item(item_id)

    def run(self, sql: str, **values: Any) -> None:
        """For what no outbox does: rot, and the ablations."""
        self._db.execute(sql, values)

    def reopen(self) -> None:
        """As another build of the app does."""
        self._migrate()

    def copied(self) -> "Store":
        made = Store()
        self._db.backup(made._db)
        return made


class LocalFile:
    """Sealed bytes beside the outbox."""

    def __init__(self, item_id: str, listed: Attachment, sealed: bytes) -> None:
        self.item_id, self.listed = item_id, listed
        self.sealed: bytes | None = sealed
        """None: let go of."""

    def copied(self) -> "LocalFile":
        made = LocalFile(self.item_id, self.listed, b"")
        made.sealed = self.sealed
        return made


class Phone:
    """One store. `visitor`: a new identity for each report."""

    def __init__(
        self, name: str, chance: Chance, ledger: Ledger, operator: Operator, *, visitor: bool
    ) -> None:
        self.name, self.visitor = name, visitor
        self.chance, self.ledger, self.operator = chance, ledger, operator
        self.store = Store()
        self.device_id = stand_ins.uuid(chance.draw)
        self.epoch = f"{chance.draw.getrandbits(64):016x}"
        self.identities = [] if visitor else [self.device_id]
        self.files: dict[str, LocalFile] = {}
        self.clock_offset_ms = 0
        self.kids = {"r1"}
        self.issued_at = 1
        self.captured = 0
        self.feed_turn = 0
        self.revoked = False

    @property
    def ablation(self) -> Ablation | None:
        return self.operator.service.ablation

    def capture(self, sealed_file: bytes | None = None) -> str | None:
        """Seal a report and keep it. None: it was not saved, and nobody was told that it was."""
        draw = self.chance.draw
        if self.visitor and len(self.identities) == VISITS_MAX:
            return None
        if self.store.order() is not None:
            return None
        if self.visitor:
            self.device_id, self.epoch = stand_ins.uuid(draw), f"{draw.getrandbits(64):016x}"
            self.identities.append(self.device_id)
        item_id, att_id = stand_ins.uuid(draw), stand_ins.uuid(draw)
        listed = stand_ins.attachment(att_id, sealed_file) if sealed_file else None
        full = self.chance.on_the_device("disk_full_at_capture")
        self.store.reads_nothing = self.chance.on_the_device("value_lost")

        def seal(seq: int) -> Envelope:
            if full:
                raise DiskFull
            header = Header(
                kid="s1",
                device_id=self.device_id,
                epoch=self.epoch,
                seq=seq,
                item_id=item_id,
                att=(listed,) if listed else (),
            )
            return stand_ins.envelope(header, draw)

        try:
            self.captured += 1
            row = self.store.add(
                device_id=self.device_id, epoch=self.epoch, created_at=f"{self.captured:06}", seal=seal
            )
        except (DiskFull, NotSaved):
            return None
        finally:
            self.store.reads_nothing = False
        self.ledger.saved[item_id] = Saved(row.sha256, (row.device_id, row.epoch, row.seq))
        if listed and sealed_file:
            self.files[att_id] = LocalFile(item_id, listed, sealed_file)
            self.ledger.files[att_id] = Saved(listed.sha256, size=listed.size)
        return item_id

    def cloned(self, name: str) -> "Phone":
        """The whole store, keys and all."""
        made = Phone(name, self.chance, self.ledger, self.operator, visitor=False)
        made.store.close()
        made.store = self.store.copied()
        made.device_id, made.epoch, made.identities = self.device_id, self.epoch, list(self.identities)
        made.files = {att_id: file.copied() for att_id, file in self.files.items()}
        made.kids, made.issued_at = set(self.kids), self.issued_at
        self.ledger.cloned.add((self.device_id, self.epoch))
        return made

    @property
    def holding(self) -> bool:
        """Anything whose bytes are here still."""
        return self.store.holding() or any(file.sealed is not None for file in self.files.values())

    @property
    def leaving(self) -> Scope | None:
        order = self.store.order()
        return order.leaving if order else None

    @property
    def draining(self) -> bool:
        """The service proves a file once it holds all of it, so this looks whether it does."""
        uploads = self.operator.service.disk.uploads
        waiting = [att_id for att_id, file in self.files.items() if file.sealed is not None]
        return self.store.draining() or any(
            (found := uploads.get(att_id)) is None or found.pos is None for att_id in waiting
        )

    def carry_out(self, scope: Scope) -> None:
        """I15: the keys go when everything has arrived, and for one who was taken out of service."""
        order = self.store.order()
        if order is None or self.draining or self.device_id not in self.operator.service.revoked:
            self.ledger.broken("I15 revocation")
        elif order.gone != scope:
            self.store.carried_out(replace(order, gone=scope), {})

    def apply(self, effect: core.Apply) -> Settled:
        """One transaction of the real outbox; what it let go of is held against the backups at once."""
        writes = self._ablated(effect.writes)
        changed = core.Apply(
            number=effect.number, writes=writes, incarnation=effect.incarnation, seen=effect.seen
        )
        self.store.gone.clear()
        settled = self.store.apply(changed)
        if settled.stale:
            return settled
        for write in writes:
            if isinstance(write, core.TakeReceipt):
                self._check_receipt(write.body, write.sha256)
        for gone in self.store.gone:
            self.ledger.check_let_go(gone.item_id, gone.sha256, self.operator.backups)
        return settled

    def _ablated(self, writes: tuple[core.Write, ...]) -> tuple[core.Write, ...]:
        receipts = [write for write in writes if isinstance(write, core.TakeReceipt)]
        if not receipts:
            return writes
        if self.ablation == "delete_on_ack":
            return (*writes, *(_let_go(write.body, write.sha256) for write in receipts))
        if self.ablation == "borrowed_floor":
            receipt = receipts[0].body.receipt
            held = self.store.retained(limit=1_000)
            gone = [one for one in held if one.pos <= receipt.restore_floor]
            return (
                *writes,
                *(
                    core.LetGo(
                        item_id=one.item_id, sha256=one.sha256, incarnation=receipt.incarnation, pos=one.pos
                    )
                    for one in gone
                ),
            )
        return writes

    def _check_receipt(self, body: ReceiptBody, sha256: bytes) -> None:
        known = Known(item_id=body.item_id, sha256=sha256, pos=body.result.pos or 0)
        self.ledger.check_receipt(body.receipt.incarnation, known)

    # What the ablations do to a store, past its own guards.

    def forget(self, rows: tuple[Row, ...]) -> None:
        self.store.run("DROP TRIGGER IF EXISTS outbox_kept")
        for row in rows:
            self.store.run("DELETE FROM outbox WHERE item_id = :item_id", item_id=row.item_id)

    def reseal(self, row: Row) -> Row:
        """The bytes that a report gets when it is sealed again."""
        header = _header(row)
        made = stand_ins.envelope(header, self.chance.draw)
        self._thaw()
        self.store.run(
            "UPDATE outbox SET sealed = :sealed, sha256 = :sha256, sig = :sig WHERE item_id = :item_id",
            sealed=made.sealed,
            sha256=made.sha256,
            sig=made.sig,
            item_id=row.item_id,
        )
        return self.store.item(row.item_id) or row

    def rot(self, row: Row) -> None:
        """A bit of the sealed bytes turns. The hash beside them does not."""
        self._thaw()
        spoilt = bytes([(row.sealed or b"\0")[0] ^ 1]) + (row.sealed or b"\0")[1:]
        self.store.run(
            "UPDATE outbox SET sealed = :sealed WHERE item_id = :item_id", sealed=spoilt, item_id=row.item_id
        )

    def _thaw(self) -> None:
        for trigger in ("outbox_frozen", "outbox_sealed_frozen"):
            self.store.run(f"DROP TRIGGER IF EXISTS {trigger}")  # names of our own


def _header(row: Row) -> Header:
    return decode_header(row.header)


def _let_go(body: ReceiptBody, sha256: bytes) -> core.LetGo:
    return core.LetGo(
        item_id=body.item_id,
        sha256=sha256,
        incarnation=body.receipt.incarnation,
        pos=body.result.pos or 0,
    )
