"""Nouns of passkeys (WebAuthn)."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Purpose = Literal["sign_in", "add", "verify"]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\S")]


class Passkey(Struct, frozen=True, kw_only=True):
    """The public half. `id` is base64url without padding, as browsers say it."""

    id: str
    person_id: str
    public_key: bytes
    sign_count: int
    name: str
    backed_up: bool
    made_at: str
    used_at: str | None = None


class Challenge(Struct, frozen=True, kw_only=True):
    challenge: bytes
    purpose: Purpose
    person_id: str | None
    expires_at: str


class Begin(Struct, frozen=True, kw_only=True):
    """Nothing is said yet."""


class Added(Struct, frozen=True, kw_only=True):
    """A new passkey, as the browser tells it."""

    name: Name
    credential: dict[str, Any]


class Shown(Struct, frozen=True, kw_only=True):
    """Whoever asks shows that it is them: one of the two."""

    credential: dict[str, Any] | None = None
    password: str = ""
    code: Annotated[str, Meta(max_length=64)] = ""
    """Beside the password, of whoever has an app or codes on paper."""
    shared: bool = False
    """When signing in: other people use this computer or tablet, too."""


class PasskeyLine(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    made_at: str
    used_at: str | None
    backed_up: bool


class SessionLine(Struct, frozen=True, kw_only=True):
    began_at: str
    last_seen_at: str
    how: Literal["password", "passkey", "code", "recovery_code"]
    this_one: bool


class Account(Struct, frozen=True, kw_only=True):
    """What a person can look after themselves."""

    passkeys: tuple[PasskeyLine, ...]
    sessions: tuple[SessionLine, ...]
    totp: bool = False
    """Is there an authenticator app?"""
    recovery_left: int = 0
    """Codes on paper that have not been used."""
