"""The threat model and the scripts that attack: neither without the other; the tables are what is counted."""

import re
from typing import Final

import pytest

from attacks import told
from attacks.attempts import counted

ACTORS: Final = [f"T{number}" for number in range(1, 13)]
TEXT: Final = told.DOCUMENT.read_text(encoding="utf-8")


def section(actor: str) -> str:
    (found,) = [match[0] for match in told.SECTION.finditer(TEXT) if match[1] == actor]
    return found


@pytest.mark.parametrize("actor", ACTORS)
def test_every_actor_has_scripts_and_a_section(actor: str) -> None:
    scripts, text = told.scripts_of(actor), section(actor)

    assert scripts
    assert all(f"`tests/attacks/{script.name}`" in text for script in scripts)
    for part in ("**Walls:**", "**Script:**", "**What came back:**", "**Not protected:**"):
        assert part in text
    assert all(all(told.attacks_in(script).values()) for script in scripts), "each attack says what it tries"


def test_the_tables_are_what_was_counted() -> None:
    assert told.document(TEXT) == TEXT


def test_no_attack_got_anything() -> None:
    assert [(row.script, row.attack) for row in counted().attacks if row.got] == []


def test_every_attack_was_made_in_its_long_form() -> None:
    made = {(row.script, row.attack) for row in counted().attacks}
    scripts = [script for actor in ACTORS for script in told.scripts_of(actor)]
    there = {(script.stem, name) for script in scripts for name in told.attacks_in(script)}

    assert made == there


def test_no_section_is_about_nobody() -> None:
    assert re.findall(r"^### (T\d+) ", TEXT, re.MULTILINE) == ACTORS
