"""The application of the dialogue's tests, with an intake log, backups and keys of its own."""

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from custody.conftest import elsewhere, private
from dialogue.conftest import service
from waymark.kernel.settings import Settings

__all__ = ["elsewhere", "private", "service"]


@pytest.fixture
def settings(settings: Settings, keys: Path, tmp_path: Path) -> Settings:
    own = shutil.copytree(keys, tmp_path / "keys")
    return replace(settings, keys=own, backups=tmp_path / "backups", intake_log=tmp_path / "log")
