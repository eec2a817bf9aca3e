"""Vectors of the order that takes a device out of its centre."""

from typing import Any

from msgspec.structs import replace
from vector_parts import AT_MS, DEVICE, KEYS, as_json, flip, sign, uuid

from waymark_sync import codec, protocol
from waymark_sync.codec import to_base64url as b64
from waymark_sync.protocol import Revocation


def revocations() -> dict[str, Any]:
    good = _order("keys")
    other = uuid("another device")
    return {
        "about": "An order counts if its signature holds, it names this device, and its scope is known.",
        "keys": as_json(KEYS),
        "device_id": DEVICE,
        "header": {"order": as_json(good), "waymark-revoke": b64(codec.encode(good, codec.MSGPACK))},
        "cases": [
            _case("keys", good, obeyed=True),
            _case("all", _order("all"), obeyed=True),
            _case("signature altered", replace(good, sig=flip(good.sig, -1)), signed=False),
            _case("scope altered", replace(good, scope="all"), signed=False),
            _case("device altered", replace(good, device_id=other), signed=False),
            _case("nonce altered", replace(good, nonce=uuid("another nonce")), signed=False),
            _case("time altered", replace(good, at=AT_MS + 1), signed=False),
            _case("signed by the key that seals", replace(good, kid="s1"), signed=False),
            _case("of another device", _order("keys", device_id=other)),
            _case("of a scope that is not known", _order("later")),
        ],
    }


def _order(scope: str, *, device_id: str = DEVICE) -> Revocation:
    blank = Revocation(
        device_id=device_id, scope=scope, nonce=uuid("nonce"), at=AT_MS, kid="r1", sig=bytes(64)
    )
    return replace(blank, sig=sign("receipt key", protocol.revoke_text(blank)))


def _case(name: str, order: Revocation, *, signed: bool = True, obeyed: bool = False) -> dict[str, Any]:
    text = b64(protocol.revoke_text(order))
    return {"name": name, "order": as_json(order), "text": text, "signed": signed, "obeyed": obeyed}
