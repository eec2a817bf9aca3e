"""The ballast: room that is kept while there is some, and given back when there is none."""

import asyncio
import errno
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from support.reports import Device, push_of
from waymark.app import create_app
from waymark.kernel.ballast import AT_ONCE, FULL_BYTES, MIB, NAME, Ballast
from waymark.kernel.settings import BALLAST_MB_MAX, Settings, SettingsRefused, read_settings
from waymark_sync.codec import MSGPACK, encode

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
SIZE = 2 * MIB


def ballast(folder: Path, *, free: int, size: int = SIZE) -> Ballast:
    return Ballast(folder, size, free_bytes=lambda _: free)


def settled(one: Ballast) -> Ballast:
    while one.step():
        pass
    return one


@pytest.mark.parametrize(
    ("length", "size", "standing"),
    [
        (None, 0, "off"),
        (9, 0, "off"),
        (None, SIZE, "making"),
        (1, SIZE, "making"),
        (SIZE, SIZE, "kept"),
        (SIZE + 1, SIZE, "kept"),
        (0, SIZE, "released"),
    ],
)
def test_its_length_says_how_it_stands(tmp_path: Path, length: int | None, size: int, standing: str) -> None:
    if length is not None:
        (tmp_path / NAME).write_bytes(b"\1" * length)

    assert ballast(tmp_path, free=0, size=size).standing() == standing


@pytest.mark.parametrize(
    ("before", "free", "after"),
    [
        (None, SIZE + 2 * FULL_BYTES, SIZE),
        (None, SIZE + 2 * FULL_BYTES - 1, None),
        (0, SIZE + 2 * FULL_BYTES, SIZE),
        (0, SIZE + 2 * FULL_BYTES - 1, 0),
        (MIB, MIB + 2 * FULL_BYTES, SIZE),
        (MIB, FULL_BYTES, MIB),
        (MIB, FULL_BYTES - 1, 0),
        (SIZE, FULL_BYTES, SIZE),
        (SIZE, FULL_BYTES - 1, 0),
        (SIZE + 9, FULL_BYTES, SIZE),
        (None, 0, None),
    ],
)
def test_what_becomes_of_it(tmp_path: Path, before: int | None, free: int, after: int | None) -> None:
    path = tmp_path / NAME
    if before is not None:
        path.write_bytes(b"\1" * before)

    settled(ballast(tmp_path, free=free))

    assert (path.stat().st_size if path.exists() else None) == after


def test_it_really_takes_room_a_little_at_a_time(tmp_path: Path) -> None:
    one = Ballast(tmp_path, AT_ONCE + MIB)

    assert [one.step(), one.step(), one.step()] == [AT_ONCE, MIB, 0]

    found = (tmp_path / NAME).stat()
    assert found.st_blocks * 512 >= AT_ONCE + MIB
    assert found.st_mode & 0o077 == 0


def test_none_is_wanted(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"\1")

    ballast(tmp_path, free=10 * SIZE, size=0).step()

    assert not (tmp_path / NAME).exists()


def test_a_disk_that_is_full_before_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quota, for example: there seems to be room."""

    def refused(*_: object) -> int:
        raise OSError(errno.EDQUOT, "quota")

    monkeypatch.setattr(os, "write", refused)

    assert Ballast(tmp_path, SIZE).step() == 0

    assert Ballast(tmp_path, SIZE).standing() == "released"


@settings_of(deadline=None, max_examples=60)
@given(
    room=st.integers(0, 400), others=st.lists(st.integers(0, 400), max_size=20), size_mb=st.integers(1, 20)
)
def test_it_never_fills_a_disk_and_never_keeps_a_full_one(
    tmp_path_factory: pytest.TempPathFactory, room: int, others: list[int], size_mb: int
) -> None:
    """room, others: of the disk, and what others have on it, in FULL_BYTES / 4."""
    unit, path = FULL_BYTES // 4, tmp_path_factory.mktemp("disk") / NAME
    taken = 0

    def free(_: Path) -> int:
        here = path.stat().st_size if path.exists() else 0
        return max(0, room * unit - taken - here)

    one = Ballast(path.parent, size_mb * MIB, free_bytes=free)
    for each in others:
        taken = each * unit
        before = free(path)
        settled(one)
        left, standing = free(path), one.standing()
        assert left >= min(before, FULL_BYTES), "it has made the disk full"
        if before < FULL_BYTES:
            assert path.stat().st_size == 0 if path.exists() else standing == "making"
        if left >= size_mb * MIB + 2 * FULL_BYTES:
            assert standing == "kept"


@pytest.mark.parametrize(
    ("profile", "said", "mb"), [("demo", None, 16), ("test", None, 1), ("demo", "0", 0), ("test", "480", 480)]
)
def test_how_much_is_kept(profile: str, said: str | None, mb: int) -> None:
    environ = {"WAYMARK_PROFILE": profile} | ({} if said is None else {"WAYMARK_BALLAST_MB": said})

    assert read_settings(environ).ballast_mb == mb


def test_production_keeps_more() -> None:
    environ = {"WAYMARK_PROFILE": "production", "WAYMARK_ORIGIN": "https://reports.example.org"}

    assert read_settings(environ).ballast_mb == 256


@pytest.mark.parametrize("said", ["-1", "many", "1.5", str(BALLAST_MB_MAX + 1), "99999999"])
def test_what_is_no_size_is_refused(said: str) -> None:
    with pytest.raises(SettingsRefused, match="WAYMARK_BALLAST_MB must be"):
        read_settings({"WAYMARK_BALLAST_MB": said})


@ONE_ENGINE
async def test_while_it_is_released_nothing_is_taken_in_and_nothing_is_lost(
    settings: Settings, client: AsyncTestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = replace(settings, ballast_mb=1)
    report = Device().report(client.app.state.ring)
    body, kind = encode(push_of(report), MSGPACK), {"Content-Type": MSGPACK}
    async with AsyncTestClient(app=create_app(own), base_url=own.origin) as served:
        await becomes(served, "kept")

        with monkeypatch.context() as full:
            full.setattr(shutil, "disk_usage", lambda _: Usage(free=FULL_BYTES - 1))
            await becomes(served, "released")
            refused = await served.post("/sync/v1/push", content=body, headers=kind)
            ready = await served.get("/health/ready")

        assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
        assert "Retry-After" in refused.headers
        assert (ready.status_code, ready.json()["ballast"]) == (503, "released")
        await becomes(served, "kept")
        assert (await served.post("/sync/v1/push", content=body, headers=kind)).status_code == 200


class Usage(NamedTuple):
    free: int


async def becomes(served: AsyncTestClient[Litestar], standing: str) -> None:
    async with asyncio.timeout(20):
        while served.app.state.ballast.standing() != standing:
            served.app.state.jobs.wake()
            await asyncio.sleep(0.01)
