"""Threads may meet any shape at the same moment: all of them are worked out before."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import waymark.app  # noqa: F401 - brings every shape of the service
from waymark_sync import shapes

ROOT = Path(__file__).parents[2]
RACE = """
import sys, threading
import msgspec
import waymark.app
from waymark_sync import shapes

INNER = '''
class Part{n}(msgspec.Struct):
    one: typing.Annotated[str, msgspec.Meta(max_length={n})] | typing.Literal["a", "b"] | None = None
    two: dict[str, list[int]] | None = None
    last: str | None = None
class Whole{n}(msgspec.Struct):
    parts: tuple[Part{n}, ...] = ()
    last: str | None = None
'''
names = {"__name__": "waymark.race", "msgspec": msgspec, "typing": __import__("typing")}
for n in range(1, 200):
    exec(INNER.format(n=n), names)
WORK_OUT
sys.setswitchinterval(1e-6)
gate = threading.Barrier(4)

def meet_all():
    for n in range(1, 200):
        gate.wait()
        raw = {"parts": [{"one": "a", "last": "b"}], "last": "c"}
        msgspec.convert(raw, names[f"Whole{n}"])

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


@pytest.mark.parametrize(("first", "harm"), [("shapes.work_out()", False), ("", True)])
def test_threads_that_meet_every_shape_at_once_do_no_harm(first: str, harm: bool) -> None:
    """And without it they do: otherwise this would show nothing."""
    ran = subprocess.run([sys.executable, "-c", RACE.replace("WORK_OUT", first)], check=False, timeout=60)

    assert (ran.returncode != 0) == harm


def test_a_program_with_several_clients_has_them_worked_out() -> None:
    """Before it can begin a thread, as soon as it has the client."""
    seen = (
        "import msgspec; made = []; real = msgspec.json.Decoder; "
        "msgspec.json.Decoder = lambda shape: (made.append(shape.__name__), real(shape))[1]; "
        "import waymark_sync.client; "
        "assert {'PushResponse', 'ManifestResponse', 'AttState', 'Row', 'ReportBody'} <= set(made), made"
    )

    assert subprocess.run([sys.executable, "-c", seen], check=False, timeout=60).returncode == 0
