"""Many requests, one commit: one transaction, one wait for the disk and, for small pushes, one signature.

Devices take turns, so one that sends much makes no other wait longer than its share. What would have to wait
too long is asked to come back, before it costs anything. Each push is answered after its commit.
"""

import asyncio
import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from msgspec.structs import replace

from waymark.intake import actions
from waymark.intake.answers import answers, newly_stored
from waymark.intake.pace import Pace
from waymark.intake.records import Answered, Committed, Push, Stored
from waymark.kernel import clock, logs
from waymark.kernel.db import Database, Full, Unavailable
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import Problem, problem

GROUP_ITEMS: Final = 256
"""Items in one commit: more wins little, and makes every device wait longer."""
GROUP_BYTES: Final = 16 * 1_048_576
"""Sealed bytes in one commit: with the largest padding, a full commit would be four times as much."""
WAITING_BYTES_MAX: Final = 128 * 1_048_576
"""Most items are 4 kB, but nobody has to send such."""
DEVICE_ITEMS_MAX: Final = 1_024
"""Of one device at once. Sixteen full pushes side by side, where a device of ours has one."""
DEVICE_BYTES_MAX: Final = WAITING_BYTES_MAX // 2
RETRY_HEADER: Final = "Waymark-Retry-Ms"
"""Finer than `Retry-After`: in a whole second a thousand reports can be stored, or nobody comes."""

_Waiting = tuple[Push, "asyncio.Future[Answered]"]


class Log(Protocol):
    """Where everything is written once more, on another disk."""

    async def follow(self, stored: Sequence[Stored], *, incarnation: str, at: datetime) -> int:
        """What was just committed, in order of position. Returns the floor up to which devices may let go."""
        ...


class Line:
    """Who waits. The device that was served longest ago comes first; of each, the oldest push."""

    def __init__(self) -> None:
        self._of: dict[str, deque[_Waiting]] = {}
        self._items: dict[str, int] = {}
        self._bytes: dict[str, int] = {}
        self.items = 0
        self.bytes = 0
        self.visitors_items = 0

    def __bool__(self) -> bool:
        return bool(self._of)

    def add(self, waiting: _Waiting) -> None:
        push = waiting[0]
        self._of.setdefault(push.device_id, deque()).append(waiting)
        self._count(push, 1)

    def next_group(self) -> list[_Waiting]:
        """At least one push, up to GROUP_ITEMS items and GROUP_BYTES."""
        group: list[_Waiting] = []
        items, size = 0, 0
        while self._of:
            device_id, queue = next(iter(self._of.items()))
            push = queue[0][0]
            items, size = items + len(push.arrivals), size + push.sealed_bytes
            if group and (items > GROUP_ITEMS or size > GROUP_BYTES):
                break
            group.append(queue.popleft())
            del self._of[device_id]
            if queue:
                self._of[device_id] = queue  # at the end of the line
            self._count(push, -1)
        return group

    def holds_any_of(self, device_id: str) -> bool:
        return device_id in self._of

    def holds_too_much_of(self, device_id: str) -> bool:
        items, size = self._items.get(device_id, 0), self._bytes.get(device_id, 0)
        return items >= DEVICE_ITEMS_MAX or size >= DEVICE_BYTES_MAX

    def _count(self, push: Push, sign: int) -> None:
        items, size = sign * len(push.arrivals), sign * push.sealed_bytes
        self.items += items
        self.bytes += size
        self.visitors_items += items if push.of_visitors else 0
        self._items[push.device_id] = self._items.get(push.device_id, 0) + items
        self._bytes[push.device_id] = self._bytes.get(push.device_id, 0) + size
        if push.device_id not in self._of:
            del self._items[push.device_id], self._bytes[push.device_id]


class GroupCommit:
    """One commit at a time for all devices that are waiting.

    `start` before the first push. After `close` begins, pushes are sent away and what waits is committed.
    """

    def __init__(
        self,
        database: Database,
        keys: KeyRing,
        *,
        on_stored: Callable[[], None] = lambda: None,
        log: Log | None = None,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._keys = keys
        self._log = log
        self._on_stored = on_stored
        self._luck = luck
        self._line = Line()
        self._pace = Pace()
        self._arrived = asyncio.Event()
        self._closing = False
        self._free_since = 0.0
        self._task: asyncio.Task[None] | None = None
        self._last_logged: asyncio.Task[None] | None = None

    @property
    def waiting_items(self) -> int:
        return self._line.items

    @property
    def crowded(self) -> bool:
        """The other half of the room is for known tablets, whoever else knocks."""
        return self._line.items > self._pace.waiting_items_max // 2

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="group-commit")

    async def close(self) -> None:
        self._closing = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    def admit(self, device_id: str = "", items: int = 1) -> None:
        """Raises Problem busy or too_many_at_once: nothing was stored, and later there will be room.

        A push without items is let in: it costs next to nothing, and says how much waits elsewhere.
        """
        if self._closing or self._task is None:
            raise problem("busy", headers={"Retry-After": "2"})
        if items and self._no_room_for(device_id):
            raise self._later("busy", items)
        if self._line.holds_too_much_of(device_id):
            raise self._later("too_many_at_once", items)

    async def take(self, push: Push) -> Answered:
        """Returns when it is durable. Raises Problem, Full, Unavailable: then nothing was stored."""
        self.admit(push.device_id, len(push.arrivals))
        if push.of_visitors and self._line.visitors_items > self._pace.waiting_items_max // 2:
            raise self._later("busy", len(push.arrivals))
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._line.add((push, future))
        self._arrived.set()
        return await future

    def _no_room_for(self, device_id: str) -> bool:
        """Half of the room is for devices of which nothing waits yet."""
        waits = self._line.holds_any_of(device_id)
        items, size = self._pace.waiting_items_max, WAITING_BYTES_MAX
        return self._line.items > items // (1 + waits) or self._line.bytes > size // (1 + waits)

    def _later(self, code: str, items: int) -> Problem:
        wait_s = self._wait_s(items)
        headers = {"Retry-After": str(max(1, math.ceil(wait_s))), RETRY_HEADER: str(round(wait_s * 1000))}
        return problem(code, headers=headers)

    def _wait_s(self, items: int) -> float:
        return self._pace.wait_s(items, now=self._time(), waiting=self._line.items, luck=self._luck())

    async def _run(self) -> None:
        while self._line or not self._closing:
            if not self._line:
                self._pace.idle(self._time())
                self._arrived.clear()
                await self._arrived.wait()
                self._free_since = self._time()
                continue
            await self._commit(self._line.next_group())
        await self._logged()

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        now = clock.now()
        pushes = [push for push, _ in group]
        try:
            committed = await self._database.write(actions.commit_pushes, pushes, now=now)
        except (Full, Unavailable) as error:
            _fail(group, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, no device may wait for ever
            await self._commit_one_by_one(group, error)
        else:
            self._keep_pace(pushes)
            if self._log is None:
                self._answer(group, committed)
                return
            # The next commit need not wait for this one's log, only this one's answers do.
            await self._logged()
            self._last_logged = asyncio.create_task(self._log_and_answer(self._log, group, committed, at=now))

    def _keep_pace(self, pushes: Sequence[Push]) -> None:
        """From commit to commit while somebody waits: reading and answering take their time, too."""
        before, self._free_since = self._free_since, self._time()
        self._pace.stored(sum(len(push.arrivals) for push in pushes), took_s=self._free_since - before)

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()

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
        at = clock.milliseconds(clock.now())
        told = answers([push for push, _ in group], committed, self._keys, at=at)
        for (push, future), answered in zip(group, told, strict=True):
            if not future.done():
                future.set_result(replace(answered, backoff_s=self._backoff_s(push)))
        self._on_stored()

    def _backoff_s(self, push: Push) -> int | None:
        """While much waits, who was just served and has more lets the others go first."""
        if self._line.items <= self._pace.waiting_items_max // 2 or not _may_have_more(push):
            return None
        return max(1, math.ceil(self._wait_s(len(push.arrivals))))

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


def _may_have_more(push: Push) -> bool:
    return push.queue is None or push.queue.queued > len(push.arrivals)


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(error)
