"""The real application on a real database, with the real backups and the real restore behind it."""

import asyncio
import hashlib
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from litestar import Litestar
from litestar.testing import TestClient
from msgspec import Struct

from waymark.app import create_app
from waymark.audit.records import SERVICE
from waymark.custody import backups, drill, restoring
from waymark.custody.jobs import Keeper
from waymark.custody.rules import allowed
from waymark.identity import actions as identity
from waymark.identity import store as identity_store
from waymark.identity.rules import new_token
from waymark.kernel import clock, lineage
from waymark.kernel.backup_keys import BackupPrivate
from waymark.kernel.db import Connection, Sql, copies
from waymark.kernel.keys import KeyRing, load_keys
from waymark.kernel.settings import Settings

T = TypeVar("T")
STORED = Sql("""
    SELECT item_id, device_id, epoch, seq, sha256, pos, state FROM intake_item
    UNION ALL
    SELECT item_id, device_id, epoch, seq, sha256, pos, 'conflict' AS state FROM intake_conflict
""")
COMPLETE = Sql("SELECT att_id, sha256 FROM attachment WHERE state <> 'waiting'")
WAITING = Sql("SELECT COUNT(*) FROM intake_item WHERE state = 'waiting'")
FEED = Sql("SELECT id FROM mailbox_message WHERE feed_id = :feed_id ORDER BY pos")
TRIED_MAX = 12_000


class Stored(Struct, frozen=True, kw_only=True):
    item_id: str
    device_id: str
    epoch: str
    seq: int
    sha256: bytes
    pos: int
    state: str


class Whole(Struct, frozen=True, kw_only=True):
    att_id: str
    sha256: bytes


class HandCopy(Struct, frozen=True):
    folder: Path
    held: frozenset[bytes]


class Hub:
    """Starts and stops; may be restored and copied back while it is stopped."""

    def __init__(self, settings: Settings, private: BackupPrivate, copier: "Copier") -> None:
        self.settings, self._private, self._copier = settings, private, copier
        self.ring: KeyRing = load_keys(settings.keys)
        self.contents: dict[str, frozenset[bytes]] = {}
        """SHA-256 of everything that a backup holds, by its name."""
        self.copies: list[HandCopy] = []
        self.client: TestClient[Litestar]
        self.start()

    def start(self) -> None:
        self.client = TestClient(app=create_app(self.settings), base_url=self.settings.origin)
        self.client.__enter__()

    def stop(self) -> None:
        self.client.__exit__(None, None, None)

    def read(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return self._inside(self.client.app.state.database.read, work, *args, **kwargs)

    def write(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return self._inside(self.client.app.state.database.write, work, *args, **kwargs)

    def _inside(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.client.blocking_portal.call(partial(call, *args, **kwargs))

    # What it holds.

    def stored(self) -> list[Stored]:
        return self.read(lambda db: db.many(STORED, Stored))

    def whole_files(self) -> dict[str, bytes]:
        return {row.att_id: row.sha256 for row in self.read(lambda db: db.many(COMPLETE, Whole))}

    def file_digest(self, att_id: str) -> bytes:
        path = self.settings.data / "attachments" / att_id[:2] / att_id
        return hashlib.sha256(path.read_bytes()).digest() if path.exists() else b""

    def feed(self, feed_id: str) -> list[str]:
        return self.read(lambda db: db.many(FEED, str, feed_id=feed_id))

    def incarnation(self) -> str:
        return self.read(lineage.current).incarnation

    def held(self) -> frozenset[bytes]:
        """SHA-256 of every report and every complete file."""
        return frozenset({row.sha256 for row in self.stored()} | set(self.whole_files().values()))

    # What its people do.

    def acknowledge(self, item_id: str) -> int:
        known = self.read(identity_store.credentials, "northshire")
        token = new_token()
        self.write(
            identity.log_in,
            known.person_id,
            username="northshire",
            token=token,
            old_token=None,
            now=clock.now(),
        )
        ours = {"Origin": self.settings.origin, "Sec-Fetch-Site": "same-origin", "Waymark-Request": "1"}
        ours["Cookie"] = f"__Host-waymark={token}"
        answer = self.client.post(
            f"/desk/api/reports/{item_id}/acknowledge",
            json={"message": "We have it.", "version": 1},
            headers=ours,
        )
        return answer.status_code

    def revoke(self, device_id: str) -> None:
        self.write(identity.revoke_device, device_id, actor=SERVICE, now=clock.now())

    def out_of_service(self, device_id: str) -> bool:
        """As its database says now: one that was restored may not know any more."""
        return bool(self.read(identity.revoked_among, [device_id]))

    def opened(self) -> None:
        """Return once the opener has nothing left to do."""
        for _ in range(TRIED_MAX):
            if not self.read(_waiting):
                return
            self.client.app.state.jobs.wake()
            self._inside(asyncio.sleep, 0.005)
        raise AssertionError("the opener does not come to an end")

    # What its operator does.

    def back_up(self) -> None:
        before = self.held()
        made = _aside(backups.make, self.settings, now=clock.now())
        self.contents[made.name] = before

    def verify(self, number: int) -> None:
        kept = self.restorable()
        if kept:
            path = self.settings.backups / f"{kept[number % len(kept)]}{backups.BACKUP}"
            found = _aside(drill.verify, self.settings, path, self._private, now=clock.now())
            assert found.faults == ()
        self._inside(Keeper(self.client.app.state.database, self.settings, self.ring).settle_floor)

    def restorable(self) -> list[str]:
        """Oldest first."""
        every = backups.listed(self.settings, self.ring)
        kept = allowed(every, backups.policy_of(self.settings), now=clock.now())
        return sorted((each.name for each in kept), key=list(self.contents).index)

    def restore(self, name: str) -> None:
        self.stop()
        copies.wipe(self.settings.database_url)
        shutil.rmtree(self.settings.data / "attachments", ignore_errors=True)
        path = self.settings.backups / f"{name}{backups.BACKUP}"
        _aside(restoring.restore, self.settings, path, self._private, now=clock.now())
        self.start()

    def copy_by_hand(self) -> None:
        held = self.held()
        self.stop()
        folder = self._copier.keep(self.settings)
        self.copies.append(HandCopy(folder, held))
        self.start()

    def put_back_by_hand(self, copy: HandCopy) -> None:
        self.stop()
        self._copier.put_back(self.settings, copy.folder)
        self.start()

    def crash_free_bytes(self) -> bytes:
        """Every byte on its disk, where its disk is a folder of ours."""
        return b"".join(p.read_bytes() for p in self.settings.data.rglob("*") if p.is_file())


class Copier:
    """Copies a stopped service's data by hand, as `cp -r` or as a template of PostgreSQL."""

    def __init__(self, folder: Path, cluster: Any | None) -> None:
        self._folder, self._cluster, self._count = folder, cluster, 0
        self._made: list[str] = []

    def keep(self, settings: Settings) -> Path:
        self._count += 1
        place = self._folder / f"copy-{self._count}"
        shutil.copytree(settings.data, place)
        if self._cluster:
            name = _name(settings)
            self._cluster.create(f"{name}_{place.name[5:]}", template=name)
            self._made.append(f"{name}_{place.name[5:]}")
        return place

    def put_back(self, settings: Settings, place: Path) -> None:
        shutil.rmtree(settings.data)
        shutil.copytree(place, settings.data)
        if self._cluster:
            name = _name(settings)
            self._cluster.drop(name)
            self._cluster.create(name, template=f"{name}_{place.name[5:]}")

    def close(self) -> None:
        for name in self._made:
            self._cluster.drop(name) if self._cluster else None


def _name(settings: Settings) -> str:
    return settings.database_url.rpartition("/")[2].partition("?")[0]


def _waiting(db: Connection) -> int:
    return db.one(WAITING, int) or 0


def _aside(work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """In a thread of its own: a browser's driver may be running an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(partial(work, *args, **kwargs)).result()
