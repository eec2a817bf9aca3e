"""A database that knows the demonstration's centres and has a lineage, and an opener for it."""

from collections.abc import AsyncIterator

import pytest

from support.desk import enrol_device, seed
from support.reports import Device
from waymark.intake import actions
from waymark.intake.jobs import Opener
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.lineage import Lineage
from waymark.kernel.vault import Vault
from waymark_sync.policy import Pack, load_pack


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load_pack()


@pytest.fixture
async def begun(database: Database, pack: Pack) -> AsyncIterator[Lineage]:
    await seed(database, pack)
    yield await database.write(actions.ensure_lineage, now=clock.now())


@pytest.fixture
def opener(database: Database, begun: Lineage, ring: KeyRing, vault: Vault, pack: Pack) -> Opener:
    return Opener(database, ring, vault, pack)


@pytest.fixture
async def enrolled(database: Database, begun: Lineage) -> Device:
    """A tablet of the harbour library."""
    tablet = Device(visitor=False)
    await database.write(enrol_device, tablet)
    return tablet
