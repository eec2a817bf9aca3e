"""The file that devices carry: the same content is the same bytes, and nothing in it misleads."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pysqlite3 import dbapi2

from waymark.directory.actions import DirectoryRefused, build, content, version_of
from waymark.directory.rules import faults
from waymark_sync.matching import Service, load_services
from waymark_sync.policy import load_pack, load_strands, outward

LOCAL = Service(
    id="demo-x",
    name="X (demonstration)",
    description="X",
    coverage=("demo-northshire",),
    national=False,
    verified=False,
    demo=True,
    phone="01632 960999",
)


def rows(path: Path, statement: str) -> list[tuple[Any, ...]]:
    connection = dbapi2.connect(f"file:{path}?mode=ro", uri=True)
    found: list[tuple[Any, ...]] = connection.execute(statement).fetchall()
    connection.close()
    return found


def test_the_same_content_is_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one.sqlite", tmp_path / "deep" / "other.sqlite"

    versions = {build(one), build(other), build(one)}

    assert len(versions) == 1
    assert one.read_bytes() == other.read_bytes()
    assert rows(one, "PRAGMA integrity_check") == [("ok",)]
    assert rows(one, "SELECT value FROM meta WHERE key = 'version'") == [(versions.pop(),)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "one.sqlite"]


def test_other_content_is_another_version() -> None:
    pack, services = load_pack(), load_services()

    changed = (replace(services[0], description="Other."), *services[1:])

    assert version_of(content(pack, services)) != version_of(content(pack, changed))


def test_tables_are_those_that_devices_read(tmp_path: Path) -> None:
    build(tmp_path / "d.sqlite")

    tables = rows(tmp_path / "d.sqlite", "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    columns = rows(tmp_path / "d.sqlite", "SELECT name FROM pragma_table_info('service') ORDER BY cid")

    assert [name for (name,) in tables] == ["area", "centre", "force", "meta", "service"]
    assert [name for (name,) in columns] == [
        "id", "name", "description", "coverage", "national", "verified", "demo", "assured_on", "status",
        "phone", "url", "discreet_name", "hours", "strands", "sub_strands", "languages", "interpreter",
        "channels", "needs", "led_by_and_for", "community_run", "police_run", "shares_with_police",
        "reported_required", "anonymous_ok", "min_age", "max_age", "waiting_days",
    ]  # fmt: skip
    assert len(rows(tmp_path / "d.sqlite", "SELECT id FROM centre")) == len(load_pack().centres)
    assert len(rows(tmp_path / "d.sqlite", "SELECT id FROM service")) == len(load_services())


def test_nobody_is_sent_to_a_number_that_rings() -> None:
    for service in load_services():
        assert not service.verified
        assert service.demo or service.phone is None
        assert "://" not in f"{service.name} {service.description}"
    assert len([s for s in load_services() if s.demo]) >= 8


def test_each_force_has_help_of_many_kinds() -> None:
    pack = load_pack()

    for force in pack.forces:
        places = {force.id} | {area.id for area in pack.areas if area.force_id == force.id}
        near = [s for s in load_services() if places & set(s.coverage)]
        assert len({language for s in near for language in s.languages}) >= 5
        assert {"call", "text", "chat", "face"} <= {channel for s in near for channel in s.channels}
        assert len({need for s in near for need in s.needs}) >= 7
        assert any(s.police_run for s in near)
        assert any(s.led_by_and_for for s in near)


@pytest.mark.parametrize(
    "wrong",
    [
        {"coverage": ()},
        {"coverage": ("atlantis",)},
        {"coverage": ("england",)},
        {"strands": ("no_such",)},
        {"sub_strands": ("disability",)},
        {"phone": None},
        {"phone": "0161 496 0101"},
        {"phone": "01632 960999 ext 1"},
        {"name": "X"},
        {"demo": False},
        {"national": True},
        {"id": "Demo_X"},
        {"languages": ("Welsh",)},
        {"url": "https://service.example"},
        {"min_age": 20, "max_age": 19},
        {"assured_on": "2026-02-30"},
        {"verified": True},
        {"demo": False, "name": "X", "phone": "01632 960999"},
        {"demo": False, "name": "X", "phone": None, "url": "http://service.example"},
    ],
)
def test_a_misleading_row_is_refused(wrong: dict[str, Any]) -> None:
    service = replace(LOCAL, **wrong)

    assert list(faults([LOCAL], load_pack(), load_strands())) == []
    assert list(faults([service], load_pack(), load_strands())) != []
    with pytest.raises(DirectoryRefused):
        content(load_pack(), (service,))


def test_ids_are_used_once() -> None:
    assert list(faults([LOCAL, LOCAL], load_pack(), load_strands())) == ["two services have one id"]


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("QX1 2AB", "QX1"),
        ("qx12ab", "QX1"),
        (" qx1 ", "QX1"),
        ("SW1A 1AA", "SW1A"),
        ("M1 1AE", "M1"),
        ("not_answered", None),
        ("Harbour Street", None),
        ("", None),
        (None, None),
    ],
)
def test_the_outward_half_of_a_postcode(typed: str | None, known: str | None) -> None:
    assert outward(typed) == known


def test_every_outward_code_leads_to_a_known_force_and_centre() -> None:
    pack = load_pack()

    for code, area in pack.by_outward.items():
        place = pack.place(f"{code} 1AA")
        assert (place.area_id, place.force_id) == (area.id, area.force_id)
        assert place.default_centre_id in pack.centre_ids
