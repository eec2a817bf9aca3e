"""The repository as the house tests see it."""

import ast
import importlib
import pkgutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import waymark
from waymark.kernel.db import Sql

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ("backend", "sync", "tests")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file under version control that is there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return tuple(ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())


def python_files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders or PYTHON for file in (ROOT / folder).rglob("*.py"))


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of the service, imported."""
    names = [info.name for info in pkgutil.walk_packages(waymark.__path__, "waymark.")]
    return tuple(importlib.import_module(name) for name in names if not name.endswith("__main__"))


def statements() -> Iterator[tuple[str, str, Sql]]:
    """Module, constant's name and statement, each where it is defined."""
    for module in modules():
        for name in _assigned(module):
            value = vars(module)[name]
            if isinstance(value, Sql):
                yield module.__name__, name, value


def _assigned(module: ModuleType) -> Iterator[str]:
    """Names that the module itself gives a value, in contrast to those it imports."""
    for node in parsed(Path(module.__file__ or "")).body:
        for target in node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]:
            if isinstance(target, ast.Name):
                yield target.id


def feature_of(module: str) -> str:
    """`waymark.triage.store` belongs to `triage`."""
    return module.split(".")[1]
