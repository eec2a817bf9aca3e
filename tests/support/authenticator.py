"""A device that keeps passkeys, as WebAuthn has it; it lies where a test asks it to."""

import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from waymark.kernel.keys import base64url, unbase64
from waymark_sync.seal import new_key, raw_public

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    def __init__(self, origin: str) -> None:
        self.origin, self.rp_id = origin, origin.split("//")[1].split(":")[0]
        self.key, self.id, self.count = new_key(), secrets.token_bytes(32), 0
        self.verifies = True

    def made(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """What `navigator.credentials.create` gives, in JSON."""
        assert options["authenticatorSelection"]["userVerification"] == "required"
        point = raw_public(self.key)
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        data = self._data(ATTESTED) + attested
        client = self._client("webauthn.create", options["challenge"], **lies)
        return self._credential(
            {
                "clientDataJSON": base64url(client),
                "attestationObject": base64url(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            }
        )

    def shown(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """What `navigator.credentials.get` gives, in JSON."""
        assert options["userVerification"] == "required"
        self.count += 1
        data, client = self._data(0), self._client("webauthn.get", options["challenge"], **lies)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {
                "clientDataJSON": base64url(client),
                "authenticatorData": base64url(data),
                "signature": base64url(signed),
                "userHandle": None,
            }
        )

    def _data(self, more: int) -> bytes:
        flags = PRESENT | more | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, asked: str, /, **lies: Any) -> bytes:
        said = {"type": kind, "challenge": asked, "origin": self.origin, "crossOrigin": False} | lies
        return json.dumps(said).encode()

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": base64url(self.id),
            "rawId": base64url(self.id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


def changed(encoded: str) -> str:
    """One bit of it."""
    raw = bytearray(unbase64(encoded))
    raw[-1] ^= 1
    return base64url(bytes(raw))
