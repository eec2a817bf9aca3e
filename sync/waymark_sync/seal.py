"""Seal once, open once: HPKE (RFC 9180) base mode, padding, signatures and their encodings.

Refuses to know what it seals. Every failure to open is one exception, so nothing can be learnt from which.
"""

import hashlib

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from waymark_sync.protocol import LABEL, LABEL_ITEM, PADDING_BUCKETS, Envelope, Header, encode_header

P256 = ec.SECP256R1()
_SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_SHA256 = ec.ECDSA(hashes.SHA256())


class CannotOpen(Exception):
    """Wrong key, altered bytes or altered header: deliberately indistinguishable."""


def pad(plaintext: bytes) -> bytes:
    """Append 0x80 and zeros up to the next bucket. Raises ValueError above the largest."""
    for bucket in PADDING_BUCKETS:
        if len(plaintext) < bucket:
            return plaintext + b"\x80" + bytes(bucket - len(plaintext) - 1)
    raise ValueError(f"longer than {PADDING_BUCKETS[-1] - 1} bytes; split the report")


def unpad(padded: bytes) -> bytes:
    """Undo `pad`. Raises CannotOpen."""
    plaintext = padded.rstrip(b"\x00")
    if len(padded) not in PADDING_BUCKETS or not plaintext.endswith(b"\x80"):
        raise CannotOpen
    return plaintext[:-1]


def seal(plaintext: bytes, *, public_key: bytes, info: bytes) -> bytes:
    """HPKE single shot: encapsulated key (65 bytes) || ciphertext || tag (16 bytes)."""
    return _SUITE.encrypt(plaintext, point(public_key), info)


def open_sealed(sealed: bytes, *, private_key: ec.EllipticCurvePrivateKey, info: bytes) -> bytes:
    """Raises CannotOpen."""
    try:
        return _SUITE.decrypt(sealed, private_key, info)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen from error


def seal_item(
    header: Header, body: bytes, *, service_key: bytes, device_key: ec.EllipticCurvePrivateKey
) -> Envelope:
    """Make the one and only envelope of an item. Sealing again gives other bytes: a conflict, not a retry."""
    head: bytes = encode_header(header)
    sealed = seal(pad(body), public_key=service_key, info=LABEL + head)
    digest = hashlib.sha256(head + sealed).digest()
    return Envelope(header=head, sealed=sealed, sha256=digest, sig=sign(device_key, LABEL_ITEM + digest))


def open_item(header: bytes, sealed: bytes, *, private_key: ec.EllipticCurvePrivateKey) -> bytes:
    """The body as the device wrote it. Raises CannotOpen."""
    return unpad(open_sealed(sealed, private_key=private_key, info=LABEL + header))


def sign(key: ec.EllipticCurvePrivateKey, text: bytes) -> bytes:
    """ECDSA P-256 with SHA-256, as the 64 bytes r || s that WebCrypto speaks."""
    r, s = utils.decode_dss_signature(key.sign(text, _SHA256))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def signature_valid(public_key: bytes, text: bytes, signature: bytes) -> bool:
    """False for a wrong signature and for a key that is no point of the curve alike."""
    if len(signature) != 64:
        return False
    der = utils.encode_dss_signature(
        int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    )
    try:
        point(public_key).verify(der, text, _SHA256)
    except (InvalidSignature, ValueError):
        return False
    return True


def point(raw: bytes) -> ec.EllipticCurvePublicKey:
    """Raises ValueError when the bytes are no point of P-256."""
    return ec.EllipticCurvePublicKey.from_encoded_point(P256, raw)


def raw_public(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The 65 bytes that travel."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key, for signing or for opening, never for both."""
    return ec.generate_private_key(P256)
