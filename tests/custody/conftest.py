"""A service that has centres."""

import pytest

from support.desk import seed
from support.files import Client
from waymark.kernel.db import Database


@pytest.fixture
async def service(client: Client, database: Database) -> Client:
    await seed(database, client.app.state.pack)
    client.app.state.pictures.stop()
    return client
