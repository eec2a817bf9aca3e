"""Steps of a tablet to new keys, made as a device makes them."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from support.reports import Device
from waymark_sync.rekeying import Rekey, rekey_text
from waymark_sync.seal import new_key, raw_public, sign


def step_of(
    device: Device,
    new: ec.EllipticCurvePrivateKey,
    *,
    old: ec.EllipticCurvePrivateKey | None = None,
    other: ec.EllipticCurvePrivateKey | None = None,
    **changes: Any,
) -> Rekey:
    """From the device's key, or `old`, up to the last number it gave out. other: signs in place of `new`."""
    old = old or device.sign_key
    step = Rekey(
        old_sign_key=raw_public(old),
        sign_key=raw_public(new),
        seal_key=raw_public(new_key()),
        epoch=device.epoch,
        seq=device.seq,
        old_sig=bytes(64),
        new_sig=bytes(64),
    )
    step = replace(step, **changes)
    text = rekey_text(device.id, step)
    return replace(step, old_sig=sign(old, text), new_sig=sign(other or new, text))
