"""TypeScript's view of the protocol, rendered from the Structs so that nothing is defined twice.

`python -m waymark_sync.typescript PATH` writes the file; a test fails when the committed one is stale.
Types only: the browser checks what it receives by itself.
"""

import ast
import inspect
import json
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

from waymark_sync import (
    backoff,
    field_types,
    knocking,
    lock,
    messages,
    orders,
    protocol,
    reference,
    rekeying,
    report,
)

MODULES: tuple[ModuleType, ...] = (
    field_types,
    protocol,
    orders,
    rekeying,
    lock,
    knocking,
    messages,
    report,
    reference,
    backoff,
)
HEAD = """\
/**
 * The protocol's messages, the report's body, their limits and labels.
 * Rendered by `python -m waymark_sync.typescript`; change the Structs, not this file.
 */
"""
_SIMPLE = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    bytes: "Uint8Array<ArrayBuffer>",
    NoneType: "null",
}


def render() -> str:
    """The whole file. The same input gives the same bytes."""
    aliases = [(name, value) for module in MODULES for name, value in _named(module) if _is_alias(value)]
    parts = [HEAD]
    for module in MODULES:
        docs = _docs(module)
        parts += [_declaration(name, value, docs, aliases) for name, value in _named(module)]
    return "\n".join(filter(None, parts))


def main() -> None:
    """Write the file named on the command line."""
    Path(sys.argv[1]).write_text(render(), encoding="utf-8")


def _named(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Public names that the module itself assigns or defines, in the order of its text."""
    for node in ast.parse(inspect.getsource(module)).body:
        for name in _targets(node):
            if not name.startswith("_"):
                yield name, getattr(module, name)


def _targets(node: ast.stmt) -> list[str]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.ClassDef(name=name):
            return [name]
        case _:
            return []


def _docs(module: ModuleType) -> dict[str, str]:
    """Docstrings of classes, fields and constants by name; fields as `Class.field`."""
    source = inspect.getsource(module)
    tree = ast.parse(source)
    found = _docs_of(tree.body, "", source.splitlines())
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = ast.get_docstring(node) or ""
            found |= _docs_of(node.body, f"{node.name}.", [])
    return found


def _docs_of(body: list[ast.stmt], prefix: str, lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        for name in _targets(node):
            match after:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    found[prefix + name] = inspect.cleandoc(text)
                case _ if lines and "  # " in lines[node.lineno - 1]:
                    found[prefix + name] = _sentence(lines[node.lineno - 1].partition("  # ")[2])
                case _:
                    pass
    return found


def _declaration(name: str, value: Any, docs: dict[str, str], aliases: list[tuple[str, Any]]) -> str:
    doc = _comment(docs.get(name, ""), "")
    if isinstance(value, type) and issubclass(value, Struct):
        return f"{doc}export type {name} = {{\n{_fields(value, docs, aliases)}}}\n"
    if _is_alias(value):
        others = [(alias, other) for alias, other in aliases if alias != name]
        return f"{doc}export type {name} = {_type(value, others)}\n"
    constant = _constant(value)
    return f"{doc}export const {name} = {constant}\n" if constant else ""


def _fields(struct: type[Struct], docs: dict[str, str], aliases: list[tuple[str, Any]]) -> str:
    hints = typing.get_type_hints(struct, include_extras=True)
    lines = []
    for field in msgspec.structs.fields(struct):
        mark = "" if field.required else "?"
        lines.append(_comment(docs.get(f"{struct.__name__}.{field.name}", ""), "  "))
        lines.append(f"  readonly {field.encode_name}{mark}: {_type(hints[field.name], aliases)}\n")
    return "".join(lines)


def _type(hint: Any, aliases: list[tuple[str, Any]]) -> str:
    named = next((name for name, value in aliases if value == hint), None)
    if named is not None:
        return named
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if isinstance(hint, type) and issubclass(hint, Struct):
        return hint.__name__
    origin, args = get_origin(hint), get_args(hint)
    if origin is typing.Annotated:
        return _type(args[0], aliases)
    if origin is Literal:
        return " | ".join(_quoted(arg) for arg in args)
    if origin in (typing.Union, UnionType):
        return " | ".join(_type(arg, aliases) for arg in args)
    if origin is tuple and args[1:] == (...,):
        element = _type(args[0], aliases)
        return f"readonly ({element})[]" if " " in element else f"readonly {element}[]"
    raise TypeError(f"no TypeScript is known for {hint!r}")


def _is_alias(value: Any) -> bool:
    return get_origin(value) in (typing.Annotated, Literal, typing.Union, UnionType)


def _constant(value: Any) -> str | None:
    """None for what is no plain value, such as a function."""
    match value:
        case bytes():
            return _quoted(value.decode("ascii"))
        case str() | int() | float():
            return _quoted(value)
        case tuple() | frozenset():
            ordered = sorted(value) if isinstance(value, frozenset) else value
            return f"[{', '.join(_quoted(entry) for entry in ordered)}] as const"
        case _:
            return None


def _quoted(value: str | float) -> str:
    if isinstance(value, str):
        return "'" + json.dumps(value, ensure_ascii=False)[1:-1].replace("'", "\\'") + "'"
    return json.dumps(value)


def _sentence(remark: str) -> str:
    return remark[:1].upper() + remark[1:]


def _comment(text: str, indent: str) -> str:
    lines = text.splitlines()
    if len(lines) < 2:
        return f"{indent}/** {text} */\n" if text else ""
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"


if __name__ == "__main__":
    main()
