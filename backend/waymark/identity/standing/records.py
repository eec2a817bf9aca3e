"""Nouns of standing: who somebody is here, and by what they show that it is them."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

Part = Literal["roles", "ways_in", "sessions"]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
KIND: Final = "standing"
"""What the trail calls it. Its id is the person's."""


class MembershipRow(Struct, frozen=True, kw_only=True):
    id: str
    role: str
    force_id: str | None
    centre_id: str | None
    agency_id: str | None
    valid_from: str
    valid_to: str | None


class WayRow(Struct, frozen=True, kw_only=True):
    """A passkey's public key, or an app's sealed secret."""

    kind: str
    id: str
    content: bytes


class PersonRow(Struct, frozen=True, kw_only=True):
    username: str
    password_hash: str


class Standing(Struct, frozen=True, kw_only=True):
    """As the trail has it: hashes, which tell nobody what somebody is."""

    roles: Digest
    ways_in: Digest


class Astray(Struct, frozen=True, kw_only=True):
    """Somebody stands otherwise than the trail says. Whoever did that went past the service."""

    person_id: str
    username: str
    parts: tuple[Part, ...]
