"""Whatever happens, in whatever order, nothing is lost: stories on the real application, on both engines."""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from models.hub import Copier, Hub
from models.machine import Story
from support.files import noise
from waymark.kernel.backup_keys import create_backup_key, load_private
from waymark.kernel.db import Engine
from waymark.kernel.settings import Settings

PROVE: Final = os.environ.get("HYPOTHESIS_PROFILE") == "prove"
STORIES: Final = 500 if PROVE else 6
STEPS: Final = 60 if PROVE else 25
# Shrinking a story takes minutes: `make prove` does it, a first look needs the steps alone.
PHASES: Final = tuple(Phase) if PROVE else (Phase.explicit, Phase.reuse, Phase.generate)
KEPT: Final = 3  # backups, so that rotation is part of every longer story


@pytest.fixture
def begin(
    engine: Engine, tmp_path: Path, keys: Path, pages: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Hub]]:
    """Each call is a service of its own, on a database of its own; the last one's files are gone by then."""
    cluster = request.getfixturevalue("cluster") if engine == "postgres" else None
    numbers, closing = count(), []

    def clear() -> None:
        while closing:
            closing.pop()()

    def make() -> Hub:
        clear()
        folder = tmp_path / f"story-{next(numbers)}"
        (folder / "data").mkdir(parents=True, mode=0o700)
        closing.append(lambda: shutil.rmtree(folder))
        if cluster is None:
            template = request.getfixturevalue("migrated_sqlite")
            shutil.copy(template, folder / "data" / "waymark.db")
            url = f"sqlite:///{folder / 'data' / 'waymark.db'}"
        else:
            name = f"story_{os.getpid()}_{folder.name[6:]}"
            url = cluster.create(name, template=request.getfixturevalue("migrated_postgres"))
            closing.append(lambda: cluster.drop(name))
        copier = Copier(folder, cluster)
        closing.append(copier.close)
        shutil.copytree(keys, folder / "keys")
        create_backup_key(folder / "keys", folder / "backup.key")
        return Hub(
            Settings(
                profile="test",
                origin="https://waymark.test",
                data=folder / "data",
                database_url=url,
                keys=folder / "keys",
                pwa=pages,
                backups=folder / "backups",
                backup_keep=KEPT,
            ),
            load_private(folder / "backup.key"),
            copier,
        )

    yield make
    clear()


def test_nothing_is_lost_whatever_happens(begin: Callable[[], Hub]) -> None:
    told = type("Told", (Story,), {"begin": staticmethod(begin)})
    run_state_machine_as_test(
        told,
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=STEPS,
            deadline=None,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_revoked_tablet_still_sends_its_files(begin: Callable[[], Hub]) -> None:
    """I15: its feed is closed to it, and that must not keep back what it was trusted with before."""
    story = _begun(begin)
    tablet = story.tablets[0]
    saved = tablet.save(noise(40_000))
    story.revoke(0)

    tablet.drain()

    assert story.hub.whole_files() == saved.files
    story.teardown()


def _begun(begin: Callable[[], Hub]) -> Story:
    story = type("Told", (Story,), {"begin": staticmethod(begin)})()
    story.start(luck=random.Random(1))
    return story
