"""Build the file that devices carry: centres, areas and services. The same content gives the same bytes.

The file is for devices and holds nothing of anybody's; the service itself never reads it.
"""

import hashlib
import os
from pathlib import Path
from typing import Any, Final

import msgspec
from pysqlite3 import dbapi2
from sqlite_utils import Database

from waymark.directory.records import Directory, Service
from waymark.directory.rules import faults
from waymark_sync.policy import Pack, load_pack, load_strands, read_data

PAGE_BYTES: Final = 4_096  # what a phone's flash reads at once
Rows = list[dict[str, Any]]
Tables = dict[str, Rows]

_json = msgspec.json.Encoder(order="deterministic")


class DirectoryRefused(Exception):
    """The data would mislead somebody. The message says where."""


def build(out: Path) -> str:
    """Write the file, replacing an older one whole. Returns its version. Raises DirectoryRefused."""
    tables = content(load_pack(), load_services())
    version = version_of(tables)
    tables["meta"].append({"key": "version", "value": version})
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.draft")
    draft.unlink(missing_ok=True)
    _write(tables, draft)
    os.replace(draft, out)
    return version


def load_services() -> tuple[Service, ...]:
    return msgspec.json.decode(read_data("directory.json"), type=Directory).services


def content(pack: Pack, services: tuple[Service, ...]) -> Tables:
    """Every table's rows in their order, without the version. Raises DirectoryRefused."""
    if found := tuple(faults(services, pack, load_strands())):
        raise DirectoryRefused("; ".join(found))
    return {
        "force": sorted(({"id": f.id, "name": f.name} for f in pack.forces), key=_by_id),
        "centre": sorted(
            ({"id": c.id, "name": c.name, "force_id": c.force_id} for c in pack.centres), key=_by_id
        ),
        "area": [
            {
                "outward": outward,
                "area_id": area.id,
                "force_id": area.force_id,
                "default_centre_id": area.default_centre_id,
            }
            for outward, area in sorted(pack.by_outward.items())
        ],
        "service": sorted((_row(service, sort) for sort, service in enumerate(services)), key=_by_id),
        "meta": [
            {"key": "default_centre_id", "value": pack.default_centre_id},
            {"key": "pack", "value": pack.version},
        ],
    }


def version_of(tables: Tables) -> str:
    """Names the content: 16 hexadecimal digits."""
    return hashlib.sha256(_json.encode(tables)).hexdigest()[:16]


def _row(service: Service, sort: int) -> dict[str, Any]:
    return {
        "id": service.id,
        "name": service.name,
        "description": service.description,
        "coverage": " ".join(service.coverage),
        "national": int(service.national),
        "verified": int(service.verified),
        "demo": int(service.demo),
        "phone": service.phone,
        "hours": _json.encode(service.hours).decode(),
        "strands": _json.encode(service.strands).decode(),
        "sub_strands": _json.encode(service.sub_strands).decode(),
        "sort": sort,
    }


def _write(tables: Tables, path: Path) -> None:
    """`VACUUM INTO` writes each page once, in order: no trace of how the content came about."""
    database = Database(dbapi2.connect(":memory:", isolation_level=None))
    database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    keys = {"area": "outward", "meta": "key"}
    for name, rows in tables.items():
        key = keys.get(name, "id")
        columns = {column: int if column in _NUMBERS else str for column in rows[0]}
        database.table(name).create(columns, pk=key, not_null=set(columns) - {"phone"})
        database.table(name).insert_all(rows)
    database.execute("VACUUM INTO ?", [str(path)])
    database.close()


def _by_id(row: dict[str, Any]) -> str:
    return str(row["id"])


_NUMBERS: Final = frozenset({"national", "verified", "demo", "sort"})
