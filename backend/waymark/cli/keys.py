"""`waymark keys`: make them, hand the public part to the build of the pages, rotate and retire them."""

import re
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
@click.argument("name")
def holder(name: str) -> None:
    """Give NAME (centre:ID or force:ID) a key of its own, that reports are wrapped to for it."""
    from waymark.cli.context import settings_from_environment
    from waymark.kernel.holders import make_holders

    made = make_holders(settings_from_environment().keys, [_holder(name)]).key_of(name)
    click.echo(f"{name} holds {made.kid}. Reports of before are wrapped to it within minutes.")


@keys.command()
@click.argument("name")
def rotate(name: str) -> None:
    """Give NAME (service, centre:ID or force:ID) a new key in place of its old one. Nothing has to stop."""
    from waymark.cli.context import settings_from_environment
    from waymark.kernel.clock import now, stamp
    from waymark.kernel.holders import SERVICE, rotate_holder

    if name != SERVICE:
        _holder(name)
    made = rotate_holder(settings_from_environment().keys, name, at=stamp(now()))
    click.echo(f"{name} holds {made.kid} now. What the old one opens is wrapped anew within minutes:")
    click.echo(
        "`waymark keys list` shows how much is left, `waymark keys retire` destroys what is done with."
    )


@keys.command()
@click.argument("centre", default="")
def seal(centre: str) -> None:
    """Make a new key that devices seal to, of CENTRE or of the service. The root must be there."""
    from waymark.cli.context import settings_from_environment
    from waymark.kernel.clock import milliseconds, now
    from waymark.kernel.seal_keys import add_seal_key

    made = add_seal_key(settings_from_environment().keys, centre_id=centre, issued_at=milliseconds(now()))
    click.echo(f"Devices seal to {made.kid} once they have asked for the keys. The old one goes on opening.")
    click.echo("Restart the service, so that it hands out the new list.")


@keys.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--holder", "holders", multiple=True, help="centre:ID or force:ID: its keys alone. Repeatable.")
def part(folder: Path, holders: tuple[str, ...]) -> None:
    """Move what opens reports out of WAYMARK_KEYS into FOLDER, for an opener under an account of its own."""
    from waymark.cli.context import settings_from_environment
    from waymark.kernel.parting import part_keys

    named = [_holder(name) for name in holders]
    moved = part_keys(settings_from_environment().keys, folder, holders=named)
    left = "nothing that is left opens a report"
    if named:
        left = f"what is left opens nothing for {', '.join(named)}"
    click.echo(f"Moved {moved} keys to {folder}: {left}.")
    click.echo(
        "Give the folder to the opener's account, and run `waymark opener run` with it as WAYMARK_KEYS."
    )


@keys.command("list")
def list_() -> None:
    """Who holds which key, and how many reports are wrapped to each."""
    import asyncio

    from waymark.cli.context import settings_from_environment
    from waymark.cli.holding import counted
    from waymark.kernel.holders import load_holders

    settings = settings_from_environment()
    counts = asyncio.run(counted(settings))
    for key in load_holders(settings.keys).keys:
        state = f"retired {key.retired_at[:10]}" if key.state == "retired" else key.state
        click.echo(f"{key.holder:40} {key.kid}  {state:18} {counts.get(key.kid, 0):>9,} reports")
    if counts.get(""):
        click.echo(f"{'(before there were holders)':40} {'':16}  {'':18} {counts['']:>9,} reports")


@keys.command()
def retire() -> None:
    """Destroy retired keys that no report and no backup needs: what was wrapped to them is gone for good."""
    import asyncio

    from waymark.cli.context import settings_from_environment
    from waymark.cli.holding import counted, done_with
    from waymark.kernel.clock import now
    from waymark.kernel.holders import forget_retired, load_holders

    settings = settings_from_environment()
    known = load_holders(settings.keys).keys
    ready, waiting = done_with(
        known, asyncio.run(counted(settings)), keep_days=settings.backup_keep_days, now=now()
    )
    for kid in forget_retired(settings.keys, ready):
        click.echo(f"Destroyed {kid}.")
    for kid, why in waiting.items():
        click.echo(f"Kept {kid}: {why}.")
    if not ready and not waiting:
        click.echo("No key is retired.")


def _holder(name: str) -> str:
    """Raises a usage error."""
    kind, colon, id_ = name.partition(":")
    if kind not in ("centre", "force") or not colon or not re.fullmatch(r"[a-z0-9_-]{1,64}", id_):
        raise click.BadParameter("it is centre:ID or force:ID, with the id of the policy pack")
    return name


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
