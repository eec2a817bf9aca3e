"""`waymark audit`: does the trail hold, and what was done to one thing?"""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import click

from waymark.audit.records import Checkpoint, Entry, Examined, Lost
from waymark.kernel.settings import Settings

ALTERED: Final = 1
CUT_OFF: Final = 3


@click.group()
def audit() -> None:
    """Who did what to which report, and whether that record holds."""


@audit.command()
@click.option(
    "--checkpoints",
    "places",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A checkpoint, or a folder of them, kept outside this machine. Default: WAYMARK_AUDIT_CHECKPOINTS.",
)
@click.option("--restored", multiple=True, metavar="LINEAGE", help="You know that this lineage was cut off.")
def verify(places: tuple[Path, ...], restored: tuple[str, ...]) -> None:
    """Walk the whole trail and hold it against signed checkpoints.

    Ends with 0 when it holds, with 1 when it was altered, and with 3 when a restore cut off entries that
    checkpoints speak of and --restored does not name that lineage.
    """
    from waymark.cli.context import settings_from_environment

    settings = settings_from_environment()
    told = list(_files(places or ((settings.audit_checkpoints,) if settings.audit_checkpoints else ())))
    found, foreign = asyncio.run(_examine(settings, told))
    for line in (*_lines(found, restored), *(f"not signed by this service: {name}" for name in foreign)):
        click.echo(line)
    if not told:
        click.echo("No checkpoint from outside was given: who can write all of it anew is not noticed.")
    if not found.holds or foreign:
        sys.exit(ALTERED)
    if any(one.incarnation not in restored for one in found.lost):
        sys.exit(CUT_OFF)


@audit.command()
def checkpoint() -> None:
    """Sign what the trail is now, and print it: to be sent or written down elsewhere."""
    from waymark.cli.context import settings_from_environment

    click.echo(asyncio.run(_checkpoint(settings_from_environment())), nl=False)


@audit.command()
@click.argument("kind", type=click.Choice(["report", "device", "item", "centre", "lineage"]))
@click.argument("id")
def show(kind: str, id: str) -> None:
    """What was done to one thing, oldest first: when, by whom, what."""
    from waymark.cli.context import settings_from_environment

    for entry in asyncio.run(_about(settings_from_environment(), kind, id)):
        actor = f"{entry.actor_role} {entry.actor_id}"
        click.echo(f"{entry.pos:>8}  {entry.at}  {actor}  {entry.action}  {entry.detail}")


def _files(places: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for place in places:
        for path in sorted(place.glob("[0-9]*.json")) if place.is_dir() else [place]:
            yield path.name, path.read_bytes()


async def _examine(settings: Settings, told: Iterable[tuple[str, bytes]]) -> tuple[Examined, list[str]]:
    """Beside the database's own checkpoints, too: they tell of whoever does not know of them.

    And the names of those that this service did not sign.
    """
    from waymark.audit import actions
    from waymark.cli.context import opened
    from waymark.kernel.keys import load_keys
    from waymark.kernel.signed import NotSigned

    ring, believed, foreign = load_keys(settings.keys), list[Checkpoint](), list[str]()
    async with opened(settings) as database:
        own = await database.read(lambda db: list(actions.checkpoints(db)))
        for name, raw in (*told, *((f"checkpoint {one.pos} of the database", one.signed) for one in own)):
            try:
                believed.append(actions.believed(raw, ring))
            except NotSigned:
                foreign.append(name)
        return await database.read(actions.examine, believed), foreign


async def _checkpoint(settings: Settings) -> bytes:
    from waymark.audit import actions
    from waymark.cli.context import opened
    from waymark.kernel.clock import now
    from waymark.kernel.keys import load_keys

    async with opened(settings) as database:
        made = await database.write(actions.checkpoint, load_keys(settings.keys), now=now())
        last = made or await database.read(actions.last_checkpoint)
        return last.signed if last else b"The trail is empty.\n"


async def _about(settings: Settings, kind: str, id: str) -> list[Entry]:
    from waymark.audit import actions
    from waymark.cli.context import opened

    async with opened(settings) as database:
        return await database.read(actions.about, kind=kind, id=id)


def _lines(found: Examined, restored: tuple[str, ...]) -> Iterator[str]:
    yield f"{found.entries} entries, the last {found.head}"
    for begun in found.begun[1:]:
        yield f"entry {begun.pos}: a restore, {begun.at}: lineage {begun.incarnation} begins"
    yield f"{found.agreed} checkpoints hold, up to entry {found.agreed_upto}"
    for lost in found.lost:
        yield _cut(lost, known=lost.incarnation in restored)
    for one in found.contradicted:
        yield f"ALTERED before or at entry {one.pos}: the checkpoint of {one.at} says something else"
    if found.broken:
        yield f"ALTERED at entry {found.broken.pos}: {found.broken.why}"
    if found.holds:
        yield "The trail holds."


def _cut(lost: Lost, *, known: bool) -> str:
    told = f"lineage {lost.incarnation} had {lost.reached} entries on {lost.at}, and a restore cut some off"
    return told if known else f"{told}: if you know of it, say --restored {lost.incarnation}"
