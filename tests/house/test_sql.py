"""Every statement is understood by both engines, and touches only the tables it may."""

import re
import tomllib
from functools import cache
from pathlib import Path

import psycopg
import pytest
from pysqlite3 import dbapi2

from house.source import ROOT, feature_of, statements
from support.postgres import Cluster
from waymark.kernel.db import Sql
from waymark.kernel.migrate import shipped

KERNEL_TABLES = {"migration", "lineage"}
WRITES = {dbapi2.SQLITE_INSERT, dbapi2.SQLITE_UPDATE, dbapi2.SQLITE_DELETE}
ALL = [pytest.param(module, sql, id=f"{module}.{name}") for module, name, sql in statements()]


@pytest.fixture(scope="module")
def postgres(cluster: Cluster, migrated_postgres: str) -> psycopg.Connection[tuple[object, ...]]:
    with psycopg.connect(cluster.url(migrated_postgres)) as connection:
        yield connection


@cache
def owners() -> dict[str, str]:
    """Table -> feature: a migration is named for the feature whose tables it makes."""
    found = dict.fromkeys(KERNEL_TABLES, "kernel")
    for migration in shipped():
        for table in re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", migration.text):
            found.setdefault(table, migration.name.split("_")[0])
    return found


@cache
def depth() -> dict[str, int]:
    """Feature -> how far along the way of a report it stands; kernel is 0."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return {name.strip(): place for place, layer in enumerate(reversed(layers)) for name in layer.split("|")}


def touched(sql: Sql, migrated: Path) -> set[tuple[int, str]]:
    """(action, table) of everything that SQLite's own compiler says the statement does."""
    found: set[tuple[int, str]] = set()

    def note(action: int, table: str | None, *_: object) -> int:
        if action in {dbapi2.SQLITE_READ, *WRITES} and table and not table.startswith("sqlite_"):
            found.add((action, table))
        return int(dbapi2.SQLITE_OK)

    connection = dbapi2.connect(f"file:{migrated}?mode=ro", uri=True)
    connection.set_authorizer(note)
    connection.execute(f"EXPLAIN {sql.for_sqlite}", dict.fromkeys(sql.names)).fetchall()
    connection.close()
    return found


def test_there_are_statements() -> None:
    assert len(ALL) > 20


@pytest.mark.parametrize(("module", "sql"), ALL)
def test_prepares_on_sqlite(module: str, sql: Sql, migrated_sqlite: Path) -> None:
    touched(sql, migrated_sqlite)


@pytest.mark.parametrize(("module", "sql"), ALL)
def test_prepares_on_postgres(
    module: str, sql: Sql, postgres: psycopg.Connection[tuple[object, ...]]
) -> None:
    numbers: dict[str, int] = {}

    def numbered(name: re.Match[str]) -> str:
        return f"${numbers.setdefault(name[1], len(numbers) + 1)}"

    text = re.sub(r"%\((\w+)\)s", numbered, sql.for_postgres).replace("%%", "%")
    result = postgres.pgconn.prepare(b"", text.encode())
    postgres.rollback()

    assert result.status == psycopg.pq.ExecStatus.COMMAND_OK, result.get_error_message()


@pytest.mark.parametrize(("module", "sql"), ALL)
def test_writes_own_tables_and_reads_none_ahead(module: str, sql: Sql, migrated_sqlite: Path) -> None:
    feature = feature_of(module)
    for action, table in touched(sql, migrated_sqlite):
        owner = owners().get(table)
        assert owner is not None, f"{table} is made by no migration"
        if action in WRITES:
            assert owner == feature, f"{feature} writes {table}, which belongs to {owner}"
        assert depth()[owner] <= depth()[feature], (
            f"{feature} reads {table} of {owner}, which stands after it"
        )


def test_only_stores_and_the_kernel_hold_sql() -> None:
    elsewhere = {
        f"{module}.{name}"
        for module, name, _ in statements()
        if feature_of(module) != "kernel" and module.split(".")[-1] != "store"
    }

    assert not elsewhere
