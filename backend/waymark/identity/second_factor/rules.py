"""Which code counts, and what is kept of one."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from argon2.low_level import Type, hash_secret_raw
from argon2.profiles import RFC_9106_LOW_MEMORY
from pyotp import TOTP, random_base32
from pyotp.utils import strings_equal

from waymark.identity.rules import ALPHABET, plain_code

ISSUER: Final = "Waymark"
STEP_S: Final = 30
DIGITS: Final = 6
AROUND: Final = (0, -1, 1)
"""Half minutes: of a telephone whose clock is not quite right, or a person who types slowly."""
CONFIRM_WITHIN: Final = timedelta(minutes=15)
RECOVERY_CODES: Final = 10
RECOVERY_LENGTH: Final = 10
SALT_BYTES: Final = 16
DIGEST_BYTES: Final = 32
_HEARD: Final = str.maketrans("OIL", "011")


def new_secret() -> str:
    """160 bits in base 32."""
    return random_base32()


def uri(secret: str, username: str) -> str:
    """What an app reads from a picture."""
    return TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def is_totp(typed: str) -> bool:
    """Of the app, rather than from paper?"""
    digits = plain_code(typed)
    return len(digits) == DIGITS and digits.isascii() and digits.isdigit()


def step_of(secret: str, typed: str, *, after: int, now: datetime) -> int | None:
    """The half minute whose code this is, above `after`. None: none that counts."""
    totp, this = TOTP(secret, interval=STEP_S, digits=DIGITS), int(now.timestamp()) // STEP_S
    digits, found = plain_code(typed), None
    for step in (this + off for off in AROUND):
        # All are looked at, whichever it is.
        if strings_equal(totp.generate_otp(step), digits) and step > after and found is None:
            found = step
    return found


def new_recovery_codes() -> tuple[str, ...]:
    """`XXXXX-XXXXX`, 50 bits each, in an alphabet without I, L, O and U."""
    drawn = ("".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
    return tuple(f"{letters[:5]}-{letters[5:]}" for letters in drawn)


def digest(typed: str, salt: bytes) -> bytes:
    """Argon2id, as of a password: what is kept of a code on paper."""
    profile = RFC_9106_LOW_MEMORY
    return hash_secret_raw(
        plain_code(typed).translate(_HEARD).encode(),
        salt,
        time_cost=profile.time_cost,
        memory_cost=profile.memory_cost,
        parallelism=profile.parallelism,
        hash_len=DIGEST_BYTES,
        type=Type.ID,
    )
