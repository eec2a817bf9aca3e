"""Recorded traffic as it is kept: requests byte by byte, and the keys needed to judge them."""

from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from msgspec import Struct


class Act(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request and the answer it got then; or, where `desk` says so, what somebody there did."""

    method: str = ""
    path: str = ""
    headers: dict[str, str] = {}
    body: str = ""
    """Base64, as are all bytes here."""
    status: int = 0
    answer: str = ""
    answer_type: str = ""
    desk: str = ""
    item_id: str = ""


class KeptDevice(Struct, frozen=True, kw_only=True):
    id: str
    enrolled: bool
    sign_key: str
    seal_key: str


class Traffic(Struct, frozen=True, kw_only=True):
    version: str
    client: str
    service_keys: dict[str, str]
    enrolment_code: str
    return_code: str
    devices: tuple[KeptDevice, ...]
    acts: tuple[Act, ...]


def kept_key(key: ec.EllipticCurvePrivateKey) -> str:
    return b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def read_key(kept: str) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(b64decode(kept), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
