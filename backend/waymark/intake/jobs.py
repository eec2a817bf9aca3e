"""What intake does beside answering: gather pushes into one commit, and open what has been committed."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from msgspec.structs import replace

from waymark.identity import actions as identity
from waymark.intake import actions, store
from waymark.intake.records import Committed, Outcome, Push, Sender, Stored, WaitingItem
from waymark.intake.rules import Service, failed, newly_stored, open_waiting_item, withheld
from waymark.kernel import clock, lineage, logs
from waymark.kernel.db import Connection, Database, Full, Refused, Unavailable
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import problem
from waymark.kernel.vault import Vault
from waymark.mailbox import actions as mailbox
from waymark_sync.intake_rules import read_header
from waymark_sync.policy import Pack

GROUP_ITEMS: Final = 1_000
"""Items in one commit: more wins nothing (it is flat from 100 on) and makes every device wait longer."""
GROUP_BYTES: Final = 16 * 1_048_576
"""Sealed bytes in one commit: with the largest padding, a thousand items would be a quarter of a gigabyte."""
WAITING_ITEMS_MAX: Final = 20_000
"""About half a second of work. Beyond it a device is asked to come back."""
WAITING_BYTES_MAX: Final = 128 * 1_048_576
"""Beyond it, too: most items are 4 kB, but nobody has to send such."""
RETRY_AFTER_S: Final = "2"
OPEN_AT_ONCE: Final = 20
"""Items opened in one go: about 20 ms of one processor, so that pushes do not notice."""
BUSY_ITEMS: Final = 200
"""With so many items waiting to be stored, storing comes first."""
YIELD_S: Final = 0.05

_Waiting = tuple[Push, "asyncio.Future[Committed]"]


class Log(Protocol):
    """Where everything is written once more, on another disk."""

    async def follow(self, stored: Sequence[Stored], *, incarnation: str, at: datetime) -> int:
        """What was just committed, in order of position. Returns the floor up to which devices may let go."""
        ...


class GroupCommit:
    """One commit at a time for all devices that are waiting; each is answered after its commit.

    `start` before the first push. After `close` begins, pushes are sent away and what waits is committed.
    """

    def __init__(
        self, database: Database, *, on_stored: Callable[[], None] = lambda: None, log: Log | None = None
    ) -> None:
        self._database = database
        self._log = log
        self._on_stored = on_stored
        self._waiting: list[_Waiting] = []
        self._waiting_items = 0
        self._waiting_bytes = 0
        self._arrived = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._last_logged: asyncio.Task[None] | None = None

    @property
    def waiting_items(self) -> int:
        return self._waiting_items

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="group-commit")

    async def close(self) -> None:
        self._closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    async def take(self, push: Push) -> Committed:
        """Returns when it is durable. Raises Problem busy, Full, Unavailable: then nothing was stored."""
        if self._closing or self._task is None or self._full:
            raise problem("busy", headers={"Retry-After": RETRY_AFTER_S})
        future: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        self._waiting.append((push, future))
        self._waiting_items += len(push.arrivals)
        self._waiting_bytes += push.sealed_bytes
        self._arrived.set()
        return await future

    @property
    def _full(self) -> bool:
        return self._waiting_items > WAITING_ITEMS_MAX or self._waiting_bytes > WAITING_BYTES_MAX

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            if not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            await self._commit(self._next_group())
        await self._logged()

    def _next_group(self) -> list[_Waiting]:
        """The oldest waiting pushes, at least one, up to GROUP_ITEMS items and GROUP_BYTES."""
        items, size, count = 0, 0, 0
        for push, _ in self._waiting:
            more_items, more = items + len(push.arrivals), size + push.sealed_bytes
            if count and (more_items > GROUP_ITEMS or more > GROUP_BYTES):
                break
            items, size, count = more_items, more, count + 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        self._waiting_items -= items
        self._waiting_bytes -= size
        return group

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        now = clock.now()
        try:
            committed = await self._database.write(
                actions.commit_pushes, [push for push, _ in group], now=now
            )
        except (Full, Unavailable) as error:
            _fail(group, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, no device may wait for ever
            await self._commit_one_by_one(group, error)
        else:
            if self._log is None:
                self._answer(group, committed)
                return
            # The next commit need not wait for this one's log, only this one's answers do.
            await self._logged()
            self._last_logged = asyncio.create_task(self._log_and_answer(self._log, group, committed, at=now))

    async def _logged(self) -> None:
        """What was committed last has been written to the log, too."""
        if self._last_logged is not None:
            await self._last_logged

    async def _log_and_answer(
        self, log: Log, group: Sequence[_Waiting], committed: Sequence[Committed], *, at: datetime
    ) -> None:
        try:
            committed = await _logged(log, [push for push, _ in group], committed, at=at)
        except Exception as error:  # noqa: BLE001 - it is stored, whatever the log says
            logs.event("intake_log_failed", error=error)
        self._answer(group, committed)

    def _answer(self, group: Sequence[_Waiting], committed: Sequence[Committed]) -> None:
        for (_, future), result in zip(group, committed, strict=True):
            if not future.done():
                future.set_result(result)
        self._on_stored()

    async def _commit_one_by_one(self, group: Sequence[_Waiting], error: Exception) -> None:
        """One push that cannot be stored must not take others with it."""
        if len(group) == 1:
            logs.event("push_not_stored", error=error)
            _fail(group, error)
            return
        for waiting in group:
            await self._commit([waiting])


async def _logged(
    log: Log, pushes: Sequence[Push], committed: Sequence[Committed], *, at: datetime
) -> list[Committed]:
    """Written to the log, too, before anybody is answered; then the floor may be further."""
    incarnation = committed[0].incarnation
    floor = await log.follow(newly_stored(pushes, committed), incarnation=incarnation, at=at)
    return [replace(each, restore_floor=max(each.restore_floor, floor)) for each in committed]


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(error)


class Opener:
    """Opens what has been committed, a few at a time. Several at once do no harm: an item settles once."""

    def __init__(
        self,
        database: Database,
        keys: KeyRing,
        vault: Vault,
        pack: Pack,
        intake: GroupCommit | None = None,
        *,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._database = database
        self._now = now
        self._service = Service(keys=keys, vault=vault, pack=pack, incarnation="", restore_floor=0)
        self._intake = intake

    async def step(self) -> int:
        """Open up to OPEN_AT_ONCE items. Returns how many were waiting."""
        if self._intake is not None and self._intake.waiting_items > BUSY_ITEMS:
            await asyncio.sleep(YIELD_S)
        waiting, current = await self._database.read(_waiting_with_senders)
        if not waiting or current is None:
            return 0
        service = replace(self._service, incarnation=current.incarnation, restore_floor=current.restore_floor)
        outcomes = await asyncio.to_thread(_open_all, waiting, service, self._now())
        await self._settle(outcomes, service)
        return len(waiting)

    async def _settle(self, outcomes: Sequence[Outcome], service: Service) -> None:
        """What the database refuses it refuses for ever: one such item must not hold up everybody's."""
        try:
            await self._database.write(actions.settle_outcomes, outcomes, service=service, now=self._now())
        except Refused as error:
            if len(outcomes) > 1:
                for outcome in outcomes:
                    await self._settle([outcome], service)
                return
            logs.event("opener_failed", error=error)
            held = withheld(outcomes[0], "dead_letter", "opener_failed")
            await self._database.write(actions.settle_outcomes, [held], service=service, now=self._now())


async def open_waiting(opener: Opener) -> int:
    """Open until nothing waits. Returns how many were opened or held."""
    total = 0
    while done := await opener.step():
        total += done
    return total


def _waiting_with_senders(
    db: Connection,
) -> tuple[list[tuple[WaitingItem, Sender]], lineage.Lineage | None]:
    waiting = store.waiting(db, limit=OPEN_AT_ONCE)
    return [(item, _sender(db, item)) for item in waiting], lineage.begun(db)


def _sender(db: Connection, item: WaitingItem) -> Sender:
    header = read_header(item.header)
    if header is None:
        return Sender(device=None, revoked=False, feed=None)
    device = identity.device(db, header.device_id)
    feed = mailbox.feed(db, header.device_id)
    return Sender(
        device=feed if device is not None else None,
        revoked=device is not None and device.revoked_at is not None,
        feed=feed if device is None else None,
    )


def _open_all(
    waiting: Sequence[tuple[WaitingItem, Sender]], service: Service, now: datetime
) -> list[Outcome]:
    return [_open(item, sender, service, now) for item, sender in waiting]


def _open(item: WaitingItem, sender: Sender, service: Service, now: datetime) -> Outcome:
    try:
        return open_waiting_item(item, sender, service, now=now)
    except Exception as error:  # noqa: BLE001 - one item that we fail to open may not hold up the others
        logs.event("opener_failed", error=error)
        return failed(item)
