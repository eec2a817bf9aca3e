"""News for the pages that wait: one look at the database for all of them together.

Each process looks for itself, so it does not matter which one took a report. What a look costs does not
depend on how many pages wait: it reads a row for each force and centre, and counts once for each that has
changed.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from waymark.identity import actions as identity
from waymark.identity.records import Session, User
from waymark.kernel import clock, logs
from waymark.kernel.db import Connection, Database
from waymark.worklist import actions
from waymark.worklist.records import News

EVERY_S: Final = 1.0
HEARTBEAT_S: Final = 15.0
STREAMS_MAX: Final = 4
"""For one session in one process: more tabs than anybody reads."""
REMEMBERED: Final = timedelta(minutes=1)
"""How far back a look asks for sessions that have ended: longer than any look is late."""


class Told(Struct, frozen=True, kw_only=True):
    """One thing that a waiting page is sent."""

    kind: Literal["reports", "still_here", "ended"]
    id: str = ""
    news: News | None = None


class Arrivals:
    """`run` in a task of its own. `stop` may be called from a signal handler."""

    def __init__(self, database: Database, *, every_s: float = EVERY_S) -> None:
        self._database = database
        self._every_s = every_s
        self._open: Counter[str] = Counter()
        self._changes: dict[str, int] = {}
        self._ended: set[str] = set()
        self._news: dict[tuple[str, ...], tuple[str, News]] = {}
        self._wanted = asyncio.Event()
        self._changed = asyncio.Event()
        self._stopped = asyncio.Event()
        self._stopping = False

    def full(self, session: Session) -> bool:
        return self._open[session.token_hash] >= STREAMS_MAX

    @property
    def waiting(self) -> int:
        return self._open.total()

    def stop(self) -> None:
        self._stopping = True
        self._wanted.set()
        self._stopped.set()

    async def run(self) -> None:
        """Look again and again while any page waits."""
        while not self._stopping:
            if not self._open:
                self._wanted.clear()
                await _within(self._wanted, self._every_s)
                continue
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - a database that rests must not end the looking
                logs.event("arrivals_failed", error=error)
            await _within(self._stopped, self._every_s)
        self._wake()

    async def listen(self, session: Session, token: str, last_id: str) -> AsyncIterator[Told]:
        """News for one page until its session is over. last_id: what it was told last, in an earlier life."""
        if self.full(session):
            return
        self._open[session.token_hash] += 1
        self._wanted.set()
        try:
            await self._look()
            async for told in self._tell(session, token, last_id):
                yield told
        finally:
            self._open[session.token_hash] -= 1
            self._open += Counter()  # forgets whoever has none left

    async def _tell(self, session: Session, token: str, last_id: str) -> AsyncIterator[Told]:
        scopes, at_end = actions.scopes(session.user), identity.session_end(session)
        while not self._stopping:
            changed, id = self._changed, self._id(scopes)
            if session.token_hash in self._ended:
                break
            if clock.now() >= at_end:
                # It may have been used meanwhile, by what a person did.
                again = await self._database.read(identity.open_session, token, now=clock.now())
                if again is None:
                    break
                at_end = identity.session_end(again)
                continue
            if id != last_id:
                yield Told(kind="reports", id=id, news=await self._news_of(session.user, scopes, id))
                last_id = id
                continue
            wait_s = min(HEARTBEAT_S, _until(at_end))
            if not await _within(changed, wait_s) and wait_s == HEARTBEAT_S:
                yield Told(kind="still_here")
        yield Told(kind="ended" if not self._stopping else "still_here")

    async def _look(self) -> None:
        changes, ended = await self._database.read(_look, since=clock.now() - REMEMBERED)
        if changes != self._changes or not ended <= self._ended:
            self._changes, self._ended = changes, ended
            self._wake()
        self._ended = ended

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _id(self, scopes: tuple[str, ...]) -> str:
        return ".".join(str(self._changes.get(scope, 0)) for scope in scopes)

    async def _news_of(self, user: User, scopes: tuple[str, ...], id: str) -> News:
        known = self._news.get(scopes)
        if known is None or known[0] != id:
            known = (id, await self._database.read(actions.news, user))
            self._news[scopes] = known
        return known[1]


def _look(db: Connection, *, since: datetime) -> tuple[dict[str, int], set[str]]:
    return actions.changes(db), identity.ended_since(db, since)


async def _within(event: asyncio.Event, wait_s: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await event.wait()
    return event.is_set()


def _until(moment: datetime) -> float:
    return max(0.0, (moment - clock.now()).total_seconds())
