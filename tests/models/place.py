"""A service in a folder of its own, for programs that run outside pytest."""

import asyncio
import hashlib
import json
from pathlib import Path

from models.hub import Copier, Hub
from waymark.kernel.backup_keys import create_backup_key, load_private
from waymark.kernel.db import open_database
from waymark.kernel.holders import make_holders
from waymark.kernel.keys import create_keys, load_keys
from waymark.kernel.migrate import migrate
from waymark.kernel.settings import Settings
from waymark_sync.policy import holder_names, load_pack


def service_in(folder: Path) -> Settings:
    """With new keys, unless there are keys in the folder already."""
    (folder / "data").mkdir(mode=0o700)
    (folder / "pages" / "assets").mkdir(parents=True)
    if not (folder / "keys").exists():
        create_keys(folder / "keys", issued_at=1_767_225_600_000, centres=sorted(load_pack().centre_ids))
        make_holders(folder / "keys", holder_names(load_pack()))
    create_backup_key(folder / "keys", folder / "backup.key")
    _pages(folder / "pages", load_keys(folder / "keys").root_public)
    url = f"sqlite:///{folder / 'data' / 'waymark.db'}"
    asyncio.run(_migrate(url))
    return Settings(
        profile="test",
        origin="https://waymark.test",
        data=folder / "data",
        database_url=url,
        keys=folder / "keys",
        pwa=folder / "pages",
        backups=folder / "backups",
        second_factor="offered",
    )


def hub_in(folder: Path) -> Hub:
    """Started, on SQLite."""
    return Hub(service_in(folder), load_private(folder / "backup.key"), Copier(folder, None))


def _pages(folder: Path, root: bytes) -> None:
    for name in ("index", "desk", "leaving"):
        (folder / f"{name}.html").write_text(f"<!doctype html><title>{name}</title>", encoding="utf-8")
    (folder / "sw.js").write_text("// service worker", encoding="utf-8")
    build = {"version": "test", "root": hashlib.sha256(root).hexdigest()}
    (folder / "build.json").write_text(json.dumps(build), encoding="utf-8")
    (folder / "assets" / "main-0a1b2c3d.js").write_text("// page", encoding="utf-8")
    (folder / "assets" / "outbox.worker-0a1b2c3d.js").write_text("// worker", encoding="utf-8")


async def _migrate(url: str) -> None:
    database = await open_database(url)
    await migrate(database)
    await database.close()
