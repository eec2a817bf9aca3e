"""What a bad network does to an answer: pages that are not the service's, and answers that were altered."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from waymark_sync.protocol import decode_header

Answer = dict[str, Any]

PORTAL: Final = b"<!doctype html><title>Free Wi-Fi</title><p>Sign in to go on."
HTML: Final = {"content-type": "text/html; charset=utf-8"}
FORGERIES: Final[Mapping[str, tuple[int, Mapping[str, str], bytes]]] = {
    "portal": (200, HTML, PORTAL),
    "portal_says_json": (200, {"content-type": "application/json"}, PORTAL),
    "portal_with_json": (200, {"content-type": "application/json"}, b'{"status":"ok","results":[]}'),
    "login": (302, {**HTML, "location": "http://127.0.0.1:9/login"}, PORTAL),
    "forbidden": (403, HTML, PORTAL),
    "unauthorised": (401, HTML, PORTAL),
    "garbage": (200, {"content-type": "application/msgpack"}, bytes(range(256))),
    "nothing": (200, {"content-type": "application/json"}, b""),
}
"""By name: status, headers and body of who is not the service."""


def altered(body: bytes, content_type: str, how: str) -> bytes:
    """The same answer with one thing changed, in the form in which it came."""
    told = _decode(body, content_type)
    _ALTER[how](told)
    if content_type.startswith("application/json"):
        return msgspec.json.encode(told)
    return msgspec.msgpack.encode(told)


def items_of(body: bytes, content_type: str) -> list[tuple[str, bytes]]:
    """Item id and whole envelope of each item in a push, whatever form it came in."""
    told = _decode(body, content_type)
    found = []
    for item in told.get("items", []):
        parts = [_bytes(item[name]) for name in ("header", "sealed", "sha256", "sig")]
        found.append((decode_header(parts[0]).item_id, b"".join(parts)))
    return found


def _decode(body: bytes, content_type: str) -> Any:
    return (msgspec.json if content_type.startswith("application/json") else msgspec.msgpack).decode(body)


def _bytes(value: str | bytes) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)) if isinstance(value, str) else value


def _spoilt(value: str | bytes) -> str | bytes:
    """The same length and form, one bit of it changed."""
    if isinstance(value, str):
        return ("B" if value[0] == "A" else "A") + value[1:]
    return bytes([value[0] ^ 1]) + value[1:]


def _signature(told: Answer) -> None:
    told["receipt"]["sig"] = _spoilt(told["receipt"]["sig"])


def _root(told: Answer) -> None:
    told["receipt"]["root"] = _spoilt(told["receipt"]["root"])


def _floor(told: Answer) -> None:
    """In the part that nobody signed."""
    told["restore_floor"] = 2**40


def _signed_floor(told: Answer) -> None:
    told["receipt"]["restore_floor"] = 2**40


def _incarnation(told: Answer) -> None:
    told["incarnation"] = "00000000-0000-4000-8000-000000000000"


def _verdict(told: Answer) -> None:
    told["results"][0].update(verdict="pondering", leaf=None, pos=None)


def _retry(told: Answer) -> None:
    told["results"][0].update(verdict="retry", reason="maintenance", retry_after_s=120, leaf=None, pos=None)


def _rejected(told: Answer) -> None:
    told["results"] = [
        {
            "item_id": result["item_id"],
            "index": result["index"],
            "verdict": "rejected",
            "reason": "hash_wrong",
        }
        for result in told["results"]
    ]
    told["receipt"] = None


def _paths(told: Answer) -> None:
    first, second = told["results"][:2]
    first["leaf"], second["leaf"] = second["leaf"], first["leaf"]


def _names(told: Answer) -> None:
    first, second = told["results"][:2]
    first["item_id"], second["item_id"] = second["item_id"], first["item_id"]


def _order(told: Answer) -> None:
    told["results"].reverse()


def _one_result(told: Answer) -> None:
    del told["results"][0]


def _fields(told: Answer) -> None:
    for part in (told, told.get("receipt") or {}, *told.get("results", []), *told.get("messages", [])):
        part["of_a_later_release"] = {"any": ["thing", 1, None, True, 2.5]}


def _nothing_held(told: Answer) -> None:
    """A manifest's answer that would have everything sent again, with the receipt of another."""
    told["missing"] = ["00000000-0000-4000-8000-000000000000"]


def _unsigned(told: Answer) -> None:
    told["receipt"] = None


def _message(told: Answer) -> None:
    told["messages"][0]["sig"] = _spoilt(told["messages"][0]["sig"])


def _sealed(told: Answer) -> None:
    told["messages"][0]["sealed"] = _spoilt(told["messages"][0]["sealed"])


def _backoff(told: Answer) -> None:
    told["backoff_s"] = 300


def _keys(told: Answer) -> None:
    """Speaks of a newer key set, which the service has not."""
    told["keys_issued_at"] = 2**52


_ALTER: Final[Mapping[str, Callable[[Answer], None]]] = {
    "signature": _signature,
    "root": _root,
    "floor": _floor,
    "signed_floor": _signed_floor,
    "incarnation": _incarnation,
    "verdict": _verdict,
    "retry": _retry,
    "rejected": _rejected,
    "paths": _paths,
    "names": _names,
    "order": _order,
    "one_result": _one_result,
    "fields": _fields,
    "nothing_held": _nothing_held,
    "unsigned": _unsigned,
    "message": _message,
    "sealed": _sealed,
    "backoff": _backoff,
    "keys": _keys,
}
