"""How one file is sent, from wherever the service stands. Pure, as `core` is: it is told what came and says
what to do next, and holds nothing that a crash could lose.

The report goes first. Nothing is let go of here: whoever holds the bytes keeps them until `complete` has been
verified and the floor of the very receipt that covers the file has passed its position.
"""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from waymark_sync.answers import NOT_THE_SERVICE, Failure
from waymark_sync.protocol import AttState

ATTEMPTS_MAX: Final = 3
"""Of starting a file again whose bytes the service found to differ: then the copy here is at fault."""


class Sending(Struct, frozen=True, kw_only=True):
    """Between two answers."""

    item_id: str
    att_id: str
    piece_bytes: int
    offset: int | None = None
    """Of the piece on its way; None while the start is."""
    restarts: int = 0


# Effects.


class SendStart(Struct, frozen=True, kw_only=True):
    """Answered by FileAnswered or FileFailed, as is the next."""

    item_id: str
    att_id: str


class SendPiece(Struct, frozen=True, kw_only=True):
    att_id: str
    offset: int
    length: int


class FileSent(Struct, frozen=True, kw_only=True):
    """`complete` is set once the service's receipt was verified; `failure` says why not yet."""

    offset: int
    complete: AttState | None = None
    failure: Failure | None = None


FileEffect = SendStart | SendPiece | FileSent


# Events.


class FileAnswered(Struct, frozen=True, kw_only=True):
    """Where the service stands, also in a 409. `proven`: it is complete, and its receipt covers this file."""

    state: AttState
    proven: bool = False


class FileFailed(Struct, frozen=True, kw_only=True):
    failure: Failure


FileEvent = FileAnswered | FileFailed


def begin_file(item_id: str, att_id: str, *, piece_bytes: int) -> tuple[Sending, FileEffect]:
    """Also the way to ask after a file that was complete: the answer is its proof, or says it is gone."""
    return Sending(item_id=item_id, att_id=att_id, piece_bytes=piece_bytes), SendStart(
        item_id=item_id, att_id=att_id
    )


def step_file(sending: Sending, event: FileEvent) -> tuple[Sending, FileEffect]:
    """The next piece, or the end. After a failure begin again: it goes on from where the service stands."""
    if isinstance(event, FileFailed):
        return sending, FileSent(offset=0, failure=event.failure)
    told = event.state
    if told.complete:
        if event.proven:
            return sending, FileSent(offset=told.offset, complete=told)
        return sending, FileSent(offset=told.offset, failure=NOT_THE_SERVICE)
    stood = sending.offset is not None and told.offset <= sending.offset
    restarts = sending.restarts + stood
    if restarts >= ATTEMPTS_MAX:
        return sending, FileSent(offset=0, failure=Failure(kind="fault", reason="no_progress"))
    piece = SendPiece(att_id=sending.att_id, offset=told.offset, length=sending.piece_bytes)
    return replace(sending, offset=told.offset, restarts=restarts), piece
