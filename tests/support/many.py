"""Very many reports at once, and what a page of their list costs. Run as a script it prints JSON.

python -m support.many            (from tests/, both engines; needs PostgreSQL's binaries)
"""

import asyncio
import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from support.desk import PEOPLE, seed
from support.postgres import Cluster
from waymark.identity.records import User
from waymark.intake import store as intake
from waymark.intake.keys import store as keys
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection, Database, Sql, open_database
from waymark.kernel.migrate import migrate
from waymark.worklist import store
from waymark.worklist.records import Filter
from waymark.worklist.rules import narrowed
from waymark_sync.policy import load_pack
from waymark_sync.policy.timers import load_timers

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
FORCE: Final = "demo-northshire"
CENTRE: Final = "demo-harbour-library"
CENTRES: Final = (CENTRE, "demo-lantern-centre")
AREAS: Final = ("demo-harbour", "demo-lantern-hill")
QUEUES: Final = ("waiting", "acknowledged", "needs_info", "decided", "closed", "closed", "closed", "closed")
STATES: Final = {
    "waiting": "awaiting_triage",
    "acknowledged": "in_triage",
    "needs_info": "needs_info",
    "decided": "crime_recorded",
    "closed": "closed",
}
SHARING: Final = ("P1", "P2", "P3")
FILTERS: Final[dict[str, Filter]] = {
    "all": Filter(),
    **{
        queue: Filter(queue=queue)
        for queue in (
            "waiting",
            "acknowledged",
            "needs_info",
            "reply_waiting",
            "decided",
            "closed",
            "offered",
        )
    },
    "area": Filter(area=AREAS[1]),
    "centre": Filter(centre=CENTRES[1]),
    "sharing": Filter(sharing="P3"),
    "channel": Filter(channel="centre_tablet"),
    "with_pictures": Filter(with_pictures=True),
    "overdue": Filter(overdue=True),
    "received": Filter(
        received_from=stamp(NOW - timedelta(days=9)), received_before=stamp(NOW - timedelta(days=3))
    ),
    "waiting in an area": Filter(queue="waiting", area=AREAS[0]),
    "closed of a centre": Filter(queue="closed", centre=CENTRES[0]),
    "nothing": Filter(area="nowhere"),
}
ROUNDS: Final = 60
SIZES: Final = (1_000, 100_000)
PAGE: Final = 26

ADD: Final = Sql("""
    INSERT INTO triage_report
      (report_id, number, state, queue, released, force_id, centre_id, received_at, area, sharing_choice,
       channel, has_pictures, due_at, due_for, reply_waiting)
    VALUES
      (:id, :number, :state, :queue, :released, :force_id, :centre_id, :received_at, :area, :sharing_choice,
       :channel, :has_pictures, :due_at, :due_for, :reply_waiting)
""")
ANALYSE: Final = Sql("ANALYZE")


def rows(first: int, count: int, total: int) -> list[dict[str, Any]]:
    """The same share of everything at every size, spread over the same thirty days."""
    return [_row(n, total) for n in range(first, first + count)]


def _row(n: int, total: int) -> dict[str, Any]:
    received = NOW - timedelta(days=30) * ((total - n) / total)
    queue = QUEUES[n % 8]
    open_ = queue not in ("decided", "closed")
    return {
        "id": f"{n:08x}-0000-4000-8000-000000000000",
        "pos": n,
        "number": n,
        "feed_id": "",
        "state": STATES[queue],
        "queue": queue,
        "released": True,
        "force_id": FORCE,
        "centre_id": CENTRES[(n // 8) % 2],
        "received_at": stamp(received),
        "opened_at": stamp(received),
        "area": AREAS[(n // 16) % 2],
        "sharing_choice": SHARING[(n // 32) % 3],
        "channel": "centre_tablet" if n % 5 == 0 else "self_phone",
        "has_pictures": n % 7 == 0,
        "due_at": stamp(received + timedelta(days=1)) if open_ else None,
        "due_for": "decide" if open_ else None,
        "reply_waiting": n % 20 == 3,
        "schema_v": 1,
        "note": None,
        "body": bytes(200),
        "person": bytes(60),
        "report_id": f"{n:08x}-0000-4000-8000-000000000000",
    }


def _keys(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Of no use, but there: a list leaves out what its reader was not given."""
    shared = {"report_id": row["report_id"], "kid": "", "person": True, "wrapped": bytes(60)}
    return [{**shared, "holder": f"{kind}:{row[kind + '_id']}"} for kind in ("centre", "force")]


def fill(db: Connection, total: int) -> None:
    for first in range(1, total + 1, 5_000):
        some = rows(first, min(5_000, total + 1 - first), total)
        db.execute_many(intake.ADD_OPENED, [_only(row, intake.ADD_OPENED) for row in some])
        db.execute_many(keys.PUT_KEY, [each for row in some for each in _keys(row)])
        db.execute_many(ADD, [_only(row, ADD) for row in some])


def page(db: Connection, user: User, wanted: Filter) -> int:
    wanted = narrowed(wanted, load_timers(), now=NOW)
    return len(store.page(db, user, wanted, after=None, limit=PAGE, now=stamp(NOW)))


def user(person: str) -> User:
    known = PEOPLE[person]
    return User(
        id="u",
        name="U",
        role=known.role,
        force_id=known.force_id,
        force_name=None,
        centre_id=known.centre_id,
        centre_name=None,
    )


def _only(row: dict[str, Any], sql: Sql) -> dict[str, Any]:
    return {name: row[name] for name in sql.names}


def _timed(db: Connection, person: User, wanted: Filter) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        page(db, person, wanted)
        times.append(time.perf_counter() - began)
    return round(min(times) * 1_000, 3)


async def _measure(url: str, total: int) -> dict[str, float]:
    database: Database = await open_database(url)
    await migrate(database)
    await seed(database, load_pack())
    await database.write(fill, total)
    if database.engine == "postgres":
        await database.write(lambda db: db.execute(ANALYSE))
    people = {"force": user("northshire"), "centre": user("harbour")}
    found = {
        f"{who}, {name}": await database.read(_timed, person, wanted)
        for who, person in people.items()
        for name, wanted in FILTERS.items()
    }
    found["force, counts"] = await database.read(_counts, FORCE)
    await database.close()
    return found


def _counts(db: Connection, force_id: str) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        store.counts(db, force_id=force_id, centre_id=None)
        times.append(time.perf_counter() - began)
    return round(min(times) * 1_000, 3)


async def _main() -> dict[str, Any]:
    found: dict[str, Any] = {"page": PAGE - 1, "reports": SIZES, "best_ms": {}}
    cluster = Cluster()
    try:
        for engine in ("sqlite", "postgres"):
            costs = {}
            for total in SIZES:
                with tempfile.TemporaryDirectory() as folder:
                    file = f"sqlite:///{Path(folder) / 'many.db'}"
                    url = file if engine == "sqlite" else cluster.create(f"many_{total}")
                    costs[total] = await _measure(url, total)
            small, large = (costs[total] for total in SIZES)
            found["best_ms"][engine] = {
                name: {"few": few, "many": large[name], "ratio": round(large[name] / few, 2)}
                for name, few in small.items()
            }
    finally:
        cluster.stop()
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_main()), indent=2) + "\n")
