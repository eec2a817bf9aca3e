"""A service and its opener: what happens to reports while it is away, and that the service holds no key."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from support.reports import CANARY, Device, push_of
from support.server import Server
from support.staff import Staff
from waymark.cli.demo_people import PASSWORD
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import MSGPACK, encode

SECRET = ("seal-*.pem", "hold-*.pem", "index-*.key", "vault-*.key")
WAITS_S = 30


@pytest.fixture
def service_keys(keys: Path, tmp_path: Path) -> Path:
    """To be parted. Afterwards nothing in it opens a report."""
    folder = tmp_path / "service-keys"
    shutil.copytree(keys, folder, ignore=shutil.ignore_patterns("*.trail"))
    return folder


def pushed(server: Server, ring: KeyRing) -> str:
    report = Device().report(ring, sharing_choice="P1")
    answer = httpx.post(
        f"{server.origin}/sync/v1/push",
        content=encode(push_of(report), MSGPACK),
        headers={"Content-Type": MSGPACK},
        timeout=30,
        trust_env=False,
    )
    assert answer.status_code == 200
    return report.item_id


def read_at_the_desk(staff: Staff, report_id: str) -> bool:
    for _ in range(int(WAITS_S / 0.1)):
        if staff.status("GET", f"/desk/api/reports/{report_id}") == 200:
            return CANARY in str(staff.get(f"/desk/api/reports/{report_id}"))
        time.sleep(0.1)
    return False


def children(pid: int) -> list[int]:
    """Of all its threads."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(one) for thread in threads for one in (thread / "children").read_text().split()]


def opener_of(server: Server) -> int:
    """The child that is confined: its kernel says so."""
    for pid in children(server.pid):
        if "opener" in Path(f"/proc/{pid}/cmdline").read_text():
            return pid
    raise AssertionError("the service has no opener")


@pytest.fixture
def served(server: Callable[..., Server], keys: Path) -> Iterator[Server]:
    """With an opener of its own."""
    one = server(WAYMARK_KEYS=str(keys))
    one.waymark("demo", "--reports", "0")
    yield one.start()


def test_a_service_without_a_key_has_its_reports_opened(
    server: Callable[..., Server], service_keys: Path, tmp_path: Path, ring: KeyRing
) -> None:
    one = server()
    one.waymark("demo", "--reports", "0")
    one.environ["WAYMARK_KEYS"] = str(service_keys)
    assert "nothing that is left opens a report" in one.waymark("keys", "part", str(tmp_path / "opener-keys"))
    one.start()

    report_id = pushed(one, ring)

    with Staff(one.origin, "northshire", PASSWORD) as staff:
        assert read_at_the_desk(staff, report_id)
    assert not [path for pattern in SECRET for path in service_keys.glob(pattern)]
    opened = {path.name for path in (tmp_path / "opener-keys").iterdir()}
    assert not [name for name in opened if name.startswith(("receipt-", "root.pem", "knock", "challenge"))]


def test_reports_are_taken_while_the_opener_is_away(served: Server, ring: KeyRing) -> None:
    before = pushed(served, ring)
    with Staff(served.origin, "northshire", PASSWORD) as staff:
        assert read_at_the_desk(staff, before)
        first = opener_of(served)
        os.kill(first, signal.SIGSTOP)  # away, and nobody starts another
        try:
            taken = [pushed(served, ring) for _ in range(3)]
        finally:
            os.kill(first, signal.SIGKILL)

        assert all(read_at_the_desk(staff, report_id) for report_id in (before, *taken))
        assert opener_of(served) != first


def test_the_opener_is_confined_and_ends_with_its_service(served: Server) -> None:
    pid = opener_of(served)
    status = dict(
        line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")

    served.kill()

    for _ in range(int(WAITS_S / 0.05)):
        if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text():
            break
        time.sleep(0.05)
    else:
        raise AssertionError("the opener outlived its service")
