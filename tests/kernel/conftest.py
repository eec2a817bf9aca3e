"""Databases with nothing in them, for what makes the tables."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from waymark.kernel.db import Database, Engine, open_database


@pytest.fixture
async def blank(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    if engine == "sqlite":
        database = await open_database(f"sqlite:///{tmp_path}/blank.db")
        yield database
        await database.close()
        return
    cluster = request.getfixturevalue("cluster")
    name = f"blank_{uuid4().hex}"
    database = await open_database(cluster.create(name))
    yield database
    await database.close()
    cluster.drop(name)
