"""Nouns of invitations."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from waymark.identity.records import Role

USERNAME: Final = r"^[a-z0-9][a-z0-9._-]{2,63}\Z"
Token = Annotated[str, Meta(min_length=1, max_length=128)]
Username = Annotated[str, Meta(pattern=USERNAME)]


class Place(Struct, frozen=True, kw_only=True):
    """What somebody is, and of which organisation: of one at most."""

    role: Role
    force_id: str | None = None
    centre_id: str | None = None
    agency_id: str | None = None


class Invitation(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    role: Role
    force_id: str | None
    centre_id: str | None
    agency_id: str | None
    made_by: str | None
    made_at: str
    expires_at: str


class Offer(Struct, frozen=True, kw_only=True):
    """What whoever follows the link is told first."""

    name: str
    role: Role
    organisation: str
    invited_by: str
    """Empty: whoever runs the service."""
    expires_at: str


class Shown(Struct, frozen=True, kw_only=True):
    token: Token


class Accepted(Struct, frozen=True, kw_only=True):
    token: Token
    username: Username
    password: str


class Colleague(Struct, frozen=True, kw_only=True):
    """Somebody of the same place, as those who look after its people see them."""

    id: str
    username: str
    name: str
    role: Role
    since: str
    """Empty: ever since there is a service."""
    until: str | None
    last_login_on: str | None
    """A day. None: not within the time that sessions are remembered."""
    passkeys: int
    totp: bool


class Waiting(Struct, frozen=True, kw_only=True):
    """An invitation that nobody has followed."""

    id: str
    name: str
    role: Role
    made_at: str
    expires_at: str
