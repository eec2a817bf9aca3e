"""`POST /sync/v1/push` and `GET /sync/v1/keys` at their edges."""

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from support.reports import Device, push_of
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.protocol import ITEMS_MAX, LABEL_KEYS, PUSH_BYTES_MAX, PushResponse, SignedKeySet
from waymark_sync.seal import signature_valid

Client = AsyncTestClient[Litestar]

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def test_a_heartbeat_is_answered_without_a_receipt(client: Client, ring: KeyRing) -> None:
    request = replace(push_of(Device().report(ring)), items=())

    answer = await client.post("/sync/v1/push", content=encode(request, JSON), headers={"Content-Type": JSON})

    read = decode(answer.content, JSON, PushResponse)
    assert (answer.status_code, read.results, read.receipt) == (200, (), None)
    assert answer.headers["cache-control"] == "no-store"
    assert read.keys_issued_at == ring.issued_at
    assert read.challenge


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"", JSON, 400, "malformed"),
        (b"{", JSON, 400, "malformed"),
        (b"[]", JSON, 400, "malformed"),
        (b'{"v": 2, "device_id": "x"}', JSON, 400, "malformed"),
        (b"\xc1", MSGPACK, 400, "malformed"),
        (b"{}", "text/plain", 415, "unsupported_type"),
        (b"x" * (PUSH_BYTES_MAX + 1), MSGPACK, 413, "too_large"),
    ],
)
async def test_a_broken_frame_is_refused_whole(
    client: Client, content: bytes, content_type: str, status: int, code: str
) -> None:
    answer = await client.post("/sync/v1/push", content=content, headers={"Content-Type": content_type})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_too_many_items_are_too_large(client: Client, ring: KeyRing) -> None:
    phone = Device()
    report = phone.report(ring)
    small = replace(report.envelope, sealed=b"x")
    request = replace(push_of(report), items=(small,) * (ITEMS_MAX + 1))

    answer = await client.post(
        "/sync/v1/push", content=encode(request, MSGPACK), headers={"Content-Type": MSGPACK}
    )

    assert answer.status_code == 413


async def test_an_expired_cookie_does_not_matter(client: Client, ring: KeyRing) -> None:
    answer = await client.post(
        "/sync/v1/push",
        content=encode(push_of(Device().report(ring)), MSGPACK),
        headers={"Content-Type": MSGPACK, "Cookie": "__Host-waymark=old", "Authorization": "Bearer old"},
    )

    assert answer.status_code == 200


@pytest.mark.parametrize("accept", [JSON, MSGPACK])
async def test_the_key_set_is_signed_by_the_root(client: Client, ring: KeyRing, accept: str) -> None:
    answer = await client.get("/sync/v1/keys", headers={"Accept": accept})

    signed = decode(answer.content, answer.headers["content-type"], SignedKeySet)
    assert signature_valid(ring.root_public, LABEL_KEYS + signed.payload, signed.sig)
    assert answer.headers["content-type"].startswith(accept)
