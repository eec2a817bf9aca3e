"""Argon2id, kept off the event loop and to a few at a time: each takes 64 MiB and a tenth of a second.

And which password may be chosen.
"""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Final, ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from zxcvbn import zxcvbn

from waymark.identity.second_factor.rules import digest

AT_ONCE: Final = 2
LENGTH_MIN: Final = 15
LENGTH_MAX: Final = 1_024  # hashing a longer one would be work for nothing
_JUDGED: Final = 72  # characters: what the judge looks at
_GUESSES_MIN: Final = 10**13  # of somebody who has stolen the hashes and knows the person
_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

P = ParamSpec("P")
T = TypeVar("T")


class PasswordCheck:
    """One per application."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def right(self, password: str, password_hash: str | None) -> bool:
        """None stands for an unknown user: the same work is done, so that its time tells nothing."""
        return await self._slowly(_right, password, password_hash)

    async def hash(self, password: str) -> str:
        return await self._slowly(hash_password, password)

    async def digest(self, typed: str, salt: bytes) -> bytes:
        """Of a code on paper."""
        return await self._slowly(digest, typed, salt)

    async def fault(self, password: str, *words: str) -> str | None:
        """What forbids this password, in words; None: nothing does."""
        return await self._slowly(fault_of, password, *words)

    async def _slowly(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._places:
            return await asyncio.to_thread(work, *args, **kwargs)


def hash_password(password: str) -> str:
    """Slow on purpose."""
    return _hasher.hash(password)


def outdated(password_hash: str) -> bool:
    """Was it made with less work than is usual today?"""
    return _hasher.check_needs_rehash(password_hash)


def fault_of(password: str, *words: str) -> str | None:
    """By length and by how soon it would be guessed, with no rule about kinds of characters.

    words: what whoever knows the person would try first, such as their name.
    """
    if len(password) < LENGTH_MIN:
        return f"It has fewer than {LENGTH_MIN} characters."
    if len(password) > LENGTH_MAX:
        return f"It has more than {LENGTH_MAX} characters."
    judged = zxcvbn(
        password[:_JUDGED], user_inputs=["waymark", *(part for word in words for part in word.split())]
    )
    if judged["guesses"] < _GUESSES_MIN or len(set(password)) < 5:
        return "It would soon be guessed: it is common, repeats itself or has your name in it."
    return None


def _right(password: str, password_hash: str | None) -> bool:
    try:
        return _hasher.verify(password_hash or _nobody(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _hasher.hash("nobody's")
