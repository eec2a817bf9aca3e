"""What is counted of real faults: merged by name, and the document says what the figures say."""

from pathlib import Path

import pytest

from speed import tables
from support import figures
from support.figures import HEAD, counted, locked, record_fault, table

FAULTS = {
    "server killed under load, SQLite": 200,
    "server killed under load, PostgreSQL": 200,
    "PostgreSQL killed under load": 50,
    "browser killed while saving and sending": 50,
    "power cut of service and kiosks": 400,
    "server killed while a photo is on its way, SQLite": 60,
    "server killed while a photo is on its way, PostgreSQL": 60,
    "the service's disk full under load": 20,
    "a phone's disk full": 10,
    "a kiosk's disk full": 10,
    "two tabs and the service worker sending at once": 40,
}
"""What the long proofs count at the least. Every row must be there."""


def test_the_document_holds_the_table_of_what_was_counted() -> None:
    with locked():
        assert table(counted().faults) in figures.DOCUMENT.read_text(encoding="utf-8")


def test_the_document_says_what_the_simulation_told() -> None:
    with locked():
        told = figures.DOCUMENT.read_text(encoding="utf-8")

    assert figures.simulated(told) == told
    assert "as designed" in told


def test_nothing_was_lost_or_doubled_and_each_fault_came_often_enough() -> None:
    rows = {row.fault: row for row in counted().faults}

    assert [row for row in rows.values() if row.lost or row.doubled or not row.acknowledged] == []
    counted_too_seldom = {
        fault: times for fault, times in FAULTS.items() if fault not in rows or rows[fault].times < times
    }
    assert counted_too_seldom == {}


def test_a_fault_counted_again_takes_the_place_of_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "reliability.md"
    document.write_text(f"Before.\n\n{HEAD}| old | 1 | 1 | 0 | 0 |\n\nAfter.\n", encoding="utf-8")
    monkeypatch.setattr(figures, "COUNTS", tmp_path / "faults.json")
    monkeypatch.setattr(figures, "DOCUMENT", document)
    monkeypatch.setenv("WAYMARK_PROVE", "1")

    record_fault("b", times=1, acknowledged=1, lost=0, doubled=0)
    record_fault("a", times=2, acknowledged=1_234, lost=0, doubled=0)
    record_fault("b", times=3, acknowledged=4, lost=5, doubled=6)
    monkeypatch.delenv("WAYMARK_PROVE")
    record_fault("c", times=1, acknowledged=1, lost=0, doubled=0)

    assert [row.fault for row in counted().faults] == ["a", "b"]
    rows = "| a | 2 | 1,234 | 0 | 0 |\n| b | 3 | 4 | 5 | 6 |\n"
    assert document.read_text(encoding="utf-8") == f"Before.\n\n{HEAD}{rows}\nAfter.\n"


def test_what_is_said_of_speed_is_what_was_measured() -> None:
    told = tables.DOCUMENT.read_text(encoding="utf-8")

    assert tables.document(told) == told
    assert tables.document(told.replace("| 1,000,000 |", "| 7 |")) == told
