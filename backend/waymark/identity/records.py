"""Nouns of identity."""

from typing import Literal

from msgspec import Struct

from waymark.audit.records import Actor

Role = Literal["police_triage", "centre_worker", "intake_custodian"]
RevokeScope = Literal["keys", "all"]


class User(Struct, frozen=True, kw_only=True):
    """Who is logged in, as every desk route sees them and as `/desk/api/session` tells them."""

    id: str
    name: str
    role: Role
    force_id: str | None
    """Of a police user; None for everybody else."""
    force_name: str | None
    centre_id: str | None
    """Of a centre worker; None for everybody else."""
    centre_name: str | None

    @property
    def organisation(self) -> str:
        """What a reporter is told about who answered."""
        return self.force_name or self.centre_name or "Waymark"

    @property
    def actor(self) -> Actor:
        return Actor(id=self.id, role=self.role)


class Credentials(Struct, frozen=True, kw_only=True):
    person_id: str
    password_hash: str


class Session(Struct, frozen=True, kw_only=True):
    """A row of `session` with its person. Times are 24-character text."""

    token_hash: str
    created_at: str
    last_seen_at: str
    expires_at: str
    revoked_at: str | None
    id: str
    name: str
    role: Role
    force_id: str | None
    force_name: str | None
    centre_id: str | None
    centre_name: str | None

    @property
    def user(self) -> User:
        return User(
            id=self.id,
            name=self.name,
            role=self.role,
            force_id=self.force_id,
            force_name=self.force_name,
            centre_id=self.centre_id,
            centre_name=self.centre_name,
        )


class Device(Struct, frozen=True, kw_only=True):
    """A centre's tablet."""

    id: str
    centre_id: str
    label: str
    sign_key: bytes
    seal_key: bytes
    enrolled_at: str
    revoked_at: str | None
    revoke_scope: RevokeScope | None = None
    revoke_nonce: str | None = None
    order_told_at: str | None = None
    """When it first asked under its own key after it was revoked, and so has the order."""
    held_when_revoked: int | None = None
    """Reports that it had said it held by then. None: it had said nothing."""


class Revoked(Struct, frozen=True, kw_only=True):
    """The order that a device was taken out of its centre with."""

    device_id: str
    scope: RevokeScope
    nonce: str
    at: str


class EnrolmentCode(Struct, frozen=True, kw_only=True):
    code_hash: str
    centre_id: str
    centre_name: str
    label: str
    made_by: str
    expires_at: str
    used_at: str | None


class Attempts(Struct, frozen=True, kw_only=True):
    """Attempts at one bucket in its running window."""

    since: str
    failure_count: int


class DemoPerson(Struct, frozen=True, kw_only=True):
    """Somebody to be, in a demonstration."""

    username: str
    name: str
    role: Role
    force_id: str | None = None
    centre_id: str | None = None
    password_hash: str
