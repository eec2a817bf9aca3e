"""The split page's own server: who may press the switch, what a crash looks like, and how both end."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from support.server import Server
from support.staged import Staged, three_free_ports


@pytest.fixture
def staged(server: Callable[..., Server], tmp_path: Path) -> Iterator[Staged]:
    served = server(WAYMARK_PROFILE="demo", WAYMARK_STAGE_PORT=str(three_free_ports()))
    served.waymark("demo", "--no-reports")
    stage = Staged(served, tmp_path / "stage.log")
    yield stage
    stage.stop()


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def until(done: Callable[[], bool], seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "waited too long"
        time.sleep(0.05)


def test_the_switch_kills_and_starts_and_only_our_page_may_press_it(staged: Staged) -> None:
    staged.start()
    port = staged.served.port

    for wrong in (
        {"Origin": "http://localhost:1"},
        {"Origin": staged.served.origin},
        {"Waymark_Stage": "guessed"},
        {"Sec_Fetch_Site": "same-site"},
    ):
        assert staged.switch(plugged=False, **wrong).status_code == 403, wrong
    assert staged.switch(plugged=False, Host="evil.example").status_code == 421
    assert answers(port)

    assert staged.switch(plugged=False).json()["state"] == "unplugged"
    assert not answers(port)
    assert staged.state()["state"] == "unplugged"
    assert staged.switch(plugged=True).json()["state"] == "running"
    assert answers(port)


def test_only_this_page_may_hold_our_pages_in_a_frame(staged: Staged) -> None:
    staged.start()
    first = int(staged.served.environ["WAYMARK_STAGE_PORT"])

    for port in (staged.served.port, first + 1, first + 2):
        page = httpx.get(f"http://localhost:{port}/", trust_env=False)
        assert f"frame-ancestors {staged.address};" in page.headers["content-security-policy"]
        assert "x-frame-options" not in page.headers
    own = httpx.get(f"{staged.address}/", trust_env=False)
    assert "frame-ancestors 'none'" in own.headers["content-security-policy"]
    assert own.headers["x-frame-options"] == "DENY"
    assert "unsafe" not in own.headers["content-security-policy"]


def test_a_crash_is_shown_and_only_the_plug_starts_it_again(staged: Staged) -> None:
    staged.start()
    os.kill(_child_of(staged), signal.SIGKILL)
    until(lambda: staged.state()["state"] == "crashed")

    assert staged.state()["exit_code"] == -signal.SIGKILL
    assert "ended by itself" in staged.log_text
    assert staged.switch(plugged=False).json()["state"] == "unplugged"
    assert staged.switch(plugged=True).json()["state"] == "running"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_both_end_together(staged: Staged, how: signal.Signals) -> None:
    staged.start()

    assert staged.stop(how) == 0
    assert not answers(staged.served.port)
    assert "Traceback" not in staged.log_text


def test_a_service_ends_with_a_split_page_that_is_killed(staged: Staged) -> None:
    staged.start()
    child = _child_of(staged)

    assert staged.stop(signal.SIGKILL) == -signal.SIGKILL

    try:
        until(lambda: not answers(staged.served.port))
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("name", ["WAYMARK_PORT", "WAYMARK_STAGE_PORT"])
def test_a_port_that_is_taken_names_its_setting(staged: Staged, name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(staged.served.environ[name])))
        taken.listen()

        with pytest.raises(AssertionError, match=f"is in use: stop what runs there or set {name}"):
            staged.start()


def _child_of(staged: Staged) -> int:
    own = staged.pid
    for folder in Path("/proc").iterdir():
        with suppress(OSError):  # it may have ended since it was listed
            if folder.name.isdigit() and f"PPid:\t{own}\n" in (folder / "status").read_text():
                return int(folder.name)
    raise AssertionError("the split page has no server")
