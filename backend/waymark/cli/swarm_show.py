"""What a run of a swarm looks like while it lasts: a grid at a terminal, else a line now and then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table

from waymark.cli.swarm_run import Swarm

PLAIN_EVERY_S: Final = 5.0
GRID_EVERY_S: Final = 0.25
ACROSS: Final = 3  # devices side by side: thirty fit a screen of twenty-four lines


@asynccontextmanager
async def shown(run: Swarm, *, quiet: bool) -> AsyncIterator[None]:
    """quiet: nothing on standard output, which is for a program."""
    console = Console(stderr=quiet, highlight=False)
    showing = asyncio.create_task(_grid(run, console) if console.is_terminal else _lines(run))
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


async def _grid(run: Swarm, console: Console) -> None:
    with Live(_table(run), console=console, auto_refresh=False) as live:
        try:
            while True:
                live.update(_table(run), refresh=True)
                await asyncio.sleep(GRID_EVERY_S)
        finally:
            live.update(_table(run), refresh=True)


async def _lines(run: Swarm) -> None:
    while True:
        await asyncio.sleep(PLAIN_EVERY_S)
        click.echo(_line(run), err=True)


def _line(run: Swarm) -> str:
    told = run.progress.values()
    return (
        f"made {sum(p.made for p in told)}, queued {sum(p.queued for p in told)}, "
        f"sent {sum(p.sent for p in told)}, received {run.received.total()}, "
        f"photos {sum(p.photos_sent for p in told)} of {sum(p.photos for p in told)} - {run.note}"
    )


def _table(run: Swarm) -> Table:
    table = Table(box=SIMPLE_HEAD, title=_line(run), pad_edge=False)
    for _ in range(ACROSS):
        table.add_column("device")
        for heading in ("made", "queued", "sent", "received"):
            table.add_column(heading, justify="right")
    names = list(run.kinds)
    for start in range(0, len(names), ACROSS):
        cells: list[str] = []
        for name in names[start : start + ACROSS]:
            cells += _cells(run, name)
        table.add_row(*cells)
    return table


def _cells(run: Swarm, name: str) -> list[str]:
    told = run.progress.get(name)
    if told is None:
        return [name, "", "", "", ""]
    queued = f"[yellow]{told.queued}[/yellow]" if told.queued else "0"
    return [name, str(told.made), queued, str(told.sent), f"[green]{run.received[name]}[/green]"]
