"""Postcodes, telephone numbers and e-mail addresses: what looks right. Nothing here stops anybody."""

import re
import unicodedata

_NOT_POSTCODE = re.compile(r"[^A-Z0-9]")
_FULL = re.compile(r"(GIR|[A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][ABD-HJLNP-UW-Z]{2})")
_OUTWARD = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]?")
_PHONE = re.compile(r"\+?[0-9]{7,15}")
_PHONE_FILLER = re.compile(r"[\s().\-/]")
_EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")
_EMAIL_WITHIN = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_NUMBER_WITHIN = re.compile(r"\+?[0-9](?:[ ().\-]{0,2}[0-9]){9,14}")


def uk_postcode(text: str) -> str | None:
    """`sw1a1aa` as `SW1A 1AA`, an outward half as itself; None where it is no UK postcode."""
    letters = _NOT_POSTCODE.sub("", unicodedata.normalize("NFKC", text).upper())
    if full := _FULL.fullmatch(letters):
        return f"{full[1]} {full[2]}"
    return letters if _OUTWARD.fullmatch(letters) else None


def looks_like_phone(text: str) -> bool:
    return _PHONE.fullmatch(_PHONE_FILLER.sub("", text)) is not None


def looks_like_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def may_identify(text: str) -> bool:
    """Whether free text seems to hold an e-mail address or a telephone number."""
    return bool(_EMAIL_WITHIN.search(text) or _NUMBER_WITHIN.search(text))
