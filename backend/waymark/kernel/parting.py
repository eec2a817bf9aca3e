"""Keys in two folders: one that opens reports, for the opener, and one that the service runs with."""

from pathlib import Path
from typing import Final

from waymark.kernel.holders import HOLD_PREFIX, HOLDERS, INDEX_PREFIX, load_holders, load_private
from waymark.kernel.keys import (
    FOLDER_MODE,
    KEY_SET,
    ROOT_PUBLIC,
    SEAL_PREFIX,
    VAULT_PREFIX,
    KeysRefused,
    load_keys,
    load_seal_keys,
    make_folder,
    sync_folder,
    write_durably,
)

PUBLIC: Final = (ROOT_PUBLIC, KEY_SET, HOLDERS)
"""Both need them."""
OPENING: Final = (SEAL_PREFIX, HOLD_PREFIX, INDEX_PREFIX, VAULT_PREFIX)


def part_keys(folder: Path, opener: Path) -> int:
    """Copy what opens into `opener`, and only then take it out of `folder`. Returns how many keys were moved.

    Raises KeysRefused. Cut short, both folders have them, and it can be asked again.
    """
    load_keys(folder)
    if opener.resolve() == folder.resolve() or folder.resolve() in opener.resolve().parents:
        raise KeysRefused(f"{opener} lies in {folder}: name a folder apart from it")
    make_folder(opener)
    opener.chmod(FOLDER_MODE)
    opening = [path for path in sorted(folder.iterdir()) if path.name.startswith(OPENING)]
    for path in (*(folder / name for name in PUBLIC), *opening):
        _copy(path, opener / path.name)
    sync_folder(opener)
    for path in opening:
        path.unlink()
    sync_folder(folder)
    return len(opening)


def missing_keys(folder: Path) -> list[str]:
    """What is listed and does not lie here, a sentence each. Of a folder that was not parted: nothing."""
    seal = load_seal_keys(folder)
    listed = [f"{SEAL_PREFIX}{kid}.pem" for kid in load_keys(folder).seal_kids if kid not in seal]
    private = load_private(folder)
    listed += [f"{HOLD_PREFIX}{key.kid}.pem" for key in load_holders(folder).keys if key.kid not in private]
    return [
        f"{folder / name} is missing: restore it from your copy, or set WAYMARK_OPENER where an opener has it"
        for name in listed
    ]


def _copy(path: Path, to: Path) -> None:
    content = path.read_bytes()
    if to.exists():
        if to.read_bytes() != content:
            raise KeysRefused(f"{to} is there already and is another one; keys are never overwritten")
        return
    write_durably(to, content)
