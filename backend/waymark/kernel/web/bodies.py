"""What a route reads and answers, told on the route itself; `describe` makes the OpenAPI document of it.

Beside its guard a route names `takes` and `gives` (a Body), `refuses` (codes of the catalogue), `heads`
(request headers by name; `needs_heads` where nothing goes without them), `tells` (response headers by status)
and `also` (other Bodies by status). What follows from guards, limits and parameters is not repeated there.
"""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from waymark.kernel.problems import problem
from waymark_sync.codec import JSON, MSGPACK

T = TypeVar("T")

SignatureText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{85}[AQgw]\Z")]
"""64 bytes in a header: base64url without padding."""
SecretText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]
"""32 bytes in a header: base64url without padding."""


class Body(Struct, frozen=True, kw_only=True):
    shape: Any
    """A type as msgspec knows it; `bytes` is content of the media types, `str` is text of them."""
    media_types: tuple[str, ...]


def read_json(raw: bytes, shape: type[T]) -> T:
    """Raises Problem malformed, invalid."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError:
        raise problem("invalid", ", ".join(shape.__annotations__)) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise problem("malformed") from None


def in_json(shape: Any) -> Body:
    return Body(shape=shape, media_types=(JSON,))


def on_the_wire(shape: Any) -> Body:
    """As the sync protocol has it: JSON or msgpack, by the header of whoever asks."""
    return Body(shape=shape, media_types=(JSON, MSGPACK))


def content(*media_types: str) -> Body:
    return Body(shape=bytes, media_types=media_types)
