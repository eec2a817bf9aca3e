"""The opener: it answers what a vault would, to whom it may, no faster than it should, and has no way out."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import msgpack

from support.reports import Device
from waymark.kernel.asking import ASKING, carried
from waymark.kernel.holders import load_holders
from waymark.kernel.keys import KeyRing
from waymark.kernel.opener.allowance import INDEX_A_DAY, JOB, PERSON, TOGETHER, Allowances
from waymark.kernel.opener.client import FarVault
from waymark.kernel.opener.records import FRAME_BYTES_MAX, LENGTH_BYTES
from waymark.kernel.opener.server import Answering, listen, serve
from waymark.kernel.opener.trail import Trail, TrailBroken, read
from waymark.kernel.problems import Problem
from waymark.kernel.vault import CannotDecrypt, KeyUnknown, Vault
from waymark_sync.protocol import decode_header
from waymark_sync.seal import CannotOpen

NORTH = "force:demo-northshire"
AT = "2026-01-01T00:00:00.000Z"


class Opener:
    def __init__(
        self, vault: Vault, folder: Path, *, peers: set[int], index_a_day: int = INDEX_A_DAY
    ) -> None:
        self.path, self.trail = folder / "s", folder / "trail"
        self.time_s = 1_000.0
        trail = Trail(self.trail, now=AT)
        answering = Answering(vault, trail, time_s=lambda: self.time_s, index_a_day=index_a_day)
        listener = listen(self.path)
        self._flush = trail.flush
        run = threading.Thread(
            target=serve, args=(listener, answering, trail), kwargs={"peers": peers}, daemon=True
        )
        run.start()

    def lines(self) -> list[tuple[str, str, str]]:
        self._flush()
        return [(line.who, line.did, line.place) for line in read(self.trail)]


@pytest.fixture
def short() -> Iterator[Path]:
    """A socket's name is short."""
    folder = Path(tempfile.mkdtemp(prefix="wm-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def opener(vault: Vault, short: Path) -> Opener:
    return Opener(vault, short, peers={os.getuid()})


@pytest.fixture
def far(opener: Opener, keys: Path) -> Iterator[FarVault]:
    far = FarVault(opener.path, load_holders(keys))
    yield far
    far.close()


def test_it_answers_what_a_vault_would(far: FarVault, vault: Vault, ring: KeyRing) -> None:
    key, wrapped = far.new_key()
    given = far.holders.wrap(b"k" * 64, holder=NORTH, place=b"report_key|a|b")
    report = Device().report(ring)
    header, sealed = report.envelope.header, report.envelope.sealed
    kid = decode_header(header).kid

    assert vault.unwrap(wrapped) == far.unwrap(wrapped) == key
    assert far.unwrap_for(given.wrapped, b"report_key|a|b") == b"k" * 64
    assert far.digest(NORTH, b"phone") == vault.digest(NORTH, b"phone")
    assert far.open_item(kid, header, sealed) == vault.open_item(kid, header, sealed)
    assert far.held() == vault.held()
    assert far.held().seal
    with pytest.raises(CannotDecrypt):
        far.unwrap_for(given.wrapped, b"report_key|a|c")
    with pytest.raises(CannotDecrypt):
        far.unwrap(bytes(60))
    with pytest.raises(KeyUnknown):
        far.open_item("0" * 16, header, sealed)
    with pytest.raises(CannotOpen):
        far.open_item(kid, header, sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_it_writes_down_who_opened_what(far: FarVault, opener: Opener) -> None:
    given = far.holders.wrap(b"k" * 64, holder=NORTH, place=b"report_key|some-id|x")
    token = ASKING.set("person:p-1")
    seen: list[bytes] = []
    work = carried(lambda: far.unwrap_for(given.wrapped, b"report_key|some-id|x"))
    other = threading.Thread(target=lambda: seen.append(work()))
    other.start()
    other.join()
    ASKING.reset(token)
    far.new_key()

    assert seen == [b"k" * 64]
    assert opener.lines() == [
        ("person:p-1", "unwrap_for", "report_key|some-id|x"),
        ("service", "new_key", ""),
    ]
    assert b"kkkk" not in opener.trail.read_bytes()


def test_too_much_at_once_is_told_to_wait(far: FarVault, opener: Opener) -> None:
    _, wrapped = far.new_key()
    token = ASKING.set("person:greedy")
    with pytest.raises(Problem) as told:
        for _ in range(PERSON.at_once + 1):
            far.unwrap(wrapped)
    assert told.value.kind.status == 503
    assert int(told.value.headers["Retry-After"]) >= 1
    ASKING.set("person:other")
    assert far.unwrap(wrapped)
    ASKING.set("person:greedy")
    opener.time_s += 1
    assert far.unwrap(wrapped)
    ASKING.reset(token)

    assert ("person:greedy", "refused", "") in opener.lines()


def test_allowances_come_back_with_time() -> None:
    allowances = Allowances()
    assert allowances.take("person:a", PERSON.at_once, at=0) == 0
    wait_s = allowances.take("person:a", 50, at=0)
    assert 5 <= wait_s <= 6
    assert allowances.take("person:a", 50, at=wait_s) == 0
    assert allowances.take("person:a", PERSON.at_once, at=wait_s + PERSON.at_once / PERSON.per_s) == 0


def test_whoever_it_says_it_is_together_they_open_no_more() -> None:
    """A service that was taken over can make up a name for each."""
    allowances, opened = Allowances(), 0
    for second in range(60):
        for number in range(100):
            if allowances.take(f"job:{second}-{number}", 1_000, at=float(second)) == 0:
                opened += 1_000

    assert opened <= TOGETHER.at_once + 60 * TOGETHER.per_s
    assert JOB.per_s < TOGETHER.per_s


def test_a_broken_frame_ends_its_own_connection_alone(far: FarVault, opener: Opener) -> None:
    bad = [
        (FRAME_BYTES_MAX + 1).to_bytes(LENGTH_BYTES, "big"),
        (4).to_bytes(LENGTH_BYTES, "big") + b"\xc1\xc1\xc1\xc1",
        (3).to_bytes(LENGTH_BYTES, "big") + b"\x00",
        *(
            len(raw).to_bytes(LENGTH_BYTES, "big") + raw
            for raw in (
                msgpack.encode(["who", []]),
                msgpack.encode(["who", [["sign", b""]]]),
                secrets.token_bytes(40),
            )
        ),
    ]
    assert far.is_there()
    for raw in bad:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(10)
            connection.connect(str(opener.path))
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""

    assert far.is_there()


def test_another_account_is_not_answered(vault: Vault, keys: Path, short: Path) -> None:
    Opener(vault, short, peers={os.getuid() + 1})

    assert not FarVault.answering(short / "s")


def test_without_an_opener_whoever_asks_is_told(keys: Path, tmp_path: Path) -> None:
    far = FarVault(tmp_path / "nobody", load_holders(keys))
    began = time.monotonic()
    with pytest.raises(Problem):
        far.unwrap(b"")
    waited = time.monotonic()
    for _ in range(50):
        with pytest.raises(Problem):
            far.unwrap(b"")

    assert time.monotonic() - waited < waited - began, "each that came after waited as long"


def test_what_is_about_no_report_is_one_line_until_it_is_written(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "trail", now=AT)
    for _ in range(3):
        trail.add(at=AT, who="job:open", did="refused", times=2)
        trail.add(at=AT, who="job:open", did="unwrap_for", place="a-report")
    for number in range(1_000):
        trail.add(at=AT, who=f"made-up:{number}", did="refused")
    trail.flush()
    trail.add(at=AT, who="job:open", did="refused")
    trail.flush()

    lines = list(read(tmp_path / "trail"))
    told = [(line.did, line.times) for line in lines if line.who == "job:open"]
    assert told == [("refused", 6), *[("unwrap_for", 1)] * 3, ("refused", 1)]
    assert sum(line.times for line in lines if line.did == "refused") == 1_007
    assert len(lines) < 80


@pytest.mark.parametrize("how", ["edited", "removed", "swapped", "added"])
def test_an_altered_trail_is_noticed(tmp_path: Path, how: str) -> None:
    path = tmp_path / "trail"
    trail = Trail(path, now=AT)
    for number in range(5):
        trail.add(at="2026-01-01T00:00:00.000Z", who=f"person:{number}", did="unwrap")
    trail.flush()
    lines = path.read_bytes().splitlines(keepends=True)
    altered: Callable[[], list[bytes]] = {
        "edited": lambda: [*lines[:2], lines[2].replace(b"person:2", b"person:9"), *lines[3:]],
        "removed": lambda: lines[:1] + lines[2:],
        "swapped": lambda: [lines[0], lines[2], lines[1], *lines[3:]],
        "added": lambda: [*lines[:2], lines[1], *lines[2:]],
    }[how]
    assert len(list(read(path))) == 5

    path.write_bytes(b"".join(altered()))

    with pytest.raises(TrailBroken, match="line"):
        list(read(path))
    Trail(path, now=AT).add(at=AT, who="after", did="unwrap")
    with pytest.raises(TrailBroken, match="line"):
        list(read(tmp_path / "trail-2026-01-01T000000.broken"))


@pytest.mark.parametrize("left", [b'{"n":3,"at":"20', b"\0" * 40, b"{"])
def test_what_a_power_cut_leaves_of_a_line_holds_up_nothing(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "trail"
    for part in ("first", "second"):
        trail = Trail(path, now=AT)
        trail.add(at=AT, who=part, did="unwrap")
        trail.flush()
        with path.open("ab") as file:
            file.write(left)

    again = Trail(path, now=AT)
    again.add(at=AT, who="third", did="unwrap")
    again.flush()

    assert [line.who for line in read(path)] == ["first", "second", "third"]
    assert list(tmp_path.iterdir()) == [path]


def test_the_trail_goes_on_where_it_ended(tmp_path: Path) -> None:
    for number in range(3):
        trail = Trail(tmp_path / "trail", now=AT)
        trail.add(at="2026-01-01T00:00:00.000Z", who=f"run:{number}", did="unwrap")
        trail.flush()

    assert [(line.n, line.who) for line in read(tmp_path / "trail")] == [
        (1, "run:0"),
        (2, "run:1"),
        (3, "run:2"),
    ]


TRIES = """
import ctypes, json, os, socket, subprocess, sys, threading
from waymark.kernel.confined import confine

held = socket.socket(socket.AF_INET)  # one that was there before
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1] + "/s")
listener.listen()
if sys.argv[2] == "confined":
    confine(answering=True)


def tried(work):
    try:
        work()
    except OSError as error:
        return error.errno
    return 0


def thread():
    done = []
    one = threading.Thread(target=done.append, args=(1,))
    one.start()
    one.join()
    assert done


def answer():
    with open("/proc/self/status") as file:
        assert file.read()


found = {
    "inet": tried(lambda: socket.socket(socket.AF_INET)),
    "inet6": tried(lambda: socket.socket(socket.AF_INET6)),
    "unix": tried(lambda: socket.socket(socket.AF_UNIX)),
    "netlink": tried(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
    "bind": tried(lambda: held.bind(("127.0.0.1", 0))),
    "connect": tried(lambda: held.connect(("127.0.0.1", int(sys.argv[3])))),
    "fork": tried(os.fork) if sys.argv[2] == "confined" else 0,
    "exec": tried(lambda: os.execv("/bin/true", ["true"])) if sys.argv[2] == "confined" else 0,
    "write": tried(lambda: open(sys.argv[1] + "/new", "w")),
    "unlink": tried(lambda: os.unlink(sys.argv[1] + "/s")),
    "read": tried(answer),
    "thread": tried(thread),
}
print(json.dumps(found))
"""


def test_it_has_no_way_out(tmp_path: Path, short: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def probe(how: str) -> dict[str, int]:
            command = [sys.executable, "-c", TRIES, str(short), how, str(port)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
            (short / "s").unlink(missing_ok=True)
            (short / "new").unlink(missing_ok=True)
            return dict(json.loads(done.stdout))

        free, confined = probe("free"), probe("confined")

    ways = {"inet", "inet6", "unix", "netlink", "connect", "bind", "fork", "exec", "write", "unlink"}
    assert {name for name, fault in free.items() if fault} <= {"netlink"}, "the attempts themselves work"
    assert {name for name, fault in confined.items() if fault} == ways
