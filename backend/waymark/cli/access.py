"""`waymark access`: who may see what, and the data of who belongs where."""

from datetime import UTC, datetime

import click


@click.group()
def access() -> None:
    """Who may see what, and who belongs where."""


@access.command()
def matrix() -> None:
    """Print the matrix of roles, acts and groups of answers, as docs/access.md has it."""
    from waymark.cli.access_matrix import page

    click.echo("\n".join(page()))


@access.command()
@click.argument("username")
def accept(username: str) -> None:
    """USERNAME is to be what the database says, though nobody made it so here; and logs in again."""
    import asyncio

    from waymark.audit.records import SERVICE
    from waymark.cli.context import opened, settings_from_environment
    from waymark.identity.standing import actions
    from waymark.kernel.clock import now

    async def run() -> bool:
        async with opened(settings_from_environment()) as database:
            return await database.write(actions.accept, username, actor=SERVICE, now=now())

    if not asyncio.run(run()):
        raise click.ClickException("nobody of this name stands otherwise than the audit trail says")
    click.echo("Accepted, and written down.")


@access.command("merge-force")
@click.argument("force_id")
@click.argument("successor_id")
@click.option("--on", "day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="the first day of UTC")
def merge_force(force_id: str, successor_id: str, day: datetime) -> None:
    """From a day on FORCE_ID is gone, and its reports are SUCCESSOR_ID's."""
    import asyncio

    from waymark.audit.records import SERVICE
    from waymark.cli.context import opened, settings_from_environment
    from waymark.identity import actions
    from waymark.kernel.clock import now

    async def run() -> bool:
        async with opened(settings_from_environment()) as database:
            return await database.write(
                actions.merge_force,
                force_id,
                successor_id,
                at=day.replace(tzinfo=UTC),
                actor=SERVICE,
                now=now(),
            )

    if not asyncio.run(run()):
        raise click.ClickException("one of them is not known, or the first has ended already")
    click.echo(f"From {day:%Y-%m-%d} on what is {force_id}'s is {successor_id}'s.")
