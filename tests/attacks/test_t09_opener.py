"""T9, somebody with the account of the web process: no key is there, and the opener's socket is."""

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import msgpack
from pysqlite3 import dbapi2

from attacks.attempts import LONG, Attempts
from attacks.prey import Prey
from support.reports import HARBOUR, Device
from waymark.cli.own_opener import PREFIX
from waymark.intake.report_keys import _place
from waymark.kernel import clock
from waymark.kernel.opener.allowance import INDEX_A_DAY, TOGETHER
from waymark.kernel.opener.frames import read_frame, send_frame
from waymark.kernel.opener.records import (
    ANSWERS,
    ASKS_MAX,
    Answer,
    Answers,
    Digest,
    NewKey,
    Request,
    Unwrap,
    UnwrapFor,
)
from waymark.kernel.opener.trail import Line, Trail, read

STARTS_S: Final = 20
FLOOD_S: Final = 6.0 if LONG else 3.0
TRAIL_BYTES_PER_S_MAX: Final = 200_000
"""Of a flood that opens nothing: a day of it is less than 20 GB."""
WITHOUT_A_LINE_MAX: Final = 3_000
"""Opened in the moment in which the file begins to refuse: they are written once it does not."""
LEFT_TODAY: Final = 100
HOLDERS, HELD_EACH = 5, 100
READ_MEANWHILE: Final = 60 if LONG else 20
OPENED_WITHIN_S: Final = 5.0
HOLDS: Final = """
import socket, sys, time
from waymark.kernel.opener.records import ENCODER, Holds, Request

asked = ENCODER.encode(Request("job:holder", (Holds(),)))
begun = (b"", b"\\0", (1_000_000).to_bytes(4, "big") + b"x", len(asked).to_bytes(4, "big") + asked)

def connected(number):
    one = socket.socket(socket.AF_UNIX)
    one.connect(sys.argv[1])
    one.sendall(begun[number % len(begun)])
    one.setblocking(False)
    return one

def ended(one):
    try:
        return one.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True

held = {}
said, lost = 0, False
while True:
    for number in range(int(sys.argv[2])):
        try:
            if number not in held or ended(held[number]):
                held[number] = connected(number)
        except OSError:
            held.pop(number, None)
            lost = True
    if len(held) == int(sys.argv[2]) and said < 2 and (not said or lost):
        print(("held", "held again")[said], flush=True)
        said += 1
    time.sleep(0.02)
"""
Key = tuple[bytes, bytes]


class Socket:
    """What whoever has the account finds: no name is needed, and any can be said."""

    def __init__(self, path: Path, keys: Path, environ: dict[str, str]) -> None:
        self.path, self._keys, self._environ = path, keys, environ
        self.process: subprocess.Popen[bytes]

    def start(self) -> None:
        command = [sys.executable, "-m", "waymark", "opener", "run", "--socket", str(self.path)]
        self.process = subprocess.Popen(command, env=self._environ, stderr=subprocess.DEVNULL)
        for _ in range(STARTS_S * 20):
            with suppress(OSError):
                self.connected().close()
                return
            time.sleep(0.05)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def connected(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(30)
        connection.connect(str(self.path))
        return connection

    def ask(self, who: str, *asks: Any, over: socket.socket | None = None) -> Answers:
        connection = over or self.connected()
        try:
            send_frame(connection, msgpack.encode(Request(who, asks)))
            frame = read_frame(connection)
            return ANSWERS.decode(frame or b"")
        finally:
            if over is None:
                connection.close()

    @property
    def trail(self) -> Path:
        return self._keys / "opener.trail"

    def lines(self) -> list[Line]:
        """Once what was asked before now is written."""
        time.sleep(1.2)
        return list(read(self.trail))


@pytest.fixture
def opener(prey: Prey, tmp_path: Path) -> Iterator[Socket]:
    """One of the attack's own, with the very keys: what is used up is nobody else's."""
    folder = Path(tempfile.mkdtemp(prefix="wm-"))  # a socket's name is short
    keys = tmp_path / "keys"
    shutil.copytree(prey.folder / "keys", keys, ignore=shutil.ignore_patterns("*.trail"))
    environ = {**prey.server.environ, "WAYMARK_KEYS": str(keys)}
    made = Socket(folder / "s", keys, environ)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.fixture
def locks(prey: Prey) -> list[Key]:
    """Every wrapped key of every report, as whoever has the account reads them in the database."""
    with closing(dbapi2.connect(prey.server.data / "waymark.db")) as opened:
        rows = opened.execute("SELECT wrapped, report_id, holder FROM report_key ORDER BY report_id, holder")
        return [(wrapped, _place(report_id, holder)) for wrapped, report_id, holder in rows]


def test_everything_that_is_opened_has_its_line(opener: Socket, locks: list[Key], attempts: Attempts) -> None:
    """Every key of every report: for a job, in other people's names, with names that would spoil it."""
    names = ("job:open", "person:somebody-else", "service", "", 'x"}\n{"n":1,"who":"nobody"', "\x00\r\n" * 60)
    for who in names:
        for wrapped, place in locks:
            (answer,) = opener.ask(who, UnwrapFor(wrapped, place)).answers
            assert not answer.code, "it opens: that is what it is for"
    told = Counter((line.who, line.place) for line in opener.lines() if line.did == "unwrap_for")
    for who in names:
        for _, place in locks:
            attempts.tried(f"{place.decode()} for {who!r}", got=told[who, place.decode()] < 1)


def test_a_key_is_asked_for_under_another_name(opener: Socket, locks: list[Key], attempts: Attempts) -> None:
    """The key of one report or holder, said to be another's, so that the trail names the wrong one."""
    for wrapped, place in locks:
        for _, other in locks[:: 1 if LONG else 4]:
            if other != place:
                (answer,) = opener.ask("job:open", UnwrapFor(wrapped, other)).answers
                attempts.tried(f"{place.decode()} as {other.decode()}", got=answer.content)
        for what, said in (("nothing", b""), ("cut short", place[:-1]), ("and more", place + b"\x00")):
            (answer,) = opener.ask("job:open", UnwrapFor(wrapped, said)).answers
            attempts.tried(f"{place.decode()} as {what}", got=answer.content)
        (answer,) = opener.ask("job:open", Unwrap(wrapped)).answers
        attempts.tried(f"{place.decode()}, as a key without a place", got=answer.content)


def test_under_a_thousand_names_no_more_is_opened(opener: Socket, attempts: Attempts) -> None:
    """Eight at once, a new name for each request, a thousand things in each."""
    done, began = [0] * 8, time.monotonic()

    def flood(number: int) -> None:
        asks = (Unwrap(bytes(60)),) * ASKS_MAX
        with opener.connected() as connection:
            count = 0
            while time.monotonic() - began < FLOOD_S:
                count += 1
                done[number] += len(opener.ask(f"job:{number}-{count}", *asks, over=connection).answers)

    _together(flood)
    allowed = TOGETHER.at_once + TOGETHER.per_s * (time.monotonic() - began)
    attempts.tried("more than all together may", got=sum(done) > allowed, back=sum(done))
    assert sum(done) >= TOGETHER.at_once / 2, "the flood was one"
    refused = sum(line.times for line in opener.lines() if line.did == "refused")
    attempts.tried("without a word of it in the trail", got=not refused)


def test_a_flood_that_opens_nothing_does_not_fill_the_disk(opener: Socket, attempts: Attempts) -> None:
    """New keys, which cost no allowance, and refusals: each would be a line under a name of its own."""
    began = time.monotonic()

    def flood(number: int) -> None:
        count = 0
        with opener.connected() as connection:
            while time.monotonic() - began < FLOOD_S:
                count += 1
                asks = (NewKey(),) if number % 2 else (Unwrap(b""),) * ASKS_MAX
                opener.ask(f"person:{number}-{count}".ljust(190, "x"), *asks, over=connection)

    _together(flood)
    opener.lines()
    per_s = opener.trail.stat().st_size / (time.monotonic() - began)
    attempts.tried("bytes a second", got=per_s > TRAIL_BYTES_PER_S_MAX, back=per_s)


def test_where_nothing_can_be_written_down_nothing_is_opened(
    opener: Socket, locks: list[Key], attempts: Attempts
) -> None:
    """The trail's file refuses, as on a full disk; everything is asked for; then it may grow again."""
    opener.ask("job:before", UnwrapFor(*locks[0]))
    opener.lines()
    full = opener.trail.stat().st_size + 40  # in the middle of a line
    resource.prlimit(opener.process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    opened = 0
    until = time.monotonic() + FLOOD_S
    while time.monotonic() < until:
        answers = opener.ask("job:unseen", *(UnwrapFor(*lock) for lock in locks)).answers
        opened += sum(bool(answer.content) for answer in answers)
        time.sleep(0 if answers else 0.1)
    attempts.tried("opened without a line", got=opened > WITHOUT_A_LINE_MAX + len(locks), back=opened)
    resource.prlimit(opener.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    told = sum(line.who == "job:unseen" and not line.refused for line in opener.lines())
    attempts.tried("a line that never came", got=told < opened, back=(told, opened))
    answers = opener.ask("job:after", UnwrapFor(*locks[0])).answers
    assert [bool(answer.content) for answer in answers] == [True], "it opens again"


def test_frames_that_were_made_to_hurt(opener: Socket, locks: list[Key], attempts: Attempts) -> None:
    """Too long, too many, nested, of other kinds, cut, and a hundred that only stay: others are answered."""
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    nested = msgpack.encode(deep)
    frames = {
        "a length of four gigabytes": b"\xff\xff\xff\xff",
        "nested": len(nested).to_bytes(4, "big") + nested,
        **{
            what: len(raw).to_bytes(4, "big") + raw
            for what, raw in (
                ("a thousand and one", msgpack.encode(Request("x", (NewKey(),) * (ASKS_MAX + 1)))),
                ("of a kind there is not", msgpack.encode(["x", [["keys"]]])),
                ("for its private keys", msgpack.encode(["x", [["export", "seal-1.pem"]]])),
                ("a file", msgpack.encode(["x", [["open_item", "../seal-1.pem", b"", b""]]])),
                ("a name of a megabyte", msgpack.encode(["x" * 1_048_576, [["kids"]]])),
                ("noise", os.urandom(5_000)),
            )
        },
    }
    for what, frame in frames.items():
        with opener.connected() as connection:
            connection.sendall(frame)
            connection.shutdown(socket.SHUT_WR)
            back = _answered(connection)
        attempts.tried(what, got=[one.content for one in back if one.content], back=back)
    staying = [opener.connected() for _ in range(100)]
    for connection in staying:
        connection.sendall((1_000_000).to_bytes(4, "big") + b"x")
    (answer,) = opener.ask("job:open", UnwrapFor(*locks[0])).answers
    attempts.tried("keeping others from being answered", got=not answer.content)
    for connection in staying:
        connection.close()


def test_who_holds_connections_open_keeps_nobody_from_reading(prey: Prey, attempts: Attempts) -> None:
    """Five processes with a hundred each, silent, half begun or asked once, and opened again when ended.

    They end the opener first, so that the service's connections are not there before theirs.
    """
    (found,) = Path(prey.server.environ["TMPDIR"]).glob(f"{PREFIX}{prey.server.pid}-*/opener")
    command = [sys.executable, "-c", HOLDS, str(found), str(HELD_EACH)]
    holders = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(HOLDERS)]
    try:
        for holder in holders:
            assert holder.stdout
            assert holder.stdout.readline() == b"held\n"
        os.kill(_opener_of(prey.server.pid), signal.SIGKILL)
        for holder in holders:
            assert holder.stdout
            assert holder.stdout.readline() == b"held again\n"
        for _ in range(READ_MEANWHILE):
            began = time.monotonic()
            report = Device().report(prey.ring, body={"centre_id": HARBOUR}, sharing_choice="U1")
            assert prey.push(report).status_code == 200
            status = 0
            while status != 200 and time.monotonic() - began < OPENED_WITHIN_S:
                status = prey.person("harbour").get(f"/desk/api/reports/{report.item_id}").status_code
            took = time.monotonic() - began
            attempts.tried("a report that is not opened, or a desk that waits", got=status != 200, back=took)
        assert all(holder.poll() is None for holder in holders), "they held on to the end"
    finally:
        for holder in holders:
            holder.kill()
            holder.wait()


def test_a_list_of_telephones_is_walked(opener: Socket, attempts: Attempts) -> None:
    """Guesses at the index, a name for each, once all but a hundred of the day are used; and restarted."""
    at = clock.stamp(clock.now())
    before = Trail(opener.trail, now=at)
    before.add(at=at, who="job:walker", did="digest", times=INDEX_A_DAY - LEFT_TODAY)
    before.flush()
    opener.restart()
    answered = 0
    for number in range(LEFT_TODAY * 3):
        if number == LEFT_TODAY * 2:
            opener.lines()
            opener.restart()
        ask = Digest("force:demo-northshire", f"phone\n+447700{number:06}".encode())
        (answer,) = opener.ask(f"person:{number}", ask).answers
        answered += bool(answer.content)
        attempts.tried(f"guess {number}", got=answered > LEFT_TODAY)
    assert answered == LEFT_TODAY, "what is left of the day is answered"
    told = [line.did for line in opener.lines()]
    attempts.tried("without an alarm", got="index_used_up" not in told)


def _answered(connection: socket.socket) -> tuple[Answer, ...]:
    try:
        frame = read_frame(connection)
    except OSError:
        return ()
    return ANSWERS.decode(frame).answers if frame else ()


def _opener_of(pid: int) -> int:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            if "opener" in Path(f"/proc/{child}/cmdline").read_text():
                return int(child)
    raise AssertionError("the service has no opener")


def _together(work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
