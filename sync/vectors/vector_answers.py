"""Vectors of one push: requests and what the service must say, answers and what a device must do."""

import hashlib
import json
from typing import Any

import msgspec
from vector_parts import AT_MS, DEVICE, INCARNATION, as_json, flip, key, receipt, signed_keys, uuid

from waymark_sync import codec, protocol, seal
from waymark_sync.codec import to_base64url as b64
from waymark_sync.protocol import Envelope, ItemResult, PushRequest, PushResponse

Sent = tuple[Envelope, Envelope, Envelope]


def refusals(sent: Sent, visitor: Envelope) -> dict[str, Any]:
    first, second, _ = sent
    ids = [protocol.decode_header(each.header).item_id for each in sent]
    plain = [msgspec.to_builtins(each, builtin_types=(bytes,)) for each in sent]
    header = msgspec.msgpack.decode(first.header)
    future = _resealed({**header, "v": 2}, first)
    unreadable = _resealed({**header, "seq": 0}, first)
    ok = {"verdict": "accepted", "reason": None}
    items = (
        ("a good one", plain[0], {"item_id": ids[0], **ok}),
        ("hash wrong", {**plain[0], "sealed": flip(first.sealed, 9)}, _no(ids[0], "hash_wrong")),
        ("header swapped", {**plain[0], "header": second.header}, _no(ids[1], "hash_wrong")),
        ("version unknown", future, _no("", "version_unknown")),
        ("header is no header", _resealed([1, 2], first), _no("", "header_unreadable")),
        ("seq is zero", unreadable, _no("", "header_unreadable")),
        ("hash too short", {**plain[0], "sha256": first.sha256[:31]}, _no(ids[0], "malformed")),
        ("signature too long", {**plain[0], "sig": bytes(65)}, _no(ids[0], "malformed")),
        ("no signature", {k: v for k, v in plain[0].items() if k != "sig"}, _no(ids[0], "malformed")),
        ("sealed is empty", {**plain[0], "sealed": b""}, _no(ids[0], "malformed")),
        ("sealed too large", {**plain[0], "sealed": bytes(262_226)}, _no(ids[0], "too_large")),
        ("header too large", {**plain[0], "header": bytes(4_097)}, _no("", "too_large")),
        ("not an object", 7, _no("", "malformed")),
        ("null", None, _no("", "malformed")),
        ("wrong signature: the opener's business", {**plain[0], "sig": bytes(64)}, {"item_id": ids[0], **ok}),
        ("unknown field: ignored", {**plain[0], "later": 1}, {"item_id": ids[0], **ok}),
        (
            "a visitor's",
            _builtins(visitor),
            {"item_id": protocol.decode_header(visitor.header).item_id, **ok},
        ),
    )
    frame = msgspec.to_builtins(PushRequest(device_id=DEVICE), builtin_types=(bytes,))
    frames = (
        ("heartbeat", msgspec.msgpack.encode(frame), codec.MSGPACK, 200),
        ("items left out", msgspec.msgpack.encode(_without(frame, "items")), codec.MSGPACK, 200),
        ("later field: ignored", msgspec.msgpack.encode({**frame, "later": [1]}), codec.MSGPACK, 200),
        ("empty", b"", codec.MSGPACK, 400),
        ("cut short", msgspec.msgpack.encode(frame)[:-3], codec.MSGPACK, 400),
        ("an array", b"\x90", codec.MSGPACK, 400),
        ("no device", msgspec.msgpack.encode(_without(frame, "device_id")), codec.MSGPACK, 400),
        (
            "device in capitals",
            msgspec.msgpack.encode({**frame, "device_id": DEVICE.upper()}),
            codec.MSGPACK,
            400,
        ),
        ("version 2", msgspec.msgpack.encode({**frame, "v": 2}), codec.MSGPACK, 400),
        ("items no list", msgspec.msgpack.encode({**frame, "items": {}}), codec.MSGPACK, 400),
        ("65 items", msgspec.msgpack.encode({**frame, "items": [1] * 65}), codec.MSGPACK, 413),
        ("JSON", json.dumps(as_json(PushRequest(device_id=DEVICE))).encode(), codec.JSON, 200),
        (
            "JSON with a charset",
            b'{"device_id": "%s"}' % DEVICE.encode(),
            "application/json; charset=utf-8",
            200,
        ),
        ("JSON cut short", b'{"v": 1', codec.JSON, 400),
        ("JSON nested past all reason", b"[" * 100_000, codec.JSON, 400),
        ("JSON that is not UTF-8", b'{"device_id": "\xff"}', codec.JSON, 400),
        (
            "JSON with padded base64",
            b'{"device_id": "%s", "work": "aA=="}' % DEVICE.encode(),
            codec.JSON,
            400,
        ),
        ("msgpack named as JSON", msgspec.msgpack.encode(frame), codec.JSON, 400),
        ("a form", b"device_id=1", "application/x-www-form-urlencoded", 400),
    )
    return {
        "about": "frames: a request body and its status. items: the only item (msgpack) of a good request to "
        "an empty service, and its result.",
        "frames": [
            {"name": name, "content_type": form, "body": _body(raw), "status": status}
            for name, raw, form, status in frames
        ],
        "items": [
            {"name": name, "item": _small(msgspec.msgpack.encode(item)), "result": result}
            for name, item, result in items
        ],
    }


def _no(item_id: str, reason: str) -> dict[str, str]:
    return {"item_id": item_id, "verdict": "rejected", "reason": reason}


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


def _builtins(sent: Envelope) -> dict[str, Any]:
    return dict(msgspec.to_builtins(sent, builtin_types=(bytes,)))


def _resealed(header: Any, like: Envelope) -> dict[str, Any]:
    """Another header with a hash that fits: only the header is at fault."""

    raw = msgspec.msgpack.encode(header)
    return {**_builtins(like), "header": raw, "sha256": hashlib.sha256(raw + like.sealed).digest()}


def _body(raw: bytes) -> dict[str, Any]:
    if len(raw) > 10_000 and len(set(raw)) == 1:
        return {"repeat": b64(raw[:1]), "times": len(raw)}
    return {"bytes": b64(raw)}


def _small(raw: bytes) -> dict[str, Any]:
    """A long run of zeros is written as its length, so that the file stays readable."""
    zeros = raw.find(bytes(4_000))
    if zeros < 0:
        return {"bytes": b64(raw)}
    end = zeros
    while end < len(raw) and raw[end] == 0:
        end += 1
    return {"before": b64(raw[:zeros]), "zeros": end - zeros, "after": b64(raw[end:])}


def push_answers(sent: Sent) -> dict[str, Any]:
    first, second, third = sent
    ids = [protocol.decode_header(each.header).item_id for each in sent]
    signed, results = receipt([(first, "accepted", 41), (second, "duplicate", 7), (third, "conflict", 42)])
    good = PushResponse(
        incarnation=INCARNATION,
        server_time=AT_MS,
        restore_floor=0,
        downstream=False,
        challenge="c-1",
        results=tuple(results),
        receipt=signed,
        keys_issued_at=AT_MS,
    )
    cases = _answered(good, sent, ids) + _unanswered(good)
    return {
        "about": "The device pushed `items`. `then`: the state of each after it; network_error: as if "
        "nothing had come; halve: send half as many together; floor_s: wait at least so long; damaged: "
        "the last sealed byte of these had changed in the device's store; blamed: counts as failed alone.",
        "device_id": DEVICE,
        "incarnation_seen": INCARNATION,
        "root": b64(seal.raw_public(key("root"))),
        "keyset": as_json(signed_keys()),
        "items": [{"item_id": item_id, **as_json(each)} for item_id, each in zip(ids, sent, strict=True)],
        "cases": [_case(*case) for case in cases],
    }


ALL_RECEIPTED = ("receipted", "receipted", "receipted")
ALL_QUEUED = ("queued", "queued", "queued")
Case = tuple[str, int, dict[str, str], bytes, tuple[str, ...], dict[str, Any]]


def _case(
    name: str, status: int, headers: dict[str, str], body: bytes, then: tuple[str, ...], more: dict[str, Any]
) -> dict[str, Any]:
    said = {"answer": "understood", "batch": "keep", "floor_s": 0} | more
    return {"name": name, "status": status, "headers": headers, "body": b64(body), "then": list(then), **said}


def _answered(good: PushResponse, sent: Sent, ids: list[str]) -> list[Case]:
    first, second, third = sent
    results = good.results
    replace = msgspec.structs.replace

    def answer(name: str, response: PushResponse, then: tuple[str, ...], **more: Any) -> Case:
        return (name, 200, {"content-type": codec.MSGPACK}, msgspec.msgpack.encode(response), then, more)

    two, two_results = receipt([(first, "accepted", 41), (third, "accepted", 42)])
    refused = _refused(1, ids[1])
    nameless = ItemResult(item_id="", index=1, verdict="rejected", reason="malformed")
    later = ItemResult(item_id=ids[1], index=1, verdict="retry", reason="quota", retry_after_s=120)
    odd = ItemResult(item_id=ids[1], index=1, verdict="adopted")
    third_result = replace(two_results[1], index=2)

    def middle(result: ItemResult) -> PushResponse:
        return replace(good, receipt=two, results=(two_results[0], result, third_result))

    renewed = uuid("restored")
    restored, restored_results = receipt(
        [(first, "accepted", 1), (second, "accepted", 2), (third, "accepted", 3)], incarnation=renewed
    )
    forged, forged_results = receipt([(first, "accepted", 1), (second, "accepted", 2)], signer="device key")
    mixed = ("receipted", "queued", "receipted")
    set_aside = ("receipted", "quarantined", "receipted")
    return [
        answer("all stored", good, ALL_RECEIPTED),
        answer(
            "one erased since it came",
            replace(good, results=(results[0], replace(results[1], gone=True), results[2])),
            ("receipted", "tombstone", "receipted"),
        ),
        answer("results in another order", replace(good, results=results[::-1]), ALL_RECEIPTED),
        answer("one refused, its bytes sound", middle(refused), mixed, blamed=[ids[1]]),
        answer("one refused without its id, its bytes sound", middle(nameless), mixed, blamed=[ids[1]]),
        answer("one refused, its bytes damaged", middle(refused), set_aside, damaged=[ids[1]]),
        answer(
            "one refused without its id, its bytes damaged", middle(nameless), set_aside, damaged=[ids[1]]
        ),
        answer(
            "all refused by whoever answers",
            replace(
                good, receipt=None, results=tuple(_refused(at, item_id) for at, item_id in enumerate(ids))
            ),
            ALL_QUEUED,
            blamed=ids,
        ),
        answer(
            "a refusal of an item that was not sent there", middle(replace(refused, item_id=ids[0])), mixed
        ),
        answer("one told to wait", middle(later), mixed, item_floor_s={ids[1]: 120}),
        answer("an unknown verdict", middle(odd), mixed),
        answer("a result missing", replace(good, results=(results[0], results[2])), mixed),
        answer(
            "a path that is another item's",
            replace(good, results=(results[0], replace(results[1], leaf=results[0].leaf), results[2])),
            mixed,
        ),
        answer(
            "a receipt over other bytes of the same id",
            _over_another(good, sent, replace(second, sha256=flip(second.sha256, 3))),
            mixed,
        ),
        answer(
            "a signature altered on its way: the receipt is over the one that came",
            _over_another(good, sent, replace(second, sig=flip(second.sig, 9))),
            mixed,
        ),
        answer("verdicts without a receipt", replace(good, receipt=None), ALL_QUEUED),
        answer("a hint to slow down", replace(good, backoff_s=300), ALL_RECEIPTED, backoff_s=300),
        answer(
            "a new incarnation",
            replace(good, incarnation=renewed, receipt=restored, results=tuple(restored_results)),
            ALL_RECEIPTED,
            incarnation=renewed,
        ),
        answer(
            "receipt of another incarnation than the answer",
            replace(good, incarnation=renewed),
            ALL_QUEUED,
            answer="network_error",
        ),
        answer(
            "receipt signed by a stranger",
            replace(
                good, receipt=forged, results=(*forged_results, replace(refused, index=2, item_id=ids[2]))
            ),
            ALL_QUEUED,
            answer="network_error",
        ),
        answer(
            "receipt by a key the key set does not hold",
            replace(good, receipt=replace(signed_of(good), kid="r9")),
            ALL_QUEUED,
            answer="network_error",
        ),
    ]


def _refused(index: int, item_id: str) -> ItemResult:
    return ItemResult(item_id=item_id, index=index, verdict="rejected", reason="hash_wrong")


def signed_of(response: PushResponse) -> protocol.Receipt:
    if response.receipt is None:
        raise ValueError("no receipt")
    return response.receipt


def _over_another(good: PushResponse, sent: Sent, other: Envelope) -> PushResponse:
    first, _, third = sent
    signed, results = receipt([(first, "accepted", 41), (other, "duplicate", 7), (third, "accepted", 42)])
    return msgspec.structs.replace(good, receipt=signed, results=tuple(results))


def _unanswered(good: PushResponse) -> list[Case]:
    html = {"content-type": "text/html; charset=utf-8"}
    pack = {"content-type": codec.MSGPACK}
    whole = msgspec.msgpack.encode(good)
    problem = {"content-type": "application/problem+json"}
    portal = b"<!doctype html><title>Free Wi-Fi</title><p>Sign in to go on."
    portal_case = {"answer": "network_error"}
    later = {"content-type": "application/problem+json", "retry-after": "120"}
    return [
        ("captive portal", 200, html, portal, ALL_QUEUED, portal_case),
        ("captive portal that says msgpack", 200, pack, portal, ALL_QUEUED, portal_case),
        ("an answer cut short", 200, pack, whole[:-40], ALL_QUEUED, portal_case),
        ("an empty answer", 200, pack, b"", ALL_QUEUED, portal_case),
        ("JSON of something else", 200, {"content-type": codec.JSON}, b"{}", ALL_QUEUED, portal_case),
        ("a redirect", 302, {"location": "/login"}, b"", ALL_QUEUED, portal_case),
        ("a portal's 401", 401, html, portal, ALL_QUEUED, portal_case),
        ("too large", 413, problem, b"{}", ALL_QUEUED, {"batch": "halve"}),
        ("busy", 429, later, b"{}", ALL_QUEUED, {"floor_s": 120}),
        ("under maintenance", 503, later, b"{}", ALL_QUEUED, {"floor_s": 120}),
        ("disk full", 507, problem, b"{}", ALL_QUEUED, {}),
        ("a fault", 500, problem, b"{}", ALL_QUEUED, {"batch": "halve"}),
        ("a frame it cannot read", 400, problem, b"{}", ALL_QUEUED, {"batch": "halve"}),
        ("a gateway's timeout", 504, html, b"", ALL_QUEUED, {"batch": "halve"}),
    ]
