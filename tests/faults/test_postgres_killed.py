"""PostgreSQL is killed again and again under load: what was acknowledged is there, and nothing doubles."""

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.test_killed_under_load import DRAINED_S_MAX, senders, stored, the_ledger_agrees
from support.postgres import Cluster
from support.server import Server
from waymark.kernel.keys import KeyRing

PROVE = os.environ.get("WAYMARK_PROVE") == "1"
KILLS = 50 if PROVE else 2
SENDING = 10 if PROVE else 4


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """Nobody else's: the others want theirs alive."""
    cluster = Cluster()
    yield cluster
    cluster.stop()


async def test_nothing_acknowledged_is_missing(
    server: Callable[..., Server], own_cluster: Cluster, ring: KeyRing, tmp_path: Path
) -> None:
    url = own_cluster.create("killed")
    served = server(WAYMARK_DATABASE_URL=url)
    served.waymark("demo", "--no-reports")
    served.start()
    devices = list(senders(served, ring, tmp_path))[:SENDING]
    for device in devices:
        device.start()

    for _ in range(KILLS):
        time.sleep(random.uniform(0.2, 1.0))
        own_cluster.kill()
        acknowledged = set().union(*(device.acknowledged for device in devices))
        own_cluster.start_again()
        assert acknowledged <= {row.item_id for row in await stored(url)}
    for device in devices:
        device.enough.set()
    for device in devices:
        device.join(DRAINED_S_MAX)

    assert [device.failure for device in devices] == [None] * SENDING
    assert not any(device.is_alive() for device in devices), "the queues did not drain"
    served.stop()
    fault = "PostgreSQL killed under load"
    await the_ledger_agrees(url, tmp_path, fault=fault, times=KILLS, before=set(), least=SENDING)
