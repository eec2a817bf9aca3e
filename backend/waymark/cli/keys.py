"""`waymark keys`: make them once, and hand the public part to the build of the pages."""

from pathlib import Path

import click


@click.group()
def keys() -> None:
    """Make the service's keys; export what the pages pin."""


@keys.command()
def create() -> None:
    """Make every key in WAYMARK_KEYS. Existing keys are never touched."""
    from waymark.cli.context import keys_made, settings_from_environment
    from waymark.kernel.keys import ROOT, fingerprint

    folder = settings_from_environment().keys
    ring, new = keys_made(folder)
    click.echo(f"{'Made keys' if new else 'There are keys already'} in {folder}")
    click.echo(f"Root fingerprint {fingerprint(ring.root_public)}")
    if new:
        click.echo(
            f"Copy the folder to a safe place apart from the data. {ROOT} may then leave this machine."
        )


@keys.command("backup-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_key(file: Path) -> None:
    """Make the key that backups are sealed to, and write its private half to FILE."""
    from waymark.cli.context import settings_from_environment
    from waymark.kernel.backup_keys import create_backup_key

    public = create_backup_key(settings_from_environment().keys, file)
    click.echo(f"Backup key {public.id}: its private half is {file}")
    click.echo("Carry it off this machine now, in two copies: without it nothing can be restored.")


@keys.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--create", "create_first", is_flag=True, help="Make keys first where there are none.")
def trust(out: Path, create_first: bool) -> None:
    """Write the public root and the signed key set to OUT, for the build of the pages."""
    from waymark.cli.context import keys_made, settings_from_environment
    from waymark.kernel.keys import load_keys, trust_json

    folder = settings_from_environment().keys
    content = trust_json(keys_made(folder)[0] if create_first else load_keys(folder))
    # An unchanged file keeps its time, so that the pages are not built again for nothing.
    if not out.is_file() or out.read_bytes() != content:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(content)
        click.echo(f"Wrote {out}. Pages built with it trust the keys in {folder}.")
