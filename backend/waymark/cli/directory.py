"""`waymark directory`: the file of services and centres that devices carry."""

from pathlib import Path

import click


@click.group()
def directory() -> None:
    """Make what devices search without a network."""


@directory.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def build(out: Path) -> None:
    """Write the directory to OUT, an SQLite file. The same content gives the same bytes."""
    from waymark.directory.actions import DirectoryRefused
    from waymark.directory.actions import build as build_file

    try:
        version = build_file(out)
    except DirectoryRefused as refused:
        raise click.ClickException(str(refused)) from refused
    click.echo(f"Wrote {out}, version {version}")
