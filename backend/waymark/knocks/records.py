"""Nouns of knocks."""

from typing import Literal

from msgspec import Struct


class Place(Struct, frozen=True, kw_only=True):
    """Where one browser can be knocked at. At rest only encrypted: an endpoint names a device."""

    endpoint: str
    p256dh: bytes
    auth: bytes


class Knock(Struct, frozen=True, kw_only=True):
    """One browser's wish to be told of one feed."""

    id: str
    feed_id: str
    wrapped_key: bytes
    sealed: bytes
    knocked_pos: int
    failures: int
    refusals: int


class Due(Struct, frozen=True, kw_only=True):
    """A knock that has been claimed. `pos`: how far the feed reaches, and what this knock is for."""

    knock: Knock
    pos: int


class Target(Struct, frozen=True, kw_only=True):
    """An endpoint, taken apart by `rules.target`: what may be connected to, and nothing else."""

    scheme: Literal["https", "http"]
    host: str
    port: int
    path: str
    loopback: bool
    """The settings name this very address of this machine."""


class Delivered(Struct, frozen=True, kw_only=True, tag=True):
    """The push service has taken it."""


class Gone(Struct, frozen=True, kw_only=True, tag=True):
    """The browser is not there any more."""


class Later(Struct, frozen=True, kw_only=True, tag=True):
    """Busy, broken or out of reach. after_s: the push service's own wish, 0 where it has none."""

    after_s: int = 0


class Refused(Struct, frozen=True, kw_only=True, tag=True):
    """Neither taken nor worth many more tries; or a place that is not knocked at."""


Outcome = Delivered | Gone | Later | Refused
