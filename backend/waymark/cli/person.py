"""`waymark person`: invite the first ones, see who is known, let somebody go or begin again."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

import click

from waymark.identity.records import Role


@click.group()
def person() -> None:
    """Who is known here. A centre's supervisors and a force's coordinators invite the rest at the desk."""


@person.command()
@click.option("--name", required=True, help="As their colleagues know them.")
@click.option("--role", required=True, type=click.Choice(get_args(Role)))
@click.option("--centre", help="Id of their centre.")
@click.option("--force", help="Id of their force.")
@click.option("--agency", help="Id of their agency.")
def invite(name: str, role: Role, centre: str | None, force: str | None, agency: str | None) -> None:
    """Print a link that makes somebody known, once, within three days."""
    from waymark.audit.records import SERVICE
    from waymark.cli.context import settings_from_environment
    from waymark.identity.invitations import actions
    from waymark.identity.invitations.records import Place
    from waymark.kernel.problems import Problem

    place = Place(role=role, centre_id=centre, force_id=force, agency_id=agency)
    try:
        token, made = _write(actions.invite, place, name.strip(), actor=SERVICE)
    except Problem:
        raise click.ClickException(
            f"nobody is {role} of that: name the one organisation that it is a role of, by a known id"
        ) from None
    click.echo(f"{settings_from_environment().origin}/desk/join#{token}")
    click.echo(f"For {name.strip()} alone, until {made.expires_at}. It is not shown again.", err=True)


@person.command()
@click.argument("username")
def end(username: str) -> None:
    """USERNAME is nothing here from now on, and is logged out everywhere."""
    from waymark.audit.records import SERVICE
    from waymark.identity import actions

    if not _write(actions.end_membership, username, actor=SERVICE):
        raise click.ClickException("nobody of this name belongs anywhere")
    click.echo("The membership has ended.")


@person.command("forget-factors")
@click.argument("username")
def forget_factors(username: str) -> None:
    """USERNAME has lost phone, passkeys and codes: make sure that it is them, then let them begin again."""
    from waymark.audit.records import SERVICE
    from waymark.identity.second_factor import actions

    if not _write(actions.forget_factors, username, actor=SERVICE):
        raise click.ClickException("nobody has this user name")
    click.echo("They log in with their password, and set up something beside it at once.")


@person.command()
@click.argument("username")
def unlock(username: str) -> None:
    """Wrong passwords under USERNAME count no more."""
    from waymark.identity import actions

    _write(actions.unlock, username)
    click.echo("They can try again now.")


def _write(verb: Callable[..., Any], *args: Any, **more: Any) -> Any:
    from waymark.cli.context import opened, settings_from_environment
    from waymark.kernel.clock import now

    at: datetime = now()

    async def run() -> Any:
        async with opened(settings_from_environment()) as database:
            return await database.write(verb, *args, **more, now=at)

    return asyncio.run(run())
