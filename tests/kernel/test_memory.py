"""Who else may look into a running service: nobody, not even under its own account."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.server import Server

# Root may look into everything, so both processes become somebody else; which also closes them, until the
# first is opened again as any ordinary program is.
LOOK = """
import ctypes, os, sys
from waymark.kernel.memory import keep_to_itself
def become_somebody():
    if os.geteuid() == 0:
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
ready, tell = os.pipe()
hold, end = os.pipe()
service = os.fork()
if service == 0:
    os.close(end)
    become_somebody()
    if sys.argv[1] == "kept":
        keep_to_itself()
    os.write(tell, b"x")
    os.read(hold, 1)
    os._exit(0)
os.read(ready, 1)
become_somebody()
try:
    open(f"/proc/{service}/mem", "rb").close()
    print("open")
except PermissionError:
    print("closed")
"""


@pytest.mark.parametrize(("how", "found"), [("as it was", "open"), ("kept", "closed")])
def test_another_process_of_the_same_account_cannot_read_its_memory(how: str, found: str) -> None:
    command = [sys.executable, "-I", "-c", LOOK, how]

    looked = subprocess.run(command, capture_output=True, text=True, cwd="/", check=True)

    assert looked.stdout.strip() == found


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_crash_leaves_no_core(server: Callable[..., Server], database_url: str) -> None:
    served = server(WAYMARK_DATABASE_URL=database_url).start()

    limits = Path(f"/proc/{served.pid}/limits").read_text(encoding="ascii")

    [line] = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4] == "0"
