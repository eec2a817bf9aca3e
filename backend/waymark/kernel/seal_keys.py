"""A new key for devices to seal to, signed into the list by the root."""

from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec.structs import replace

from waymark.kernel.keys import (
    KEY_SET,
    ROOT,
    SEAL_PREFIX,
    KeysRefused,
    load_keys,
    pem,
    put,
    service_key_for,
    signed_by,
    write_durably,
)
from waymark_sync.protocol import KeySet, ServiceKey
from waymark_sync.seal import new_key, raw_public


def add_seal_key(folder: Path, *, centre_id: str, issued_at: int) -> ServiceKey:
    """A new key to seal to, of this centre or ('') of the service. Raises KeysRefused without the root.

    The one before still opens: a tablet may have sealed to it months ago. Devices learn of the new one when
    they next ask for the keys.
    """
    ring = load_keys(folder)
    if not (folder / ROOT).exists():
        raise KeysRefused(f"{folder / ROOT} must sign this: bring it back for as long as it takes")
    root = load_pem_private_key((folder / ROOT).read_bytes(), password=None)
    if not isinstance(root, ec.EllipticCurvePrivateKey) or raw_public(root) != ring.root_public:
        raise KeysRefused(f"{folder / ROOT} is not the root of these keys; restore it from your copy")
    private = new_key()
    made = service_key_for(private, centre_id)
    before = msgspec.msgpack.decode(ring.signed_key_set().payload, type=KeySet)
    keys = tuple(
        replace(key, state="retiring")
        if (key.use, key.state, key.centre_id) == ("seal", "current", centre_id)
        else key
        for key in before.keys
    )
    write_durably(folder / f"{SEAL_PREFIX}{made.kid}.pem", pem(private))
    issued = max(issued_at, before.issued_at + 1)
    put(folder / KEY_SET, signed_by(root, KeySet(issued_at=issued, keys=(made, *keys))))
    return made
