"""`waymark maintenance`: ask devices to come back later, while the service runs on."""

import click


@click.group()
def maintenance() -> None:
    """Ask devices to come back later. The desk goes on."""


@maintenance.command()
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(1, 86_400))
def on(seconds: int) -> None:
    """Devices keep what they have and ask again after SECONDS."""
    from waymark.cli.context import settings_from_environment
    from waymark.kernel.web.maintenance import begin

    begin(settings_from_environment().data, retry_s=seconds)
    click.echo(f"Devices are asked to come back after {seconds} s, until `waymark maintenance off`.")


@maintenance.command()
def off() -> None:
    """Devices are welcome again."""
    from waymark.cli.context import settings_from_environment
    from waymark.kernel.web.maintenance import end

    ended = end(settings_from_environment().data)
    click.echo("Devices are welcome again." if ended else "Devices were welcome already.")
