"""The directory for the desk, and the file of it that devices carry: the same content, the same suggestions.

The same content gives the same bytes. The file holds nothing of anybody's; the desk reads the same data.
"""

import hashlib
import os
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from pysqlite3 import dbapi2

from waymark.directory.rules import faults
from waymark_sync.matching import Query, Service, Suggestion, load_services, query_of, suggest
from waymark_sync.messages import SignpostedService
from waymark_sync.policy import Pack, load_pack, load_strands
from waymark_sync.report import Answers

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


@cache
def all_services() -> tuple[Service, ...]:
    """In the order of the data. Raises DirectoryRefused when the pack's directory would mislead somebody."""
    services = load_services()
    if found := tuple(faults(services, load_pack(), load_strands())):
        raise DirectoryRefused("; ".join(found))
    return services


def service(service_id: str) -> Service | None:
    return next((each for each in all_services() if each.id == service_id), None)


@cache
def version() -> str:
    """Of the directory that the desk suggests from: the one of a device file built from the same data."""
    return version_of(content(load_pack(), all_services()))


def suggestions(
    pack: Pack, answers: Answers, *, area_id: str, force_id: str, at: datetime
) -> tuple[Suggestion, ...]:
    """What the device of the reporter would suggest now, had it this directory."""
    return suggest(all_services(), query(pack, answers, area_id=area_id, force_id=force_id), at=at)


def query(pack: Pack, answers: Answers, *, area_id: str, force_id: str) -> Query:
    """`unknown` places lead nowhere, and nothing is guessed in their stead."""
    return query_of(answers, area_ids=(area_id, force_id), nation=pack.nation(force_id))


def signposted(suggestion: Suggestion) -> SignpostedService:
    """As it is sent to a reporter: whatever the directory says later, it reads the same."""
    found = suggestion.service
    return SignpostedService(
        id=found.id,
        name=found.name,
        description=found.description,
        phone=found.phone or "",
        url=found.url,
        why=tuple(f"{why.code}:{why.value}" if why.value else why.code for why in suggestion.reasons),
    )


def signposted_by_hand(service_id: str) -> SignpostedService | None:
    """A service that a person chose without a suggestion. Unchecked, it goes without number and address."""
    found = service(service_id)
    if found is None or found.status != "active":
        return None
    checked = found.demo or found.verified
    return SignpostedService(
        id=found.id,
        name=found.name,
        description=found.description,
        phone=(found.phone or "") if checked else "",
        url=found.url if checked else "",
        why=() if checked else ("unchecked",),
    )


def content(pack: Pack, services: tuple[Service, ...]) -> Tables:
    """Every table's rows in their order, without the version. Raises DirectoryRefused."""
    if found := tuple(faults(services, pack, load_strands())):
        raise DirectoryRefused("; ".join(found))
    return {
        "force": sorted(({"id": f.id, "name": f.name, "nation": f.nation} for f in pack.forces), key=_by_id),
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
        "service": sorted(map(_row, services), key=_by_id),
        "meta": [
            {"key": "default_centre_id", "value": pack.default_centre_id},
            {"key": "pack", "value": pack.version},
        ],
    }


def version_of(tables: Tables) -> str:
    """Names the content: 16 hexadecimal digits."""
    return hashlib.sha256(_json.encode(tables)).hexdigest()[:16]


def _row(service: Service) -> dict[str, Any]:
    """Each field is a column: what is no text or number is JSON."""
    return {name: _cell(value) for name, value in msgspec.structs.asdict(service).items()}


def _cell(value: object) -> object:
    if isinstance(value, tuple):
        return _json.encode(value).decode()
    return int(value) if isinstance(value, bool) else value


def _write(tables: Tables, path: Path) -> None:
    """`VACUUM INTO` writes each page once, in order: no trace of how the content came about."""
    from sqlite_utils import Database  # only the command that builds the file needs it

    database = Database(dbapi2.connect(":memory:", isolation_level=None))
    database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    keys = {"area": "outward", "meta": "key"}
    for name, rows in tables.items():
        key = keys.get(name, "id")
        columns = {column: int if column in _NUMBERS else str for column in rows[0]}
        database.table(name).create(columns, pk=key, not_null=set(columns) - _MAYBE)
        database.table(name).insert_all(rows)
    database.execute("VACUUM INTO ?", [str(path)])
    database.close()


def _by_id(row: dict[str, Any]) -> str:
    return str(row["id"])


_MAYBE: Final = frozenset({"phone", "assured_on", "min_age", "max_age", "waiting_days"})
_NUMBERS: Final = frozenset(
    {
        "national", "verified", "demo", "interpreter", "led_by_and_for", "community_run", "police_run",
        "reported_required", "anonymous_ok", "min_age", "max_age", "waiting_days",
    }
)  # fmt: skip
