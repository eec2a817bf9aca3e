"""The loop that looks for news ends when it is told to, not when it would have looked again."""

import asyncio

import pytest

from support.desk import PEOPLE
from waymark.identity import actions as identity
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.worklist.jobs import Arrivals
from waymark_sync.policy import load_pack

AN_HOUR_S = 3_600.0
SOON_S = 30.0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("watched", [False, True], ids=["nobody_looks", "somebody_looks"])
async def test_it_ends_as_soon_as_it_is_told_to(database: Database, watched: bool) -> None:
    await database.write(identity.seed_demo, load_pack(), PEOPLE.values(), now=clock.now())
    arrivals = Arrivals(database, every_s=AN_HOUR_S)
    if watched:
        arrivals._open["a page"] += 1
    loop = asyncio.create_task(arrivals.run())
    for _ in range(50):
        await asyncio.sleep(0.01)

    arrivals.stop()

    async with asyncio.timeout(SOON_S):
        await loop
