"""Nouns of the second step."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from waymark.identity.passkeys.records import Account

TYPED_MAX: Final = 64
Typed = Annotated[str, Meta(max_length=TYPED_MAX)]


class Totp(Struct, frozen=True, kw_only=True):
    id: str
    person_id: str
    wrapped_key: bytes
    sealed: bytes
    made_at: str
    last_step: int


class Factors(Struct, frozen=True, kw_only=True):
    """What a person has beside a password."""

    passkeys: int
    totp: bool
    recovery_salt: bytes | None
    """None: no codes on paper were ever made."""
    recovery_left: int

    @property
    def any(self) -> bool:
        return self.passkeys > 0 or self.totp


class Confirmed(Struct, frozen=True, kw_only=True):
    code: Typed


class NewPassword(Struct, frozen=True, kw_only=True):
    password: str


class TotpShown(Struct, frozen=True, kw_only=True):
    """Once, to whoever sets an app up."""

    secret: str
    """Base 32, to be typed."""
    uri: str
    """The same as an `otpauth:` address, to be drawn."""


class Secured(Struct, frozen=True, kw_only=True):
    account: Account
    recovery_codes: tuple[str, ...] = ()
    """Shown once and kept nowhere. Empty: those made before still count."""
