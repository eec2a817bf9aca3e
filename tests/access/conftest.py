"""A service with one report of every sharing choice in every place, and everybody at the desk."""

from collections.abc import AsyncIterator
from typing import Final, get_args

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec import Struct

from support.desk import PEOPLE, Desk, seed
from support.reports import HARBOUR, QUAY, Device, push_of
from waymark.intake.jobs import Opener, open_waiting
from waymark.kernel.db import Database
from waymark.kernel.settings import Settings
from waymark.triage.jobs import Screener
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.report import SharingChoice

CHOICES: Final[tuple[SharingChoice, ...]] = get_args(SharingChoice)
PLACES: Final = {
    "northshire": ("QX1 1AA", HARBOUR),
    "southmere": ("ZZ1 1AA", QUAY),
    "nowhere": ("SW1A 1AA", HARBOUR),
}
"""Postcode and centre. The last is in no pack, so its force is unknown."""

Key = tuple[SharingChoice, str]


class World(Struct, kw_only=True):
    client: AsyncTestClient[Litestar]
    database: Database
    desks: dict[str, Desk]
    reports: dict[Key, str]
    """Ids by sharing choice and place."""

    def keys(self, ids: list[str]) -> set[Key]:
        return {key for key, report_id in self.reports.items() if report_id in ids}


@pytest.fixture
async def world(
    client: AsyncTestClient[Litestar], settings: Settings, database: Database
) -> AsyncIterator[World]:
    # The application has its own event loop, so tests look at its database through a connection of theirs.
    state = client.app.state
    await seed(database, state.pack)
    reports = {}
    for choice in CHOICES:
        for place, (postcode, centre_id) in PLACES.items():
            report = Device().report(
                state.ring, sharing_choice=choice, postcode=postcode, body={"centre_id": centre_id}
            )
            answer = await client.post(
                "/sync/v1/push",
                content=encode(push_of(report), MSGPACK),
                headers={"Content-Type": MSGPACK},
            )
            assert answer.status_code == 200
            reports[choice, place] = report.item_id
    await open_waiting(Opener(database, state.ring, state.vault, state.pack))
    while await Screener(database, state.vault).step():
        pass
    desks = {name: await Desk(client, settings.origin).enter(database, name) for name in PEOPLE}
    yield World(client=client, database=database, desks=desks, reports=reports)
