"""Puts what the attacks counted into docs/threat-model.md: `python tests/attacks/told.py`."""

import ast
import re
import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from attacks.attempts import AttackRow, counted
from support.figures import ROOT

DOCUMENT: Final = ROOT / "docs" / "threat-model.md"
SCRIPTS: Final = Path(__file__).parent
HEAD: Final = "| tried | attempts | got something |\n|---|---|---|\n"
SECTION: Final = re.compile(r"^### (T\d+) .*?(?=^##|\Z)", re.MULTILINE | re.DOTALL)
TABLE: Final = re.compile(re.escape(HEAD) + r"(?:\|.*\|\n)*")


def scripts_of(actor: str) -> list[Path]:
    return sorted(SCRIPTS.glob(f"test_{actor[0].lower()}{int(actor[1:]):02}_*.py"))


def attacks_in(script: Path) -> dict[str, str]:
    """By name, the first line of what each says that it tries."""
    tree = ast.parse(script.read_text(encoding="utf-8"))
    tests = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")]
    return {one.name: (ast.get_docstring(one) or "").partition("\n")[0] for one in tests}


def document(text: str) -> str:
    """The same text, with the tables of now."""
    rows = {(row.script, row.attack): row for row in counted().attacks}
    return SECTION.sub(lambda section: _section(section[0], section[1], rows), text)


def _section(text: str, actor: str, rows: dict[tuple[str, str], AttackRow]) -> str:
    lines = []
    for script in scripts_of(actor):
        for name, tried in attacks_in(script).items():
            row = rows.get((script.stem, name))
            counts = f"{row.attempts:,} | {row.got:,}" if row else "- | -"
            lines.append(f"| {tried} | {counts} |\n")
    return TABLE.sub(lambda _: HEAD + "".join(lines), text, count=1)


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
