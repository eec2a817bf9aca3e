"""A disk without room, and one that fails: what a device is told, and that nothing acknowledged is lost."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from support.reports import Device, push_of
from support.server import Server
from waymark.cli.slow_disk import compiled
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import MSGPACK, decode, encode
from waymark_sync.protocol import PushRequest, PushResponse

REPORTS = 64


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("shim"))


class Disk:
    """The service on a disk that does as it is told."""

    def __init__(self, server: Callable[..., Server], shim: Path, folder: Path) -> None:
        self._fault = folder / "fault"
        self.server = server(LD_PRELOAD=str(shim), SLOW_DISK_FAULT=str(self._fault)).start()

    def fails(self, how: str) -> None:
        self._fault.write_text(how)

    def heals(self) -> None:
        self._fault.unlink()

    def push(self, request: PushRequest) -> httpx.Response:
        headers = {"Content-Type": MSGPACK}
        url = f"{self.server.origin}/sync/v1/push"
        return httpx.post(url, content=encode(request, MSGPACK), headers=headers, timeout=30)

    def verdicts(self, request: PushRequest) -> list[tuple[str, int | None]]:
        answer = self.push(request)
        assert answer.status_code == 200, answer.text
        read = decode(answer.content, MSGPACK, PushResponse)
        return [(result.verdict, result.pos) for result in read.results]


@pytest.fixture
def disk(server: Callable[..., Server], shim: Path, tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(server, shim, tmp_path)
    yield disk
    disk.server.kill()


def pushes(ring: KeyRing, count: int) -> list[PushRequest]:
    phone = Device()
    return [push_of(*(phone.report(ring) for _ in range(REPORTS))) for _ in range(count)]


@pytest.mark.parametrize(("how", "status", "code"), [("write", 507, "storage_full"), ("fsync", 503, "busy")])
def test_what_cannot_be_stored_is_asked_to_come_back(
    disk: Disk, ring: KeyRing, how: str, status: int, code: str
) -> None:
    first, second = pushes(ring, 2)
    kept = disk.verdicts(first)

    disk.fails(how)
    refused = disk.push(second)
    disk.heals()

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["next"]
    assert int(refused.headers["retry-after"]) > 0
    assert disk.verdicts(second) == [("accepted", REPORTS + n) for n in range(1, REPORTS + 1)]
    disk.server.kill()
    disk.server.start()
    assert disk.verdicts(first) == [("duplicate", pos) for _, pos in kept]


def test_a_checkpoint_without_room_delays_nobody_and_loses_nothing(disk: Disk, ring: KeyRing) -> None:
    """Sixteen pushes are twice what the log holds before it is copied into the database."""
    all_ = pushes(ring, 16)

    disk.fails("checkpoint")
    kept = [disk.verdicts(push) for push in all_]
    assert "checkpoint_failed" in disk.server.log_text
    disk.server.kill()
    disk.heals()
    disk.server.start()

    assert [verdict for push in kept for verdict, _ in push] == ["accepted"] * REPORTS * len(all_)
    again = [disk.verdicts(push) for push in all_]
    assert again == [[("duplicate", pos) for _, pos in push] for push in kept]
