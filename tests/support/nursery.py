"""Where served processes come from: one Python that has read the service's code once, and divides.

What comes out is a process of its own, with its own environment, log and signals, as `python -m waymark`
would be; only the reading of a few hundred modules, most of a start's work, is done once for a whole worker.
"""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

SAID_MAX = 65_536
"""Bytes of one question to the nursery: an environment."""


class Child:
    """As far as tests use a `subprocess.Popen`."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self._nursery, self.pid = nursery, pid
        self._ended = os.pidfd_open(pid)
        self._code: int | None = None

    def send_signal(self, how: signal.Signals) -> None:
        """It cannot reach another process: until it is waited for, nobody else has this number."""
        if self._code is None:
            os.kill(self.pid, how)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Raises TimeoutExpired."""
        if self._code is None:
            ended, _, _ = select.select([self._ended], [], [], timeout)
            if not ended:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            self._code = self._nursery.ask({"wait": self.pid})["code"]
            os.close(self._ended)
        return self._code


class Nursery:
    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__)), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        atexit.register(self._close)

    def start(self, arguments: Sequence[str], environ: Mapping[str, str], log: IO[bytes]) -> Child:
        """`python -m waymark ARGUMENTS`, with both outputs in `log`."""
        told = self.ask({"run": list(arguments), "environ": dict(environ)}, log.fileno())
        return Child(self, told["pid"])

    def ask(self, question: dict[str, Any], *files: int) -> dict[str, Any]:
        raw = json.dumps(question).encode()
        assert len(raw) <= SAID_MAX, "too much of an environment"
        socket.send_fds(self._socket, [raw], files)
        answer: dict[str, Any] = json.loads(self._socket.recv(SAID_MAX))
        return answer

    def _close(self) -> None:
        """It ends what it has made, then itself."""
        self._socket.close()
        self._process.wait()


def _serve(asked: socket.socket) -> None:
    """In the nursery: until nobody asks any more."""
    children = set[int]()
    while True:
        raw, files, _, _ = socket.recv_fds(asked, SAID_MAX, 1)
        if not raw:
            break
        question = json.loads(raw)
        if "run" in question:
            pid = os.fork()
            if pid == 0:
                asked.close()
                _become(question["run"], question["environ"], files[0])
            os.close(files[0])
            children.add(pid)
            answer = {"pid": pid}
        else:
            children.discard(question["wait"])
            answer = {"code": os.waitstatus_to_exitcode(os.waitpid(question["wait"], 0)[1])}
        asked.send(json.dumps(answer).encode())
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _become(arguments: list[str], environ: dict[str, str], log: int) -> NoReturn:
    """The process that was asked for. It never comes back."""
    from waymark.cli import main

    code = 1
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.environ.clear()
        os.environ.update(environ)
        sys.argv = ["waymark", *arguments]
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception:  # noqa: BLE001 - as Python itself does when nobody catches it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    # All that serving imports, some of it only when it runs.
    import uvicorn.lifespan.on
    import uvicorn.loops.uvloop
    import uvicorn.protocols.http.httptools_impl  # noqa: F401

    import waymark.app
    import waymark.cli.context  # noqa: F401

    with socket.socket(fileno=int(sys.argv[1])) as listening:
        _serve(listening)
