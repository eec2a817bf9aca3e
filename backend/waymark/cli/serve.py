"""`waymark serve` and `waymark migrate`."""

import asyncio
import socket

import click

from waymark.kernel.settings import HOST, Settings, SettingsRefused

GRACE_S = 10  # a push is answered in well under a second; a stalled upload is not waited for


@click.command()
def serve() -> None:
    """Serve on 127.0.0.1 until stopped. Refuses to start when a check fails."""
    import uvicorn

    from waymark.app import create_app
    from waymark.cli.context import faults, settings_from_environment
    from waymark.kernel import logs

    settings = settings_from_environment()
    if found := asyncio.run(faults(settings)):
        raise SettingsRefused(tuple(found))
    listener = _listen(settings.port)
    logs.write_logs()
    config = uvicorn.Config(
        create_app(settings),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nothing here depends on a forwarded header, so none is believed
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    click.echo(f"Waymark is at {settings.origin}   (Ctrl+C stops it)")
    uvicorn.Server(config).run(sockets=[listener])


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


def _listen(port: int) -> socket.socket:
    """Loopback only, whatever else is set. Raises SettingsRefused when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise SettingsRefused(
            (f"port {port} is in use: stop what runs there or set WAYMARK_PORT",)
        ) from error
    return listener
