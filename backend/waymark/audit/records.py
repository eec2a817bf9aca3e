"""Nouns of the audit trail."""

from typing import Final, Literal

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


class Look(Struct, frozen=True, kw_only=True):
    """Somebody opened a report, a picture or a file of it, or uncovered an answer."""

    actor_id: str
    role: str
    at: str


SERVICE: Final = Actor(id="waymark", role="service")

LINEAGE_BEGUN: Final = "lineage.begun"
"""Its subject is an incarnation. The second and later ones are restores, or copies put back by hand."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """What the trail was at a moment. The hash speaks for every entry up to there."""

    form: Literal["waymark-audit-checkpoint/1"] = "waymark-audit-checkpoint/1"
    incarnation: str
    pos: int
    hash: str
    """Of the entry at `pos`, in hexadecimal."""
    at: str


class KeptCheckpoint(Struct, frozen=True, kw_only=True):
    pos: int
    made_at: str
    signed: bytes
    """The file, as it is carried elsewhere."""


class Begun(Struct, frozen=True, kw_only=True):
    """Where a lineage begins in the trail."""

    pos: int
    incarnation: str
    at: str


class Lost(Struct, frozen=True, kw_only=True):
    """Entries that stood in a lineage which a restore cut off. The trail goes on without them."""

    incarnation: str
    reached: int
    """It had at least so many entries."""
    at: str


class Examined(Struct, frozen=True, kw_only=True):
    """What became of a trail, beside checkpoints that were kept elsewhere."""

    entries: int
    head: str
    """Hash of the last entry, in hexadecimal."""
    broken: Break | None
    agreed: int
    """Checkpoints that the trail bears out."""
    agreed_upto: int
    """The highest position of these: up to here nothing was altered since."""
    contradicted: tuple[Checkpoint, ...]
    """What stood there then does not stand there now, and no restore explains it."""
    lost: tuple[Lost, ...]
    begun: tuple[Begun, ...]

    @property
    def holds(self) -> bool:
        return self.broken is None and not self.contradicted
