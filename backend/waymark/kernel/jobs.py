"""One loop for what happens between requests: open what came, look through it, tidy up.

A step is an async callable that does a bounded amount and returns how much it did. One step that fails is
put off for longer and longer and never stops another; only its code and class are logged.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from waymark.kernel import logs
from waymark.kernel.asking import ASKING

Step = Callable[[], Awaitable[int]]

EVERY_S: Final = 5.0  # a wake-up may be lost, for example when another process took the push
PUT_OFF_S_MAX: Final = 300.0


class Jobs:
    """Runs steps in the order added. `wake` may be called as often as anything happens."""

    def __init__(self, *, every_s: float = EVERY_S) -> None:
        self._steps: dict[str, Step] = {}
        self._every_s = every_s
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}
        self._woken = asyncio.Event()
        self._stopping = False

    def add(self, name: str, step: Step) -> None:
        self._steps[name] = step
        self._failures[name] = 0
        self._not_before[name] = 0.0

    def wake(self) -> None:
        """Ask for a turn soon. From the event loop's own thread only."""
        self._woken.set()

    def stop(self) -> None:
        """The loop ends after the step that is running."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Turn after turn while there is work, else sleep until woken or `every_s` has passed."""
        loop = asyncio.get_running_loop()
        while not self._stopping:
            self._woken.clear()
            if await self.turn(loop.time()):
                await asyncio.sleep(0)  # requests come first
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._woken.wait()

    async def turn(self, time_s: float) -> int:
        """Run each step that is due at `time_s` once. Returns how much was done."""
        done = 0
        for name, step in self._steps.items():
            if not self._stopping and self._not_before[name] <= time_s:
                done += await self._try(name, step, time_s)
        return done

    async def _try(self, name: str, step: Step, time_s: float) -> int:
        asking = ASKING.set(f"job:{name}")
        try:
            done = await step()
        except Exception as error:  # noqa: BLE001 - the loop outlives any bug in a step, which is logged
            self._failures[name] += 1
            put_off_s = min(PUT_OFF_S_MAX, self._every_s * 2 ** min(self._failures[name] - 1, 16))
            self._not_before[name] = time_s + put_off_s
            logs.event("job_failed", level=logging.ERROR, error=error, job=name, put_off_s=put_off_s)
            return 0
        finally:
            ASKING.reset(asking)
        self._failures[name] = 0
        return done
