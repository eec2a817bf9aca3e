"""`waymark settings` and `waymark doctor`: what is set, and what is wrong with it."""

import asyncio
import sys
from contextlib import suppress

import click


@click.command("settings")
def show_settings() -> None:
    """Print every setting, without passwords."""
    from waymark.cli.context import settings_from_environment
    from waymark.kernel.settings import NAMES, shown

    for name, value in shown(settings_from_environment()).items():
        click.echo(f"{name}={value}\n    {NAMES[name]}")


@click.command()
def doctor() -> None:
    """Run every start-up check, look for alarms, and say what to do. Exit code 1 when something is wrong."""
    from waymark.cli.context import alarms, faults, settings_from_environment
    from waymark.kernel.ballast import of_settings
    from waymark.kernel.settings import mask_password

    settings = settings_from_environment()
    found = asyncio.run(faults(settings))
    found += asyncio.run(alarms(settings))
    for fault in found:
        click.echo(f"wrong: {fault}")
    if found:
        sys.exit(1)
    click.echo(f"All is well: {settings.profile}, {mask_password(settings.database_url)}, {settings.origin}")
    with suppress(OSError):
        standing = of_settings(settings).standing()
        click.echo(f"The ballast of {settings.ballast_mb} MB: {standing}")
