"""Devices are asked to come back later while a file says so. It outlives a restart."""

from pathlib import Path
from typing import Final

FILE: Final = "maintenance"
RETRY_S: Final = 60
RETRY_S_MAX: Final = 86_400


def begin(data: Path, *, retry_s: int = RETRY_S) -> None:
    """Devices keep what they have and ask again after `retry_s` and a little more, each in its own second."""
    (data / FILE).write_text(f"{retry_s}\n", encoding="ascii")


def end(data: Path) -> bool:
    """False: there was none."""
    try:
        (data / FILE).unlink()
    except FileNotFoundError:
        return False
    return True


def retry_after_s(data: Path) -> int | None:
    """None: devices are welcome."""
    try:
        with open(data / FILE, encoding="ascii", errors="replace") as file:
            text = file.read(16).strip()
    except FileNotFoundError:
        return None
    seconds = int(text) if text.isascii() and text.isdigit() else RETRY_S
    return max(1, min(seconds, RETRY_S_MAX))
