"""One night of a centre, written down: a real service, and kiosks that send to it, each with its own disk.

A cut is a moment of it. What each disk held then is laid out, looked at, and can be gone on with.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from msgspec import Struct

from faults.powercut.disk import MAPPED, Disk, laid_out
from faults.powercut.shim import Record, records, watching
from faults.powercut.tablets import Acknowledged, Floor, Piece, Saved, Told, read_told
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD
from waymark.custody.journal import frames, segments_of
from waymark.kernel import lineage
from waymark.kernel.db import Connection, Sql, open_database
from waymark_sync.device import kept_device
from waymark_sync.outbox import Outbox

TESTS: Final = Path(__file__).parents[2]
LOAD_S_MAX: Final = 300.0

ITEMS = Sql("SELECT item_id, pos, sha256, header, sealed FROM intake_item ORDER BY pos")
FILES = Sql("SELECT att_id, received, state, sha256 FROM attachment ORDER BY att_id")
TAKEN = Sql("""
    SELECT pos FROM intake_item UNION ALL SELECT pos FROM intake_conflict
    UNION ALL SELECT pos FROM intake_file ORDER BY pos
""")
SOUND = Sql("PRAGMA integrity_check")


class Item(Struct, frozen=True):
    item_id: str
    pos: int
    sha256: bytes
    header: bytes
    sealed: bytes


class FileRow(Struct, frozen=True):
    att_id: str
    received: int
    state: str
    sha256: bytes


class Held(Struct, frozen=True, kw_only=True):
    """By the service."""

    items: list[Item]
    files: list[FileRow]
    taken: list[int]
    incarnation: str
    sound: str


class Found(Struct, frozen=True, kw_only=True):
    """At one cut. What is named stands for a broken promise."""

    acknowledged: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]


class Moment(Struct, frozen=True, kw_only=True):
    """A cut: what the disks of service and kiosks were left with, and what had been told by then."""

    at: int
    service: Path
    kiosks: Path
    told: tuple[Told, ...]
    files: Path

    def of(self, kind: type[Any]) -> list[Any]:
        return [told for told in self.told if isinstance(told, kind)]


class Night(Struct, kw_only=True):
    """`live` told the story; `before` is what its disks began with."""

    before: Path
    live: Path
    service: list[Record]
    kiosks: list[Record]
    told: list[Told]

    def moments(self, count: int, draw: Random) -> list[int]:
        """Just after a report was saved, or acknowledged, or a file; or at something a disk was asked for."""
        first = next(told.at for told in self.told if isinstance(told, Saved))
        asked = [record.at for record in (*self.service, *self.kiosks) if record.at >= first]
        kinds = ((Saved,), (Acknowledged,), (Piece, Floor))
        of = [asked, *([told.at for told in self.told if isinstance(told, kind)] for kind in kinds)]
        return sorted(draw.choice(of[number % len(of)]) for number in range(count))

    def cuts(
        self,
        moments: list[int],
        draw: Random,
        into: Path,
        *,
        lies: Callable[[str], bool] = lambda path: False,
        worst: bool = False,
    ) -> Iterator[Moment]:
        """One after another; each is gone when the next is asked for, unless it was moved away.

        worst: nothing is left but what is certain. Else it is so at one cut of four.
        """
        service, kiosks = self._disk("service", lies), self._disk("kiosks", lies)
        ahead = [(service, iter(self.service), []), (kiosks, iter(self.kiosks), [])]
        for at in moments:
            for disk, coming, held in ahead:
                _up_to(at, disk, coming, held)
            shutil.rmtree(into, ignore_errors=True)
            all_gone = worst or draw.random() < 0.25
            laid_out(service.left(draw, worst=all_gone), self.live / "service", into / "service")
            laid_out(kiosks.left(draw, worst=all_gone), self.live / "kiosks", into / "kiosks")
            yield Moment(
                at=at,
                service=into / "service",
                kiosks=into / "kiosks",
                told=tuple(told for told in self.told if told.at <= at),
                files=self.live / "files",
            )

    def at_the_end(self, into: Path) -> None:
        """As the records have it, with everything that was ever written."""
        for name, story in (("service", self.service), ("kiosks", self.kiosks)):
            disk = self._disk(name, lambda path: False)
            for record in story:
                disk.take(record)
            laid_out(disk.left(Random(0), best=True), self.live / name, into / name)

    def _disk(self, name: str, lies: Callable[[str], bool]) -> Disk:
        return Disk(self.live / name, before=self.before / name, lies=lies)


def lived(server: Server, folder: Path, library: Path, trust: Path, *, kiosks: int, reports: int) -> Night:
    """Serve `server`'s folders below `folder`/live/service, send it all, and cut it off at the end."""
    live = folder / "live"
    (live / "kiosks").mkdir()
    shutil.copytree(live, folder / "before")
    environ = server.environ
    server.environ = {**environ, **watching(library, folder / "service", [live / "service"]), **python_path()}
    server.start()
    with Staff(server.origin, "harbour", PASSWORD) as desk:
        codes = [desk.code(f"Kiosk {number}") for number in range(kiosks)]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "faults.powercut.tablets", server.origin, str(trust)),
            *(str(live / "kiosks"), str(live / "told"), str(reports), *codes),
        ],
        env={**os.environ, **watching(library, folder / "kiosks", [live / "kiosks"]), **python_path()},
        capture_output=True,
        text=True,
        timeout=LOAD_S_MAX,
        check=False,
    )
    server.kill()
    server.environ = environ
    assert done.returncode == 0, (done.returncode, done.stderr)
    return Night(
        before=folder / "before",
        live=live,
        service=records(folder / "service"),
        kiosks=records(folder / "kiosks"),
        told=read_told(live / "told"),
    )


async def looked_at(moment: Moment) -> Found:
    """What was acknowledged by then and is not there, and what is there twice."""
    held = await read_service(moment)
    by_id = {item.item_id: item for item in held.items}
    floor = max((told.floor for told in moment.of(Floor)), default=0)
    logged = _logged(moment.service / "log" / held.incarnation)
    lost = [] if held.sound == "ok" else [f"the database: {held.sound}"]
    lost += _lost_reports(moment, held, by_id)
    lost += _lost_files(moment, held.files)
    lost += [f"position {pos} of the log" for pos in range(1, floor + 1) if pos not in logged]
    lost += _lost_by_kiosks(moment, floor, by_id)
    doubled = [f"position {pos}" for pos, count in Counter(held.taken).items() if count > 1]
    doubled += [f"report {item_id}" for item_id, n in Counter(i.item_id for i in held.items).items() if n > 1]
    promised = {told.item_id for told in moment.of(Acknowledged) + moment.of(Saved)}
    promised |= {told.att_id for told in moment.of(Piece)}
    return Found(acknowledged=len(promised), lost=tuple(lost), doubled=tuple(doubled))


async def read_service(moment: Moment) -> Held:
    database = await open_database(f"sqlite:///{moment.service / 'data' / 'waymark.db'}")
    try:
        return await database.read(_held)
    finally:
        await database.close()


def _held(db: Connection) -> Held:
    current = lineage.begun(db)
    return Held(
        items=db.many(ITEMS, Item),
        files=db.many(FILES, FileRow),
        taken=db.many(TAKEN, int),
        incarnation=current.incarnation if current else "",
        sound=db.one(SOUND, str) or "",
    )


def _lost_reports(moment: Moment, held: Held, by_id: dict[str, Item]) -> list[str]:
    """Acknowledged, and not stored, or elsewhere, or with other bytes."""
    sealed = {told.item_id: told.sha256 for told in moment.of(Saved)}
    lost = []
    for told in moment.of(Acknowledged):
        item = by_id.get(told.item_id)
        if item is None or item.pos != told.pos or held.incarnation != told.incarnation:
            lost.append(f"report {told.item_id}")
        elif hashlib.sha256(item.header + item.sealed).digest() != sealed[told.item_id]:
            lost.append(f"bytes of report {told.item_id}")
    return lost


def _lost_files(moment: Moment, rows: list[FileRow]) -> list[str]:
    """Acknowledged bytes that are not there, and files that are called complete and are not."""
    held = {row.att_id: row for row in rows}
    told = {piece.att_id: piece.offset for piece in moment.of(Piece)}
    lost = []
    for att_id in {*told, *(row.att_id for row in rows if row.state != "waiting")}:
        row, path = held.get(att_id), moment.service / "data" / "attachments" / att_id[:2] / att_id
        content = path.read_bytes() if path.exists() else b""
        certain = max(told.get(att_id, 0), row.received if row else 0)
        if row is None or row.received < told.get(att_id, 0):
            lost.append(f"row of file {att_id}")
        elif content[:certain] != (moment.files / att_id).read_bytes()[:certain]:
            lost.append(f"bytes of file {att_id}")
    return lost


def _logged(folder: Path) -> set[int]:
    return {
        entry.pos
        for segment in segments_of(folder)
        for frame in frames(segment)
        for entry in frame.group.entries
    }


def _lost_by_kiosks(moment: Moment, floor: int, stored: dict[str, Item]) -> list[str]:
    """Saved, and neither on the kiosk nor let go of under a floor."""
    lost = []
    outboxes: dict[str, dict[str, Any]] = {}
    for saved in moment.of(Saved):
        home = moment.kiosks / saved.home
        if saved.home not in outboxes:
            outboxes[saved.home] = _outbox(home)
        row = outboxes[saved.home].get(saved.item_id)
        let_go = saved.item_id in stored and stored[saved.item_id].pos <= floor
        if row is None:
            lost.append(f"saved report {saved.item_id}")
        elif row.sealed is None:
            lost += [] if let_go else [f"saved report {saved.item_id}, let go of too early"]
        elif hashlib.sha256(row.header + row.sealed).digest() != saved.sha256:
            lost.append(f"bytes of saved report {saved.item_id}")
        for att_id in saved.files:
            path, whole = home / "files" / att_id, (moment.files / att_id).read_bytes()
            gone = any(p.att_id == att_id and p.pos is not None and p.pos <= floor for p in moment.of(Piece))
            if (path.read_bytes() if path.exists() else b"") != whole and not (gone and not path.exists()):
                lost.append(f"saved file {att_id}")
    return lost


def _outbox(home: Path) -> dict[str, Any]:
    if not (home / "outbox.db").exists():
        return {}
    outbox = Outbox(home / "outbox.db")
    try:
        return {row.item_id: row for row in outbox.items()} if kept_device(outbox) else {}
    finally:
        outbox.close()


def _up_to(at: int, disk: Disk, coming: Any, held: list[Record]) -> None:
    """The first record after `at` waits in `held`."""
    while held and held[0].at <= at:
        disk.take(held.pop())
    while not held:
        record = next(coming, None)
        if record is None:
            return
        if record.at > at:
            held.append(record)
        else:
            disk.take(record)


def same(one: Path, other: Path, *folders: str) -> list[str]:
    """Files in these folders of both that are not alike. Memory maps are left out."""
    names = {
        str(path.relative_to(root))
        for root in (one, other)
        for folder in folders
        for path in (root / folder).rglob("*")
        if path.is_file()
    }
    return [
        name
        for name in sorted(names)
        if not name.endswith(MAPPED) and _content(one / name) != _content(other / name)
    ]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def python_path() -> dict[str, str]:
    return {"PYTHONPATH": str(TESTS)}
