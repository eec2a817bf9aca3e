"""`waymark bench`: measure this machine against its own limit. Prints JSON."""

import sys

import click


@click.group()
def bench() -> None:
    """Measure this machine. Prints JSON."""


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--seconds", default=4.0, show_default=True, help="How long each round lasts.")
def intake(as_json: bool, seconds: float) -> None:
    """Reports a second taken in, beside what the same disk can do at most. Takes under a minute."""
    import msgspec

    from waymark.cli.bench_intake import BenchFailed, Row, bench_intake
    from waymark.cli.context import settings_from_environment

    try:
        results = bench_intake(settings_from_environment(), round_s=seconds)
    except BenchFailed as failed:
        click.echo(f"waymark: {failed}", err=True)
        sys.exit(1)
    if as_json:
        click.echo(msgspec.json.encode(results))
        return
    names = Row.__struct_fields__
    click.echo("  ".join(f"{name:>19}" for name in names))
    for row in results.results:
        click.echo("  ".join(f"{getattr(row, name):>19}" for name in names))
