"""How source reads: small modules, small functions, one door to each thing that bites."""

import ast
from pathlib import Path

import pytest

from house.source import ROOT, parsed, python_files, tracked

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
LISTS = ROOT / "sync" / "vectors"
"""Lists of cases, as data: cutting them to size would scatter them."""

FILES = [pytest.param(file, id=str(file.relative_to(ROOT))) for file in python_files()]
SERVICE = [pytest.param(file, id=str(file.relative_to(ROOT))) for file in python_files("backend", "sync")]


@pytest.mark.parametrize("file", FILES)
def test_module_is_short_and_says_what_it_is_for(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert file.parent == LISTS or len(text.splitlines()) <= MODULE_LINES_MAX, "find the seam"
    assert not text.strip() or ast.get_docstring(parsed(file)), "a module begins with what it is for"


@pytest.mark.parametrize("file", FILES)
def test_functions_are_short(file: Path) -> None:
    for node in ast.walk(parsed(file)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert file.parent == LISTS or lines <= FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("file", FILES)
def test_one_sqlite(file: Path) -> None:
    """Python's own is older than 3.51.3 on Debian and can lose commits; its errors are other classes."""
    for node in ast.walk(parsed(file)):
        imported = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert "sqlite3" not in imported, "use pysqlite3.dbapi2"


@pytest.mark.parametrize("file", SERVICE)
def test_nothing_is_printed_but_by_click(file: Path) -> None:
    calls = [node.func for node in ast.walk(parsed(file)) if isinstance(node, ast.Call)]

    assert not any(isinstance(call, ast.Name) and call.id == "print" for call in calls)


@pytest.mark.parametrize("file", SERVICE)
def test_one_clock(file: Path) -> None:
    """Rules and stores are handed the time; only the kernel's clock asks for it."""
    if file.name == "clock.py":
        return
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            assert owner not in {"datetime", "date"}, f"line {node.lineno}: use waymark.kernel.clock"


def test_only_the_routes_and_the_edge_know_the_framework() -> None:
    """So that a new major version of it is met in few places."""
    knowing = {
        file.relative_to(ROOT / "backend" / "waymark").as_posix()
        for file in python_files("backend")
        if any(_imports_litestar(node) for node in ast.walk(parsed(file)))
    }
    strangers = {
        name
        for name in knowing
        if not name.startswith("kernel/web/")
        and name.split("/")[-1] not in {"routes.py", "guards.py", "app.py"}
    }

    assert not strangers


def test_nothing_comes_from_contrib() -> None:
    for file in python_files("backend"):
        assert "litestar.contrib" not in file.read_text(encoding="utf-8"), file


def test_typescript_files_are_short() -> None:
    long = {
        file.relative_to(ROOT).as_posix()
        for file in tracked()
        if file.suffix in {".ts", ".tsx", ".scss", ".css"} and ".generated." not in file.name
        if len(file.read_text(encoding="utf-8").splitlines()) > MODULE_LINES_MAX
    }

    assert not long


def _imports_litestar(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").split(".")[0] == "litestar"
    return isinstance(node, ast.Import) and any(a.name.split(".")[0] == "litestar" for a in node.names)
