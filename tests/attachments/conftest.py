"""A service that has a centre, and the folder in which its files lie."""

from pathlib import Path

import pytest

from support.desk import seed
from support.files import Client
from support.workshop import Workshop
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings
from waymark.kernel.vault import Vault


@pytest.fixture
async def service(client: Client, database: Database) -> Client:
    await seed(database, client.app.state.pack)
    client.app.state.pictures.stop()  # tests make the pictures themselves, each at its time
    return client


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.data / "attachments"


@pytest.fixture
def workshop(database: Database, ring: KeyRing, vault: Vault, folder: Path) -> Workshop:
    return Workshop(database, ring, vault, folder)
