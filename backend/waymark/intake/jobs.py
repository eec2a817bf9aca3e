"""What intake does beside answering: open what has been committed."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Final

from msgspec.structs import replace

from waymark.identity import actions as identity
from waymark.identity.devices.rekeying import earlier_keys
from waymark.intake import actions, store
from waymark.intake.group import GroupCommit
from waymark.intake.records import Outcome, Sender, WaitingItem
from waymark.intake.rules import Service, able, failed, open_waiting_item, withheld
from waymark.kernel import clock, lineage, logs
from waymark.kernel.db import Connection, Database, Refused
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import Problem
from waymark.kernel.vault import Vault
from waymark.mailbox import actions as mailbox
from waymark_sync.intake_rules import read_header
from waymark_sync.policy import Pack

OPEN_AT_ONCE: Final = 20
"""Items opened in one go: about 20 ms of one processor, so that pushes do not notice."""
BUSY_ITEMS: Final = 200
"""With so many items waiting to be stored, storing comes first."""
YIELD_S: Final = 0.05
YIELDS_MAX: Final = 20
"""A second: a rush that lasts may not keep a report from being read."""
LOOK_BACK_EVERY: Final = timedelta(minutes=1)
VERSION: Final = version("waymark")


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
        self._service = Service(
            keys=keys,
            vault=vault,
            pack=pack,
            able=able(keys.seal_kids, VERSION),
            incarnation="",
            restore_floor=0,
        )
        self._looked_back: datetime | None = None
        self._intake = intake

    async def step(self) -> int:
        """Open up to OPEN_AT_ONCE items. Returns how many were waiting."""
        await self._let_storing_go_first()
        waiting, current = await self._database.read(_waiting_with_senders)
        if current is None:
            return 0
        if not waiting:
            return await self._look_back()
        service = replace(self._service, incarnation=current.incarnation, restore_floor=current.restore_floor)
        outcomes = await asyncio.to_thread(_open_all, waiting, service, self._now())
        await self._settle(outcomes, service)
        return len(waiting)

    async def _let_storing_go_first(self) -> None:
        for _ in range(YIELDS_MAX):
            if self._intake is None or self._intake.waiting_items <= BUSY_ITEMS:
                break
            await asyncio.sleep(YIELD_S)

    async def _look_back(self) -> int:
        """With nothing new to open: what was held and may open now, a few at a time. Returns how many."""
        now = self._now()
        if self._looked_back is not None and now - self._looked_back < LOOK_BACK_EVERY:
            return 0
        reopened = await self._database.write(
            actions.reopen_outgrown, self._service.able, limit=OPEN_AT_ONCE, now=now
        )
        self._looked_back = None if reopened else now
        return reopened

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
        earlier=earlier_keys(db, device.id) if device is not None else (),
    )


def _open_all(
    waiting: Sequence[tuple[WaitingItem, Sender]], service: Service, now: datetime
) -> list[Outcome]:
    return [_open(item, sender, service, now) for item, sender in waiting]


def _open(item: WaitingItem, sender: Sender, service: Service, now: datetime) -> Outcome:
    try:
        return open_waiting_item(item, sender, service, now=now)
    except Problem:
        raise  # the keys are out of reach: it waits
    except Exception as error:  # noqa: BLE001 - one item that we fail to open may not hold up the others
        logs.event("opener_failed", error=error)
        return failed(item)
