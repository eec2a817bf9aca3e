"""Argon2id, kept off the event loop and to a few at a time: each takes 64 MiB and a tenth of a second."""

import asyncio
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

AT_ONCE: Final = 2
_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


class PasswordCheck:
    """One per application."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def right(self, password: str, password_hash: str | None) -> bool:
        """None stands for an unknown user: the same work is done, so that its time tells nothing."""
        async with self._places:
            return await asyncio.to_thread(_right, password, password_hash)


def hash_password(password: str) -> str:
    """Slow on purpose."""
    return _hasher.hash(password)


def _right(password: str, password_hash: str | None) -> bool:
    try:
        return _hasher.verify(password_hash or _nobody(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _hasher.hash("nobody's")
