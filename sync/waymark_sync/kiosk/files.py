"""Sealed files on the kiosk's disk.

They are there before their report is, go after it, and are kept until no restored service can need them.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec
from msgspec import Struct

from waymark_sync.answers import Failure
from waymark_sync.file_sender import KeptFile, keep_file, read_on, send_file
from waymark_sync.kiosk.home import Home, sync_folder
from waymark_sync.outbox import Row
from waymark_sync.protocol import ATT_CHUNK_BYTES, Attachment, AttState, KeySet, decode_header
from waymark_sync.transport import FileTransport

STATE: Final = "file:"


class Arrived(Struct, frozen=True):
    """The service has proven that it holds the file, whole, in this lineage."""

    incarnation: str
    pos: int


class Held(Struct, frozen=True):
    """A file of a report in the queue. `arrived` None: not proven yet."""

    item_id: str
    attachment: Attachment
    arrived: Arrived | None


def keep(home: Home, path: Path, *, media_type: str) -> KeptFile:
    """Seal a file onto the kiosk's disk, under the name that the protocol gives it. Raises OSError."""
    draft = home.files / f"{uuid4()}.draft"
    try:
        with path.open("rb") as plain:
            pieces = iter(lambda: plain.read(ATT_CHUNK_BYTES), b"")
            kept = keep_file(pieces, draft, media_type=media_type, details_kept=True)
        draft.replace(home.files / kept.attachment.att_id)
        sync_folder(home.files)
    finally:
        draft.unlink(missing_ok=True)
    return kept


def drop(home: Home, att_ids: Iterable[str]) -> None:
    for att_id in att_ids:
        (home.files / att_id).unlink(missing_ok=True)
    sync_folder(home.files)


def drop_erased(home: Home, rows: Iterable[Row]) -> None:
    """Files of reports that the service has erased: they say as much as the reports did."""
    att_ids = [att.att_id for row in rows if row.erased for att in decode_header(row.header).att]
    here = [att_id for att_id in att_ids if (home.files / att_id).exists()]
    if here:
        drop(home, here)


def held(home: Home, rows: Iterable[Row]) -> Iterator[Held]:
    """Those whose bytes are here still, in the order of their reports; none of an erased report."""
    for row in rows:
        if row.erased:
            continue
        for attachment in decode_header(row.header).att:
            if (home.files / attachment.att_id).exists():
                raw = home.outbox.state(STATE + attachment.att_id)
                arrived = msgspec.msgpack.decode(raw, type=Arrived) if raw else None
                yield Held(row.item_id, attachment, arrived)


def waiting(home: Home, rows: Iterable[Row]) -> int:
    incarnation = home.outbox.state("incarnation")
    return sum(not _here(file, incarnation) for file in held(home, rows))


def send(home: Home, rows: Iterable[Row], transport: FileTransport, keys: KeySet) -> Failure | None:
    """After its report. What is proven to be there is asked after, until it may be let go of.

    Returns the first failure, if any; the others still go.
    """
    rows = [row for row in rows if row.state in ("receipted", "tombstone")]
    failure: Failure | None = None
    for file in held(home, rows):
        sent = send_file(
            transport,
            read_on(home.files / file.attachment.att_id),
            file.attachment,
            item_id=file.item_id,
            keys=keys,
        )
        if sent.complete is not None:
            _settle(home, file.attachment.att_id, sent.complete)
        failure = failure or sent.failure
    return failure


def _settle(home: Home, att_id: str, state: AttState) -> None:
    """Under one and the same receipt: it covers the file, and its floor has passed the file's place."""
    receipt, pos = state.receipt, state.pos
    if receipt is None or pos is None:
        return
    arrived = msgspec.msgpack.encode(Arrived(receipt.incarnation, pos))
    home.outbox.keep_state(STATE + att_id, arrived)
    if receipt.restore_floor >= pos and receipt.incarnation == home.outbox.state("incarnation"):
        drop(home, [att_id])


def _here(file: Held, incarnation: str | None) -> bool:
    return file.arrived is not None and file.arrived.incarnation == incarnation
