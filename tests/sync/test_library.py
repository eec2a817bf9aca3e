"""The library alone: what it pulls in, what it says of itself in TypeScript, what its wheel must carry."""

import subprocess
import sys
from pathlib import Path

from waymark_sync import intake_rules, outbox, typescript

ROOT = Path(__file__).parents[2]


def test_the_library_pulls_in_no_web_framework() -> None:
    program = (
        "import pkgutil, importlib, sys, waymark_sync\n"
        "for found in pkgutil.walk_packages(waymark_sync.__path__, 'waymark_sync.'):\n"
        "    importlib.import_module(found.name)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "waymark_sync" in loaded
    assert not {"litestar", "aiosqlite", "psycopg", "waymark", "uvicorn"} & set(loaded)


def test_the_committed_typescript_is_what_the_structs_say() -> None:
    committed = ROOT / "pwa" / "src" / "sync" / "protocol.generated.ts"

    assert committed.read_text(encoding="utf-8") == typescript.render()


def test_typescript_is_written_where_told(tmp_path: Path) -> None:
    target = tmp_path / "protocol.ts"

    subprocess.run([sys.executable, "-m", "waymark_sync.typescript", str(target)], check=True)

    assert target.read_text(encoding="utf-8") == typescript.render()


def test_every_struct_of_the_wire_has_its_type() -> None:
    text = typescript.render()

    for name in ("Header", "Envelope", "PushResponse", "ReportBody", "SafeContact", "When"):
        assert f"export type {name} = {{" in text
    assert "export const LABEL_ITEM = 'waymark-sync/1/item'" in text
    assert ": any" not in text


def test_the_rules_are_written_once() -> None:
    sources = [path.read_text() for path in (ROOT / "sync" / "waymark_sync").glob("*.py")]

    assert sum("def merkle_root(" in text for text in sources) == 1
    assert intake_rules.merkle_root([b"a"]) != intake_rules.merkle_root([b"b"])


def test_the_schema_lies_beside_the_code() -> None:
    assert "schema_1" in outbox.SQL
    assert (Path(outbox.__file__).parent / "outbox.sql").is_file()
