"""Put a planned demonstration into a database by the real way: taken in, opened, screened, answered.

Everything happens in the order of its dates, so that the audit trail reads as months of work. Safe to repeat.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from waymark.attachments import actions as attachments
from waymark.cli.context import keys_made, opened
from waymark.cli.demo_answers import Deed, Desks, deeds
from waymark.cli.demo_files import Sender
from waymark.cli.demo_people import PASSWORD, people
from waymark.cli.demo_plan import SEED, Planned, plan
from waymark.cli.demo_seal import Sealed, Sealer, take_in
from waymark.cli.demo_truth import Truth, keep_truth, kept_truth, truth_of
from waymark.identity import actions as identity
from waymark.identity.passwords import hash_password
from waymark.intake import actions as intake
from waymark.intake.jobs import Opener, open_waiting
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.migrate import migrate
from waymark.kernel.settings import Settings
from waymark.kernel.vault import Vault, open_vault
from waymark.triage.jobs import Screener
from waymark_sync.policy import Pack, load_pack

BATCH = 20  # as many as the opener takes at once


async def seed(settings: Settings, *, count: int, announce: Callable[[str], None]) -> int:
    """People, centres and `count` reports. Returns how many reports were added."""
    ring, _ = keys_made(settings.keys)
    vault = open_vault(settings.keys)
    pack = load_pack()
    async with opened(settings) as database:
        await migrate(database)
        reports, truth = await _planned(database, settings, pack, count)
        there = await database.read(_there, [report.item_id for report in reports])
        todo = [report for report in reports if report.item_id not in there]
        if reports and not todo:
            return 0
        await database.write(_people, pack, now=clock.now())
        if todo:
            announce(f"Sealing, taking in and opening {len(todo)} invented reports")
            keep_truth(settings.data, truth)
            await _Seeding(database, ring, vault, pack, Sender(database, settings)).run(todo)
        return len(todo)


async def _planned(
    database: Database, settings: Settings, pack: Pack, count: int
) -> tuple[list[Planned], Truth]:
    """As they were planned first, where a run was cut short: its dates stand."""
    kept, now = kept_truth(settings.data), clock.now()
    reports = plan(pack, seed=SEED, count=count, now=now)
    there = await database.read(_there, [report.item_id for report in reports])
    if kept is not None and there:
        now = datetime.fromisoformat(kept.made_at)
        reports = plan(pack, seed=SEED, count=count, now=now)
    return reports, truth_of(reports, pack, seed=SEED, made_at=now)


def _there(db: Connection, ids: Sequence[str]) -> frozenset[str]:
    return frozenset(report_id for report_id in ids if intake.opened(db, report_id) is not None)


def _people(db: Connection, pack: Pack, *, now: datetime) -> None:
    identity.seed_demo(db, pack, people(hash_password(PASSWORD)), now=now)


class _Seeding:
    """One run. `_now` is the time in the story, which `Opener` and `Screener` go by, too."""

    def __init__(self, database: Database, ring: KeyRing, vault: Vault, pack: Pack, sender: Sender) -> None:
        self._database, self._ring, self._sender = database, ring, sender
        self._now = clock.now()
        self._opener = Opener(database, ring, vault, pack, now=lambda: self._now)
        self._screener = Screener(database, vault, now=lambda: self._now)
        self._sealer = Sealer(ring, pack.version)
        self._desks = Desks(vault, ring, pack)

    async def run(self, reports: Sequence[Planned]) -> None:
        await self._open_and_screen()  # a run that was cut short may have left some
        await self._database.write(self._begin, reports)
        waiting = deeds(reports)
        for start in range(0, len(reports), BATCH):
            batch = reports[start : start + BATCH]
            await self._arrive([self._sealer.report(planned) for planned in batch])
            following = reports[start + BATCH : start + BATCH + 1]
            until = following[0].at if following else clock.now()
            due = [deed for deed in waiting if deed.at <= until]
            waiting = waiting[len(due) :]
            await self._happen(due)
        await self._database.write(self._desks.close, now=clock.now())

    def _begin(self, db: Connection, reports: Sequence[Planned]) -> None:
        """Everybody logs in, and each centre that needs one gets a tablet, before the first report."""
        at = reports[0].at - timedelta(hours=1)
        self._desks.open(db, now=at)
        for centre_id in sorted({r.centre_id for r in reports if r.channel == "centre_tablet"}):
            self._sealer.enrol(db, self._desks.of(centre_id), now=at)

    async def _arrive(self, arriving: Sequence[Sealed]) -> None:
        """What devices send, then their photos; and what the service does with it at once."""
        await self._database.write(take_in, arriving)
        self._now = arriving[-1].at + timedelta(seconds=5)
        await self._open_and_screen()
        for sealed in arriving:
            for file in sealed.files:
                await self._sender.send(sealed.item_id, file)
        tell = attachments.tell
        while await self._database.write(tell, limit=BATCH, keys=self._ring, now=self._now):
            pass

    async def _happen(self, due: Sequence[Deed]) -> None:
        """In order: a reply arrives as a report does, and a desk acts on what has come by then."""
        for by_reporter, together in groupby(due, key=lambda deed: deed.kind == "reply"):
            if not by_reporter:
                await self._database.write(self._desks.do, list(together))
                continue
            for deed in together:
                await self._arrive([self._sealer.reply(deed.report, deed.text, at=deed.at)])

    async def _open_and_screen(self) -> None:
        await open_waiting(self._opener)
        while await self._screener.step():
            pass
