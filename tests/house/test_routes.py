"""Every route shows who may call it and that what it does is written down."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from litestar.handlers import HTTPRouteHandler

from house.source import ROOT, parsed, python_files
from waymark.app import ROUTES
from waymark.kernel.web.guards import same_origin

BACKEND = ROOT / "backend"
AUDIT = ("waymark.audit.actions", "append")
REASON_WORDS_MIN = 3
HANDLERS = [
    pytest.param(handler, id=f"{min(handler.paths)} {name}")
    for handler in ROUTES
    for name in handler.http_methods
]

Function = tuple[str, str]
"""Module and name."""


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(BACKEND).with_suffix("").parts).removesuffix(".__init__")


def imported(tree: ast.Module) -> dict[str, str]:
    """Local name -> the dotted thing it stands for."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def mentions(function: ast.AST, module: str, names: dict[str, str]) -> Iterator[Function]:
    """Functions that a body names: own ones, imported ones, and those of imported modules."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            where, _, what = names.get(node.id, f"{module}.{node.id}").rpartition(".")
            yield where, what
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield names.get(node.value.id, ""), node.attr


@cache
def graph() -> dict[Function, frozenset[Function]]:
    found = {}
    for file in python_files("backend"):
        tree, module = parsed(file), module_name(file)
        names = imported(tree)
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found[module, node.name] = frozenset(mentions(node, module, names))
    return found


def reaches(start: Function, goal: Function) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        for step in graph().get(waiting.pop(), ()):
            if step == goal:
                return True
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return False


def test_there_are_routes() -> None:
    assert len(HANDLERS) > 5


@pytest.mark.parametrize("handler", HANDLERS)
def test_has_a_guard_or_says_why_it_is_public(handler: HTTPRouteHandler) -> None:
    guards = [guard for guard in handler.guards or () if guard is not same_origin]
    reason = handler.opt.get("public", "")

    assert bool(guards) != bool(reason), "a guard that knows who asks, or public=<reason>, and not both"
    assert guards or len(reason.split()) >= REASON_WORDS_MIN


@pytest.mark.parametrize("handler", HANDLERS)
def test_is_audited_or_says_why_not(handler: HTTPRouteHandler) -> None:
    function = (handler.fn.__module__, handler.fn.__name__)
    reason = handler.opt.get("unaudited", "")

    assert reaches(function, AUDIT) != bool(reason), "an audit entry, or unaudited=<reason>, and not both"
    assert not reason or len(reason.split()) >= REASON_WORDS_MIN


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_change_by_cookie_needs_our_own_page(handler: HTTPRouteHandler) -> None:
    by_cookie = any(path.startswith("/desk/") for path in handler.paths)
    changes = not handler.http_methods <= {"GET", "HEAD"}

    assert (same_origin in (handler.guards or ())) == (by_cookie and changes)


def test_the_search_for_audit_entries_is_not_blind() -> None:
    assert reaches(("waymark.identity.actions", "log_in"), AUDIT)
    assert not reaches(("waymark.kernel.web.health", "live"), AUDIT)
