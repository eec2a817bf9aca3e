"""`waymark bench`: measure this machine against its own limit. Prints JSON."""

import sys
from collections.abc import Callable
from typing import Any, cast

import click


@click.group()
def bench() -> None:
    """Measure this machine. Prints JSON."""


_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
_ENGINES = click.option(
    "--engine",
    "engines",
    multiple=True,
    type=click.Choice(["sqlite", "postgres"]),
    help="Default: SQLite; both with --full.",
)


@bench.command()
@_JSON
@_ENGINES
@click.option("--full", is_flag=True, help="Up to 1,000 devices, on both engines: four minutes.")
@click.option("--quick", is_flag=True, help="Up to 500 devices: under a minute an engine. The default.")
@click.option("--seconds", default=5.0, show_default=True, help="How long each round lasts.")
def intake(as_json: bool, engines: tuple[str, ...], full: bool, quick: bool, seconds: float) -> None:
    """Reports a second taken in, beside what the same disk can do at most."""
    from waymark.cli.bench_intake import FULL, QUICK, bench_intake

    chosen = cast(Any, engines or (("sqlite", "postgres") if full else ("sqlite",)))
    shapes = FULL if full and not quick else QUICK
    _print(as_json, lambda: bench_intake(engines=chosen, shapes=shapes, round_s=seconds))


@bench.command()
@_JSON
def workers(as_json: bool) -> None:
    """Several serving processes on one PostgreSQL, beside one of them."""
    from waymark.cli.bench_workers import bench_workers

    _print(as_json, bench_workers)


@bench.command()
@_JSON
@_ENGINES
def paced(as_json: bool, engines: tuple[str, ...]) -> None:
    """A thousand devices, each with a report now and then: how long an answer takes at each pace."""
    from waymark.cli.bench_paced import bench_paced

    _print(as_json, lambda: bench_paced(engines=cast(Any, engines or ("sqlite",))))


@bench.command()
@_JSON
@_ENGINES
@click.option("--full", is_flag=True, help="Up to 1,000,000 reports stored; the default ends at 100,000.")
def pull(as_json: bool, engines: tuple[str, ...], full: bool) -> None:
    """What reading one device's feed, and a desk's list, costs beside what others have stored."""
    from waymark.cli.bench_pull import SIZES, bench_pull

    chosen = cast(Any, engines or (("sqlite", "postgres") if full else ("sqlite",)))
    _print(as_json, lambda: bench_pull(engines=chosen, sizes=SIZES if full else SIZES[:-1]))


@bench.command()
@_JSON
def attachments(as_json: bool) -> None:
    """Sealed files in pieces: megabytes a second, and what a piece waits."""
    from waymark.cli.bench_attachments import bench_attachments

    _print(as_json, bench_attachments)


@bench.command()
@_JSON
@click.option("--tablets", default=300, show_default=True, type=click.IntRange(1, 1_000))
@click.option("--reports", default=60, show_default=True, type=click.IntRange(1, 1_000), help="Of each.")
@click.option("--fsync-ms", default=10, show_default=True, type=click.IntRange(0, 1_000))
def monday(as_json: bool, tablets: int, reports: int, fsync_ms: int) -> None:
    """Every tablet comes online at nine with three days' reports, on two cores and a slow disk.

    Ends with 1 when a limit is missed: drained in 60 s, 99 of 100 answers within 500 ms, nothing lost.
    """
    from waymark.cli.bench_monday import bench_monday, kept

    results = _print(as_json, lambda: bench_monday(tablets=tablets, reports=reports, fsync_ms=fsync_ms))
    if not all(kept(row) for row in results.results):
        sys.exit(1)


@bench.command()
@_JSON
@_ENGINES
@click.option("--items", default=10_000, show_default=True, type=click.IntRange(100, 100_000))
def campaign(as_json: bool, engines: tuple[str, ...], items: int) -> None:
    """Phones flood the service, from one address and from a thousand, while a tablet sends and a desk lists.

    Ends with 1 when a limit is missed: 99 of 100 answers to each within 2 s, none refused, nothing lost.
    """
    from waymark.cli.bench_campaign import bench_campaign, kept

    chosen = cast(Any, engines or ("sqlite",))
    results = _print(as_json, lambda: bench_campaign(engines=chosen, items=items))
    if not all(kept(row) for row in results.results):
        sys.exit(1)


def _print(as_json: bool, run: Callable[[], Any]) -> Any:
    import msgspec

    from waymark.cli.bench_server import BenchFailed
    from waymark.cli.slow_disk import NoCompiler

    try:
        results = run()
    except (BenchFailed, NoCompiler) as failed:
        click.echo(f"waymark: {failed}", err=True)
        sys.exit(1)
    if as_json:
        click.echo(msgspec.json.encode(results))
        return results
    names = type(results.results[0]).__struct_fields__
    click.echo("  ".join(f"{name:>19}" for name in names))
    for row in results.results:
        click.echo("  ".join(f"{getattr(row, name)!s:>19}" for name in names))
    return results
