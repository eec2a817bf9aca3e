"""New keys for an enrolled device: the steps from one to the next, and the word that the last one counts.

A step is signed with the key that is given up and with the one that takes its place. It holds for ever, so
that a service that was restored from a backup before it can be shown it again. With nothing but a key that
was given up nobody gets anywhere.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from msgspec import Meta, Struct

from waymark_sync.field_types import Epoch, Kid, Natural, Point, Signature, Uuid

LABEL_REKEY = b"waymark-sync/1/rekey"
LABEL_REKEYED = b"waymark-sync/1/rekeyed"
STEPS_MAX = 8
"""Kept by a device: two years of backups, at one change in ninety days."""


class Rekey(Struct, frozen=True, kw_only=True):
    """One step of an enrolled device from its keys to new ones."""

    old_sign_key: Point
    sign_key: Point
    seal_key: Point
    """Its feed is sealed to it from then on."""
    epoch: Epoch
    seq: Natural
    """The last number of this epoch that the old key has signed. What it signs beyond comes from a copy."""
    old_sig: Signature
    """By the old key over `rekey_text`."""
    new_sig: Signature
    """By the new one over the same."""


Steps = Annotated[tuple[Rekey, ...], Meta(max_length=STEPS_MAX)]


class Rekeyed(Struct, frozen=True, kw_only=True):
    """The service's word that this key of the device counts. Text signed: `rekeyed_text`."""

    device_id: Uuid
    sign_key: Point
    at: Natural
    """Server time, milliseconds since 1970 UTC."""
    kid: Kid
    sig: Signature


def rekey_text(device_id: str, step: Rekey) -> bytes:
    """The bytes both signatures of a step cover: fixed widths, so nothing is ambiguous."""
    return b"".join(
        (
            LABEL_REKEY,
            bytes.fromhex(device_id.replace("-", "")),
            step.old_sign_key,
            step.sign_key,
            step.seal_key,
            bytes.fromhex(step.epoch),
            step.seq.to_bytes(8, "big"),
        )
    )


def rekeyed_text(word: Rekeyed) -> bytes:
    """The bytes its signature covers: fixed widths, so nothing is ambiguous."""
    device = bytes.fromhex(word.device_id.replace("-", ""))
    return LABEL_REKEYED + device + word.sign_key + word.at.to_bytes(8, "big")


def steps_from(steps: Sequence[Rekey], key: bytes) -> tuple[Rekey, ...] | None:
    """What leads from `key` to the last of the steps: nothing where it is that one. None: no way."""
    if not steps:
        return None
    if steps[-1].sign_key == key:
        return ()
    for start, step in enumerate(steps):
        if step.old_sign_key == key:
            way = tuple(steps[start:])
            joined = all(one.sign_key == after.old_sign_key for one, after in pairwise(way))
            return way if joined else None
    return None
