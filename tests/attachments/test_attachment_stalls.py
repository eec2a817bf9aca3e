"""A piece that stalls, that is overtaken, or that is one too many at a time."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from support.files import Client, noise, prepared, push, report_with, start
from waymark.attachments import uploads
from waymark.attachments.shelf import Shelf
from waymark.attachments.uploads import OffsetDiffers, Patience, Piece, Uploads
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import Problem

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
async def waiting(service: Client, ring: KeyRing) -> Piece:
    """A file that has begun, and the first piece of it."""
    file = prepared(noise(1_000))
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)
    digest = hashlib.sha256(file.sealed).digest()
    return Piece(att_id=file.attachment.att_id, offset=0, digest=digest)


async def never() -> AsyncIterator[bytes]:
    yield b"first"
    await asyncio.Event().wait()


async def test_a_newer_piece_ends_an_older_one(
    database: Database, waiting: Piece, folder: Path, ring: KeyRing
) -> None:
    taking = Uploads(database, Shelf(folder))
    begun = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        begun.set()
        async for chunk in never():
            yield chunk

    async def empty() -> AsyncIterator[bytes]:
        yield b""

    older = asyncio.create_task(taking.take(waiting, stalled()))
    await begun.wait()
    nothing = replace(waiting, digest=hashlib.sha256(b"").digest())
    held, _ = await taking.take(nothing, empty())

    with pytest.raises(Problem) as ended:
        await older
    assert (held.received, ended.value.kind.code) == (0, "superseded")


@pytest.mark.parametrize(
    "patience", [Patience(silence_s=0.02, piece_s=60), Patience(silence_s=60, piece_s=0.02)]
)
@ONE_ENGINE
async def test_who_stalls_is_cut_off(
    database: Database, waiting: Piece, folder: Path, patience: Patience
) -> None:
    with pytest.raises(Problem) as ended:
        await Uploads(database, Shelf(folder), patience=patience).take(waiting, never())

    assert (ended.value.kind.code, ended.value.headers["Connection"]) == ("too_slow", "close")


@ONE_ENGINE
async def test_pieces_at_once_are_bounded(
    database: Database, waiting: Piece, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PIECES_AT_ONCE", 0)

    with pytest.raises(Problem) as refused:
        await Uploads(database, Shelf(folder)).take(waiting, never())

    assert refused.value.kind.code == "busy"


@ONE_ENGINE
async def test_whoever_holds_a_place_for_next_to_nothing_makes_room(
    service: Client, database: Database, ring: KeyRing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or sixty-four idle connections would keep out everybody's photos."""
    monkeypatch.setattr(uploads, "PIECES_AT_ONCE", 2)
    monkeypatch.setattr(uploads, "HEAD_START_S", 0.0)
    files = [prepared(noise(1_000, seed=n)) for n in range(3)]
    report = report_with(ring, *files)
    await push(service, report)
    for file in files:
        await start(service, report, file)
    taking, go_on = Uploads(database, Shelf(folder)), asyncio.Event()
    begun = [asyncio.Event() for _ in files]

    async def stream(n: int, first: bytes, rest: bytes) -> AsyncIterator[bytes]:
        yield first
        begun[n].set()
        await go_on.wait()
        yield rest

    def take(n: int, first: int) -> "asyncio.Task[object]":
        sealed = files[n].sealed
        piece = Piece(att_id=files[n].attachment.att_id, offset=0, digest=hashlib.sha256(sealed).digest())
        return asyncio.create_task(taking.take(piece, stream(n, sealed[:first], sealed[first:])))

    tasks = []
    for n, first in enumerate((1, 900, 500)):
        tasks.append(take(n, first))
        await begun[n].wait()
    go_on.set()
    idle, *others = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(idle, Problem)
    assert (idle.kind.code, set(idle.headers)) == ("busy", {"Retry-After", "Connection"})
    assert [held.state for held, _ in others] == ["complete", "complete"]


@ONE_ENGINE
async def test_nobody_makes_room_before_they_have_begun(
    service: Client, database: Database, waiting: Piece, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PIECES_AT_ONCE", 1)
    monkeypatch.setattr(uploads, "HEAD_START_S", 3_600.0)
    taking, begun = Uploads(database, Shelf(folder)), asyncio.Event()
    ring = service.app.state.ring
    file = prepared(noise(10))
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)

    async def stalled() -> AsyncIterator[bytes]:
        begun.set()
        async for chunk in never():
            yield chunk

    first = asyncio.create_task(taking.take(waiting, stalled()))
    await begun.wait()
    with pytest.raises(Problem) as refused:
        await taking.take(replace(waiting, att_id=file.attachment.att_id), never())

    assert refused.value.kind.code == "busy"
    assert not first.done()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first


@ONE_ENGINE
async def test_whoever_waits_for_a_broken_connection_is_told_nothing(
    database: Database, waiting: Piece, folder: Path
) -> None:
    """A handler that is cancelled ends its reading, too, and stores nothing."""
    taking = Uploads(database, Shelf(folder))
    begun = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        begun.set()
        async for chunk in never():
            yield chunk

    task = asyncio.create_task(taking.take(waiting, stalled()))
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await taking.find(waiting.att_id))[0].received == 0


async def test_of_two_pieces_for_one_place_the_first_stays(
    service: Client, database: Database, ring: KeyRing, folder: Path
) -> None:
    file = prepared(noise(1_000))
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)
    taking = Uploads(database, Shelf(folder))
    pieces = [file.sealed[:400], noise(400, seed=5)]

    async def take(content: bytes) -> object:
        async def stream() -> AsyncIterator[bytes]:
            yield content

        digest = hashlib.sha256(content).digest()
        return await taking.take(Piece(att_id=file.attachment.att_id, offset=0, digest=digest), stream())

    tasks = []
    async with taking._locked(file.attachment.att_id):
        for number, content in enumerate(pieces):
            tasks.append(asyncio.create_task(take(content)))
            while len(taking._working) <= number:  # both have come in full, and wait for the file
                await asyncio.sleep(0)
    first, second = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(second, OffsetDiffers), (first, second)
    assert second.held.received == 400
    path = folder / file.attachment.att_id[:2] / file.attachment.att_id
    assert path.read_bytes() == pieces[0]
