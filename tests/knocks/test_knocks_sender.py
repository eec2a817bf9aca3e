"""The sender trusts neither a row of its own database, nor a name, nor an answer."""

import io
from collections.abc import Sequence
from pathlib import Path

import httpx
import msgspec
import pytest

import waymark.knocks.sender as sending
from knocks import hostile_service as hostile
from knocks.conftest import CONTACT, Post, kept, sender_to, turn
from knocks.hostile_service import Answer, Edge, certificate, running, transport
from knocks.test_knocks_rules import HOSTILE
from support.push_service import Browser, PushService, verified_proof
from support.reports import Device
from waymark.kernel import clock, logs
from waymark.kernel.db import Connection, Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import PUSH_HOSTS
from waymark.kernel.vault import Vault, encrypt
from waymark.knocks import store
from waymark.knocks.jobs import Knocker
from waymark.knocks.records import Delivered, Knock, Later, Outcome, Place, Refused
from waymark.knocks.rules import REFUSALS_MAX, endpoint_hash
from waymark.knocks.sender import Sender
from waymark_sync.seal import raw_public

HOST = "fcm.googleapis.com"
GLOBAL = "142.250.72.10"
"""Of the open Internet. Nothing here leaves the machine: the network's edge is another one."""


class Names:
    """A resolver that gives one list after the other, the last for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


class Recorder:
    """Takes everything, and keeps what it was given."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._take)

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(201)


def at(endpoint: str) -> Place:
    browser = Browser()
    return Place(endpoint=endpoint, p256dh=raw_public(browser.key), auth=browser.auth)


def sender(ring: KeyRing, names: Names, over: httpx.AsyncBaseTransport) -> Sender:
    return Sender(ring.knock_key, hosts=PUSH_HOSTS, contact=CONTACT, resolve=names, transport=over)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_hostile_rows_put_straight_into_the_database_are_never_connected_to(
    database: Database, vault: Vault, ring: KeyRing, phone: Device, post: Post
) -> None:
    def put(db: Connection) -> None:
        for row in HOSTILE:
            key, wrapped = vault.new_key()
            knock_id = str(len(row["endpoint"])) + row["endpoint"][:20] + row["why"]
            sealed = encrypt(
                key, msgspec.msgpack.encode(at(row["endpoint"])), aad=f"knock|{knock_id}|place".encode()
            )
            knock = Knock(
                id=knock_id, feed_id=phone.id, wrapped_key=wrapped, sealed=sealed,
                knocked_pos=0, failures=0, refusals=REFUSALS_MAX - 1,
            )  # fmt: skip
            hashed = endpoint_hash(phone.id, row["endpoint"])
            store.add(db, knock, endpoint_hash=hashed, made_at=clock.stamp(clock.now()))

    for number, row in enumerate(HOSTILE):
        row["why"] = f"{row['why']} {number}"
    names, recorder = Names([GLOBAL]), Recorder()
    knocker = Knocker(database, vault, sender(ring, names, recorder.transport))
    await database.write(put)
    before = await database.read(kept)
    await post(phone)
    while await turn(knocker):
        pass

    assert before == len(HOSTILE)
    assert (names.asked, recorder.requests) == ([], [])
    assert await database.read(kept) == before, "each was refused once and put off"


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["192.168.1.1"], ["100.64.0.1"], ["0.0.0.0"],  # noqa: S104
        ["::1"], ["fd00::1"], ["fe80::1"], ["::ffff:127.0.0.1"], ["64:ff9b::a00:1"], ["224.0.0.1"],
        [GLOBAL, "127.0.0.1"], ["::1", GLOBAL], [],
    ],
)  # fmt: skip
async def test_an_allowed_name_that_leads_inside_is_refused(ring: KeyRing, addresses: list[str]) -> None:
    recorder = Recorder()

    outcome = await sender(ring, Names(addresses), recorder.transport).knock(
        at(f"https://{HOST}/push/1"), now=clock.now()
    )

    assert outcome == Refused()
    assert recorder.requests == []


@pytest.mark.parametrize("addresses", [["8.8.8.8"], ["10.0.0.1"], ["127.0.0.1", GLOBAL]])
async def test_a_loopback_name_leads_to_loopback_or_nowhere(ring: KeyRing, addresses: list[str]) -> None:
    recorder = Recorder()
    made = Sender(
        ring.knock_key,
        hosts=["localhost:9123"],
        contact=CONTACT,
        resolve=Names(addresses),
        transport=recorder.transport,
    )

    assert await made.knock(at("http://localhost:9123/push/1"), now=clock.now()) == Refused()
    assert recorder.requests == []


async def test_the_address_that_was_checked_is_the_one_connected_to(ring: KeyRing, tmp_path: Path) -> None:
    """A name that is public when it is looked at and private a moment later."""
    names = Names([GLOBAL], ["127.0.0.1"])
    async with running(hostile.accept, tls=certificate(HOST, tmp_path)) as service:
        edge = Edge(service.port)
        made = sender(ring, names, transport(edge, tmp_path / "cert.pem"))
        outcome = await made.knock(at(f"https://{HOST}/push/1"), now=clock.now())
        await made.aclose()

    assert outcome == Delivered()
    assert names.asked == [HOST], "looked up once"
    assert edge.connected == [f"{GLOBAL}:443"]
    assert service.server_names == [HOST], "the certificate is asked for by name"


async def test_a_second_knock_looks_the_name_up_again(ring: KeyRing) -> None:
    recorder = Recorder()
    made = sender(ring, Names([GLOBAL], ["127.0.0.1"]), recorder.transport)
    place = at(f"https://{HOST}/push/1")

    assert [await made.knock(place, now=clock.now()) for _ in range(2)] == [Delivered(), Refused()]
    assert len(recorder.requests) == 1


@pytest.mark.parametrize(("name", "trusted"), [("evil.example", True), (HOST, False)])
async def test_who_cannot_prove_the_name_is_told_nothing(
    ring: KeyRing, tmp_path: Path, name: str, trusted: bool
) -> None:
    async with running(hostile.accept, tls=certificate(name, tmp_path)) as service:
        made = sender(
            ring, Names([GLOBAL]), transport(Edge(service.port), tmp_path / "cert.pem" if trusted else None)
        )
        outcome = await made.knock(at(f"https://{HOST}/push/1"), now=clock.now())
        await made.aclose()

    assert outcome == Later()
    assert service.requests == 0


async def test_each_push_service_gets_a_proof_of_its_own(ring: KeyRing) -> None:
    recorder = Recorder()
    made = sender(ring, Names([GLOBAL], ["2a00:1450:4009:81f::200a"]), recorder.transport)
    hosts = [HOST, "web.push.apple.com"]
    for host in hosts:
        assert await made.knock(at(f"https://{host}/push/1"), now=clock.now()) == Delivered()

    proofs = [verified_proof(request.headers["authorization"]) for request in recorder.requests]
    assert [claims["aud"] for _, claims in proofs] == [f"https://{host}" for host in hosts]
    assert [request.headers["host"] for request in recorder.requests] == hosts
    assert [request.url.host for request in recorder.requests] == [GLOBAL, "2a00:1450:4009:81f::200a"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (hostile.accept, Delivered()),
        (hostile.flood, Delivered()),
        (hostile.bomb, Delivered()),
        (hostile.silence, Later()),
        (hostile.drip, Later()),
        (hostile.endless_headers, Later()),
        (hostile.no_http, Later()),
        (hostile.split_headers, Later()),
    ],
)
async def test_an_answer_can_neither_hold_nor_fill_us(
    ring: KeyRing, monkeypatch: pytest.MonkeyPatch, answer: Answer, outcome: Outcome
) -> None:
    monkeypatch.setattr(sending, "TOTAL_S", 1.0)
    async with running(answer) as service:
        made = sender_to(ring, service.host)
        began = clock.now()
        found = await made.knock(at(f"http://{service.host}/push/1"), now=began)
        took = clock.now() - began
        await made.aclose()

    assert found == outcome
    assert took.total_seconds() < 5
    assert service.requests == 1
    assert service.sent < 20_000_000, "what fits into the buffers of two sockets, and no more"


async def test_where_nobody_listens_or_no_name_is_known_it_is_tried_later(ring: KeyRing) -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such host")

    async with running(hostile.accept) as service:
        pass
    made = sender_to(ring, service.host)
    lost = Sender(ring.knock_key, hosts=PUSH_HOSTS, contact=CONTACT, resolve=unknown)

    assert await made.knock(at(f"http://{service.host}/push/1"), now=clock.now()) == Later()
    assert await lost.knock(at(f"https://{HOST}/push/1"), now=clock.now()) == Later()


@pytest.mark.parametrize("p256dh", [b"\x04" + bytes(64), b"\x05" + bytes(64), bytes(65)])
async def test_a_key_that_is_no_key_is_refused(ring: KeyRing, p256dh: bytes) -> None:
    recorder = Recorder()
    place = Place(endpoint=f"https://{HOST}/push/1", p256dh=p256dh, auth=bytes(16))

    assert await sender(ring, Names([GLOBAL]), recorder.transport).knock(place, now=clock.now()) == Refused()
    assert recorder.requests == []


async def test_proxies_of_the_environment_are_not_used(
    ring: KeyRing, push_service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(hostile.accept) as trap:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{trap.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        made = sender_to(ring, push_service.host)
        outcome = await made.knock(push_service.subscribe().at(push_service.origin), now=clock.now())
        await made.aclose()

    assert outcome == Delivered()
    assert (len(push_service.received), trap.requests) == (1, 0)


async def test_neither_place_nor_answer_is_logged(ring: KeyRing, push_service: PushService) -> None:
    stream = io.StringIO()
    logs.write_logs(stream)
    push_service.status, push_service.body = 503, b"canary-answer-17d2"
    place = push_service.subscribe().at(push_service.origin)
    made = sender_to(ring, push_service.host)
    await made.knock(place, now=clock.now())
    await made.knock(at("https://evil.example/canary-place-8c1e"), now=clock.now())
    await made.aclose()

    assert push_service.requests == 1
    assert "push/" not in stream.getvalue()
    assert "canary" not in stream.getvalue()
