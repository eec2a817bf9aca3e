"""Nouns of custody."""

from msgspec import Struct


class Looked(Struct, frozen=True, kw_only=True):
    """What was found of what a device asked after, and the floor of that very moment."""

    incarnation: str
    restore_floor: int
    missing: tuple[str, ...]
