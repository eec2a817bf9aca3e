"""The one module that knows every feature: `create_app` puts them together.

A feature is added here by its routes and, where it has any, its jobs.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from waymark.identity import actions as identity
from waymark.identity import routes as identity_routes
from waymark.identity.jobs import Tidier
from waymark.identity.passwords import PasswordCheck
from waymark.intake import actions as intake
from waymark.intake import routes as intake_routes
from waymark.intake.jobs import GroupCommit, Opener
from waymark.kernel import checks, clock, logs
from waymark.kernel.db import Database, open_database
from waymark.kernel.jobs import Jobs
from waymark.kernel.keys import load_keys
from waymark.kernel.settings import Settings, SettingsRefused
from waymark.kernel.vault import Vault
from waymark.kernel.web import csp, health
from waymark.kernel.web.edge import Edge
from waymark.kernel.web.errors import HANDLERS
from waymark.kernel.web.pages import read_pages
from waymark.mailbox import routes as mailbox_routes
from waymark.triage import routes as triage_routes
from waymark.triage.jobs import Screener
from waymark_sync.policy import load_pack
from waymark_sync.protocol import PUSH_BYTES_MAX

ROUTES: list[ControllerRouterHandler] = [
    health.live,
    health.ready,
    csp.count_violation,
    *identity_routes.handlers,
    *mailbox_routes.handlers,
    *intake_routes.handlers,
    *triage_routes.handlers,
]
PROVIDED = ("database", "ring", "vault", "pack", "intake", "password_check")
"""What handlers may name as a parameter, and what the application's state holds under that name."""


def create_app(settings: Settings) -> Litestar:
    """Raises KeysRefused. What needs the database is refused when the application starts."""
    ring = load_keys(settings.keys)
    app = Litestar(
        route_handlers=ROUTES,
        exception_handlers=HANDLERS,
        dependencies={name: _provide(name) for name in PROVIDED},
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
                "pack": load_pack(),
                "password_check": PasswordCheck(),
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
        await database.write(identity.adopt_pack, app.state.pack)
        await database.write(intake.ensure_lineage, now=clock.now())
        jobs = app.state.jobs = _jobs(app, database)
        group_commit: GroupCommit = app.state.intake
        group_commit.start()
        loop = asyncio.create_task(jobs.run())
        logs.event("started", engine=database.engine, profile=settings.profile)
        yield
        await group_commit.close()
        jobs.stop()
        await loop
        logs.event("stopped", level=logging.INFO)
    finally:
        await database.close()


def _jobs(app: Litestar, database: Database) -> Jobs:
    """Steps look back along the way of a report: what is opened in this turn is screened in this turn."""
    state = app.state
    intake_commit = state.intake = GroupCommit(database, on_stored=lambda: jobs.wake())
    jobs = Jobs(
        {
            "open": Opener(database, state.ring, state.vault, state.pack, intake_commit).step,
            "screen": Screener(database).step,
            "tidy": Tidier(database).step,
        }
    )
    return jobs


def _provide(name: str) -> Provide:
    def provide(state: State) -> Any:
        return state[name]

    return Provide(provide, sync_to_thread=False)
