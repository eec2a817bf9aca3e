"""The one module that knows every feature: `create_app` puts them together.

A feature is added by its routes and, where it has any, its jobs.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, Final

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

import waymark.attachments.routes as attachment_routes
import waymark.custody.routes as custody_routes
import waymark.dialogue.routes as dialogue_routes
import waymark.identity.invitations.routes as invitation_routes
import waymark.identity.passkeys.routes as passkey_routes
import waymark.identity.routes as identity_routes
import waymark.identity.second_factor.routes as second_factor_routes
import waymark.intake.routes as intake_routes
import waymark.knocks.routes as knocks_routes
import waymark.mailbox.routes as mailbox_routes
import waymark.retention.routes as retention_routes
import waymark.triage.routes as triage_routes
import waymark.worklist.people.routes as people_routes
import waymark.worklist.routes as worklist_routes
from waymark.attachments.jobs import Developer, RoomKeeper, Teller
from waymark.attachments.shelf import Shelf
from waymark.attachments.uploads import Uploads
from waymark.audit.jobs import Notary
from waymark.custody.jobs import Keeper, notice_copied
from waymark.custody.replaying import replay
from waymark.custody.shipping import Shipper
from waymark.dialogue.jobs import Timekeeper
from waymark.identity import actions as identity
from waymark.identity.jobs import Tidier
from waymark.identity.passwords import PasswordCheck
from waymark.identity.standing.jobs import Watch
from waymark.intake import actions as intake
from waymark.intake.group import GroupCommit
from waymark.intake.jobs import Opener
from waymark.intake.work import Pressure
from waymark.kernel import ballast, checks, clock, logs
from waymark.kernel.db import Connection, Database, DatabaseFault, open_database
from waymark.kernel.holders import load_holders
from waymark.kernel.jobs import Jobs
from waymark.kernel.keys import load_keys
from waymark.kernel.opener.client import FarVault
from waymark.kernel.opener.several import Openers
from waymark.kernel.settings import Settings, SettingsRefused
from waymark.kernel.vault import Vault, open_vault
from waymark.kernel.web import csp, health
from waymark.kernel.web.edge import Edge
from waymark.kernel.web.errors import HANDLERS
from waymark.kernel.web.limits import Limits
from waymark.kernel.web.pages import read_pages
from waymark.knocks.jobs import Knocker
from waymark.knocks.sender import Sender
from waymark.releases import routes as release_routes
from waymark.releases.jobs import Answerer, Heir
from waymark.retention.jobs import Eraser, Retainer, apply_list
from waymark.retention.ledger import ErasureList
from waymark.triage.campaigns import routes as campaign_routes
from waymark.triage.campaigns.jobs import Lookout
from waymark.triage.jobs import Screener
from waymark.triage.reindexing import Reindexer
from waymark.triage.rekeying import Rekeyer
from waymark.worklist.jobs import Arrivals
from waymark_sync.policy import Pack, load_pack
from waymark_sync.protocol import PUSH_BYTES_MAX

ROUTES: Final = [
    health.live,
    health.ready,
    csp.count_violation,
    *identity_routes.handlers,
    *passkey_routes.handlers,
    *second_factor_routes.handlers,
    *invitation_routes.handlers,
    *people_routes.handlers,
    *intake_routes.handlers,
    *attachment_routes.handlers,
    *custody_routes.handlers,
    *knocks_routes.handlers,
    *mailbox_routes.handlers,
    *triage_routes.handlers,
    *campaign_routes.handlers,
    *dialogue_routes.handlers,
    *release_routes.handlers,
    *retention_routes.handlers,
    *worklist_routes.handlers,
]
LAST_LOOK_S: Final = 0.5  # at the database, when the service stops: it may be what has gone away
PROVIDED: Final = ("arrivals", "database", "intake", "jobs", "pack", "password_check", "ring", "vault")
"""What a route may ask for by name."""


def create_app(settings: Settings) -> Litestar:
    """Raises KeysRefused. What needs the database is refused when the application starts."""
    ring = load_keys(settings.keys)
    app = Litestar(
        route_handlers=ROUTES,
        dependencies={name: Provide(_from_state(name), sync_to_thread=False) for name in PROVIDED},
        exception_handlers=HANDLERS,
        lifespan=[_running],
        request_max_body_size=PUSH_BYTES_MAX,
        openapi_config=None,
        logging_config=None,  # Litestar's would print tracebacks, and those quote what people wrote
        debug=False,
        state=State(
            {
                "settings": settings,
                "ballast": ballast.of_settings(settings),
                "ring": ring,
                "vault": _vault(settings),
                "pack": load_pack(),
                "password_check": PasswordCheck(),
                "csp_violations": Counter(),
                "limits": Limits(),
                "pressure": Pressure(),
            }
        ),
    )
    app.asgi_handler = Edge(app.asgi_handler, settings=settings, pages=read_pages(settings.pwa))
    return app


def _vault(settings: Settings) -> Vault:
    """Where there is an opener, this process holds nothing that opens a report."""
    if not settings.openers:
        return open_vault(settings.keys)
    holders = load_holders(settings.keys)
    far = [FarVault(path, holders) for path in settings.openers]
    return far[0] if len(far) == 1 else Openers(far, holders)


def stop_streams(app: Litestar) -> None:
    """End what would otherwise stay open for as long as a page does. Safe in a signal handler."""
    if isinstance(arrivals := app.state.get("arrivals"), Arrivals):
        arrivals.stop()


async def start_faults(database: Database, settings: Settings) -> list[str]:
    """What forbids serving from this database with these settings."""
    faults = await checks.of_database(database)
    if settings.profile == "production":
        faults.append(
            "this version ships the demonstration's forces and centres only, so it cannot serve real ones: "
            "set WAYMARK_PROFILE=demo"
        )
    return faults


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    """Database, jobs, intake; and the same backwards. Raises SettingsRefused when it would not be safe."""
    state = app.state
    settings: Settings = state.settings
    database = await open_database(settings.database_url)
    try:
        if faults := await start_faults(database, settings):
            raise SettingsRefused(tuple(faults))
        await notice_copied(database, settings.keys, now=clock.now())
        await database.write(_begin, state.pack)
        state.erased = erased = ErasureList(settings.keys, state.ring)
        await apply_list(database, erased)
        files, pictures = Shelf(settings.data / "attachments"), Jobs()
        keeper, shipper = await _custody(database, settings, state, files)
        state.database = database
        watch = Watch(database)
        await watch.begin()
        state.readiness = health.Readiness(
            database, settings, state.vault, state.ballast, lambda: watch.astray
        )
        state.jobs = jobs = Jobs()
        state.intake = GroupCommit(database, state.ring, on_stored=jobs.wake, log=shipper)
        jobs.add("ballast", state.ballast.turn)  # first: the others need room
        jobs.add("open", Opener(database, state.ring, state.vault, state.pack, state.intake).step)
        jobs.add("screen", Screener(database, state.vault).step)
        jobs.add("lookout", Lookout(database, state.pressure).step)
        jobs.add("timers", Timekeeper(database, state.ring, state.vault).step)
        jobs.add("heirs", Heir(database, state.ring, state.vault).step)
        jobs.add("rekey", Rekeyer(database, state.vault).step)
        jobs.add("reindex", Reindexer(database, state.vault).step)
        jobs.add("access", Answerer(database, state.ring, state.vault).step)
        jobs.add("tidy", Tidier(database).step)
        jobs.add("watch", watch.step)
        state.files, state.pictures = files, pictures
        state.uploads = Uploads(database, files, on_complete=lambda: _wake(jobs, pictures))
        jobs.add("tell", Teller(database, state.ring).step)
        jobs.add("room", RoomKeeper(database, state.uploads).step)
        developing = Developer(database, state.vault, files).turning(pictures)
        sender = Sender(state.ring.knock_key, hosts=settings.push_hosts, contact=settings.push_sender)
        knocker = Knocker(database, state.vault, sender, wake=jobs.wake)
        jobs.add("knock", knocker.step)
        jobs.add("keep", keeper.step)
        jobs.add("erase", Eraser(database, files, settings.intake_log).step)
        retains = Retainer(database, state.vault, erased, erases=settings.retention == "erase")
        jobs.add("retain", retains.step)
        jobs.add("notary", Notary(database, state.ring, settings.audit_checkpoints).step)
        if shipper is not None:
            jobs.add("log", shipper.step)
        state.arrivals = Arrivals(database)
        async with _looking(state.arrivals), aclosing(knocker), developing, _turning(jobs, state.intake):
            logs.event("started", engine=database.engine, profile=settings.profile)
            yield
        if shipper is not None:
            await shipper.close()
        with suppress(OSError, DatabaseFault, TimeoutError):
            async with asyncio.timeout(LAST_LOOK_S):
                await keeper.keep()
        logs.event("stopped")
    finally:
        await database.close()


async def _custody(
    database: Database, settings: Settings, state: State, files: Shelf
) -> tuple[Keeper, Shipper | None]:
    """What the log has and the database has not is taken back before anything is served."""
    if settings.intake_log is None:
        return Keeper(database, settings, state.ring), None
    settings.intake_log.mkdir(mode=0o700, parents=True, exist_ok=True)
    taken = await replay(database, state.vault, files, settings.intake_log, only_behind=True)
    if taken:
        logs.event("intake_log_replayed", accepted=taken["accepted"], unreadable=taken["unreadable"])
    shipper = Shipper(database, state.vault, files, settings.intake_log, lambda: keeper.floor)
    keeper = Keeper(database, settings, state.ring, by_log=shipper.floor)
    return keeper, shipper


@asynccontextmanager
async def _turning(jobs: Jobs, taking: GroupCommit) -> AsyncIterator[None]:
    """What waits to be stored is stored before the jobs stop."""
    loop = asyncio.create_task(jobs.run(), name="jobs")
    taking.start()
    try:
        yield
    finally:
        await taking.close()
        jobs.stop()
        await loop


@asynccontextmanager
async def _looking(arrivals: Arrivals) -> AsyncIterator[None]:
    loop = asyncio.create_task(arrivals.run(), name="arrivals")
    try:
        yield
    finally:
        arrivals.stop()
        await loop


def _wake(*loops: Jobs) -> None:
    for loop in loops:
        loop.wake()


def _begin(db: Connection, pack: Pack) -> None:
    intake.ensure_lineage(db, now=clock.now())
    identity.adopt_pack(db, pack)


def _from_state(name: str) -> Callable[[State], Any]:
    def provide(state: State) -> Any:
        return state[name]

    return provide
