"""Telephone and address in one form, so that the same one is found again. Pure.

Only the keyed digest of this form is stored (see `Vault.digest`): equal forms can be found, none can be read.
"""

import re
import unicodedata
from typing import Final, Literal

from waymark_sync.report import Answers, SafeContact

Kind = Literal["phone", "email"]

DIGITS_MIN: Final = 7
"""Fewer are an extension or a typing error, and would tie strangers to each other."""
_NOT_DIGITS: Final = re.compile(r"\D+")


def contact_forms(answers: Answers) -> dict[Kind, bytes]:
    """What can be found again of these answers. Empty for what was skipped or cannot be told apart.

    A name is not: alone it is many people's, and no form asks for a day of birth.
    """
    contact = answers.safe_contact
    if not isinstance(contact, SafeContact):
        return {}
    found: dict[Kind, bytes] = {}
    if phone := phone_form(contact.phone):
        found["phone"] = phone.encode()
    if email := email_form(contact.email):
        found["email"] = email.encode()
    return found


def phone_form(typed: str) -> str:
    """A number of the United Kingdom as +44...; another country's as it was typed with its own code.

    `07700 900123`, `+44 (0)7700 900 123` and `0044 7700 900123` are one. '' for what is no number.
    """
    plain = unicodedata.normalize("NFKC", typed).strip()
    digits = _NOT_DIGITS.sub("", plain)
    if plain.startswith("+"):
        international = digits
    elif digits.startswith("00"):
        international = digits[2:]
    elif digits.startswith("0"):
        international = "44" + digits[1:]
    else:
        international = "44" + digits
    if international.startswith("440"):
        international = "44" + international[3:]
    return f"+{international}" if len(international) >= DIGITS_MIN + 2 else ""


def email_form(typed: str) -> str:
    """Lower case, in one Unicode form, without spaces. Dots and plus signs are somebody's own affair."""
    form = unicodedata.normalize("NFKC", "".join(typed.split())).casefold()
    name, at, host = form.rpartition("@")
    return f"{name}@{host.rstrip('.')}" if at and name and host else ""
