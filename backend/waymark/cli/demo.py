"""`waymark demo`: keys, database, people to be and invented reports, all marked as a demonstration.

The reports take the real way: sealed to the service's key, taken in, opened, screened, answered. Safe to
repeat.
"""

import asyncio

import click

from waymark.cli.demo_people import LOGINS, PASSWORD
from waymark.kernel.settings import Profile, Settings, SettingsRefused

__all__ = ["LOGINS", "PASSWORD", "demo"]

HANDMADE = 8
"""What a test profile gets: few enough to read, and fast."""


@click.group(invoke_without_command=True)
@click.option("--no-reports", is_flag=True, help="People and centres only.")
@click.option("--reports", type=click.IntRange(0, 5_000), help="How many reports. Default 300.")
@click.pass_context
def demo(context: click.Context, no_reports: bool, reports: int | None) -> None:
    """Fill this installation with demonstration data and say who can log in where."""
    if context.invoked_subcommand is not None:
        return
    from waymark.cli.demo_print import show_logins
    from waymark.cli.demo_seed import seed

    settings = demo_settings()
    count = 0 if no_reports else _default(settings.profile) if reports is None else reports
    asyncio.run(seed(settings, count=count, announce=lambda words: click.echo(words, err=True)))
    show_logins(settings)


def demo_settings() -> Settings:
    """Raises SettingsRefused in production."""
    from waymark.cli.context import settings_from_environment

    settings = settings_from_environment()
    if settings.profile == "production":
        raise SettingsRefused(("demonstration data is refused in production: set WAYMARK_PROFILE=demo",))
    return settings


def _default(profile: Profile) -> int:
    from waymark.cli.demo_plan import COUNT

    return HANDMADE if profile == "test" else COUNT
