"""`waymark backup` and `waymark restore`."""

import asyncio
import sys
from collections import Counter
from pathlib import Path

import click

from waymark.custody.records import Backup
from waymark.kernel.settings import Settings

KEY = click.option(
    "--key",
    "key_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The private half of the backup key.",
)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(invoke_without_command=True)
@click.pass_context
def backup(context: click.Context) -> None:
    """Back up database and files beside the running service, sealed to the backup key."""
    if context.invoked_subcommand is not None:
        return
    from waymark.cli.context import settings_from_environment
    from waymark.custody.backups import make
    from waymark.kernel.clock import now

    settings = settings_from_environment()
    made = make(settings, now=now())
    click.echo(f"{settings.backups / made.name}.backup")
    click.echo(_line(made))


@backup.command("list")
def list_backups() -> None:
    """What may be restored, oldest first, and up to where devices may let go."""
    from waymark.cli.context import settings_from_environment
    from waymark.custody.backups import listed
    from waymark.kernel.keys import load_keys

    settings = settings_from_environment()
    for one in listed(settings, load_keys(settings.keys)):
        click.echo(f"{one.name}  {_line(one)}")
    click.echo(f"floor {asyncio.run(_floor(settings))}")


@backup.command()
@click.argument("files", nargs=-1, type=FILE)
@KEY
def verify(files: tuple[Path, ...], key_file: Path) -> None:
    """Test-restore FILES, or every backup that has not been tested, into a scratch place. Moves the floor."""
    from waymark.cli.context import settings_from_environment
    from waymark.custody.backups import BACKUP, listed
    from waymark.custody.drill import verify as test_restore
    from waymark.kernel.backup_keys import load_private
    from waymark.kernel.clock import now
    from waymark.kernel.keys import load_keys

    settings, private = settings_from_environment(), load_private(key_file)
    every = listed(settings, load_keys(settings.keys))
    untested = [settings.backups / f"{one.name}{BACKUP}" for one in every if one.tested == "not yet"]
    failed = False
    for file in files or untested:
        found = test_restore(settings, file, private, now=now())
        click.echo(f"{file.name}: {'; '.join(found.faults) or 'good'}")
        failed = failed or bool(found.faults)
    click.echo(f"floor {asyncio.run(_floor(settings))}")
    if failed:
        sys.exit(1)


@click.command()
@click.argument("file", type=FILE)
@KEY
@click.option("--however-old", is_flag=True, help="Also one that policy does not allow any more.")
def restore(file: Path, key_file: Path, however_old: bool) -> None:
    """Put the backup FILE in place. Overwrites nothing."""
    from waymark.cli.context import settings_from_environment
    from waymark.custody.restoring import restore as put_in_place
    from waymark.kernel.backup_keys import load_private
    from waymark.kernel.clock import now

    settings = settings_from_environment()
    done = put_in_place(settings, file, load_private(key_file), now=now(), however_old=however_old)
    held = done.manifest
    click.echo(
        f"Restored {held.items} items and {held.files} files of {held.made_at}, up to position {held.pos}."
    )
    click.echo("Devices will offer again everything that they still hold; nothing is taken twice.")
    click.echo("Next: `waymark migrate` if this version is newer, `waymark doctor`, then `waymark serve`.")
    if settings.intake_log is not None:
        click.echo("What came after this backup is taken from the intake log when the service starts.")


def _line(one: Backup) -> str:
    held = one.manifest
    return (
        f"{held.made_at}  {one.card.file_bytes / 1_000_000:.1f} MB  {held.items} items  {held.files} files  "
        f"up to {held.pos}  {one.tested}"
    )


async def _floor(settings: Settings) -> int:
    """Moved now; a running service does the same within seconds. 0 where no database is."""
    from waymark.cli.context import opened
    from waymark.custody.jobs import Keeper
    from waymark.kernel import lineage
    from waymark.kernel.db import copies
    from waymark.kernel.keys import load_keys

    if copies.is_empty(settings.database_url):
        return 0
    async with opened(settings) as database:
        if await database.read(lineage.begun) is None:
            return 0
        keeper = Keeper(database, settings, load_keys(settings.keys))
        await keeper.settle_floor()
        return (await database.read(lineage.current)).restore_floor


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def replay(folder: Path | None) -> None:
    """Take from the intake log, or from FOLDER, what the database lacks. What is there already stays one."""
    from waymark.cli.context import settings_from_environment
    from waymark.custody.records import Refused

    settings = settings_from_environment()
    root = folder or settings.intake_log
    if root is None:
        raise Refused("there is no intake log: set WAYMARK_INTAKE_LOG, or name its folder")
    for verdict, count in sorted(asyncio.run(_replay(settings, root)).items()):
        click.echo(f"{verdict}: {count}")


async def _replay(settings: Settings, root: Path) -> Counter[str]:
    """What is accepted here is opened by the running service, or by its next start."""
    from waymark.attachments.shelf import Shelf
    from waymark.cli.context import opened
    from waymark.custody.replaying import replay as take_back
    from waymark.intake import actions as intake
    from waymark.kernel.clock import now
    from waymark.kernel.vault import open_vault

    vault = open_vault(settings.keys)
    files = Shelf(settings.data / "attachments")
    async with opened(settings) as database:
        await database.write(intake.ensure_lineage, now=now())
        return await take_back(database, vault, files, root)
