"""Which function names which: enough to see what a route may lead to, without running it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from house.source import ROOT, parsed, python_files

BACKEND = ROOT / "backend"

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
    inside = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and not reads(node)}
    inside |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id not in inside:
            where, _, what = names.get(node.id, f"{module}.{node.id}").rpartition(".")
            yield where, what
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield names.get(node.value.id, ""), node.attr


def reads(name: ast.Name) -> bool:
    """Or it gives the name to something of its own, which then is no function of the module."""
    return isinstance(name.ctx, ast.Load)


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


def reached(start: Function) -> set[Function]:
    """With itself."""
    seen, waiting = {start}, [start]
    while waiting:
        for step in graph().get(waiting.pop(), ()):
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return seen


def reaches(start: Function, goal: Function) -> bool:
    return goal in reached(start)
