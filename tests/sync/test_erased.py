"""A report that the service has erased: the kiosk lets go of its bytes and files, and says so."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from waymark_sync.kiosk import files
from waymark_sync.kiosk.adding import add_report
from waymark_sync.kiosk.home import Home
from waymark_sync.kiosk.reports import EXAMPLE
from waymark_sync.kiosk.sending import Passed, one_pass
from waymark_sync.kiosk.show import Output
from waymark_sync.kiosk.standing import standing_of
from waymark_sync.transport import FileTransport, NoAnswer, Reply

from .test_leaving import kiosk
from .world import World


@pytest.fixture
def home(world: World, tmp_path: Path) -> Home:
    return kiosk(world, tmp_path)


def made(home: Home, folder: Path, words: bytes) -> str:
    (folder / "x.txt").write_bytes(words)
    return add_report(home, EXAMPLE, [(folder / "x.txt", "text/plain")], form=None).item_id


def sent(world: World, home: Home) -> Passed:
    return one_pass(home, cast(FileTransport, NoFiles(world)), asked=True)


def test_its_files_go_with_it_and_those_of_no_other(
    world: World, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer to the first try was lost; the report was erased before the second."""
    erased, kept = made(home, tmp_path, b"one"), made(home, tmp_path, b"two")
    world.service.faults = ["reply_lost"] * 2
    sent(world, home)
    world.service.faults, world.service.erased = [], {erased}

    passed = sent(world, home)

    rows = {row.item_id: row for row in home.outbox.items()}
    assert (rows[erased].state, rows[kept].state) == ("tombstone", "receipted")
    [left] = files.held(home, rows.values())
    assert (left.item_id, [one.name for one in home.files.iterdir()]) == (kept, [left.attachment.att_id])
    assert (passed.erased, passed.files_waiting) == (1, 1)
    standing = standing_of(home)
    assert (len(standing.erased), standing.let_go, standing.whole) == (1, 0, True)
    Output(json=False).standing(standing)
    assert f"{standing.erased[0]}  erased by those who had it." in capsys.readouterr().out


def test_a_kill_before_the_files_went_leaves_none_of_them_waiting(
    world: World, home: Home, tmp_path: Path
) -> None:
    erased = made(home, tmp_path, b"one")
    world.service.faults = ["reply_lost"] * 2
    world.client.drain()
    world.service.faults, world.service.erased = [], {erased}
    world.later()
    world.client.drain()
    assert len(list(home.files.iterdir())) == 1

    assert standing_of(home).files_waiting == 0
    sent(world, home)

    assert list(home.files.iterdir()) == []


class NoFiles:
    """The service of the tests, which takes no files."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.get = world.service.get

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        if path == "/sync/v1/att":
            raise NoAnswer(sent=False)
        return self._world.service.post(path, body, headers)

    patch = post
