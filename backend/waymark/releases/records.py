"""What an act on a release is asked with, and answered."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from waymark.agencies.records import FieldGroup, Told
from waymark_sync.report import TEXT_MAX

Words = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=r"\S")]
Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9_-]+\Z")]
Groups = Annotated[tuple[FieldGroup, ...], Meta(min_length=1, max_length=9)]


class Narrow(Struct, frozen=True, kw_only=True):
    version: int
    groups: Groups
    """What the reporter takes back."""
    note: Words
    """How the reporter said so."""


class Override(Struct, frozen=True, kw_only=True):
    version: int
    groups: Groups
    ground: Code
    """Of the policy's list."""
    note: Words
    """What makes it necessary."""
    told: Told
    message: Annotated[str, Meta(max_length=TEXT_MAX)] = ""
    """To the reporter, where they know or may know."""
    force_id: Annotated[str, Meta(max_length=64, pattern=r"^[a-z0-9_-]*\Z")] = ""
    """Where nobody knows yet whose report it is."""


class EndOverride(Struct, frozen=True, kw_only=True):
    version: int
    groups: Groups
    """What the force may no longer read."""
    note: Words
    """Why it is no longer necessary."""
    told: Told
    message: Annotated[str, Meta(max_length=TEXT_MAX)] = ""
    """As for an override."""


class Unmask(Struct, frozen=True, kw_only=True):
    groups: Groups
    reason: Code
    """Of the policy's list."""


class Unmasked(Struct, frozen=True, kw_only=True):
    groups: dict[str, dict[str, Any]]
    """The answers of what was covered. Only this once: the page that is asked for again covers them."""
