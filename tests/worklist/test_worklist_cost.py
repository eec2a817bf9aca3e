"""A page of a long list costs what a page of a short one does, whatever it is filtered by.

Counted in steps of SQLite's own machine, so that a busy machine changes nothing. `python -m support.many`
measures time, on both engines.
"""

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest
from pysqlite3 import dbapi2

from support.desk import seed
from support.many import FILTERS, NOW, PAGE, fill, user
from waymark.kernel.clock import stamp
from waymark.kernel.db import open_database
from waymark.kernel.migrate import migrate
from waymark.worklist import store
from waymark.worklist.rules import narrowed
from waymark_sync.policy import load_pack
from waymark_sync.policy.timers import load_timers

FEW: Final = 1_000
MANY: Final = 20_000
RATIO_MAX: Final = 1.5
SLACK: Final = 200  # steps: a page of nothing takes about as many
CASES: Final = [
    (person, name)
    for person in ("northshire", "harbour")
    for name in FILTERS
    if (person, name) != ("harbour", "offered")  # nobody offers anything to a centre
]


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    files = {}
    for total in (FEW, MANY):
        files[total] = tmp_path_factory.mktemp("lists") / f"{total}.db"
        asyncio.run(_filled(files[total], total))
    return files


async def _filled(file: Path, total: int) -> None:
    database = await open_database(f"sqlite:///{file}")
    await migrate(database)
    await seed(database, load_pack())
    await database.write(fill, total)
    await database.close()


def cost(file: Path, person: str, name: str) -> tuple[int, list[str]]:
    """Steps that one page takes, and how SQLite goes about finding its reports."""
    wanted = narrowed(FILTERS[name], load_timers(), now=NOW)
    who, names = user(person), frozenset(store._names(wanted))
    sql = store.page_statement(who.force_id is not None, names, PAGE).for_sqlite
    start = wanted.received_before or "~"
    values: dict[str, Any] = {
        "received_at": start,
        "last_id": "" if wanted.received_before else "~",
        "reader": who.force_id or "",
        **store._values(who, wanted, names, now=stamp(NOW)),
    }
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection = dbapi2.connect(f"file:{file}?mode=ro", uri=True)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    connection.set_progress_handler(count, 1)
    connection.execute(sql, values).fetchall()
    connection.close()
    return steps, plan


@pytest.mark.parametrize(("person", "name"), CASES)
def test_a_page_costs_the_same_in_a_long_list(lists: dict[int, Path], person: str, name: str) -> None:
    few, _ = cost(lists[FEW], person, name)
    many, plan = cost(lists[MANY], person, name)

    assert many <= few * RATIO_MAX + SLACK, plan


@pytest.mark.parametrize(("person", "name"), CASES)
def test_every_filter_is_served_by_an_index(lists: dict[int, Path], person: str, name: str) -> None:
    _, plan = cost(lists[FEW], person, name)

    finding = [line for line in plan if " triage_report" in line]
    assert finding
    for line in finding:
        assert line.startswith("SEARCH triage_report USING") and "(received_at,report_id)<" in line, line
