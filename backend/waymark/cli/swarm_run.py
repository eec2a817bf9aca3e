"""One run of a swarm: prepare the devices, start their processes, do harm, wait, and look."""

import asyncio
import hashlib
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import httpx
import msgspec
from msgspec import Struct

from waymark.attachments.shelf import Shelf
from waymark.cli import store
from waymark.cli.demo_people import LOGINS, PASSWORD
from waymark.cli.swarm_ledger import Made, Photos, Verdict, judge, judge_photos, read_ledgers
from waymark.cli.swarm_plug import Switch
from waymark.cli.swarm_worker import Order, Orders, Progress
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings
from waymark_sync.device import enrol, keep_device
from waymark_sync.outbox import Outbox
from waymark_sync.policy import Pack
from waymark_sync.transport import HttpTransport

DRAIN_S: Final = 120.0
"""After the faults. A device that has not sent everything by then has lost it."""
SETTLE_S: Final = 30.0
TABLETS_MAX: Final = 12
WORKERS_MAX: Final = 4


class Plan(Struct, frozen=True, kw_only=True):
    """What was asked for."""

    devices: int
    reports: int
    seconds: float
    flaky: bool
    kill: bool
    seed: int


class Swarm:
    """`progress` and `received` are for whoever shows them; by device name."""

    def __init__(self, settings: Settings, plan: Plan, *, ring: KeyRing, pack: Pack, folder: Path) -> None:
        self._settings, self._plan, self._ring, self._pack = settings, plan, ring, pack
        self._chance = random.Random(plan.seed)  # noqa: S311 - faults, not secrets
        self._folder, self._files = folder, files_of(settings)
        self._running: set[asyncio.subprocess.Process] = set()
        self._killed: set[int] = set()
        self.progress: dict[str, Progress] = {}
        self.received: Counter[str] = Counter()
        self.kinds: dict[str, str] = {}
        self.note = "starting"
        self.worker_kills = self.server_kills = 0
        self.cut_photos = 0
        """Of which a part had come when the server was killed."""

    async def run(self, database: Database, switch: Switch | None) -> Verdict:
        orders = await asyncio.to_thread(self._orders)
        watching = asyncio.create_task(self._watch(database))
        workers = [asyncio.create_task(self._worker(each)) for each in orders]
        harming = asyncio.create_task(self._harm(database, orders[0].faults_until, switch))
        try:
            await harming
            if switch is not None:
                await switch.plug_in()  # again, should it not have come up
            self.note = "faults are over; sending what waits"
            await asyncio.gather(*workers)
            return await self._settled(database)
        finally:
            for task in (watching, harming, *workers):
                task.cancel()
            await asyncio.gather(watching, harming, *workers, return_exceptions=True)

    def _orders(self) -> list[Orders]:
        devices = [self._order(number) for number in range(self._plan.devices)]
        self._enrol([order for order in devices if order.tablet])
        count = min(WORKERS_MAX, len(devices))
        begins_at = time.time()
        until = begins_at + self._plan.seconds
        return [
            Orders(
                folder=str(self._folder),
                origin=self._settings.origin,
                root=self._ring.root_public,
                keys=self._ring.signed_key_set(),
                policy_version=self._pack.version,
                flaky=self._plan.flaky,
                begins_at=begins_at,
                faults_until=until,
                ends_at=until + DRAIN_S,
                devices=tuple(devices[start::count]),
            )
            for start in range(count)
        ]

    def _order(self, number: int) -> Order:
        tablet = number < min(TABLETS_MAX, self._plan.devices // 3)
        name = f"{'tablet' if tablet else 'phone'}-{number + 1:02d}"
        self.kinds[name] = "tablet" if tablet else "phone"
        centre = self._pack.centres[number % len(self._pack.centres)]
        return Order(
            name=name,
            seed=self._plan.seed + number,
            reports=self._plan.reports,
            centre_id=centre.id,
            tablet=tablet,
        )

    def _enrol(self, tablets: list[Order]) -> None:
        """By the desk of the tablet's centre and a one-time code, as people do."""
        usernames = {login.centre_id: login.username for login in LOGINS if login.centre_id}
        transport = HttpTransport(self._settings.origin)
        for order in tablets:
            with self._desk(usernames[order.centre_id]) as desk:
                made = desk.post("/desk/api/devices/codes", json={"label": f"Swarm {order.name}"})
                made.raise_for_status()
            outbox = Outbox(self._folder / f"{order.name}.db")
            keep_device(outbox, enrol(made.json()["code"], transport))
            outbox.close()
        transport.close()

    @contextmanager
    def _desk(self, username: str) -> Iterator[httpx.Client]:
        """One person, logged in."""
        origin = self._settings.origin
        headers = {"Origin": origin, "Waymark-Request": "1"}
        with httpx.Client(base_url=origin, headers=headers, trust_env=False, timeout=30) as desk:
            entered = desk.post("/desk/api/session", json={"username": username, "password": PASSWORD})
            entered.raise_for_status()
            # Secure cookies go by themselves only where it is encrypted.
            desk.headers["Cookie"] = entered.headers["set-cookie"].partition(";")[0]
            yield desk
            desk.delete("/desk/api/session")

    async def _worker(self, orders: Orders) -> None:
        """Started again whenever it was killed, until it ends by itself."""
        while True:
            async with _process() as process:
                self._running.add(process)
                if process.stdin is None or process.stdout is None:
                    raise AssertionError("both are pipes")
                process.stdin.write(msgspec.json.encode(orders))
                process.stdin.close()
                async for line in process.stdout:
                    self._take(line)
                await process.wait()
                self._running.discard(process)
                if process.pid not in self._killed:
                    if process.returncode:
                        raise AssertionError(f"a device process ended with {process.returncode}")
                    return

    def _take(self, line: bytes) -> None:
        try:
            told = msgspec.json.decode(line, type=Progress)
        except msgspec.DecodeError:
            return  # half a line: its process was killed
        self.progress[told.name] = told

    async def _harm(self, database: Database, until: float, switch: Switch | None) -> None:
        harms = []
        if self._plan.flaky:
            harms.append(self._kill_workers(until))
        if switch is not None and (self._plan.flaky or self._plan.kill):
            harms.append(self._kill_server(database, until, switch))
        self.note = "making reports"
        await asyncio.gather(*harms, asyncio.sleep(max(0, until - time.time())))

    async def _kill_workers(self, until: float) -> None:
        while time.time() < until - 1:
            await asyncio.sleep(self._chance.uniform(0.5, max(1, self._plan.seconds / 8)))
            running = sorted(
                (p for p in self._running if p.returncode is None), key=lambda process: process.pid
            )
            if running and time.time() < until:
                process = self._chance.choice(running)
                self._killed.add(process.pid)
                process.kill()
                self.worker_kills += 1

    async def _kill_server(self, database: Database, until: float, switch: Switch) -> None:
        """--kill: again and again, for a moment. --flaky alone: once, for a while."""
        seconds = self._plan.seconds
        while time.time() < until - 1:
            await asyncio.sleep(self._chance.uniform(1, 4) if self._plan.kill else seconds / 3)
            self.note = "the server is unplugged"
            await switch.pull()
            self.server_kills += 1
            files = await database.read(store.files)
            self.cut_photos += sum(file.state == "waiting" and file.received > 0 for file in files)
            await asyncio.sleep(self._chance.uniform(0, 1) if self._plan.kill else seconds / 5)
            await switch.plug_in()
            self.note = "making reports"
            if not self._plan.kill:
                return

    async def _watch(self, database: Database) -> None:
        while True:
            await self._look(database)
            await asyncio.sleep(1)

    async def _look(self, database: Database) -> None:
        made = await asyncio.to_thread(read_ledgers, self._folder)
        there = {item.item_id for item in await database.read(store.items)}
        self.received = Counter(line.device for line in made.values() if line.item_id in there)

    async def _settled(self, database: Database) -> Verdict:
        """The service opens and screens after it has answered: it gets a moment for that."""
        self.note = "looking at what the service holds"
        ends = time.time() + SETTLE_S
        while True:
            verdict = await verdict_of(database, self._files, self._folder)
            pictures = verdict.photos.received - verdict.photos.shown - verdict.photos.unshown
            if not (verdict.unsettled or pictures) or time.time() > ends:
                await self._look(database)
                return verdict
            await asyncio.sleep(0.2)


def files_of(settings: Settings) -> Shelf:
    return Shelf(settings.data / "attachments")


async def verdict_of(database: Database, files: Shelf, folder: Path) -> Verdict:
    """Of a run that is over, from its ledgers, the database and the files alone."""
    made, devices = await asyncio.to_thread(_made, folder)
    photos = await asyncio.to_thread(_photos, made, await database.read(store.files), files)
    return judge(
        made, await database.read(store.items), await database.read(store.conflicts), devices, photos
    )


def _photos(made: dict[str, Made], stored: list[store.StoredFile], files: Shelf) -> Photos:
    def digest(att_id: str) -> str | None:
        running = hashlib.sha256()
        try:
            for chunk in files.read(att_id):
                running.update(chunk)
        except FileNotFoundError:
            return None
        return running.hexdigest()

    return judge_photos(made, stored, digest)


def _made(folder: Path) -> tuple[dict[str, Made], set[str]]:
    devices: set[str] = set()
    for path in sorted(folder.glob("*.db")):
        outbox = Outbox(path)
        devices |= {row.device_id for row in outbox.items()}
        outbox.close()
    return read_ledgers(folder), devices


@asynccontextmanager
async def _process() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "waymark.cli.swarm_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
