"""Nouns of identity."""

from typing import Final, Literal

from msgspec import Struct

from waymark.audit.records import Actor

Role = Literal[
    "centre_worker",
    "centre_supervisor",
    "support_partner",
    "police_triage",
    "hate_crime_coordinator",
    "conference_chair",
    "conference_member",
    "community_coordinator",
    "adviser",
    "scrutiny_panellist",
    "analyst",
    "gold",
    "dpo",
    "sysadmin",
    "intake_custodian",
]
"""`centre_worker` is a volunteer, `police_triage` staff of a force; `sysadmin` looks after the service."""
POLICE: Final[frozenset[Role]] = frozenset({"police_triage", "hate_crime_coordinator"})
"""Who speaks and writes for a force."""
RevokeScope = Literal["keys", "all"]
How = Literal["password", "passkey"]
Second = Literal["", "code", "recovery_code"]
"""What was shown beside a password; empty: nothing."""


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
    agency_id: str | None = None
    agency_name: str | None = None
    member_from: str = ""
    """Since when they are this here: a time, or empty for ever since."""
    member_until: str | None = None
    """The first moment at which they no longer are; None while nobody has said so."""

    @property
    def organisation(self) -> str:
        """What a reporter is told about who answered."""
        return self.force_name or self.centre_name or self.agency_name or "Waymark"

    @property
    def police(self) -> bool:
        return self.role in POLICE

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
    how: How = "password"
    second: Second = ""
    verified_at: str = ""
    """When this person last showed that it is them."""
    agency_id: str | None = None
    agency_name: str | None = None
    member_from: str = ""
    member_until: str | None = None
    shared: bool = False
    """Other people use this computer or tablet: it locks soon after it was left."""
    locked_at: str | None = None
    organisation_until: str | None = None
    """When the force, centre or agency itself ends: nobody is of what there is not."""

    @property
    def password_alone(self) -> bool:
        return self.how == "password" and not self.second

    @property
    def user(self) -> User:
        ends = [end for end in (self.member_until, self.organisation_until) if end is not None]
        return User(
            id=self.id,
            name=self.name,
            role=self.role,
            force_id=self.force_id,
            force_name=self.force_name,
            centre_id=self.centre_id,
            centre_name=self.centre_name,
            agency_id=self.agency_id,
            agency_name=self.agency_name,
            member_from=self.member_from,
            member_until=min(ends) if ends else None,
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
    keys_since: str | None = None
    """None: since it was enrolled."""
    keys_asked_at: str | None = None
    keys_doubted_at: str | None = None
    """When keys that it had given up were first used as if they were its own."""


class EarlierKey(Struct, frozen=True, kw_only=True):
    """That a tablet has given up, and the last number that it signed."""

    sign_key: bytes
    epoch: str
    seq: int


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
    agency_id: str | None = None
    password_hash: str
