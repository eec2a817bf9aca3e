"""`waymark serve` and `waymark migrate`."""

import asyncio
import os
import signal
import socket
import sys
import threading
from contextlib import ExitStack, suppress
from types import FrameType

import click
from msgspec.structs import replace

from waymark.kernel.settings import HOST, Settings, SettingsRefused

GRACE_S = 10  # a push is answered in well under a second; a stalled upload is not waited for


@click.command()
@click.option("--until-stdin-ends", is_flag=True, hidden=True, help="Stop when whoever started it is gone.")
def serve(*, until_stdin_ends: bool) -> None:
    """Serve on 127.0.0.1 until stopped. Refuses to start when a check fails."""
    from waymark.cli.context import faults, settings_from_environment
    from waymark.cli.own_opener import own_opener
    from waymark.kernel import ballast
    from waymark.kernel.memory import keep_to_itself

    keep_to_itself()
    if until_stdin_ends:
        threading.Thread(target=_stop_with_stdin, daemon=True).start()
    settings = settings_from_environment()
    with suppress(OSError):  # `faults` says what is wrong with the folder
        ballast.of_settings(settings).step()  # a start needs room, too
    if found := asyncio.run(faults(settings)):
        raise SettingsRefused(tuple(found))
    with ExitStack() as stack:
        if not settings.openers:
            settings = replace(settings, openers=(stack.enter_context(own_opener(os.environ)),))
        _serve(settings)


def _serve(settings: Settings) -> None:
    import uvicorn

    from waymark.app import create_app, stop_streams
    from waymark.cli.wire import wire
    from waymark.kernel import logs

    listeners = [listen(settings.port)]
    listeners += [listen(port, setting="WAYMARK_STAGE_PORT") for port in settings.device_ports]
    logs.write_logs()
    app = create_app(settings)

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            stop_streams(app)  # or every open one would be waited for
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=wire(settings),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nothing here depends on a forwarded header, so none is believed
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    click.echo(f"Waymark is at {settings.origin}   (Ctrl+C stops it)")
    Server(config).run(sockets=listeners)


def _stop_with_stdin() -> None:
    """A pipe ends with the process that holds its other end, however that one dies."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


@click.command()
def migrate() -> None:
    """Bring the database up to this version."""
    from waymark.cli.context import settings_from_environment

    for line in asyncio.run(_migrate_now(settings_from_environment())) or ["Nothing to apply."]:
        click.echo(line)


async def _migrate_now(settings: Settings) -> list[str]:
    from waymark.cli.context import opened
    from waymark.kernel.migrate import migrate as apply

    async with opened(settings) as database:
        return [f"Applied {m.number:04d} {m.name}" for m in await apply(database)]


def listen(port: int, *, setting: str = "WAYMARK_PORT") -> socket.socket:
    """Loopback only, whatever else is set. Raises SettingsRefused when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise SettingsRefused((f"port {port} is in use: stop what runs there or set {setting}",)) from error
    return listener
