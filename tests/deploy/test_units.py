"""The units: that systemd understands them, how much they forbid, and that the service can live so."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from deploy.conftest import DEPLOY
from deploy.sandbox import allowed_calls, settings
from house.source import ROOT
from support.server import Server
from waymark.kernel.settings import NAMES, read_settings

UNITS = ("waymark.service", "waymark-backup.service")
ALL_UNITS = (*UNITS, "waymark-opener.service")
EXPOSURE_MAX = 1.3
"""systemd's own count of what is left open, from 0 to 10. A unit that says nothing has 9.6."""
OF_EACH = {"ExecStart", "Type", "Description", "Documentation", "Nice", "IOSchedulingClass"}


def systemd_analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    """With a program where there is one on a machine that runs this."""
    for unit in (*ALL_UNITS, "waymark-backup.timer"):
        text = (DEPLOY / unit).read_text(encoding="utf-8")
        (tmp_path / unit).write_text(text.replace("/opt/waymark/.venv/bin/waymark", "/bin/true"), "utf-8")

    read = systemd_analyze("verify", "--man=no", *(str(path) for path in sorted(tmp_path.iterdir())))

    assert (read.returncode, read.stdout + read.stderr) == (0, "")


@pytest.mark.parametrize("unit", ALL_UNITS)
def test_hardly_anything_is_left_open(unit: str) -> None:
    judged = systemd_analyze(
        "security", "--offline=true", f"--threshold={int(EXPOSURE_MAX * 10)}", str(DEPLOY / unit)
    )

    assert judged.returncode == 0, judged.stdout
    assert "Overall exposure level" in judged.stdout


def test_both_services_are_shut_in_alike() -> None:
    """But for who may be spoken to: a backup goes to no network."""
    service, backup = (settings(DEPLOY / unit) for unit in UNITS)
    differ = {name for name in service.keys() | backup.keys() if service.get(name) != backup.get(name)}

    assert differ - OF_EACH == {
        *("Restart", "RestartSec", "TimeoutStopSec", "After", "Wants", "WantedBy", "SocketBindAllow"),
        *("RequiresMountsFor", "IPAddressDeny", "IPAddressAllow"),
    }


def test_the_opener_has_no_network_and_the_keys_alone() -> None:
    """And asks who is there, which an account of its own kind would not be told."""
    opener = settings(DEPLOY / "waymark-opener.service")

    assert opener["PrivateNetwork"] == ["yes"]
    assert opener["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert opener["StateDirectory"] == ["waymark-opener"]
    assert opener["User"] != settings(DEPLOY / "waymark.service")["User"]
    assert "EnvironmentFile" not in opener, "a database's password may be in it"
    assert "PrivateUsers" not in opener


def test_the_settings_are_ones_that_the_service_takes() -> None:
    lines = (DEPLOY / "environment").read_text(encoding="utf-8").splitlines()
    named = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert named.keys() <= NAMES.keys()
    assert read_settings(named).encrypted_in_transit
    folders = settings(DEPLOY / "waymark.service")["StateDirectory"][0].split()
    assert {named[n] for n in ("WAYMARK_DATA", "WAYMARK_KEYS", "WAYMARK_BACKUPS")} == {
        f"/var/lib/{folder}" for folder in folders
    }


def test_what_the_service_may_ask_of_the_kernel_leaves_out_what_it_never_does() -> None:
    calls = allowed_calls(settings(DEPLOY / "waymark.service")["SystemCallFilter"])

    assert {"openat", "fdatasync", "accept4", "prctl", "prlimit64"} <= calls
    assert not calls & {"ptrace", "mount", "bpf", "init_module", "setuid", "chown", "reboot"}


def test_a_page_is_served_under_all_that_is_forbidden_and_a_backup_is_made_beside_it(
    server: Callable[..., Server], staffed: Path, keys: Path, tmp_path: Path
) -> None:
    shutil.copytree(keys, tmp_path / "keys")
    served = server(staffed, WAYMARK_BACKUPS=str(tmp_path / "backups"), WAYMARK_KEYS=str(tmp_path / "keys"))
    served.waymark("keys", "backup-key", str(tmp_path / "backup.key"))
    served.within = [sys.executable, str(ROOT / "tests" / "deploy" / "sandbox.py"), str(DEPLOY / UNITS[0])]
    served.start()
    status = Path(f"/proc/{served.pid}/status").read_text(encoding="utf-8")

    assert httpx.get(served.origin, trust_env=False).status_code == 200
    assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE), "the filter was not in force"
    served.waymark("backup")
    assert list((tmp_path / "backups").glob("*.backup"))
