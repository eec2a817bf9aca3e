"""Opened and screened reports, without HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from support.desk import PEOPLE, seed
from support.reports import Device, Report, push_of
from waymark.identity import actions as identity
from waymark.identity import store as identity_store
from waymark.identity.records import User
from waymark.identity.rules import new_token
from waymark.intake import actions as intake
from waymark.intake.jobs import Opener, open_waiting
from waymark.intake.rules import read_push
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark.triage.jobs import Screener
from waymark_sync.codec import MSGPACK, decode_push, encode
from waymark_sync.policy import load_pack

Receive = Callable[..., Awaitable[Report]]


@pytest.fixture
async def people(database: Database) -> dict[str, User]:
    await seed(database, load_pack())
    await database.write(intake.ensure_lineage, now=clock.now())
    return {name: await database.write(_user, name) for name in PEOPLE}


@pytest.fixture
def receive(database: Database, people: dict[str, User], ring: KeyRing, vault: Vault) -> Receive:
    """Push, open and screen one report. Keywords as for `Device.report`."""

    async def one(**changes: Any) -> Report:
        report = Device().report(ring, **changes)
        push = read_push(decode_push(encode(push_of(report), MSGPACK), MSGPACK))
        await database.write(intake.commit_pushes, [push], now=clock.now())
        await open_waiting(Opener(database, ring, vault, load_pack()))
        while await Screener(database, vault).step():
            pass
        return report

    return one


def _user(db: Connection, name: str) -> User:
    known = identity_store.credentials(db, name)
    assert known is not None
    return identity.log_in(
        db, known.person_id, username=name, token=new_token(), old_token=None, now=clock.now()
    )
