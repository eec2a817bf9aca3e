"""`waymark import`: sealed reports that were carried here by hand."""

import asyncio
from collections import Counter
from pathlib import Path

import click

from waymark.kernel.settings import Settings


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_queue(file: Path) -> None:
    """Take in the sealed reports of FILE, an exported queue. The same report twice stays one."""
    from waymark.cli.context import settings_from_environment

    for verdict, count in sorted(asyncio.run(_take_in(settings_from_environment(), file)).items()):
        click.echo(f"{verdict}: {count}")


async def _take_in(settings: Settings, file: Path) -> Counter[str]:
    """What is accepted here is opened by the running service, or by its next start."""
    from waymark.cli.context import opened
    from waymark.intake import actions as intake
    from waymark.intake.rules import read_push
    from waymark.kernel.clock import now
    from waymark.kernel.db import Connection
    from waymark_sync.codec import PushFrame, WireError, decode
    from waymark_sync.protocol import ITEMS_MAX, ExportedQueue, PushRequest

    try:
        queue = decode(file.read_bytes(), "application/json", ExportedQueue)
    except WireError as error:
        raise click.ClickException(f"{file} is no exported queue: {error}") from error
    verdicts: Counter[str] = Counter()

    def take(db: Connection, start: int) -> list[str]:
        intake.ensure_lineage(db, now=now())
        # The items may be of many devices, and nothing is known of who carried them: no heartbeat.
        request = PushRequest(device_id="00000000-0000-4000-8000-000000000000")
        push = read_push(PushFrame(request=request, items=queue.items[start : start + ITEMS_MAX]))
        (committed,) = intake.commit_pushes(db, [push], now=now())
        return [s.verdict for s in committed.standings] + [r.verdict for r in push.unstored]

    async with opened(settings) as database:
        for start in range(0, len(queue.items), ITEMS_MAX):
            verdicts.update(await database.write(take, start))
    return verdicts
