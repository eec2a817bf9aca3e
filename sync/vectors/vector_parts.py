"""Fixed keys, ids and sealed bytes that the vectors are made from. No secret of anybody."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from waymark_sync import codec, intake_rules, protocol, seal
from waymark_sync.codec import from_base64url, to_base64url
from waymark_sync.protocol import (
    Envelope,
    Header,
    ItemResult,
    KeySet,
    Leaf,
    Receipt,
    ServiceKey,
    SignedKeySet,
)

HERE = Path(__file__).parent
SEALED = HERE / "sealed.json"
ORDER_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
AT_MS = 1_767_312_245_678  # 2026-01-02T00:04:05.678Z


def key(name: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest(), "big") % (ORDER_P256 - 1) + 1
    return ec.derive_private_key(number, seal.P256)


def key_json(name: str) -> dict[str, str]:
    """`d` and `public` are what a JSON Web Key needs: x and y are the two halves after the first byte."""
    made = key(name)
    return {
        "d": to_base64url(made.private_numbers().private_value.to_bytes(32, "big")),
        "public": to_base64url(seal.raw_public(made)),
    }


def uuid(name: str) -> str:
    return str(UUID(bytes=hashlib.sha256(name.encode()).digest()[:16], version=4))


def sign(name: str, text: bytes) -> bytes:
    """As `seal.sign`, but the same every time (RFC 6979)."""
    der = key(name).sign(text, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def frozen(name: str, info: bytes, make: Callable[[], bytes]) -> bytes:
    """Sealed bytes, made once: HPKE draws a fresh key each time. Delete an entry to have it made anew."""
    known: dict[str, dict[str, str]] = json.loads(SEALED.read_text()) if SEALED.exists() else {}
    if known.get(name, {}).get("info") != to_base64url(info):
        known[name] = {"info": to_base64url(info), "sealed": to_base64url(make())}
        SEALED.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    return from_base64url(known[name]["sealed"])


def envelope(name: str, header: Header, body: bytes, *, signer: str) -> Envelope:
    head: bytes = protocol.encode_header(header)
    info = protocol.LABEL + head
    public = seal.raw_public(key("seal key"))
    sealed = frozen(name, info, lambda: seal.seal(seal.pad(body), public_key=public, info=info))
    digest = hashlib.sha256(head + sealed).digest()
    return Envelope(header=head, sealed=sealed, sha256=digest, sig=sign(signer, protocol.LABEL_ITEM + digest))


KEYS = KeySet(
    issued_at=AT_MS,
    keys=(
        ServiceKey(kid="s1", use="seal", suite=1, public=seal.raw_public(key("seal key"))),
        ServiceKey(kid="r1", use="receipt", suite=1, public=seal.raw_public(key("receipt key"))),
        ServiceKey(
            kid="r0", use="receipt", suite=1, public=seal.raw_public(key("old receipt key")), state="retired"
        ),
    ),
)


def signed_keys(keys: KeySet = KEYS, *, root: str = "root") -> SignedKeySet:
    payload = msgspec.msgpack.encode(keys)
    return SignedKeySet(payload=payload, sig=sign(root, protocol.LABEL_KEYS + payload))


INCARNATION = uuid("incarnation")
DEVICE = uuid("device")
EPOCH = "00112233445566ff"


def receipt(
    stored: list[tuple[Envelope, str, int]],
    *,
    incarnation: str = INCARNATION,
    signer: str = "receipt key",
    kid: str = "r1",
    floor: int = 0,
    pushed: bool = True,
) -> tuple[Receipt, list[ItemResult]]:
    """stored: envelope, verdict and pos of each, in order. pushed: the answer to a push."""
    ids = [protocol.decode_header(sent.header).item_id for sent, _, _ in stored]
    leaves = [
        protocol.leaf_bytes(item_id, sent.sha256, pos, verdict, sent.sig if pushed else b"")
        for item_id, (sent, verdict, pos) in zip(ids, stored, strict=True)
    ]
    blank = Receipt(
        incarnation=incarnation,
        restore_floor=floor,
        at=AT_MS,
        kid=kid,
        root=intake_rules.merkle_root(leaves),
        sig=bytes(64),
    )
    signed = msgspec.structs.replace(blank, sig=sign(signer, protocol.receipt_text(blank)))
    results = [
        ItemResult(
            item_id=item_id,
            index=index,
            verdict=verdict,
            pos=pos,
            leaf=Leaf(index=index, size=len(leaves), path=intake_rules.merkle_path(leaves, index)),
        )
        for index, (item_id, (_, verdict, pos)) in enumerate(zip(ids, stored, strict=True))
    ]
    return signed, results


def as_json(message: object) -> Any:
    return json.loads(codec.encode(message, codec.JSON))


def flip(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] if at >= 0 else flip(raw, len(raw) + at)
