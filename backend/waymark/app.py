"""The one module that knows every feature: `create_app` puts them together.

A feature is added here by its routes and, where it has any, its jobs.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State

from waymark.kernel import checks, logs
from waymark.kernel.db import open_database
from waymark.kernel.jobs import Jobs
from waymark.kernel.keys import load_keys
from waymark.kernel.settings import Settings, SettingsRefused
from waymark.kernel.vault import Vault
from waymark.kernel.web import csp, health
from waymark.kernel.web.edge import Edge
from waymark.kernel.web.errors import HANDLERS
from waymark.kernel.web.pages import read_pages
from waymark_sync.protocol import PUSH_BYTES_MAX

ROUTES = [health.live, health.ready, csp.count_violation]


def create_app(settings: Settings) -> Litestar:
    """Raises KeysRefused. What needs the database is refused when the application starts."""
    ring = load_keys(settings.keys)
    app = Litestar(
        route_handlers=ROUTES,
        exception_handlers=HANDLERS,
        lifespan=[_running],
        request_max_body_size=PUSH_BYTES_MAX,
        openapi_config=None,
        logging_config=None,  # Litestar's would print tracebacks, and those quote what people wrote
        debug=False,
        state=State(
            {
                "settings": settings,
                "ring": ring,
                "vault": Vault(ring.kek, ring.kek_id),
                "csp_violations": Counter(),
            }
        ),
    )
    app.asgi_handler = Edge(app.asgi_handler, settings=settings, pages=read_pages(settings.pwa))
    return app


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    """Database, then jobs; and the same backwards. Raises SettingsRefused when it would not be safe."""
    settings: Settings = app.state.settings
    database = await open_database(settings.database_url)
    try:
        if faults := await checks.of_database(database):
            raise SettingsRefused(tuple(faults))
        app.state.database = database
        app.state.readiness = health.Readiness(database, settings)
        jobs = app.state.jobs = Jobs({})
        loop = asyncio.create_task(jobs.run())
        logs.event("started", engine=database.engine, profile=settings.profile)
        yield
        jobs.stop()
        await loop
        logs.event("stopped", level=logging.INFO)
    finally:
        await database.close()
