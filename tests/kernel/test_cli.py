"""The console script, as an operator runs it: in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from msgspec.json import decode

from support.server import Server
from waymark.kernel.db import Engine

Waymark = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def waymark(tmp_path: Path) -> Waymark:
    """Run a command; nothing of the machine's own settings is seen."""

    def run(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "waymark", *arguments],
            env={"PATH": "/usr/bin:/bin", "WAYMARK_DATA": str(tmp_path / "data"), **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_settings_are_printed_without_the_password(waymark: Waymark) -> None:
    done = waymark("settings", WAYMARK_DATABASE_URL="postgresql://waymark:s3cret@db/waymark")

    assert done.returncode == 0
    assert "WAYMARK_PORT=8000" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr


def test_refusals_are_sentences_and_no_traceback(waymark: Waymark) -> None:
    done = waymark("serve", WAYMARK_PORT="x", WAYMARK_HOST="0.0.0.0")  # noqa: S104 - what is refused

    assert done.returncode == 1
    assert "WAYMARK_PORT must be" in done.stderr
    assert "WAYMARK_HOST is fixed" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_says_everything_that_is_wrong(waymark: Waymark, tmp_path: Path) -> None:
    done = waymark("doctor", WAYMARK_PWA=str(tmp_path / "nowhere"))

    assert done.returncode == 1
    assert "waymark keys create" in done.stdout
    assert "waymark migrate" in done.stdout
    assert "s3cret" not in done.stdout


def test_doctor_is_content_with_a_sound_installation(waymark: Waymark, keys: Path, pages: Path) -> None:
    environ = {"WAYMARK_KEYS": str(keys), "WAYMARK_PWA": str(pages)}
    waymark("migrate", **environ)

    done = waymark("doctor", **environ)

    assert (done.returncode, done.stdout[:11]) == (0, "All is well"), done.stdout


def test_keys_are_made_once_and_trusted_by_the_same_file(waymark: Waymark, tmp_path: Path) -> None:
    out = tmp_path / "trust.json"
    first = waymark("keys", "trust", "--create", str(out))
    changed_at = out.stat().st_mtime_ns
    again = waymark("keys", "trust", "--create", str(out))
    created = waymark("keys", "create")

    assert (first.returncode, again.returncode, created.returncode) == (0, 0, 0)
    assert out.stat().st_mtime_ns == changed_at
    assert "There are keys already" in created.stdout
    assert set(json.loads(out.read_bytes())) == {"instance", "keyset", "root"}


def test_trust_without_keys_is_refused(waymark: Waymark, tmp_path: Path) -> None:
    done = waymark("keys", "trust", str(tmp_path / "trust.json"))

    assert done.returncode == 1
    assert "waymark keys create" in done.stderr


def test_demo_is_marked_repeatable_and_refused_in_production(waymark: Waymark, keys: Path) -> None:
    first = waymark("demo", WAYMARK_KEYS=str(keys))
    again = waymark("demo", WAYMARK_KEYS=str(keys))
    production = waymark("demo", WAYMARK_PROFILE="production", WAYMARK_ORIGIN="https://reports.example.org")

    assert first.stdout == again.stdout
    assert "DEMONSTRATION" in first.stdout
    assert production.returncode == 1
    assert "refused in production" in production.stderr


def test_production_does_not_start(waymark: Waymark, keys: Path, pages: Path) -> None:
    environ = {"WAYMARK_KEYS": str(keys), "WAYMARK_PWA": str(pages), "WAYMARK_PROFILE": "production"}
    waymark("migrate", **environ)

    done = waymark("serve", **environ)

    assert done.returncode == 1
    assert "WAYMARK_PROFILE=demo" in done.stderr


def test_port_in_use_names_the_setting(server: Callable[..., Server]) -> None:
    running = server().start()
    second = server(WAYMARK_PORT=str(running.port))

    with pytest.raises(AssertionError, match="is in use"):
        second.waymark("serve")


def test_served_process_listens_on_loopback_and_stops_cleanly(
    server: Callable[..., Server], database_url: str, engine: Engine
) -> None:
    running = server(WAYMARK_DATABASE_URL=database_url).start()

    answer = httpx.get(f"{running.origin}/health/ready", trust_env=False)
    listening = Path(f"/proc/{running.pid}/net/tcp").read_text()
    running.stop()

    assert answer.status_code == 200
    assert f"0100007F:{running.port:04X}" in listening
    assert f"00000000:{running.port:04X}" not in listening
    codes = [decode(line)["code"] for line in running.log_text.splitlines() if line.startswith("{")]
    assert "started" in codes
    assert codes[-1] in {"stopped", "library.uvicorn.error"}
    assert "stopped" in codes


def test_killed_process_starts_again_on_the_same_data(server: Callable[..., Server]) -> None:
    running = server()
    running.waymark("demo")
    running.start()
    running.kill()
    running.start()

    login = httpx.post(
        f"{running.origin}/desk/api/session",
        json={"username": "harbour", "password": "waymark-demonstration"},
        headers={"Origin": running.origin, "Sec-Fetch-Site": "same-origin", "Waymark-Request": "1"},
        trust_env=False,
    )

    assert login.status_code == 200, login.text
