"""What counts as a passkey's proof. The device must have verified the person: a touch alone is not enough."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from waymark.identity.passkeys.records import Passkey
from waymark.kernel.clock import stamp

CHALLENGE_BYTES: Final = 32
CHALLENGE_LIFE: Final = timedelta(minutes=5)
PASSKEYS_MAX: Final = 10
_NAME: Final = "Waymark"


class NotProven(Exception):
    """Another key, origin or challenge, nobody verified, or altered: deliberately indistinguishable."""


class CountWentBack(Exception):
    """The proof holds, and its counter is not above the last: there are two of this passkey."""


def new_challenge() -> bytes:
    return secrets.token_bytes(CHALLENGE_BYTES)


def token_hash(token: str) -> str:
    """What is stored of the cookie that ties a challenge to a browser."""
    return hashlib.sha256(b"waymark-challenge/1\n" + token.encode()).hexdigest()


def rp_id(origin: str) -> str:
    """The relying party is this very host and no other."""
    return urlsplit(origin).hostname or ""


def add_options(
    challenge: bytes, *, origin: str, person_id: str, name: str, known: list[Passkey]
) -> dict[str, Any]:
    """For `navigator.credentials.create`."""
    options = generate_registration_options(
        rp_id=rp_id(origin),
        rp_name=_NAME,
        user_id=person_id.encode(),
        user_name=name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.id)) for one in known],
    )
    return dict(msgspec.json.decode(options_to_json(options)))


def show_options(challenge: bytes, *, origin: str, known: list[Passkey]) -> dict[str, Any]:
    """For `navigator.credentials.get`. known: none to sign in, where the device says whose it is."""
    options = generate_authentication_options(
        rp_id=rp_id(origin),
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.id)) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(msgspec.json.decode(options_to_json(options)))


def added(
    credential: dict[str, Any], challenge: bytes, *, origin: str, person_id: str, name: str, now: datetime
) -> Passkey:
    """Raises NotProven."""
    try:
        proven = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id(origin),
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotProven from error
    return Passkey(
        id=bytes_to_base64url(proven.credential_id),
        person_id=person_id,
        public_key=proven.credential_public_key,
        sign_count=proven.sign_count,
        name=name.strip(),
        backed_up=proven.credential_backed_up,
        made_at=stamp(now),
    )


def shown(credential: dict[str, Any], challenge: bytes, passkey: Passkey, *, origin: str) -> int:
    """The counter as it is now. Raises NotProven, CountWentBack."""
    try:
        proven = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id(origin),
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotProven from error
    if passkey.sign_count and proven.new_sign_count <= passkey.sign_count:
        raise CountWentBack
    return proven.new_sign_count


def id_of(credential: dict[str, Any]) -> str:
    """As it says itself; '' for what says none."""
    said = credential.get("id")
    return said if isinstance(said, str) and len(said) <= 1_400 and "\0" not in said else ""
