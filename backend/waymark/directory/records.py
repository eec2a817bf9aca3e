"""Nouns of the directory."""

from typing import Annotated

from msgspec import Meta, Struct

Time = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z")]
Day = Annotated[int, Meta(ge=1, le=7)]
"""1 is Monday."""


class Hours(Struct, frozen=True, kw_only=True):
    """`closes` before `opens` runs past midnight."""

    days: tuple[Day, ...]
    opens: Time
    closes: Time


class Service(Struct, frozen=True, kw_only=True):
    """A place that helps. No strands and no sub-strands means: for everybody."""

    id: str
    name: str
    description: str
    coverage: tuple[str, ...]
    """Nations of a national service; ids of areas or forces of a local one."""
    national: bool
    verified: bool
    """Has somebody who answers for this installation checked that the row is right?"""
    demo: bool
    """Invented: its number is one that is never given to anybody."""
    phone: str | None = None
    hours: tuple[Hours, ...] = ()
    strands: tuple[str, ...] = ()
    sub_strands: tuple[str, ...] = ()


class Directory(Struct, frozen=True, kw_only=True):
    services: tuple[Service, ...]
