"""Keys in two folders: what opens reports is in one of them, and in no moment in neither."""

from pathlib import Path

import pytest

from waymark.kernel import parting
from waymark.kernel.holders import make_holders
from waymark.kernel.keys import KeysRefused, create_keys, load_keys
from waymark.kernel.parting import OPENING, missing_keys, part_keys
from waymark.kernel.vault import CannotDecrypt, open_vault


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys", issued_at=1, centres=["library"])
    make_holders(tmp_path / "keys", ["centre:library", "force:north"])
    return tmp_path / "keys"


def opening(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.startswith(OPENING)}


def test_what_opens_reports_is_moved_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    before, names = opening(folder), {path.name for path in folder.iterdir()}

    assert part_keys(folder, tmp_path / "opener") == len(before) == 2 + 3 + 3 + 1

    assert opening(folder) == set()
    assert {path.name for path in folder.iterdir()} == names - before
    assert load_keys(folder).seal_key.use == "seal"
    assert open_vault(tmp_path / "opener").held().seal == load_keys(folder).seal_kids
    assert (tmp_path / "opener").stat().st_mode & 0o077 == 0
    assert missing_keys(folder)
    with pytest.raises(KeysRefused):
        open_vault(folder)


def test_cut_short_it_can_be_asked_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real, done = opening(folder), parting._copy, []

    def failing(path: Path, to: Path) -> None:
        if len(done) == 5:
            raise OSError(28, "No space left on device")
        done.append(path)
        real(path, to)

    monkeypatch.setattr(parting, "_copy", failing)
    with pytest.raises(OSError, match="No space"):
        part_keys(folder, tmp_path / "opener")
    assert opening(folder) == before
    monkeypatch.undo()

    assert part_keys(folder, tmp_path / "opener") == len(before)


@pytest.mark.parametrize("where", ["", "inside"])
def test_it_must_be_a_folder_apart(folder: Path, where: str) -> None:
    with pytest.raises(KeysRefused, match="apart"):
        part_keys(folder, folder / where)


def test_other_keys_are_not_overwritten(folder: Path, tmp_path: Path) -> None:
    create_keys(tmp_path / "other", issued_at=1)
    make_holders(tmp_path / "other")

    with pytest.raises(KeysRefused, match="another one"):
        part_keys(folder, tmp_path / "other")


def test_one_organisation_s_opener_opens_its_own_alone(folder: Path, tmp_path: Path) -> None:
    """Given the keys of a force and of nobody else."""
    vault = open_vault(folder)
    given = {
        name: vault.holders.wrap(bytes(32), holder=name, place=b"x").wrapped
        for name in ("centre:library", "force:north")
    }
    part_keys(folder, tmp_path / "opener")
    own = vault.holders.key_of("force:north").kid
    for path in (tmp_path / "opener").glob("hold-*.pem"):
        if own not in path.name:
            path.unlink()

    police = open_vault(tmp_path / "opener")

    assert police.unwrap_for(given["force:north"], b"x") == bytes(32)
    with pytest.raises(CannotDecrypt):
        police.unwrap_for(given["centre:library"], b"x")
