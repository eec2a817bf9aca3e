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
from models.machine import TEN_YEARS_MS, Story
from support.files import noise
from waymark.kernel.backup_keys import create_backup_key, load_private
from waymark.kernel.db import Engine
from waymark.kernel.settings import Settings

PROVE: Final = os.environ.get("HYPOTHESIS_PROFILE") == "prove"
STORIES: Final = 500 if PROVE else 2
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
                second_factor="offered",
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


TOLD: Final[dict[str, tuple[Callable[[Story], object], ...]]] = {
    "what came after the backup is sent again": (
        lambda s: s.a_night(0, 2, tested=True),
        lambda s: s.a_disaster(0, "newest", twice=False),
    ),
    "a file that came after the backup is sent again": (
        lambda s: s.a_night(0, 1, tested=True),
        lambda s: s.a_good_hour(0, 1, file=True),
        lambda s: s.a_disaster(0, "oldest", twice=True),
    ),
    "a backup of every night, and the oldest comes back": (
        lambda s: s.a_night(0, 1, tested=True),
        lambda s: s.a_night(1, 1, tested=True),
        lambda s: s.a_night(0, 1, tested=True),
        lambda s: s.a_good_hour(0, 0, file=False),
        lambda s: s.a_disaster(0, "oldest", twice=False),
    ),
    "copied back by hand": (
        lambda s: s.a_good_hour(0, 1, file=True),
        lambda s: s.a_disaster(0, "copy", twice=False),
        lambda s: s.a_good_hour(0, 2, file=True),
        lambda s: s.a_disaster(0, "copy", twice=False),
    ),
    "the same id with other bytes": (
        lambda s: s.a_good_hour(0, 1, file=False),
        lambda s: s.same_id_other_bytes(0),
    ),
    "a clone goes on with the same numbers": (
        lambda s: s.a_good_hour(0, 1, file=False),
        lambda s: s.clone(0),
        lambda s: s.a_good_hour(0, 1, file=False),
        lambda s: s.a_good_hour(2, 1, file=False),
    ),
    "a poison report among others": (
        lambda s: s.save(0, 3),
        lambda s: s.poison(0),
        lambda s: s.save(0, 2),
        lambda s: s.drain(0, [], asked=True),
        lambda s: s.others_arrive(0),
    ),
    "two processes of one device send at once": (
        lambda s: s.save(0, 3),
        lambda s: s.drain_twice_at_once(0),
        lambda s: s.save(0, 1),
        lambda s: s.drain_twice_at_once(0),
    ),
    "an acknowledgement, and a restore that has lost it": (
        lambda s: s.a_night(0, 1, tested=False),
        lambda s: s.acknowledge(0),
        lambda s: s.a_good_hour(0, 0, file=False),
        lambda s: s.a_disaster(0, "newest", twice=False),
        lambda s: s.a_good_hour(0, 0, file=False),
        lambda s: s.acknowledge(0),
    ),
}


BOTH: Final = ("sqlite", "postgres")
# Where the engines differ, both, every day; everything on both in the long proofs.
TOLD_ON: Final = {
    name: BOTH
    if PROVE or name in ("copied back by hand", "what came after the backup is sent again")
    else ("sqlite",)
    for name in TOLD
}


@pytest.mark.parametrize(
    ("engine", "name"),
    [(engine, name) for engine in BOTH for name in TOLD if engine in TOLD_ON[name]],
    indirect=["engine"],
)
def test_nothing_is_lost_in_a_story_that_is_known(begin: Callable[[], Hub], name: str) -> None:
    story = _begun(begin)
    try:
        for act in TOLD[name]:
            act(story)
            story.look()
    finally:
        story.teardown()


def test_a_revoked_tablet_still_sends_its_files(begin: Callable[[], Hub]) -> None:
    """I15: its feed is closed to it, and that must not keep back what it was trusted with before."""
    story = _begun(begin)
    tablet = story.tablets[0]
    saved = tablet.save(noise(40_000))
    tablet.wire.faults = ["none", "none", *["lost"] * 9]  # its report and its news, and nothing of its file
    tablet.drain()
    tablet.wire.faults = []
    assert [row.state for row in tablet.rows()] == ["receipted"]
    assert story.hub.whole_files() == {}
    story.revoke(0)

    tablet.drain(asked=True)

    assert tablet.home.outbox.order() is not None, "I15"
    assert story.hub.whole_files() == saved.files, "I15"
    story.teardown()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_clock_changes_what_becomes_of_a_report(begin: Callable[[], Hub]) -> None:
    """I10: beside a tablet whose clock is right stands one whose clock is wrong by ten years, both ways."""
    story = _begun(begin)
    for jump in (TEN_YEARS_MS, -2 * TEN_YEARS_MS, TEN_YEARS_MS):
        story.clock_jumps(1, jump)
        for which in (0, 1):
            story.a_bad_hour(which, 1, False, ["429", "answer_lost"], True)
        story.a_night(0, 1, tested=True)
        story.a_night(1, 1, tested=True)
        story.look()
    story.a_disaster(0, "oldest", twice=False)
    story.teardown()

    right, wrong = ([each.state for each in told] for told in story.judged)
    assert len(right) == 6
    assert right == wrong


def _begun(begin: Callable[[], Hub]) -> Story:
    story = type("Told", (Story,), {"begin": staticmethod(begin)})()
    story.start(luck=random.Random(1))
    return story
