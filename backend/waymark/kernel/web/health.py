"""Is the process alive; can it take a report? Words only: an outsider learns nothing of the inside."""

import asyncio
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

from litestar import Request, Response, get
from msgspec import Struct

from waymark.kernel import logs
from waymark.kernel.ballast import Ballast, Standing
from waymark.kernel.db import Connection, Database, DatabaseFault, Sql
from waymark.kernel.keys import KeysRefused, load_keys
from waymark.kernel.migrate import pending
from waymark.kernel.settings import Settings
from waymark.kernel.vault import Vault
from waymark.kernel.web.bodies import in_json

DISK_FREE_BYTES_MIN: Final = 256 * 1024 * 1024  # deleting needs room, too: a full disk cannot free itself
ANSWER_WITHIN_S: Final = 5.0
FRESH_S: Final = 2.0  # each look is a durable write, so a stranger must not be able to ask for thousands

TOUCH: Final = Sql("UPDATE migration SET name = name WHERE number = 1")

Word = Literal["ok", "failing", "low", "pending"]


class Ready(Struct, frozen=True, kw_only=True):
    """What a report needs is `ok`, or the answer is 503. `people` keeps no report from being taken."""

    database: Word
    keys: Word
    opener: Word
    disk: Word
    migrations: Word
    ballast: Standing | Literal["failing"]
    """`released`: the disk was full, and what room there is, is for erasing. The answer is 503."""
    people: Word
    """`failing`: somebody is more here than the audit trail says. `waymark doctor` says who."""


class Readiness:
    """Looks at most every FRESH_S, however often it is asked."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        vault: Vault,
        ballast: Ballast,
        astray: Callable[[], int],
    ) -> None:
        """astray: how many people stand otherwise than they should."""
        self._database, self._vault, self._astray = database, vault, astray
        self._settings, self._ballast = settings, ballast
        self._looking = asyncio.Lock()
        self._seen: tuple[float, Ready] | None = None

    async def look(self) -> Ready:
        async with self._looking:
            if self._seen is None or time.monotonic() - self._seen[0] > FRESH_S:
                ready = Ready(
                    database=await _database(self._database),
                    migrations=await _migrations(self._database),
                    keys=_keys(self._settings.keys),
                    opener="ok" if await asyncio.to_thread(self._vault.is_there) else "failing",
                    disk=_disk(self._settings.data),
                    ballast=_ballast(self._ballast),
                    people="failing" if self._astray() else "ok",
                )
                self._seen = (time.monotonic(), ready)
            return self._seen[1]


@get(
    "/health/live",
    operation_id="CheckLive",
    public="tells only that the process answers",
    unaudited="touches no report",
)
async def live() -> dict[str, str]:
    """Is there anybody?"""
    return {"status": "live"}


@get(
    "/health/ready",
    operation_id="CheckReady",
    public="seven words, for a load balancer",
    unaudited="touches no report",
    also={503: in_json(Ready)},
)
async def ready(request: Request[Any, Any, Any]) -> Response[Ready]:
    """Can a report be taken?"""
    found: Ready = await request.app.state.readiness.look()
    needed = (found.database, found.keys, found.opener, found.disk, found.migrations)
    able = set(needed) == {"ok"} and found.ballast not in {"released", "failing"}
    return Response(found, status_code=200 if able else 503)


async def _database(database: Database) -> Word:
    """Reachable and writable: a disk that turned read-only still answers every read."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await database.write(_touch)
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is "not ready"
        logs.event("not_ready", level=logging.ERROR, error=error)
        return "failing"
    return "ok"


async def _migrations(database: Database) -> Word:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return "pending" if await pending(database) else "ok"
    except (DatabaseFault, TimeoutError):
        return "failing"


def _touch(db: Connection) -> None:
    db.execute(TOUCH)


def _keys(folder: Path) -> Word:
    """Read again each time: keys that vanished are noticed before the next start needs them."""
    try:
        load_keys(folder)
    except KeysRefused:
        return "failing"
    return "ok"


def _disk(folder: Path) -> Word:
    try:
        return "ok" if shutil.disk_usage(folder).free >= DISK_FREE_BYTES_MIN else "low"
    except OSError:
        return "failing"


def _ballast(ballast: Ballast) -> Standing | Literal["failing"]:
    try:
        return ballast.standing()
    except OSError:
        return "failing"
