"""After a cut: the service starts on what its disk was left with, the kiosks on theirs; all is sent again."""

import hashlib
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from faults.powercut.night import Moment, read_service
from faults.powercut.tablets import Acknowledged, Piece, Saved
from support.server import Server, free_port
from waymark.kernel.keys import KeyRing
from waymark_sync.kiosk.home import Home, KioskFault, opened
from waymark_sync.kiosk.sending import one_pass
from waymark_sync.messages import Proof, ReceiptBody
from waymark_sync.outbox import Row
from waymark_sync.protocol import KeySet
from waymark_sync.transport import HttpTransport
from waymark_sync.trust import proof_valid

PASSES_MAX: Final = 30


def started(server: Server, moment: Moment) -> Server:
    """As `server`, on what the cut has left."""
    data = moment.service / "data"
    environ = {
        **server.environ,
        "WAYMARK_PORT": str(free_port()),
        "WAYMARK_DATA": str(data),
        "WAYMARK_DATABASE_URL": f"sqlite:///{data / 'waymark.db'}",
        "WAYMARK_KEYS": str(moment.service / "keys"),
        "WAYMARK_INTAKE_LOG": str(moment.service / "log"),
    }
    return Server(environ, moment.service / "server.log").start()


async def gone_on(server: Server, moment: Moment, ring: KeyRing) -> list[str]:
    """What is wrong in the end; nothing when every promise was kept."""
    again = started(server, moment)
    try:
        wrong = [word for home in sorted(moment.kiosks.iterdir()) for word in _sent(home, again.origin, ring)]
    finally:
        again.kill()
    if "database_copied_back" in again.log_text:
        wrong.append("the service takes its own database for a copy")
    return wrong + await _contradicted(moment)


def _sent(folder: Path, origin: str, ring: KeyRing) -> list[str]:
    """Everything that one kiosk has; then its receipts are looked at."""
    transport = HttpTransport(origin)
    try:
        with opened(folder) as home:
            if not any(one_pass(home, transport, asked=True).done for _ in range(PASSES_MAX)):
                return [f"{folder.name} did not get rid of what waits"]
            return _unproven(home, ring)
    except KioskFault:
        return []  # cut off before it was set up: it had saved nothing
    finally:
        transport.close()


def _unproven(home: Home, ring: KeyRing) -> list[str]:
    keys = msgspec.msgpack.decode(ring.signed_key_set().payload, type=KeySet)
    return [f"no proof of {row.item_id}" for row in home.outbox.items() if not _proven(row, keys)]


def _proven(row: Row, keys: KeySet) -> bool:
    if row.receipt is None:
        return False
    body = msgspec.msgpack.decode(row.receipt, type=ReceiptBody)
    proof = Proof(item_id=row.item_id, sha256=row.sha256, result=body.result, receipt=body.receipt)
    # Of the feed's receipt, or of the answer to its push.
    return any(proof_valid(replace(proof, sig=sig), keys) for sig in (b"", row.sig))


async def _contradicted(moment: Moment) -> list[str]:
    """What is not as somebody was told before the cut, and what was saved and has not come once and whole."""
    held = await read_service(moment)
    items, files = {item.item_id: item for item in held.items}, {row.att_id: row for row in held.files}
    wrong = [f"position {pos}" for pos in set(range(1, len(held.taken) + 1)) ^ set(held.taken)]
    for told in moment.of(Acknowledged):
        if held.incarnation != told.incarnation or items[told.item_id].pos != told.pos:
            wrong.append(f"told otherwise of {told.item_id}")
    for piece in moment.of(Piece):
        if piece.pos is not None and piece.att_id not in files:
            wrong.append(f"told otherwise of file {piece.att_id}")
    for saved in moment.of(Saved):
        item = items.get(saved.item_id)
        if item is None or hashlib.sha256(item.header + item.sealed).digest() != saved.sha256:
            wrong.append(f"report {saved.item_id} did not arrive")
        for att_id in saved.files:
            path = moment.service / "data" / "attachments" / att_id[:2] / att_id
            if att_id not in files or files[att_id].state == "waiting":
                wrong.append(f"file {att_id} did not arrive")
            elif path.read_bytes() != (moment.files / att_id).read_bytes():
                wrong.append(f"file {att_id} is not whole")
    return wrong
