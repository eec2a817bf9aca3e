"""Hostile bytes end as WireError, faults name places and never values, both forms carry the same."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from waymark_sync import codec, messages, protocol
from waymark_sync.codec import JSON, MSGPACK, ItemFault, WireError
from waymark_sync.report import (
    DEPTH_MAX,
    NARRATIVE_MAX,
    SCHEMA_VERSION,
    Answers,
    UnreadableReport,
    read_report,
)

KINDS = (
    protocol.PushRequest,
    protocol.PushResponse,
    protocol.PullResponse,
    protocol.EnrolRequest,
    protocol.SignedKeySet,
    protocol.KeySet,
    protocol.Header,
    messages.ReceiptBody,
    protocol.ExportedQueue,
)
envelopes = st.builds(
    protocol.Envelope,
    header=st.binary(min_size=1, max_size=60),
    sealed=st.binary(min_size=1, max_size=60),
    sha256=st.binary(min_size=32, max_size=32),
    sig=st.binary(min_size=64, max_size=64),
)
requests = st.builds(
    protocol.PushRequest,
    device_id=st.uuids(version=4).map(str),
    app_build=st.text(max_size=20),
    caps=st.lists(st.text(max_size=8), max_size=4).map(tuple),
    items=st.lists(envelopes, max_size=4).map(tuple),
    work=st.none() | st.binary(max_size=20),
)
trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.binary(max_size=70)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
form = st.sampled_from([JSON, MSGPACK])
PLAIN_ANSWERS: dict[str, Any] = {
    "confidentiality_limits_ack": {"at": "2026-01-02T00:00:30.000Z", "text_version": "1"},
    "reporter_role": "victim",
    "narrative_original": "n",
    "when": {"precision": "day"},
    "sharing_choice": "U1",
}
PLAIN_BODY: dict[str, Any] = {
    "item_id": "00000000-0000-4000-8000-000000000000",
    "form_version": "1",
    "policy_version": "1",
    "app_build": "t",
    "capture": {"channel": "self_phone"},
    "centre_id": "c",
    "ui_language": "en",
    "started_at": "a",
    "completed_at": "b",
    "answers": PLAIN_ANSWERS,
}


@given(requests, form)
def test_a_message_comes_back_as_it_went(request: protocol.PushRequest, content_type: str) -> None:
    raw = codec.encode(request, content_type)

    assert codec.decode(raw, content_type, protocol.PushRequest) == request
    frame = codec.decode_push(raw, content_type)
    assert frame.request == msgspec.structs.replace(request, items=())
    assert frame.items == request.items


@given(st.binary(max_size=300), form, st.sampled_from(KINDS))
@example(b"[" * 200_000, JSON, protocol.PushRequest)
@example(b"\x91" * 200_000, MSGPACK, protocol.PushRequest)
@example(b'{"v":' + b"9" * 5_000 + b"}", JSON, protocol.PushRequest)
@example(b'{"device_id":"\\ud800"}', JSON, protocol.PushRequest)
@example(b"\x81\xd6\xff\xff\xff\xff\xff\xff", MSGPACK, protocol.PushRequest)
@example(b"\x81\xc7\x0c\xff\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff\xff", MSGPACK, protocol.KeySet)
def test_random_bytes_are_refused_in_one_way(raw: bytes, content_type: str, kind: type[Any]) -> None:
    for read in (lambda: codec.decode(raw, content_type, kind), lambda: codec.decode_push(raw, content_type)):
        try:
            read()
        except WireError as error:
            assert len(error.place) < 200


@given(trees, form, st.sampled_from(KINDS))
def test_random_shapes_are_refused_in_one_way(tree: Any, content_type: str, kind: type[Any]) -> None:
    raw = codec.encode(tree, content_type)
    with suppress(WireError):
        codec.decode(raw, content_type, kind)
    try:
        frame = codec.decode_push(
            codec.encode({"device_id": PLAIN_BODY["item_id"], "items": [tree]}, content_type), content_type
        )
    except WireError:
        pytest.fail("one malformed item condemned its request")
    assert len(frame.items) == 1


@given(requests, st.data(), form)
def test_a_damaged_push_is_refused_or_read_but_never_breaks(
    request: protocol.PushRequest, data: Any, content_type: str
) -> None:
    raw = bytearray(codec.encode(request, content_type))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        for item in codec.decode_push(bytes(raw), content_type).items:
            assert isinstance(item, protocol.Envelope | ItemFault)
    except WireError:
        pass


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("device_id", "SECRET", "$.device_id"),
        ("v", "SECRET", "$.v"),
        ("work", "SECRET==", "$.work"),
        ("caps", ["SECRET" * 50, 7], "$.caps[...]"),
        ("queue", {"epoch": "SECRET - at `$.SECRET`"}, "$.queue.epoch"),
    ],
)
def test_a_fault_names_the_place_and_not_the_value(field: str, value: Any, place: str) -> None:
    raw = json.dumps({"device_id": PLAIN_BODY["item_id"], field: value}).encode()

    with pytest.raises(WireError) as caught:
        codec.decode(raw, JSON, protocol.PushRequest)
    assert "SECRET" not in caught.value.place
    if field != "caps":
        assert caught.value.place.endswith(place)


@pytest.mark.parametrize(
    ("accept", "content_type", "expected"),
    [
        ("", "", JSON),
        ("", MSGPACK, MSGPACK),
        ("*/*", MSGPACK, MSGPACK),
        (JSON, MSGPACK, JSON),
        ("text/html, application/msgpack;q=0.9", JSON, MSGPACK),
        ("", "text/plain", JSON),
    ],
)
def test_which_form_answers(accept: str, content_type: str, expected: str) -> None:
    assert codec.answer_type(accept, content_type) == expected


@given(st.binary(max_size=40))
def test_base64url_has_one_spelling(raw: bytes) -> None:
    text = codec.to_base64url(raw)

    assert codec.from_base64url(text) == raw
    for other in (text + "=", text + "\n", text.replace("A", "+") if "A" in text else text + "*"):
        with pytest.raises(ValueError, match=r"base64|pad|data"):
            codec.from_base64url(other)


def test_too_many_items_ask_for_a_smaller_batch() -> None:
    raw = codec.encode({"device_id": PLAIN_BODY["item_id"], "items": [1] * 65}, MSGPACK)

    with pytest.raises(codec.TooLarge):
        codec.decode_push(raw, MSGPACK)
    with pytest.raises(codec.TooLarge):
        codec.decode_push(bytes(protocol.PUSH_BYTES_MAX + 1), MSGPACK)


SECRET = "SECRET - at `$.SECRET`"


def altered(path: str, value: Any) -> bytes:
    body = json.loads(json.dumps(PLAIN_BODY))
    *parents, last = path.split(".")
    inner = body
    for name in parents:
        inner = inner[name]
    inner[last] = value
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("item_id", SECRET),
        ("capture.channel", SECRET),
        ("capture", SECRET),
        ("answers.where", {"postcode": {"SECRET": SECRET}}),
        ("answers.sharing_choice", SECRET),
        ("answers.reporter_role", SECRET),
        ("answers.when.precision", SECRET),
        ("answers.when.start", SECRET),
        ("answers.strands", SECRET),
        ("answers.strands", [SECRET, 5]),
        ("answers.safe_contact", {"say_who_calling": SECRET}),
        ("answers.narrative_original", {"SECRET": SECRET}),
        ("answers", SECRET),
    ],
)
def test_an_unreadable_report_tells_nothing_of_what_it_holds(path: str, value: Any) -> None:
    with pytest.raises(UnreadableReport) as caught:
        read_report(altered(path, value), schema_v=SCHEMA_VERSION)

    assert "SECRET" not in caught.value.reason
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.reason.startswith("does not fit the form")


@given(st.binary(max_size=200) | trees.map(lambda tree: codec.encode(tree, JSON)))
@example(b"[" * 200_000)
@example(b'"\xff"')
@example(b'{"answers": 1e999}')
def test_no_opened_bytes_break_the_reading_of_a_report(plaintext: bytes) -> None:
    with pytest.raises(UnreadableReport):
        read_report(plaintext, schema_v=SCHEMA_VERSION)


def test_a_report_of_a_later_version_waits_for_those_who_know_it() -> None:
    with pytest.raises(UnreadableReport, match=f"version {SCHEMA_VERSION + 1}"):
        read_report(json.dumps(PLAIN_BODY).encode(), schema_v=SCHEMA_VERSION + 1)


def test_the_longest_story_fits_and_one_letter_more_does_not() -> None:
    assert read_report(altered("answers.narrative_original", "я" * NARRATIVE_MAX), schema_v=SCHEMA_VERSION)
    with pytest.raises(UnreadableReport):
        read_report(altered("answers.narrative_original", "я" * (NARRATIVE_MAX + 1)), schema_v=SCHEMA_VERSION)


def test_the_five_answers_a_report_needs_have_no_default() -> None:
    required = {field.name for field in msgspec.structs.fields(Answers) if field.required}
    assert required == set(PLAIN_ANSWERS)


def test_a_body_that_one_stack_could_read_and_another_could_not_is_read_by_none() -> None:
    def nested(depth: int) -> bytes:
        body = json.dumps({**PLAIN_BODY, "later": None}).encode()
        return body.replace(b"null", b"[" * depth + b"]" * depth)

    assert read_report(nested(DEPTH_MAX - 1), schema_v=SCHEMA_VERSION)
    for depth in (DEPTH_MAX, 900):
        with pytest.raises(UnreadableReport, match="nested too deep"):
            read_report(nested(depth), schema_v=SCHEMA_VERSION)
