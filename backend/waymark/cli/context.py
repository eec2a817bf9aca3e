"""What every command begins with: settings, and a database that is closed again."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from waymark.custody.records import Refused
from waymark.identity.standing import actions as standing
from waymark.kernel import ballast, checks
from waymark.kernel.clock import milliseconds, now
from waymark.kernel.db import Connection, Database, DatabaseFault, open_database
from waymark.kernel.holders import make_holders
from waymark.kernel.keys import KeyRing, KeysRefused, add_missing, create_keys, load_keys
from waymark.kernel.migrate import pending
from waymark.kernel.settings import Settings, SettingsRefused, read_settings
from waymark_sync.policy import holder_names, load_pack

REFUSALS = (SettingsRefused, KeysRefused, DatabaseFault, Refused)
"""Expected, and each says what to do."""


def reasons(refused: Exception) -> tuple[str, ...]:
    return refused.reasons if isinstance(refused, SettingsRefused) else (str(refused),)


def settings_from_environment() -> Settings:
    """Raises SettingsRefused."""
    return read_settings(os.environ)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    database = await open_database(settings.database_url)
    try:
        yield database
    finally:
        await database.close()


def keys_made(folder: Path) -> tuple[KeyRing, bool]:
    """The ring in the folder, and whether it was made just now. Existing keys are never touched."""
    pack = load_pack()
    if folder.is_dir() and any(folder.iterdir()):
        add_missing(folder)
        ring, new = load_keys(folder), False
    else:
        centres = sorted(pack.centre_ids)
        ring, new = create_keys(folder, issued_at=milliseconds(now()), centres=centres), True
    make_holders(folder, holder_names(pack))
    return ring, new


async def faults(settings: Settings) -> list[str]:
    """Everything that stands between this installation and its first report."""
    from waymark.app import start_faults

    found = list(checks.of_disk(settings))
    try:
        async with opened(settings) as database:
            found += await start_faults(database, settings)
    except DatabaseFault as fault:
        found.append(str(fault))
    return found


async def alarms(settings: Settings) -> list[str]:
    """What a person should look at at once, and what keeps no report from being taken."""
    found = list(_of_ballast(settings))
    with suppress(DatabaseFault):  # `faults` says what is wrong with it
        async with opened(settings) as database:
            found += [] if await pending(database) else await database.read(_astray)
    return found


def _of_ballast(settings: Settings) -> Iterator[str]:
    if ballast.of_settings(settings).released:
        needed_mb = settings.ballast_mb + 2 * ballast.FULL_BYTES // ballast.MIB
        yield (
            f"the disk of {settings.data} was full: its ballast is released so that reports can be erased, "
            f"and no more are taken in. Make {needed_mb} MB free; the ballast is then made again by itself"
        )


def _astray(db: Connection) -> list[str]:
    return [
        f"{one.username} stands otherwise than the audit trail says ({' and '.join(one.parts)}): somebody"
        " wrote to the database past the service. Take it back, or, if it is to be so, run"
        f" `waymark access accept {one.username}`"
        for one in standing.astray(db, now=now())
    ]
