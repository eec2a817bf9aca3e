"""The reference a person can read out over a telephone, derived from an item's id.

It is shown before any network, so both sides compute it. It is no secret and no key: it names a report
to people who already hold it.
"""

import hashlib

REFERENCE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U."""
REFERENCE_CHECKS = REFERENCE_LETTERS + "*~$=U"
"""A number modulo 37 as one character: catches every wrong character and every swap of two letters."""

_HEARD = str.maketrans("OIL", "011", " -")


def reference(item_id: str) -> str:
    """`XXXX-XXXX-C`, from the first 40 bits of SHA-256 of the id's 36 ASCII characters."""
    number = int.from_bytes(hashlib.sha256(item_id.encode("ascii")).digest()[:5], "big")
    letters = "".join(REFERENCE_LETTERS[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{letters[:4]}-{letters[4:]}-{REFERENCE_CHECKS[number % 37]}"


def read_reference(typed: str) -> str | None:
    """The reference a person meant: any case, O for 0, I or L for 1. None when the check fails."""
    letters = typed.upper().translate(_HEARD)
    if len(letters) != 9 or any(letter not in REFERENCE_LETTERS for letter in letters[:8]):
        return None
    number = 0
    for letter in letters[:8]:
        number = number << 5 | REFERENCE_LETTERS.index(letter)
    return (
        f"{letters[:4]}-{letters[4:8]}-{letters[8]}" if letters[8] == REFERENCE_CHECKS[number % 37] else None
    )
