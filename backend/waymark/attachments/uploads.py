"""Takes pieces of sealed files: whole or not at all, on the disk before the answer, one upload a file.

A piece is checked against its own digest before anything is written; the last one brings the whole file to
be compared with what its report names. A newer piece ends an older one that is still on its way: a phone
that has lost its connection comes back on another.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from typing import Any, Final, TypeVar

from msgspec import Struct

from waymark.attachments import actions, shelf
from waymark.attachments.records import Held
from waymark.attachments.rules import FREE_BYTES_MIN, PIECE_BYTES_MAX
from waymark.attachments.shelf import Shelf
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.lineage import Lineage
from waymark.kernel.problems import Problem, problem

T = TypeVar("T")

PIECES_AT_ONCE: Final = 64
"""Held in memory together, so at most 64 MiB. Beyond it the slowest makes room, or a device is asked to come
back: whoever holds places by sending next to nothing must not keep everybody else's photos out."""
HEAD_START_S: Final = 2.0
"""Nobody has to make room sooner. A connection that has just begun is always slow."""
SILENCE_S_MAX: Final = 30.0
"""Without a byte. A slow link is slow, but it does not fall silent for so long and then go on."""
PIECE_S_MAX: Final = 300.0
"""For one piece: 1 MiB at 3.5 kB a second. On a slower link a device sends smaller pieces."""
RETRY_AFTER_S: Final = "5"


class Patience(Struct, frozen=True, kw_only=True):
    """How long a piece may take."""

    silence_s: float = SILENCE_S_MAX
    piece_s: float = PIECE_S_MAX


class Piece(Struct, frozen=True, kw_only=True):
    """What a device says of the bytes that it is about to send."""

    att_id: str
    offset: int
    digest: bytes


class OffsetDiffers(Exception):
    """Nothing was stored, because `held` stands elsewhere; `found` says how that came."""

    def __init__(self, found: Problem, held: Held, current: Lineage) -> None:
        super().__init__(found.kind.code)
        self.found = found
        self.held = held
        self.current = current


class Uploads:
    """One for the process. Files are shared with other processes, memory is not."""

    def __init__(
        self,
        database: Database,
        files: Shelf,
        *,
        on_complete: Callable[[], None] = lambda: None,
        patience: Patience | None = None,
    ) -> None:
        self._database = database
        self._on_complete = on_complete
        self._files = files
        self._patience = patience or Patience()
        self._arriving: dict[str, _Arrival] = {}
        self._locks: dict[str, _Lock] = {}
        self._working: set[asyncio.Task[Any]] = set()
        self._pieces = 0

    async def begin(self, item_id: str, att_id: str) -> tuple[Held, Lineage]:
        """Raises Problem attachment_unknown, file_too_large."""
        known, current = await self._database.write(actions.begin, item_id, att_id, now=clock.now())
        return await self._as_on_disk(known), current

    async def find(self, att_id: str) -> tuple[Held, Lineage]:
        """Raises Problem attachment_unknown."""
        known, current = await self._database.read(actions.find, att_id)
        return await self._as_on_disk(known), current

    async def take(
        self, piece: Piece, stream: AsyncIterator[bytes], *, admit: Callable[[Held], None] = lambda _: None
    ) -> tuple[Held, Lineage]:
        """Returns when the piece is durable. Raises OffsetDiffers, Problem, Full: then nothing was stored.

        admit: asked before a byte is read. Raises Problem.
        """
        known, current = await self._database.read(actions.with_room, piece.att_id)
        if known.state != "waiting":
            return known, current
        if piece.offset != known.received:
            raise OffsetDiffers(_elsewhere(known), known, current)
        admit(known)
        content = await self._arrived(piece.att_id, stream)
        if hashlib.sha256(content).digest() != piece.digest:
            raise problem("digest_wrong")
        if piece.offset + len(content) > known.size:
            raise problem("malformed", "longer than the file")
        return await self._to_the_end(self._append(piece, content))

    async def give_back(self, known: Held) -> None:
        """Take back the room of what nobody goes on with."""
        await self._to_the_end(self._give_back(known))

    async def _give_back(self, known: Held) -> None:
        async with self._locked(known.att_id) as file:
            now_held, _ = await self._database.read(actions.find, known.att_id)
            if now_held == known:
                await self._database.write(actions.expire, known, now=clock.now())
                await asyncio.to_thread(shelf.empty, file)

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Not given up half-way: a thread may be writing to a file that must stay open and locked."""
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return await asyncio.shield(task)

    async def _append(self, piece: Piece, content: bytes) -> tuple[Held, Lineage]:
        async with self._locked(piece.att_id) as file:
            return await self._append_to(file, piece, content)

    async def _append_to(self, file: int, piece: Piece, content: bytes) -> tuple[Held, Lineage]:
        """Everything is asked again under the lock: another piece may have come meanwhile."""
        known, current = await self._database.read(actions.find, piece.att_id)
        if piece.offset != known.received:
            raise OffsetDiffers(problem("offset_differs"), known, current)
        if not content:
            return known, current
        if await asyncio.to_thread(self._files.free_bytes) - len(content) < FREE_BYTES_MIN:
            raise problem("storage_full", headers={"Retry-After": actions.RETRY_AFTER_S})
        await asyncio.to_thread(shelf.append, file, content, at=piece.offset)
        to_offset = piece.offset + len(content)
        if to_offset == known.size and await asyncio.to_thread(shelf.digest, file) != known.sha256:
            known = await self._database.write(actions.set_back, known.att_id, 0, now=clock.now())
            raise OffsetDiffers(problem("file_differs"), known, current)
        moved = await self._database.write(actions.advance, known, to_offset, now=clock.now())
        if moved.received != to_offset:
            raise OffsetDiffers(problem("offset_differs"), moved, current)
        if moved.state != "waiting":
            self._on_complete()
        return moved, current

    async def _arrived(self, att_id: str, stream: AsyncIterator[bytes]) -> bytes:
        """The bytes of one piece. Raises Problem busy, too_slow, too_large, superseded."""
        if older := self._arriving.get(att_id):
            older.end(problem("superseded", headers={"Connection": "close"}))
        elif self._pieces >= PIECES_AT_ONCE:
            self._make_room()
        arrival = _Arrival(stream, self._patience)
        self._arriving[att_id] = arrival
        self._pieces += 1
        try:
            return await arrival.content()
        finally:
            self._pieces -= 1
            if self._arriving.get(att_id) is arrival:
                del self._arriving[att_id]

    def _make_room(self) -> None:
        """Raises Problem busy where nobody has had their head start."""
        now = asyncio.get_running_loop().time()
        slow = [
            (each.rate(now), att_id)
            for att_id, each in self._arriving.items()
            if each.age_s(now) >= HEAD_START_S
        ]
        if not slow:
            raise problem("busy", headers={"Retry-After": RETRY_AFTER_S})
        headers = {"Retry-After": RETRY_AFTER_S, "Connection": "close"}
        self._arriving.pop(min(slow)[1]).end(problem("busy", headers=headers))

    async def _as_on_disk(self, known: Held) -> Held:
        """A restored database may know of bytes that its disk does not hold."""
        if known.received <= await asyncio.to_thread(self._files.length, known.att_id):
            return known
        return await self._to_the_end(self._set_back(known))

    async def _set_back(self, known: Held) -> Held:
        async with self._locked(known.att_id):
            length = await asyncio.to_thread(self._files.length, known.att_id)
            now_held, _ = await self._database.read(actions.find, known.att_id)
            if now_held.received <= length:
                return now_held
            return await self._database.write(actions.set_back, known.att_id, length, now=clock.now())

    @asynccontextmanager
    async def _locked(self, att_id: str) -> AsyncIterator[int]:
        """The file, for nobody else in this process or another."""
        entry = self._locks.setdefault(att_id, _Lock())
        entry.waiting += 1
        try:
            async with entry.lock:
                with ExitStack() as stack:
                    opened = self._files.locked(att_id)
                    yield await asyncio.to_thread(stack.enter_context, opened)
        finally:
            entry.waiting -= 1
            if not entry.waiting:
                self._locks.pop(att_id, None)


def _elsewhere(known: Held) -> Problem:
    return problem("upload_expired" if known.expired_at and not known.received else "offset_differs")


class _Lock:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0


class _Arrival:
    """One piece on its way."""

    def __init__(self, stream: AsyncIterator[bytes], patience: Patience) -> None:
        self._began = asyncio.get_running_loop().time()
        self._content = bytearray()
        self._ended: Problem | None = None
        self._task = asyncio.create_task(self._read(stream, patience))

    def age_s(self, now: float) -> float:
        return now - self._began

    def rate(self, now: float) -> float:
        """Bytes a second so far."""
        return len(self._content) / max(self.age_s(now), 0.001)

    def end(self, why: Problem) -> None:
        self._ended = why
        self._task.cancel()

    async def content(self) -> bytes:
        """Raises Problem too_large, too_slow, and whatever it was ended with."""
        try:
            return await self._task
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if self._ended is None or (waiting is not None and waiting.cancelling()):
                self._task.cancel()
                raise
            raise self._ended from None

    async def _read(self, stream: AsyncIterator[bytes], patience: Patience) -> bytes:
        try:
            async with asyncio.timeout(patience.piece_s):
                while True:
                    async with asyncio.timeout(patience.silence_s):
                        more: Any = await anext(stream, None)
                    if more is None:
                        return bytes(self._content)
                    self._content += more
                    if len(self._content) > PIECE_BYTES_MAX:
                        raise problem("too_large", f"{PIECE_BYTES_MAX} bytes")
        except TimeoutError:
            raise problem("too_slow", headers={"Connection": "close"}) from None
