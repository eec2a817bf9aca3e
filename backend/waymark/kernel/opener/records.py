"""What is asked of the opener, and answered: frames of msgpack on a Unix socket, one answer to each."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from waymark.kernel.vault import Held

FRAME_BYTES_MAX: Final = 24 * 1_048_576
"""More than the largest push: a batch of items of the largest size."""
LENGTH_BYTES: Final = 4
ASKS_MAX: Final = 1_000

Name = Annotated[str, Meta(max_length=200)]


class OpenItem(Struct, frozen=True, tag="open_item"):
    """What a device has sealed. Answered with its plaintext."""

    kid: Name
    header: bytes
    sealed: bytes


class NewKey(Struct, frozen=True, tag="new_key"):
    """A fresh key under the service's key-encryption key. Answered with the key, and its wrapped form."""


class Unwrap(Struct, frozen=True, tag="unwrap"):
    """What NewKey gave before."""

    wrapped: bytes


class UnwrapFor(Struct, frozen=True, tag="unwrap_for"):
    """A report's keys, wrapped to a holder whose key is here."""

    wrapped: bytes
    place: Annotated[bytes, Meta(max_length=400)]


class Digest(Struct, frozen=True, tag="digest"):
    """A telephone or an address under a holder's index key."""

    holder: Name
    text: bytes


class Holds(Struct, frozen=True, tag="holds"):
    """Which keys are here. Answered with a `vault.Held`."""


Ask = OpenItem | NewKey | Unwrap | UnwrapFor | Digest | Holds
Code = Literal["", "key_unknown", "cannot_open", "cannot_decrypt", "used_up"]


class Request(Struct, frozen=True):
    """Asks for one person or job."""

    who: Name
    asks: Annotated[tuple[Ask, ...], Meta(min_length=1, max_length=ASKS_MAX)]


class Answer(Struct, frozen=True):
    """code: '' where it was done."""

    code: Code = ""
    content: bytes = b""
    wrapped: bytes = b""


class Answers(Struct, frozen=True):
    """retry_after_s: 0, or how long to wait because too much was asked; then there are no answers."""

    answers: tuple[Answer, ...] = ()
    retry_after_s: int = 0


def weight(asks: tuple[Ask, ...]) -> int:
    """How much of an allowance it takes: each thing that is opened counts one."""
    return sum(not isinstance(ask, (NewKey, Holds)) for ask in asks)


REQUESTS: Final = msgspec.msgpack.Decoder(Request)
ANSWERS: Final = msgspec.msgpack.Decoder(Answers)
HELD: Final = msgspec.msgpack.Decoder(Held)
ENCODER: Final = msgspec.msgpack.Encoder()
