"""`waymark demo swarm`: many devices in a bad place, then a verdict: was anything lost or doubled?"""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from waymark.kernel.settings import Settings, SettingsRefused

if TYPE_CHECKING:
    from waymark.cli.swarm_ledger import Verdict
    from waymark.cli.swarm_run import Plan


@click.command()
@click.option("--devices", type=click.IntRange(1, 200), default=30, show_default=True)
@click.option("--reports", type=click.IntRange(1, 100), default=5, show_default=True, help="By each device.")
@click.option("--seconds", type=click.FloatRange(2, 3_600), default=60, show_default=True)
@click.option("--flaky", is_flag=True, help="Lose, delay and repeat requests and answers; kill devices.")
@click.option("--kill", is_flag=True, help="Kill the server again and again.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the faults.")
@click.option("--json", "as_json", is_flag=True, help="The verdict for programs.")
@click.option(
    "--verdict",
    "earlier",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Only judge the earlier run that is in this folder.",
)
def swarm(
    devices: int,
    reports: int,
    seconds: float,
    flaky: bool,
    kill: bool,
    seed: int,
    as_json: bool,
    earlier: Path | None,
) -> None:
    """Send from many devices at once and count what arrived. Exit code 1 unless all of it did, once."""
    from waymark.cli.demo import demo_settings
    from waymark.cli.swarm_run import Plan

    settings = demo_settings()
    if earlier is not None:
        verdict = asyncio.run(_judged(settings, earlier))
    else:
        plan = Plan(devices=devices, reports=reports, seconds=seconds, flaky=flaky, kill=kill, seed=seed)
        verdict = asyncio.run(_run(settings, plan, quiet=as_json))
    if as_json:
        click.echo(msgspec.json.encode({**msgspec.structs.asdict(verdict), "good": verdict.good}).decode())
    else:
        click.echo(str(verdict))
    sys.exit(0 if verdict.good else 1)


async def _judged(settings: Settings, folder: Path) -> "Verdict":
    from waymark.cli.context import opened
    from waymark.cli.swarm_run import files_of, verdict_of

    async with opened(settings) as database:
        return await verdict_of(database, files_of(settings), folder)


async def _run(settings: Settings, plan: "Plan", *, quiet: bool) -> "Verdict":
    from waymark.cli.context import opened
    from waymark.cli.swarm_plug import Service
    from waymark.cli.swarm_run import Swarm
    from waymark.cli.swarm_show import shown
    from waymark.kernel.clock import now
    from waymark.kernel.keys import load_keys
    from waymark_sync.policy import load_pack

    folder = settings.data / "swarm" / f"{now():%Y%m%d-%H%M%S}-{plan.seed}"
    folder.mkdir(mode=0o700, parents=True)
    run = Swarm(settings, plan, ring=load_keys(settings.keys), pack=load_pack(), folder=folder)
    async with opened(settings) as database, Service(settings) as service:
        if plan.kill and service.switch is None:
            raise SettingsRefused(
                ("the running server has no plug: start it with `waymark demo stage`, or stop it",)
            )
        async with shown(run, quiet=quiet):
            verdict = await run.run(database, service.switch)
    kills = f"{run.worker_kills} kills of device processes, {run.server_kills} of the server"
    click.echo(f"{kills}; photos on their way then: {run.cut_photos}", err=True)
    click.echo(f"ledgers and outboxes: {folder}", err=True)
    return verdict
