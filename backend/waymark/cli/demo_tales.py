"""The words of a demonstration: `demo_tales.json`, as it is read."""

from collections.abc import Mapping
from importlib import resources
from typing import Any, Literal

import msgspec
from msgspec import Struct

from waymark.cli.demo_photos import Scene
from waymark_sync.report import Channel, SharingChoice
from waymark_sync.return_code import Form

Said = Literal["ask", "reply", "update", "signpost"]
Plant = Literal["", "surge", "cluster-1", "cluster-2", "cluster-3", "repeat_victim", "overdue", "needs_info"]


class Tale(Struct, frozen=True, kw_only=True):
    """A sentence with room for a place and an ending, and what it is about."""

    language: str = "en"
    strands: tuple[str, ...]
    sub_strands: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    place_type: str = "street"
    postcode: str = ""
    text: str = ""


class Told(Struct, frozen=True, kw_only=True):
    """A tale that several tell: (role, words) or words alone."""

    strands: tuple[str, ...]
    sub_strands: tuple[str, ...]
    events: tuple[str, ...] = ()
    place_type: str = "street"
    postcode: str = ""
    tellings: tuple[Any, ...]


class Turn(Struct, frozen=True, kw_only=True):
    hours: float
    """After the report came."""
    says: Said
    text: str = ""


class Talk(Tale, frozen=True, kw_only=True):
    """A whole conversation, and the return code that leads back to it."""

    about: str
    """What whoever opens it with the code will find."""
    days_ago: float
    sharing: SharingChoice
    channel: Channel
    form: Form
    photographed: Scene | None = None
    turns: tuple[Turn, ...]
    decided_after: float | None = None
    """Hours."""
    plant: Plant = ""


class Tales(Struct, frozen=True, kw_only=True):
    """`demo_tales.json`."""

    tales: tuple[Tale, ...]
    where: Mapping[str, tuple[str, ...]]
    then: Mapping[str, tuple[str, ...]]
    clusters: tuple[Told, ...]
    repeat: Told
    surge: Told
    overdue: Tale
    talks: tuple[Talk, ...]
    signpost: str
    thanks: tuple[str, ...]
    updates: tuple[str, ...]


def tales() -> Tales:
    return msgspec.json.decode(
        resources.files("waymark.cli").joinpath("demo_tales.json").read_bytes(), type=Tales
    )
