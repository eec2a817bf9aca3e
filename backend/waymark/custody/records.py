"""Nouns of custody."""

from typing import Final, Literal

from msgspec import Struct

from waymark.identity.records import Revoked
from waymark_sync.intake_rules import Known

BACKUP_FORM: Final = "waymark-backup/1"


class Refused(Exception):
    """A backup cannot be made, believed or put back. The message says what to do."""


class Looked(Struct, frozen=True, kw_only=True):
    """What was found of what a device asked after, and the floor of that very moment."""

    incarnation: str
    restore_floor: int
    missing: tuple[str, ...]
    revoked: Revoked | None = None


class Policy(Struct, frozen=True, kw_only=True):
    """Which backups may still be restored. Devices keep what any of these does not hold."""

    keep: int
    """So many of the newest."""
    keep_days: int
    """And none that is older."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """The whole history up to a position, in one hash."""

    pos: int
    item_id: str
    """Of what stands there."""
    chain: str
    """In hexadecimal."""

    @property
    def known(self) -> Known:
        return Known(item_id=self.item_id, sha256=bytes.fromhex(self.chain), pos=self.pos)


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup says of itself. Nothing of any report."""

    form: Literal["waymark-backup/1"] = "waymark-backup/1"
    id: str
    made_at: str
    engine: str
    incarnation: str
    pos: int
    """Up to here it holds every item and every whole file."""
    checkpoints: tuple[Checkpoint, ...]
    items: int
    conflicts: int
    opened: int
    report_keys: int
    audit_entries: int
    audit_head: str
    """Hash of the last entry, in hexadecimal."""
    files: int
    file_bytes: int
    database_bytes: int
    database_sha256: str


class Card(Struct, frozen=True, kw_only=True):
    """Lies beside a backup, so that it can be judged without being opened."""

    manifest: Manifest
    file_bytes: int
    file_sha256: str


class Attestation(Struct, frozen=True, kw_only=True):
    """What a test-restore found, signed by who holds the backup key."""

    id: str
    file_sha256: str
    at: str
    faults: tuple[str, ...] = ()
    """None: it can be restored."""


Tested = Literal["not yet", "good", "failed"]


class Backup(Struct, frozen=True, kw_only=True):
    """One backup in the folder."""

    name: str
    card: Card
    tested: Tested

    @property
    def manifest(self) -> Manifest:
        return self.card.manifest


class Mark(Struct, frozen=True, kw_only=True):
    """When a device first said that it had come so far."""

    device_id: str
    epoch: str
    max_seq: int
    at: str


class Run(Struct, frozen=True, kw_only=True):
    """Numbers that have come, without a hole between them."""

    device_id: str
    epoch: str
    first_seq: int
    last_seq: int


Why = Literal["found", "made_again", "practice", "cannot_say"]
"""What a person found out: it lies elsewhere, its maker has reported again, it was none, nobody knows."""


class Explained(Struct, frozen=True, kw_only=True):
    """What a person has found out about numbers that never came."""

    device_id: str
    epoch: str
    first_seq: int
    last_seq: int
    why: Why
    at: str


class Gap(Struct, frozen=True, kw_only=True):
    """Reports that a device has made and that never came."""

    epoch: str
    count: int
    first_seq: int
    made_after: str | None
    """What the device said then did not reach so far. None: it is the first that it said."""
    made_before: str
    state: Literal["missing", "presumed_lost"]
    """Lost: the device has begun anew without them, or they have been missing for long."""
    explained: Why | None = None
    explained_at: str | None = None
