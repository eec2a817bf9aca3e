"""Bytes to Structs and back, as JSON or msgpack.

Byte fields are base64url without padding in JSON and bin in msgpack. Whatever comes from outside ends
as a checked Struct or as one WireError that names a place, never a value.
"""

import base64
import re
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct, inspect

from waymark_sync.protocol import (
    HEADER_BYTES_MAX,
    ITEMS_MAX,
    PUSH_BYTES_MAX,
    SEALED_BYTES_MAX,
    Envelope,
    Header,
    PushRequest,
    decode_header,
)

JSON = "application/json"
MSGPACK = "application/msgpack"

UNREADABLE = (ValueError, TypeError, RecursionError, OverflowError)
"""All that parsing hostile bytes may raise: msgspec's errors are ValueErrors, deep nesting is not."""

T = TypeVar("T")
Restore = Callable[[Any, str], Any]
"""Turn base64url text into bytes in a parsed JSON tree; the second argument is the path."""

_PATH = re.compile(r" - at `(?:key` in `)?(\$(?:\.\w+|\[(?:\d+|\.\.\.)\])*)`\Z")


class WireError(Exception):
    """The bytes do not fit the protocol. `place` is safe to log and to send back."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


class TooLarge(WireError):
    """Well-formed so far as read, but over a limit: HTTP 413, and the sender halves its batch."""


class ItemFault(Struct, frozen=True, kw_only=True):
    """An item that is no envelope. Its verdict is `rejected`; the others of its request go on."""

    item_id: str
    """Empty when the header could not be read."""
    reason: str
    """`malformed` or `too_large`."""


class PushFrame(Struct, frozen=True, kw_only=True):
    """A push request whose items were read one by one, in their order."""

    request: PushRequest
    """Without its items."""
    items: tuple[Envelope | ItemFault, ...]


def decode(raw: bytes, content_type: str, type: type[T]) -> T:
    """Parse one message. Raises WireError."""
    kind = media_type(content_type)
    try:
        if kind == MSGPACK:
            return msgspec.msgpack.decode(raw, type=type)
        return _from_tree(msgspec.json.decode(raw), type)
    except UNREADABLE as error:
        raise WireError(safe_place(str(error))) from None


def encode(message: object, content_type: str) -> bytes:
    """The bytes of a Struct in the given form."""
    if media_type(content_type) == MSGPACK:
        return msgspec.msgpack.encode(message)
    return msgspec.json.encode(_to_text(msgspec.to_builtins(message, builtin_types=(bytes,))))


def decode_push(raw: bytes, content_type: str) -> PushFrame:
    """Parse a push so that a malformed item condemns only itself.

    Raises TooLarge for more than PUSH_BYTES_MAX bytes or ITEMS_MAX items, WireError for a broken frame.
    """
    if len(raw) > PUSH_BYTES_MAX:
        raise TooLarge("the request is larger than a push may be")
    parse = msgspec.msgpack.decode if media_type(content_type) == MSGPACK else msgspec.json.decode
    try:
        fields = parse(raw, type=dict[str, msgspec.Raw])
        items = parse(fields.pop("items"), type=list[msgspec.Raw]) if "items" in fields else []
        request = _request({name: parse(value) for name, value in fields.items()})
    except UNREADABLE as error:
        raise WireError(safe_place(str(error))) from None
    if len(items) > ITEMS_MAX:
        raise TooLarge("the request holds more items than a push may")
    return PushFrame(request=request, items=tuple(_read_item(bytes(item), content_type) for item in items))


def _request(tree: dict[str, object]) -> PushRequest:
    """Keys that cannot be read keep no report away: they come again with the next push."""
    try:
        return _from_tree(tree, PushRequest)
    except UNREADABLE:
        if not tree.pop("rekey", None):
            raise
        return _from_tree(tree, PushRequest)


def media_type(content_type: str) -> str:
    """JSON or MSGPACK, whatever the parameters; nothing named means JSON. Raises WireError for others."""
    named = content_type.partition(";")[0].strip().lower()
    if named not in ("", JSON, MSGPACK):
        raise WireError("content type is neither application/json nor application/msgpack")
    return named or JSON


def answer_type(accept: str, content_type: str) -> str:
    """The type to answer in: the first of ours that `Accept` names, else the request's, else JSON."""
    for named in accept.split(","):
        if named.partition(";")[0].strip().lower() in (JSON, MSGPACK):
            return media_type(named)
    try:
        return media_type(content_type)
    except WireError:
        return JSON


def safe_place(message: str) -> str:
    """What of a parser's message may be kept: the path. Parsers quote offending values, paths hold none."""
    found = _PATH.search(message)
    return f"does not fit the form at {found[1]}" if found else "does not fit the form"


def to_base64url(raw: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Raises ValueError for padding, other alphabets and for any second spelling of the same bytes."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if to_base64url(raw) != text:
        raise ValueError("not base64url without padding")
    return raw


def _read_item(raw: bytes, content_type: str) -> Envelope | ItemFault:
    try:
        return decode(raw, content_type, Envelope)
    except WireError:
        return _fault(raw, content_type)


class _Loose(Struct):
    """An envelope read without its limits, to name the item in the answer."""

    header: bytes = b""
    sealed: bytes = b""


def _fault(raw: bytes, content_type: str) -> ItemFault:
    try:
        loose = decode(raw, content_type, _Loose)
    except WireError:
        return ItemFault(item_id="", reason="malformed")
    over = len(loose.sealed) > SEALED_BYTES_MAX or len(loose.header) > HEADER_BYTES_MAX
    reason = "too_large" if over else "malformed"
    try:
        header: Header = decode_header(loose.header)
    except UNREADABLE:
        return ItemFault(item_id="", reason=reason)
    return ItemFault(item_id=header.item_id, reason=reason)


def _from_tree(tree: Any, type: type[T]) -> T:
    restore = _restorer(cast(Hashable, type))
    return msgspec.convert(restore(tree, "$") if restore else tree, type, builtin_types=(bytes,))


def _to_text(tree: Any) -> Any:
    if isinstance(tree, bytes):
        return to_base64url(tree)
    if isinstance(tree, dict):
        return {name: _to_text(value) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_to_text(value) for value in tree]
    return tree


@cache
def _restorer(type: Hashable) -> Restore | None:
    return _restore_of(inspect.type_info(type))


def _restore_of(info: inspect.Type) -> Restore | None:
    """None when nothing of this type holds bytes."""
    match info:
        case inspect.Metadata():
            return _restore_of(info.type)
        case inspect.BytesType():
            return _restore_bytes
        case inspect.UnionType():
            return next(filter(None, map(_restore_of, info.types)), None)
        case inspect.VarTupleType() | inspect.ListType():
            return _restore_each(_restore_of(info.item_type))
        case inspect.StructType():
            found = {field.encode_name: _restore_of(field.type) for field in info.fields}
            return _restore_fields({name: restore for name, restore in found.items() if restore})
        case _:
            return None


def _restore_bytes(value: Any, path: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return from_base64url(value)
    except ValueError:
        raise ValueError(f"not base64url without padding - at `{path}`") from None


def _restore_each(restore: Restore | None) -> Restore | None:
    def each(value: Any, path: str) -> Any:
        if restore is None or not isinstance(value, list):
            return value
        return [restore(entry, f"{path}[{index}]") for index, entry in enumerate(value)]

    return each if restore else None


def _restore_fields(fields: dict[str, Restore]) -> Restore | None:
    def each(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            name: fields[name](entry, f"{path}.{name}") if name in fields else entry
            for name, entry in value.items()
        }

    return each if fields else None
