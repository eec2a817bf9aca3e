"""Where the vectors are, and devices and services for the stories told here."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from waymark_sync.outbox import Outbox

from .service import Service
from .world import World

VECTORS = Path(__file__).parents[2] / "sync" / "vectors"
sys.path.insert(0, str(VECTORS))


@pytest.fixture
def vectors() -> Callable[[str], Any]:
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox(tmp_path / "outbox.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def world(outbox: Outbox) -> World:
    return World(outbox, Service())
