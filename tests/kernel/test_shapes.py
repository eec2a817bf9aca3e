"""Threads may meet any shape at the same moment: all of them are worked out before."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import waymark.app  # noqa: F401 - brings every shape of the service
from waymark.kernel import shapes

ROOT = Path(__file__).parents[2]
RACE = """
import sys, threading
import msgspec
import waymark.app
from waymark.kernel import shapes

shapes.work_out()
sys.setswitchinterval(1e-6)
found = [shape for shape in shapes._below(msgspec.Struct) if shape.__module__.startswith("waymark")]
gate = threading.Barrier(4)

def meet_all():
    for shape in found:
        gate.wait()
        try:
            msgspec.convert({}, shape, strict=False)
        except (msgspec.ValidationError, TypeError):
            pass

threads = [threading.Thread(target=meet_all) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_no_shape_that_rows_or_messages_have_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    met: set[str] = set()
    decoder = shapes.msgspec.json.Decoder
    monkeypatch.setattr(
        shapes.msgspec.json, "Decoder", lambda shape: (met.add(shape.__name__), decoder(shape))
    )

    shapes.work_out()

    written = {
        node.name
        for folder in ("mailbox", "intake", "triage", "identity", "audit")
        for node in ast.walk(ast.parse((ROOT / "backend/waymark" / folder / "records.py").read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    assert written - met == set()


def test_threads_that_meet_every_shape_at_once_do_no_harm() -> None:
    ran = subprocess.run([sys.executable, "-c", RACE], check=False, timeout=60)

    assert ran.returncode == 0
