"""Keys in two folders: one that opens reports, for the opener, and one that the service runs with."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from waymark.kernel.holders import (
    HOLD_PREFIX,
    HOLDERS,
    INDEX_PREFIX,
    SERVICE,
    index_file,
    load_holders,
    load_private,
)
from waymark.kernel.keys import (
    FOLDER_MODE,
    KEY_SET,
    ROOT_PUBLIC,
    SEAL_PREFIX,
    VAULT_PREFIX,
    KeyRing,
    KeysRefused,
    load_keys,
    load_seal_keys,
    make_folder,
    sync_folder,
    write_durably,
)
from waymark_sync.protocol import ServiceKey

PUBLIC: Final = (ROOT_PUBLIC, KEY_SET, HOLDERS)
"""Both need them."""
OPENING: Final = (SEAL_PREFIX, HOLD_PREFIX, INDEX_PREFIX, VAULT_PREFIX)


def part_keys(folder: Path, opener: Path, *, holders: Collection[str] = ()) -> int:
    """Copy what opens into `opener`, and only then take it out of `folder`. Returns how many keys were moved.

    holders: theirs alone, for an opener of one organisation; none named: all. Raises KeysRefused. Cut short,
    both folders have them, and it can be asked again.
    """
    ring = load_keys(folder)
    if opener.resolve() == folder.resolve() or folder.resolve() in opener.resolve().parents:
        raise KeysRefused(f"{opener} lies in {folder}: name a folder apart from it")
    opening = [path for path in sorted(folder.iterdir()) if path.name.startswith(OPENING)]
    if holders:
        names = _names_of(holders, folder, ring)
        opening = [path for path in opening if path.name in names]
    make_folder(opener)
    opener.chmod(FOLDER_MODE)
    for path in (*(folder / name for name in PUBLIC), *opening):
        _copy(path, opener / path.name)
    sync_folder(opener)
    for path in opening:
        path.unlink()
    sync_folder(folder)
    return len(opening)


def _names_of(holders: Collection[str], folder: Path, ring: KeyRing) -> set[str]:
    """Their keys of now and before, what finds by them, and what devices seal to them."""
    names: set[str] = set()
    for holder in holders:
        kids = [key.kid for key in load_holders(folder).keys if key.holder == holder]
        if not kids or holder == SERVICE:
            raise KeysRefused(f"{holder} has no key of its own here: `waymark keys list` shows who has")
        names |= {f"{HOLD_PREFIX}{kid}.pem" for kid in kids} | {index_file(folder, holder).name}
        sealed_to = [kid for kid in ring.seal_kids if (key := ring.service_key(kid)) and _is_of(key, holder)]
        names |= {f"{SEAL_PREFIX}{kid}.pem" for kid in sealed_to}
    return names


def _is_of(key: ServiceKey, holder: str) -> bool:
    return bool(key.centre_id) and holder == f"centre:{key.centre_id}"


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
