"""`waymark opener`: the process that holds what opens reports, and a look at its own record."""

import os
import pwd
import signal
import sys
import threading
from pathlib import Path

import click


@click.group()
def opener() -> None:
    """The process that holds what opens reports. `waymark serve` starts one of its own unless told of one."""


@opener.command()
@click.option("--socket", "path", type=click.Path(path_type=Path), help="Default: WAYMARK_OPENER.")
@click.option("--client", help="Account of the service, where that is another one.")
@click.option("--until-stdin-ends", is_flag=True, hidden=True, help="Stop when whoever started it is gone.")
def run(path: Path | None, client: str | None, *, until_stdin_ends: bool) -> None:
    """Answer on a Unix socket until stopped. Has no network, starts no program, writes its trail alone."""
    from waymark.cli.context import settings_from_environment
    from waymark.kernel import logs
    from waymark.kernel.clock import now, stamp
    from waymark.kernel.confined import confine
    from waymark.kernel.memory import keep_to_itself
    from waymark.kernel.opener.server import Answering, listen, serve
    from waymark.kernel.opener.trail import Trail, own_trail
    from waymark.kernel.settings import SettingsRefused
    from waymark.kernel.vault import open_vault

    keep_to_itself()
    if until_stdin_ends:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    settings = settings_from_environment()
    place = path or (settings.openers[0] if len(settings.openers) == 1 else None)
    if place is None:
        raise SettingsRefused(("name one socket: waymark opener run --socket PATH, or WAYMARK_OPENER",))
    logs.write_logs()
    peers = {os.getuid(), *([_uid(client)] if client else [])}
    try:
        written_in = own_trail(settings.keys)
        trail = Trail(written_in, now=stamp(now()))
        answering = Answering(open_vault(settings.keys), trail)
        listener = listen(place, shared=client is not None)
    except OSError as error:
        raise SettingsRefused((f"the opener cannot listen at {place}: {error.strerror}",)) from error
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if until_stdin_ends:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: whoever started it decides
    try:
        confine(answering=True)
    except OSError as error:
        raise SettingsRefused(("the opener cannot be cut off from the network on this machine",)) from error
    logs.event("opener_started")
    serve(listener, answering, trail, peers=peers)


@opener.command()
def verify() -> None:
    """Walk the opener's own record. Ends with 1 where a line is not what was written."""
    from waymark.cli.context import settings_from_environment
    from waymark.kernel.opener.trail import TrailBroken, read, trails

    broken_ones = 0
    for path in trails(settings_from_environment().keys):
        lines = refused = 0
        try:
            for line in read(path):
                lines, refused = lines + 1, refused + (line.did == "refused")
            click.echo(f"{path}: {lines:,} lines hold; {refused:,} times too much was asked.")
        except TrailBroken as broken:
            broken_ones += 1
            click.echo(f"{path}: {broken}")
    sys.exit(1 if broken_ones else 0)


def _uid(account: str) -> int:
    """Raises a usage error."""
    try:
        return pwd.getpwnam(account).pw_uid
    except KeyError:
        raise click.BadParameter("there is no such account on this machine") from None


def _end_with_stdin() -> None:
    """A pipe ends with the process that holds its other end, however that one dies."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(0)
