"""The return code: how a reporter comes back from any device, with nothing kept and no account.

Made on the device before any network; the code itself never travels. What the service may know of it are two
hashes and the public half of the reply key. Guessing is slow (64 MiB and three passes for each try), and
no table made for one service is of use against another.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from msgspec import Struct

from waymark_sync.protocol import LABEL_RETURN, ReturnKeys
from waymark_sync.seal import P256

WORD_COUNT: Final = 7  # of the 7,274 that are not passed over: 89.8 bits
DIGIT_COUNT: Final = 20  # 66.4 bits, and looks like the number of a parcel
DIGIT_GROUP: Final = 5
MEMORY_KIB: Final = 65_536  # what a phone of 2019 has to spare, and what makes many guesses at once dear
PASSES: Final = 3
INSTANCE_BYTES: Final = 16
SECRET_BYTES: Final = 32
DIGIT_ZEROS: Final = "\u0660\u06f0\u0966\u09e6\u0a66\u0ae6"
"""Zero of Arabic, Persian and Urdu, Devanagari, Bengali, Gurmukhi and Gujarati: keyboards here type these."""
DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"

Form = Literal["words", "digits"]

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_KEM: Final = b"HPKE-v1KEM\x00\x10"
_PLAIN = str.maketrans(
    {chr(ord(zero) + n): str(n) for zero in DIGIT_ZEROS for n in range(10)} | dict.fromkeys(DASHES, "-")
)


class ReturnSecrets(Struct, frozen=True, kw_only=True):
    """What a code leads to. Never log, keep or print it."""

    locator: bytes
    """Finds the mailbox."""
    authenticator: bytes
    """Opens it."""
    reply: ec.EllipticCurvePrivateKey
    """Reads what is in it: this one never leaves the device."""

    @property
    def keys(self) -> ReturnKeys:
        """For the header."""
        return ReturnKeys(locator_hash=_sha256(self.locator), verifier=_sha256(self.authenticator))


def new_code(form: Form, *, below: Callable[[int], int] = secrets.randbelow) -> str:
    """A fresh code, as `normalise` gives it. below: a random number from 0 to its argument, exclusive."""
    if form == "digits":
        return "".join(str(below(10)) for _ in range(DIGIT_COUNT))
    return " ".join(_word(below) for _ in range(WORD_COUNT))


def _word(below: Callable[[int], int]) -> str:
    words = word_list()
    while (word := words[below(len(words))]) in passed_over():
        pass
    return word


def shown(code: str) -> str:
    """For eyes and paper: digits in groups of five, words as they are."""
    if form_of(code) != "digits":
        return code
    return " ".join(code[at : at + DIGIT_GROUP] for at in range(0, DIGIT_COUNT, DIGIT_GROUP))


def normalise(typed: str) -> str:
    """One spelling for whatever was typed: words joined by one space, or digits alone. Total."""
    text = unicodedata.normalize("NFKC", typed).lower().translate(_PLAIN)
    words = [word for run in re.findall(r"[a-z0-9-]+", text) if (word := run.strip("-"))]
    digits = "".join(words).replace("-", "")
    return digits if digits.isdigit() else " ".join(words)


def form_of(code: str) -> Form | None:
    """None for what is no whole code: do not spend a second of a phone's time on it."""
    if code.isdigit():
        return "digits" if len(code) == DIGIT_COUNT else None
    return "words" if len(code.split(" ")) == WORD_COUNT else None


@cache
def word_list() -> tuple[str, ...]:
    """The large list of the EFF, in its order."""
    return tuple(_read("eff_large.txt"))


@cache
def passed_over() -> frozenset[str]:
    """Words of the list that hurt, or tell what a card with a code on it is about. Read, and never drawn."""
    return frozenset(_read("passed_over.txt"))


def _read(name: str) -> list[str]:
    return (files("waymark_sync") / "words" / name).read_text(encoding="ascii").split()


def derive(code: str, *, instance: bytes) -> ReturnSecrets:
    """code: normalised. instance: the service's 16 bytes, as the build pins them. Takes about a second."""
    if len(instance) != INSTANCE_BYTES:
        raise ValueError(f"an instance id has {INSTANCE_BYTES} bytes")
    root = Argon2id(
        salt=instance, length=SECRET_BYTES, iterations=PASSES, lanes=1, memory_cost=MEMORY_KIB
    ).derive(code.encode())
    return ReturnSecrets(
        locator=_labelled(root, b"/locator"),
        authenticator=_labelled(root, b"/authenticator"),
        reply=derive_key_pair(_labelled(root, b"/reply")),
    )


def derive_key_pair(ikm: bytes) -> ec.EllipticCurvePrivateKey:
    """RFC 9180, section 7.1.3, for DHKEM(P-256, HKDF-SHA256)."""
    prk = hmac.new(b"", _KEM + b"dkp_prk" + ikm, hashlib.sha256).digest()
    for counter in range(256):
        info = SECRET_BYTES.to_bytes(2, "big") + _KEM + b"candidate" + counter.to_bytes(1, "big")
        raw = HKDFExpand(algorithm=hashes.SHA256(), length=SECRET_BYTES, info=info).derive(prk)
        number = int.from_bytes(raw, "big")
        if 0 < number < _ORDER:
            return ec.derive_private_key(number, P256)
    raise ValueError("no key in 256 tries: not in the life of the universe")


def _labelled(root: bytes, purpose: bytes) -> bytes:
    info = LABEL_RETURN + purpose
    return HKDF(algorithm=hashes.SHA256(), length=SECRET_BYTES, salt=None, info=info).derive(root)


def _sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
