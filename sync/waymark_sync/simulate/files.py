"""Files of a story: a device sends them by the real rules of `core_files`; the service keeps what it has.

A file that is complete has an intake position of its own, for the floor speaks of what was stored before
it: the position of its report would let a file go that came after the backup.
"""

import hashlib
from typing import TYPE_CHECKING, Final

from waymark_sync.answers import NOT_THE_SERVICE, Failure, ends_pass, failure_of, no_answer
from waymark_sync.codec import MSGPACK, WireError, decode, encode
from waymark_sync.core_files import (
    FileAnswered,
    FileEffect,
    FileEvent,
    FileFailed,
    FileSent,
    SendStart,
    begin_file,
    step_file,
)
from waymark_sync.intake_rules import Known, root_from_path
from waymark_sync.protocol import AttState, Leaf, leaf_bytes
from waymark_sync.simulate import stand_ins
from waymark_sync.simulate.disk import Upload
from waymark_sync.simulate.network import Asked, Network
from waymark_sync.simulate.phone import LocalFile, Phone
from waymark_sync.simulate.service import Service
from waymark_sync.transport import Reply

if TYPE_CHECKING:
    from waymark_sync.simulate.drainer import Drainer

NOT_LISTED: Final = Failure(kind="unreachable", reason="http_404")
"""No stored report lists it, as where the report is in conflict; the other files do not wait for that."""
PIECE_BYTES: Final = 64  # so that a file of up to 200 bytes has a few


class FilesAtService:
    def __init__(self, service: Service) -> None:
        self._service = service

    def start(self, att_id: str) -> Reply:
        disk = self._service.disk
        listed = self._service.ledger.files[att_id]
        if att_id not in disk.announced:
            return Reply(status=404, headers={}, body=b"{}")
        if att_id not in disk.uploads:
            disk.uploads[att_id] = Upload(disk.announced[att_id], listed.size, listed.sha256)
        return self._state(att_id, 200)

    def piece(self, att_id: str, offset: int, sealed: bytes) -> Reply:
        disk = self._service.disk
        upload = disk.uploads.get(att_id)
        if upload is None:
            return Reply(status=404, headers={}, body=b"{}")
        if upload.pos is not None:
            return self._state(att_id, 200)
        if offset != len(upload.held):
            return self._state(att_id, 409)
        held, pos = upload.held + sealed, None
        if len(held) >= upload.size:
            if hashlib.sha256(held).digest() != upload.sha256:
                disk.uploads[att_id] = Upload(upload.item_id, upload.size, upload.sha256)
                return self._state(att_id, 409)
            known = disk.allot(att_id, upload.sha256)
            self._service.ledger.committed(disk.incarnation, known)
            pos = known.pos
        disk.uploads[att_id] = Upload(upload.item_id, upload.size, upload.sha256, held, pos)
        return self._state(att_id, 200)

    def _state(self, att_id: str, status: int) -> Reply:
        upload = self._service.disk.uploads[att_id]
        leaf = receipt = None
        if upload.pos is not None:
            leaf = Leaf(index=0, size=1, path=())
            receipt = self._service.receipt([leaf_bytes(att_id, upload.sha256, upload.pos, "complete")])
        told = AttState(
            att_id=att_id,
            offset=len(upload.held),
            size=upload.size,
            complete=upload.pos is not None,
            pos=upload.pos,
            leaf=leaf,
            receipt=receipt,
        )
        return Reply(status=status, headers={"content-type": MSGPACK}, body=encode(told, MSGPACK))


class FilePass:
    """After a pass of reports: each file that is still here, one after the other, while all goes well."""

    def __init__(self, drainer: "Drainer", network: Network) -> None:
        self._drainer, self._network, self._life = drainer, network, drainer.life
        self._left = [
            file for file in drainer.phone.files.values() if file.sealed is not None and self._sent(file)
        ]
        self.next()

    def next(self) -> None:
        if self._left:
            self._file = self._left.pop()
            self._sending, effect = begin_file(
                self._file.item_id, self._file.listed.att_id, piece_bytes=PIECE_BYTES
            )
            self._perform(effect)

    def came(self, reply: Reply) -> None:
        """As the real sender: a 409 is an answer."""
        if reply.status not in (200, 409):
            failure = failure_of(reply.status, reply.headers) or NOT_THE_SERVICE
            self._step(FileFailed(failure=failure))
            return
        try:
            told = decode(reply.body, reply.headers.get("content-type", ""), AttState)
        except WireError:
            self._step(FileFailed(failure=Failure(kind="later", reason="unreadable")))
            return
        self._step(FileAnswered(state=told, proven=_proven(told, self._file, self._drainer.phone)))

    def silent(self, *, sent: bool) -> None:
        self._step(FileFailed(failure=no_answer(sent=sent)))

    def _sent(self, file: LocalFile) -> bool:
        row = self._drainer.phone.store.item(file.item_id)
        return row is not None and row.state in ("receipted", "tombstone")

    def _step(self, event: FileEvent) -> None:
        if self._life != self._drainer.life:
            return
        self._sending, effect = step_file(self._sending, event)
        self._perform(effect)

    def _perform(self, effect: FileEffect) -> None:
        if isinstance(effect, FileSent):
            if effect.complete is not None:
                self._completed(effect.complete)
            if effect.failure is None or not ends_pass(effect.failure) or effect.failure == NOT_LISTED:
                self.next()
            return
        service = FilesAtService(self._drainer.phone.operator.service)
        if isinstance(effect, SendStart):
            att_id = effect.att_id
            self._network.send(Asked(answer=lambda: service.start(att_id)), _Once(self, self._sending))
            return
        att_id, offset = effect.att_id, effect.offset
        piece = (self._file.sealed or b"")[offset : offset + effect.length]
        self._network.send(
            Asked(answer=lambda: service.piece(att_id, offset, piece)), _Once(self, self._sending)
        )

    def _completed(self, told: AttState) -> None:
        phone, listed = self._drainer.phone, self._file.listed
        pos = told.pos or 0
        if told.receipt is None:
            return
        known = Known(item_id=listed.att_id, sha256=listed.sha256, pos=pos)
        phone.ledger.check_receipt(told.receipt.incarnation, known)
        if told.receipt.restore_floor >= pos or phone.ablation == "delete_on_ack":
            self._file.sealed = None
            phone.ledger.check_let_go(listed.att_id, listed.sha256, phone.operator.backups)


class _Once:
    """Late answers about a file are of no use: the next pass asks again."""

    def __init__(self, files: FilePass, asked: object) -> None:
        self._files, self._asked = files, asked

    def came(self, reply: Reply) -> None:
        if self._files._sending is self._asked:
            self._files.came(reply)

    def silent(self, *, sent: bool) -> None:
        if self._files._sending is self._asked:
            self._files.silent(sent=sent)


def _proven(told: AttState, file: LocalFile, phone: Phone) -> bool:
    """As `trust.covers_file`, but for the signature."""
    if not told.complete or told.receipt is None or told.leaf is None or told.pos is None:
        return False
    if told.att_id != file.listed.att_id or told.offset != file.listed.size:
        return False
    leaf = leaf_bytes(told.att_id, file.listed.sha256, told.pos, "complete")
    root = root_from_path(leaf, index=told.leaf.index, size=told.leaf.size, path=told.leaf.path)
    return root == told.receipt.root and bool(stand_ins.receipt_good(told.receipt, phone.kids))
