"""Rows into Structs, values into parameters: the second half of every assertion that the wire made first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from waymark.kernel.clock import stamp

T = TypeVar("T")


def parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """datetimes become 24-character text; everything else is passed as it is."""
    return {name: stamp(value) if isinstance(value, datetime) else value for name, value in values.items()}


def read_row(columns: Sequence[str], row: Sequence[Any], shape: type[T]) -> T:
    """One row as a Struct (by column name) or, for any other type, its first column."""
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return msgspec.convert(dict(zip(columns, row, strict=True)), shape, strict=False)
    return msgspec.convert(row[0], shape, strict=False)
