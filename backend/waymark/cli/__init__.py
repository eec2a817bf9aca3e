"""The console script `waymark`; the same commands are a Litestar CLI plugin (`litestar waymark ...`).

Commands import what they need when they run, so that `waymark settings` stays instant.
"""

import sys

import click

from waymark.cli import (
    access,
    audit,
    backup,
    bench,
    demo,
    directory,
    doctor,
    intake,
    keys,
    maintenance,
    openapi,
    opener,
    person,
    queue,
    serve,
    stage,
    swarm,
)

__all__ = ["group", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="waymark", prog_name="waymark")
def group() -> None:
    """Run and look after a Waymark service."""


group.add_command(serve.serve)
group.add_command(demo.demo)
demo.demo.add_command(stage.stage)
demo.demo.add_command(swarm.swarm)
group.add_command(serve.migrate)
group.add_command(doctor.show_settings)
group.add_command(doctor.doctor)
group.add_command(keys.keys)
group.add_command(directory.directory)
group.add_command(queue.import_queue)
group.add_command(intake.intake)
group.add_command(audit.audit)
group.add_command(opener.opener)
group.add_command(backup.backup)
group.add_command(backup.restore)
group.add_command(backup.replay)
group.add_command(maintenance.maintenance)
group.add_command(openapi.openapi)
group.add_command(access.access)
group.add_command(person.person)
group.add_command(bench.bench)


def main() -> None:
    """Refusals become one sentence a line and exit code 1; anything else is a bug and keeps its traceback."""
    from waymark.cli.context import REFUSALS, reasons

    try:
        group(prog_name="waymark")
    except REFUSALS as refused:
        for reason in reasons(refused):
            click.echo(f"waymark: {reason}", err=True)
        sys.exit(1)
