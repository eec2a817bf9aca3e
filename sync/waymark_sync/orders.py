"""The order that takes a device out of its centre, and the word that it is not."""

from typing import Annotated

from msgspec import Meta, Struct

from waymark_sync.field_types import Kid, Natural, Signature, Uuid

LABEL_REVOKE = b"waymark-sync/1/revoke"
LABEL_IN_SERVICE = b"waymark-sync/1/in-service"


class Revocation(Struct, frozen=True, kw_only=True):
    """An order to one enrolled device, signed by the service. Text signed: `revoke_text`.

    keys: once its queue is empty it lets go of its keys and of what was sent to it; what it has sealed stays.
    all: so it does, and once no backup lacks any of it, it empties itself.
    """

    device_id: Uuid
    scope: Annotated[str, Meta(min_length=1, max_length=32)]
    """`keys` or `all`. A device passes over an order whose scope it does not know."""
    nonce: Uuid
    """The same order again changes nothing."""
    at: Natural
    """Server time, milliseconds since 1970 UTC, when a person decided it."""
    kid: Kid
    sig: Signature


def revoke_text(revocation: Revocation) -> bytes:
    """The bytes its signature covers: fixed widths, so nothing is ambiguous."""
    scope, kid = revocation.scope.encode(), revocation.kid.encode("ascii")
    return b"".join(
        (
            LABEL_REVOKE,
            bytes.fromhex(revocation.device_id.replace("-", "")),
            bytes.fromhex(revocation.nonce.replace("-", "")),
            revocation.at.to_bytes(8, "big"),
            len(scope).to_bytes(1, "big"),
            scope,
            len(kid).to_bytes(1, "big"),
            kid,
        )
    )


class InService(Struct, frozen=True, kw_only=True):
    """The service's word that this device was in service at `at`. Text signed: `in_service_text`.

    A device that was taken out gets none, so whoever keeps the order from it cannot keep it open.
    """

    device_id: Uuid
    at: Natural
    """Server time, milliseconds since 1970 UTC."""
    kid: Kid
    sig: Signature


def in_service_text(word: InService) -> bytes:
    """The bytes its signature covers: fixed widths, so nothing is ambiguous."""
    return LABEL_IN_SERVICE + bytes.fromhex(word.device_id.replace("-", "")) + word.at.to_bytes(8, "big")
