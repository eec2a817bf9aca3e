"""`waymark demo stage`: the demonstration with its split page. It starts the service, and can kill it.

For the demo profile alone: the page that it serves holds the service's pages in frames.
"""

import asyncio
import signal

import click
from msgspec.structs import replace

from waymark.kernel.settings import Settings, SettingsRefused


@click.command()
def stage() -> None:
    """Serve, beside a page with a phone, a tablet and a desk, and a plug to pull."""
    settings = stage_settings()
    asyncio.run(_run(settings))


def stage_settings() -> Settings:
    """With the port of the split page. Raises SettingsRefused outside a demonstration."""
    from waymark.cli.demo import demo_settings

    settings = demo_settings()
    if settings.profile != "demo":
        raise SettingsRefused(("the split page is for demonstrations only: set WAYMARK_PROFILE=demo",))
    settings = replace(settings, stage_port=settings.stage_port or settings.port + 1)
    if settings.origin != f"http://localhost:{settings.port}":
        raise SettingsRefused(
            ("the split page needs http://localhost: unset WAYMARK_ORIGIN, or use `waymark serve`",)
        )
    return settings


async def _run(settings: Settings) -> None:
    import uvicorn

    from waymark.cli.context import faults, opened
    from waymark.cli.serve import listen
    from waymark.cli.stage_plug import Plug
    from waymark.cli.stage_web import Stage

    if found := await faults(settings):
        raise SettingsRefused(tuple(found))
    listen(settings.port).close()  # said now and here, rather than by the service in its log
    for port in settings.device_ports:
        listen(port, setting="WAYMARK_STAGE_PORT").close()
    listener = listen(settings.stage_port or 0, setting="WAYMARK_STAGE_PORT")
    plug = Plug(settings, tell=click.echo)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        async with opened(settings) as database:
            await plug.plug_in()
            click.echo(f"The service:       {settings.origin}   (its log: {plug.log})")
            click.echo(f"All side by side:  {settings.stage_address}   (Ctrl+C stops both)")
            config = uvicorn.Config(
                Stage(settings, plug, database),
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
            # The server takes the signals over and raises them again when it has ended, to nobody.
            for each in (signal.SIGINT, signal.SIGTERM):
                signal.signal(each, lambda *_: None)
            await uvicorn.Server(config).serve(sockets=[listener])
    finally:
        await plug.close()
