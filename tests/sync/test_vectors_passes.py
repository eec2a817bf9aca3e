"""The recorded passes are what the core does today; the browser's core is held to the same file."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from waymark_sync import core
from waymark_sync import core_parts as parts

Vectors = Callable[[str], Any]
PROVE = os.environ.get("WAYMARK_PROVE") == "1"


def test_the_recorded_passes_are_what_the_core_does(vectors: Vectors) -> None:
    import vector_passes

    committed = vectors("passes")
    made = vector_passes.passes() if PROVE else vector_passes.passes(stories=6)
    count, pooled = len(made["passes"]), len(made["pool"])

    assert json.loads(json.dumps(made["passes"])) == committed["passes"][:count]
    assert json.loads(json.dumps(made["pool"])) == committed["pool"][:pooled]
    assert count == len(committed["passes"]) if PROVE else count > 100


def test_a_core_that_does_otherwise_is_noticed(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    import vector_passes

    monkeypatch.setattr(core, "CHECK_IN_MS", core.CHECK_IN_MS + 1)

    assert vector_passes.passes(stories=0)["passes"] != vectors("passes")["passes"][:200]


@pytest.mark.parametrize(("heartbeat", "asked"), [(True, parts.SendPush), (False, parts.ReadRetained)])
def test_who_says_nothing_of_itself_sends_no_heartbeat(heartbeat: bool, asked: type[Any]) -> None:
    state, _ = core.step(core.State(), parts.Woken(now_ms=1, reason="timer"))
    due = parts.DueRead(now_ms=1, rows=(), incarnation=None, not_before=0, heartbeat=heartbeat, pulls=False)

    state, [effect] = core.step(state, due)

    assert isinstance(effect, asked)


def test_who_has_no_feed_asks_for_none() -> None:
    state, _ = core.step(core.State(), parts.Woken(now_ms=1, reason="timer"))
    due = parts.DueRead(now_ms=1, rows=(), incarnation=None, not_before=0, heartbeat=False, pulls=False)
    state, _ = core.step(state, due)

    state, effects = core.step(state, parts.RetainedRead(now_ms=1, held=(), incarnation=None))

    assert effects == (parts.ReadQueue(),)
