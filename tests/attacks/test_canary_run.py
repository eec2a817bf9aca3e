"""The search behind the run with canaries finds what is there, wherever a file is cut for reading."""

import base64
from pathlib import Path

import pytest

from attacks import canary_run

WORD = "canary-narrative-5f1c"


@pytest.mark.parametrize(
    "raw",
    [
        WORD.encode(),
        WORD.encode("utf-16-le"),
        WORD.encode().hex().encode(),
        base64.b64encode(b"x" + WORD.encode()),
        bytes(canary_run.PIECE - 9) + WORD.encode(),
    ],
)
def test_a_canary_is_found(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "log").write_bytes(b"\0" + raw + b"\xff")

    assert canary_run.holds(tmp_path / "log")


def test_where_there_is_none_none_is_found(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"a bird" * 1_000_000)

    assert not canary_run.holds(tmp_path / "log")
