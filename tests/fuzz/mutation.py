"""Hostile bytes out of honest ones: by structure where there is one, by bits, or out of nothing."""

import random
from collections.abc import Callable
from typing import Any, Final

import msgspec

ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    2**31,
    2**63 - 1,
    -(2**63),
    1e308,
    "",
    "\x00",
    "￿",
    "A" * 300,
    "../../etc/passwd",
    "' OR 1=1 --",
    b"",
    b"\xff" * 65,
    [],
    {},
    [[[[[]]]]],
    {"": {"": {}}},
)

HEADERS: Final = ("", "0", "-1", "9" * 30, "none", "sha-256=::", "?1", "*/*", "\xff" * 9, "=" * 300)


def bits(raw: bytes, luck: random.Random) -> bytes:
    """A few small wounds anywhere."""
    found = bytearray(raw)
    for _ in range(luck.randint(1, 4)):
        at = luck.randrange(len(found) + 1)
        match luck.randrange(5):
            case 0 if at < len(found):
                found[at] ^= 1 << luck.randrange(8)
            case 1:
                found[at : at + luck.randint(1, 40)] = b""
            case 2:
                found[at:at] = luck.randbytes(luck.randint(1, 12))
            case 3:
                found[at:at] = found[at : at + luck.randint(1, 60)]
            case _:
                del found[at:]
    return bytes(found)


def structure(raw: bytes, luck: random.Random) -> bytes:
    """The same form with something wrong in one to three places of its tree."""
    packed = raw[:1] != b"{"
    read: Callable[[bytes], Any] = msgspec.msgpack.decode if packed else msgspec.json.decode
    write: Callable[[Any], bytes] = msgspec.msgpack.encode if packed else _json
    tree = read(raw)
    for _ in range(luck.randint(1, 3)):
        tree = _wounded(tree, luck)
    return write(tree)


def hostile(raw: bytes, luck: random.Random) -> bytes:
    """By structure mostly; what has none, by bits."""
    chosen = luck.random()
    if chosen < 0.05:
        return luck.randbytes(luck.choice((0, 1, 16, 400)))
    if chosen < 0.4:
        return bits(raw, luck)
    try:
        made = structure(raw, luck)
    except (ValueError, TypeError, RecursionError):
        return bits(raw, luck)
    return bits(made, luck) if chosen > 0.95 else made


def text(value: str, luck: random.Random) -> str:
    """For a header: whatever can travel in one."""
    chosen = luck.random()
    if chosen < 0.1:
        return luck.choice(
            ("", "0", "-1", "9" * 30, "none", "sha-256=::", "?1", "*/*", "\xff" * 9, "=" * 300)
        )
    wounded = bits(value.encode("latin-1", "replace"), luck).decode("latin-1")
    return wounded.replace("\r", "").replace("\n", "").replace("\x00", "")


def _wounded(tree: Any, luck: random.Random) -> Any:
    if isinstance(tree, dict) and tree and luck.random() < 0.85:
        name = luck.choice(list(tree))
        match luck.randrange(8):
            case 0:
                return {key: value for key, value in tree.items() if key != name}
            case 1:
                return {**tree, "unheard_of": tree[name]}
            case 2:
                return {**tree, name: luck.choice(list(tree.values()))}
            case _:
                return {**tree, name: _wounded(tree[name], luck)}
    if isinstance(tree, list) and tree and luck.random() < 0.85:
        at = luck.randrange(len(tree))
        match luck.randrange(6):
            case 0:
                return tree[:at] + tree[at + 1 :]
            case 1:
                return tree * luck.choice((2, 70))
            case _:
                return [*tree[:at], _wounded(tree[at], luck), *tree[at + 1 :]]
    if isinstance(tree, bytes) and luck.random() < 0.7:
        return _inner(tree, luck)
    if isinstance(tree, str) and luck.random() < 0.5:
        return bits(tree.encode(), luck).decode("utf-8", "replace")
    return luck.choice(ODD)


def _inner(raw: bytes, luck: random.Random) -> bytes:
    """A header inside an envelope has a form of its own."""
    if luck.random() < 0.5:
        try:
            return structure(raw, luck)
        except (ValueError, TypeError, RecursionError):
            pass
    return bits(raw, luck)


def _json(tree: Any) -> bytes:
    return msgspec.json.encode(tree)
