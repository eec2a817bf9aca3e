"""Files of 50 MB, many at once and killed half-way: the service stays small and loses nothing."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import msgspec
import pytest

from support.files import noise
from support.reports import Device, Report, push_of
from support.server import Server
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.file_sender import FileSent, KeptFile, keep_file, read_on, send_file
from waymark_sync.protocol import ATT_BYTES_MAX, KeySet
from waymark_sync.transport import HttpTransport

PROVE = os.environ.get("WAYMARK_PROVE") == "1"
AT_ONCE = 20
PLAIN_BYTES_MAX = 52_428_800
PLAIN_BYTES = PLAIN_BYTES_MAX if PROVE else 6_000_000
PIECE_BYTES = 1_048_576
GROWTH_BYTES_MAX = 80 * 1_048_576
"""A piece of each and what the framework holds of it; of the files themselves, 120 or 1,000 MB, nothing."""
KILLED_AT = 40_000_000
DONE_S_MAX = 600.0
BLOCK = noise(1_048_576)

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def a_film(size: int) -> Iterator[bytes]:
    """As long as it is said to be; a chunk at a time, so that this process stays small, too."""
    yield b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp42"
    rest = size - 24
    while rest > 0:
        yield BLOCK[:rest]
        rest -= len(BLOCK)


def listing(ring: KeyRing, file: KeptFile) -> Report:
    return Device().report(ring, header={"att": (file.attachment,)}, body={"attachments": (file.inside,)})


def prepared(ring: KeyRing, folder: Path, number: int, size: int) -> tuple[Path, KeptFile, Report]:
    path = folder / f"{number}.sealed"
    file = keep_file(a_film(size), path, media_type="video/mp4")
    return path, file, listing(ring, file)


def push(served: Server, *reports: Report) -> None:
    for report in reports:
        answer = httpx.post(
            f"{served.origin}/sync/v1/push",
            content=encode(push_of(report), MSGPACK),
            headers={"Content-Type": MSGPACK},
        )
        assert answer.status_code == 200


def peak_bytes(pid: int) -> int:
    """The most memory that the process has had at once since `forget_peak`."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1_024
    raise AssertionError("the kernel does not tell")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def until_complete(
    served: Server, path: Path, file: KeptFile, report: Report, keys: KeySet, *, piece: int = PIECE_BYTES
) -> FileSent:
    transport = HttpTransport(served.origin)
    while True:
        sent = send_file(
            transport, read_on(path), file.attachment, item_id=report.item_id, keys=keys, piece_bytes=piece
        )
        if sent.complete is not None:
            return sent


@pytest.fixture
def served(server: Callable[..., Server], database_url: str) -> Server:
    made = server(WAYMARK_DATABASE_URL=database_url)
    made.waymark("demo", "--no-reports")
    return made.start()


def test_the_service_stays_small_while_many_large_files_come(
    served: Server, ring: KeyRing, tmp_path: Path
) -> None:
    keys = msgspec.msgpack.decode(ring.signed_key_set().payload, type=KeySet)
    files = [prepared(ring, tmp_path, number, PLAIN_BYTES) for number in range(AT_ONCE)]
    push(served, *(report for _, _, report in files))
    forget_peak(served.pid)
    before = peak_bytes(served.pid)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        sent = list(threads.map(lambda each: until_complete(served, *each, keys), files))

    assert [one.complete is not None for one in sent] == [True] * AT_ONCE
    assert peak_bytes(served.pid) - before <= GROWTH_BYTES_MAX


def test_killed_at_forty_megabytes_it_goes_on_from_there(
    served: Server, ring: KeyRing, tmp_path: Path
) -> None:
    keys = msgspec.msgpack.decode(ring.signed_key_set().payload, type=KeySet)
    path, file, report = prepared(ring, tmp_path, 0, PLAIN_BYTES_MAX)
    assert file.attachment.size == ATT_BYTES_MAX
    push(served, report)
    reached, asked = threading.Event(), []

    def read(offset: int, length: int) -> bytes:
        asked.append(offset)
        if offset >= KILLED_AT and not reached.is_set():
            reached.set()
            served.kill()
        return read_on(path)(offset, length)

    cut = send_file(
        HttpTransport(served.origin),
        read,
        file.attachment,
        item_id=report.item_id,
        keys=keys,
        piece_bytes=PIECE_BYTES,
    )
    assert cut.complete is None and reached.is_set()
    acknowledged = max(asked)
    asked.clear()
    served.start()

    whole = send_file(
        HttpTransport(served.origin),
        read,
        file.attachment,
        item_id=report.item_id,
        keys=keys,
        piece_bytes=PIECE_BYTES,
    )

    assert whole.complete is not None
    assert min(asked) >= acknowledged
    stored = served.data / "attachments" / file.attachment.att_id[:2] / file.attachment.att_id
    assert stored.read_bytes() == path.read_bytes()
