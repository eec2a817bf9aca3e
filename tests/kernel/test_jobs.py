"""Jobs: woken, never killed by one bad step, stopped between steps."""

import asyncio
from itertools import pairwise

import pytest

from waymark.kernel.jobs import PUT_OFF_S_MAX, Jobs, Step


def running(*, every_s: float = 5.0, **steps: Step) -> Jobs:
    jobs = Jobs(every_s=every_s)
    for name, step in steps.items():
        jobs.add(name, step)
    return jobs


def counting(done: list[str], name: str, work: list[int]) -> Step:
    async def step() -> int:
        done.append(name)
        return work.pop(0) if work else 0

    return step


async def test_steps_run_in_order_and_say_how_much_they_did() -> None:
    done: list[str] = []
    jobs = running(open=counting(done, "open", [3]), screen=counting(done, "screen", [2]))

    assert await jobs.turn(0.0) == 5
    assert done == ["open", "screen"]


async def test_a_bug_in_one_step_does_not_stop_another() -> None:
    done: list[str] = []

    async def broken() -> int:
        raise RuntimeError("somebody's words")

    jobs = running(broken=broken, screen=counting(done, "screen", []))

    await jobs.turn(0.0)
    await jobs.turn(0.1)

    assert done == ["screen", "screen"]


async def test_a_failing_step_is_put_off_for_longer_and_longer() -> None:
    tried: list[float] = []
    at = 0.0

    async def broken() -> int:
        tried.append(at)
        raise RuntimeError

    jobs = running(every_s=5.0, broken=broken)
    while at < 3_000:
        await jobs.turn(at)
        at += 5.0

    waits = [later - earlier for earlier, later in pairwise(tried)]
    assert waits[:6] == [5, 10, 20, 40, 80, 160]
    assert set(waits[6:]) == {PUT_OFF_S_MAX}


async def test_success_forgets_the_failures() -> None:
    fails = [True, True, False, True]
    tried: list[float] = []
    at = 0.0

    async def sometimes() -> int:
        tried.append(at)
        if fails and fails.pop(0):
            raise RuntimeError
        return 0

    jobs = running(every_s=5.0, sometimes=sometimes)
    while at < 40:
        await jobs.turn(at)
        at += 5.0

    assert tried == [0, 5, 15, 20, 25, 30, 35]


async def test_woken_at_once_and_stopped_cleanly() -> None:
    ran = asyncio.Event()

    async def step() -> int:
        ran.set()
        return 0

    jobs = running(every_s=3_600, step=step)
    loop = asyncio.create_task(jobs.run())
    async with asyncio.timeout(5):
        await ran.wait()
        ran.clear()
        jobs.wake()
        await ran.wait()
        jobs.stop()
        await loop


async def test_a_wake_up_during_a_step_is_not_lost() -> None:
    runs = 0
    jobs: Jobs

    async def step() -> int:
        nonlocal runs
        runs += 1
        if runs == 1:
            jobs.wake()
        else:
            jobs.stop()
        return 0

    jobs = running(every_s=3_600, step=step)
    async with asyncio.timeout(5):
        await jobs.run()

    assert runs == 2


async def test_the_running_step_is_finished_before_the_stop() -> None:
    finished = False
    started = asyncio.Event()
    may_end = asyncio.Event()

    async def slow() -> int:
        nonlocal finished
        started.set()
        await may_end.wait()
        finished = True
        return 1

    jobs = running(slow=slow, never=slow)
    loop = asyncio.create_task(jobs.run())
    await started.wait()
    jobs.stop()
    may_end.set()
    async with asyncio.timeout(5):
        await loop

    assert finished


@pytest.mark.parametrize("put_off", [1, 50, 2_000])
async def test_many_failures_overflow_nothing(put_off: int) -> None:
    async def broken() -> int:
        raise RuntimeError

    jobs = running(broken=broken)

    for failure in range(put_off):
        assert await jobs.turn(failure * (PUT_OFF_S_MAX + 1)) == 0
