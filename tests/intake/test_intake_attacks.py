"""What a stranger can do to others through what they push: nothing that costs others their place."""

from uuid import uuid4

import pytest
from test_intake_messages import message
from test_intake_opener import push, states

from support.reports import Device
from waymark.intake.jobs import Opener, open_waiting
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@ONE_ENGINE
async def test_a_strangers_own_messages_are_not_looked_at_again_for_every_report(
    database: Database, opener: Opener, ring: KeyRing
) -> None:
    """Or a few megabytes would keep the opener from everybody's reports for days."""
    stranger = Device()
    await push(database, *[message(stranger, ring, str(uuid4())) for _ in range(5)])
    await open_waiting(opener)
    await push(database, stranger.report(ring))
    assert await open_waiting(opener) == 1 + 5

    await push(database, *[stranger.report(ring) for _ in range(3)])

    assert await open_waiting(opener) == 3
    assert await states(database) == ["quarantined:message_not_proven"] * 5 + ["opened"] * 4
