"""Shapes of ours as JSON Schema, as msgspec has them: no description can differ from a decoder.

Two things are put right: bytes are base64url without padding in our JSON, and a pattern's end is `$`.
"""

from collections.abc import Iterable, Iterator
from inspect import cleandoc
from typing import Any, Final, cast

import msgspec
from msgspec import Struct, inspect

Schema = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"
_LAST: Final = {0: "", 1: "[A-Za-z0-9_-][AQgw]", 2: "[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]"}
"""How base64url ends when so many bytes are left over three: the spare bits are nought."""


class Schemas:
    """Every shape once, under `components/schemas`; `of` says how to refer to it."""

    def __init__(self, shapes: Iterable[Any]) -> None:
        self._shapes = list(dict.fromkeys(shapes))
        structs = list(dict.fromkeys(_structs(inspect.multi_type_info(self._shapes))))
        found, components = msgspec.json.schema_components([*self._shapes, *structs], ref_template=_REF)
        self.components: dict[str, Schema] = components
        self._found = dict(zip(self._shapes, found, strict=False))
        for shape, told in zip(structs, found[len(self._shapes) :], strict=True):
            self._mend(shape, components[told["$ref"].rpartition("/")[2]])
        for shape, told in self._found.items():
            _mend_bytes(told, inspect.type_info(shape))
            end_patterns(told)
        for told in components.values():
            end_patterns(told)
            told["description"] = cleandoc(told.get("description", ""))

    def of(self, shape: Any) -> Schema:
        told: Schema = self._found[shape]
        return told

    def _mend(self, shape: type[Struct], told: Schema) -> None:
        for name, kind in _fields(shape).items():
            _mend_bytes(told["properties"][name], kind)


def end_patterns(told: Any) -> None:
    r"""Python's `\Z` is what ECMA's `$` is: the very end."""
    if isinstance(told, list):
        for each in told:
            end_patterns(each)
    elif isinstance(told, dict):
        if isinstance(pattern := told.get("pattern"), str):
            told["pattern"] = pattern.replace(r"\Z", "$")
        for each in told.values():
            end_patterns(each)


def _fields(shape: type[Struct]) -> dict[str, inspect.Type]:
    info = cast(inspect.StructType, inspect.type_info(shape))
    return {field.encode_name: field.type for field in info.fields}


def _structs(info: Any) -> Iterator[type[Struct]]:
    """Every Struct that is held, however deep. Our shapes do not hold themselves."""
    match info:
        case list() | tuple():
            for each in info:
                yield from _structs(each)
        case inspect.StructType():
            yield info.cls
            yield from _structs(list(_fields(info.cls).values()))
        case inspect.Metadata():
            yield from _structs(info.type)
        case inspect.UnionType():
            yield from _structs(info.types)
        case inspect.VarTupleType() | inspect.ListType():
            yield from _structs(info.item_type)
        case inspect.DictType():
            yield from _structs([info.key_type, info.value_type])


def _mend_bytes(told: Schema, info: Any) -> None:
    match info:
        case inspect.Metadata():
            _mend_bytes(told, info.type)
        case inspect.BytesType():
            told.update(_base64url(info.min_length, info.max_length))
        case inspect.UnionType():
            for each in told.get("anyOf", ()):
                for kind in info.types:
                    if isinstance(kind, inspect.BytesType) and "contentEncoding" in each:
                        _mend_bytes(each, kind)
        case inspect.VarTupleType() | inspect.ListType():
            _mend_bytes(told["items"], info.item_type)


def _base64url(least: int | None, most: int | None) -> Schema:
    """Exactly what the decoder takes: one spelling for each row of bytes."""
    told: Schema = {"type": "string", "contentEncoding": "base64url"}
    if least is not None and least == most:
        whole, left = divmod(least, 3)
        return {**told, "pattern": f"^[A-Za-z0-9_-]{{{whole * 4}}}{_LAST[left]}$", **_lengths(least, most)}
    pattern = f"^(?:[A-Za-z0-9_-]{{4}})*(?:{_LAST[1]}|{_LAST[2]})?$"
    return {**told, "pattern": pattern, **_lengths(least, most)}


def _lengths(least: int | None, most: int | None) -> Schema:
    """In characters."""
    told = {"minLength": least, "maxLength": most}
    return {name: -(-length * 8 // 6) for name, length in told.items() if length is not None}
