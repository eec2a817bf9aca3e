"""One small layer over two engines: `Sql`, `Connection`, `Database`, and the faults they share."""

from pathlib import Path

from waymark.kernel.db.connection import Connection, Database, Engine
from waymark.kernel.db.faults import DatabaseFault, Full, Refused, Unavailable
from waymark.kernel.db.postgres import open_postgres
from waymark.kernel.db.sql import Sql
from waymark.kernel.db.sqlite import open_sqlite
from waymark_sync import shapes

__all__ = [
    "Connection",
    "Database",
    "DatabaseFault",
    "Engine",
    "Full",
    "Refused",
    "Sql",
    "Unavailable",
    "open_database",
]


async def open_database(where: str) -> Database:
    """`sqlite:///path/to/file` or `postgresql://...`. Raises DatabaseFault, saying what to do."""
    shapes.work_out()  # the first threads of a process are a database's
    if where.startswith("sqlite:///"):
        return await open_sqlite(Path(where.removeprefix("sqlite:///")))
    if where.startswith(("postgresql://", "postgres://")):
        return await open_postgres(where)
    raise DatabaseFault("WAYMARK_DATABASE_URL must begin with sqlite:/// or postgresql://")
