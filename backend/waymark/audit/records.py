"""Nouns of the audit trail."""

from typing import Final

from msgspec import Struct

GENESIS: Final = bytes(32)
"""What the first entry names as the hash before it."""


class Actor(Struct, frozen=True, kw_only=True):
    """Who acted: a person, a device or the service itself. Ids only, never a name."""

    id: str
    role: str


class Subject(Struct, frozen=True, kw_only=True):
    """What was acted on, for example `report` and its id."""

    kind: str
    id: str


class Entry(Struct, frozen=True, kw_only=True):
    pos: int
    at: str
    actor_id: str
    actor_role: str
    action: str
    subject_kind: str
    subject_id: str
    detail: str
    """JSON of codes and counts."""
    prev_hash: bytes
    hash: bytes


class Break(Struct, frozen=True, kw_only=True):
    """Where the chain does not hold. Everything before `pos` does."""

    pos: int
    why: str


SERVICE: Final = Actor(id="waymark", role="service")
