"""`waymark intake`: what came and could not be opened."""

import asyncio

import click

from waymark.kernel.settings import Settings

PAGE = 100


@click.group()
def intake() -> None:
    """What came and could not be opened."""


@intake.command()
@click.argument("item_ids", nargs=-1, metavar="[ITEM_ID]...")
def reopen(item_ids: tuple[str, ...]) -> None:
    """Let the service try again to open these items, or all that are held. Safe to repeat."""
    from waymark.cli.context import settings_from_environment

    count = asyncio.run(_reopen(settings_from_environment(), item_ids))
    click.echo(f"reopened: {count}")


async def _reopen(settings: Settings, item_ids: tuple[str, ...]) -> int:
    """The running service tries them within seconds, or its next start does."""
    from waymark.audit.records import SERVICE
    from waymark.cli.context import opened
    from waymark.intake import actions
    from waymark.kernel.clock import now

    async with opened(settings) as database:
        if item_ids:
            done = await database.write(actions.reopen, item_ids, actor=SERVICE, why="asked", now=now())
            return len(done)
        count, before = 0, actions.POS_MAX
        while page := await database.read(actions.held, before=before, limit=PAGE):
            before = page[-1].pos
            ids = [item.id for item in page if item.state != "conflict"]
            done = await database.write(actions.reopen, ids, actor=SERVICE, why="asked", now=now())
            count += len(done)
        return count
