"""`GET /sync/v1/return`: a code opens one mailbox; everything else is one answer, and not often."""

import secrets
from uuid import uuid4

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from support.reports import Device
from waymark.app import create_app
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings
from waymark.kernel.web.limits import ALLOWANCES, Limits
from waymark.mailbox import actions
from waymark.mailbox.records import Feed, ReturnWay
from waymark.mailbox.rules import (
    padded,
    proof_of,
    seal_message,
)
from waymark_sync.codec import JSON, MSGPACK, decode, encode, to_base64url
from waymark_sync.messages import AckBody, ReturnResponse
from waymark_sync.protocol import PADDING_BUCKETS, KeySet, Message, PullResponse
from waymark_sync.return_code import ReturnSecrets
from waymark_sync.seal import new_key, raw_public
from waymark_sync.trust import messages_valid, proof_valid

Client = AsyncTestClient[Litestar]
PATH = "/sync/v1/return"
TRAIL = Sql("SELECT action FROM audit_entry WHERE subject_id = :id ORDER BY pos")
USED = Sql("SELECT COALESCE(claimed_at || ' ' || last_used_on, '') AS used FROM return_way")
MISSES_A_PREFIX = int(ALLOWANCES["return_misses"].burst)
MISSES_EVERYWHERE = int(ALLOWANCES["return_misses"].together or 0)
one_engine = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def code() -> ReturnSecrets:
    return ReturnSecrets(
        locator=secrets.token_bytes(32), authenticator=secrets.token_bytes(32), reply=new_key()
    )


@pytest.fixture
async def way(client: Client, database: Database, code: ReturnSecrets) -> ReturnWay:
    """Of a report that was made on a tablet."""
    item_id = str(uuid4())
    made = ReturnWay(
        locator_hash=code.keys.locator_hash,
        verifier=code.keys.verifier,
        item_id=item_id,
        sha256=secrets.token_bytes(32),
        pos=7,
        received_at="2026-01-02T03:04:05.678Z",
        feed_id=item_id,
    )
    feed = Feed(feed_id=item_id, kind="return", sign_key=None, seal_key=raw_public(code.reply))

    def open_both(db: Connection) -> None:
        actions.open_feed(db, feed)
        actions.open_way(db, made)

    await database.write(open_both)
    return made


async def say(database: Database, ring: KeyRing, feed_id: str, count: int, text: str = "") -> None:
    body = AckBody(item_id=feed_id, at="2026-01-02T03:04:05.678Z", from_name="Harbour Library", text=text)

    def post(db: Connection) -> None:
        feed = actions.feed(db, feed_id)
        assert feed is not None
        for _ in range(count):
            actions.post(db, seal_message(feed, kind="message", body=body), keys=ring, now=clock.now())

    await database.write(post)


async def ask(
    client: Client,
    code: ReturnSecrets,
    *,
    cursor: str = "",
    accept: str = JSON,
    more: dict[str, str] | None = None,
) -> Response:
    headers = {
        "Waymark-Locator": to_base64url(code.locator),
        "Waymark-Authenticator": to_base64url(code.authenticator),
        "Accept": accept,
        **(more or {}),
    }
    return await client.get(PATH, params={"cursor": cursor}, headers=headers)


@pytest.mark.parametrize("accept", [JSON, MSGPACK])
async def test_a_code_brings_the_messages_and_the_proof(
    client: Client, database: Database, ring: KeyRing, code: ReturnSecrets, way: ReturnWay, accept: str
) -> None:
    await say(database, ring, way.feed_id, 2)

    answer = await ask(client, code, accept=accept)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(accept)
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.content) == 16_384
    read = decode(answer.content, accept, ReturnResponse)
    keys = decode(ring.signed_key_set().payload, MSGPACK, KeySet)
    assert read.feed_id == way.feed_id
    assert messages_valid(read.feed_id, read.page.messages, keys)
    assert (read.proof.item_id, read.proof.result.pos) == (way.item_id, 7)
    assert proof_valid(read.proof, keys)
    assert read.proof.receipt.at == 1_767_323_045_678  # when it was taken in, not when somebody asks
    assert [m.pos for m in read.page.messages] == [1, 2]


async def test_the_first_use_is_in_the_trail_and_of_later_ones_only_the_day(
    client: Client, database: Database, code: ReturnSecrets, way: ReturnWay
) -> None:
    before = await database.read(lambda db: db.one(USED, str))
    await ask(client, code)
    first = await database.read(lambda db: db.one(USED, str))
    await ask(client, code)

    assert before == ""
    assert first is not None
    assert len(first) == 24 + 1 + 10
    assert await database.read(lambda db: db.one(USED, str)) == first
    trail = await database.read(lambda db: db.many(TRAIL, str, id=way.item_id))
    assert trail == ["return.claimed"]


@one_engine
async def test_a_long_mailbox_comes_in_pages_that_fit_and_misses_nothing(
    client: Client, database: Database, ring: KeyRing, code: ReturnSecrets, way: ReturnWay
) -> None:
    await say(database, ring, way.feed_id, 60)
    await say(database, ring, way.feed_id, 1, text="long " * 50_000)
    cursor, more, seen, sizes = "", True, list[int](), list[int]()

    while more:
        answer = await ask(client, code, cursor=cursor)
        read = decode(answer.content, JSON, ReturnResponse)
        seen += [m.pos for m in read.page.messages]
        sizes.append(len(answer.content))
        cursor, more = read.page.cursor, read.page.more

    assert seen == list(range(1, 62))
    assert sizes == [262_144, 262_144, 524_288]


@one_engine
async def test_whatever_is_wrong_with_a_code_is_one_answer(
    client: Client, code: ReturnSecrets, way: ReturnWay
) -> None:
    good = {
        "Waymark-Locator": to_base64url(code.locator),
        "Waymark-Authenticator": to_base64url(code.authenticator),
    }
    other = to_base64url(secrets.token_bytes(32))
    wrong = [
        {},
        {**good, "Waymark-Locator": other},
        {**good, "Waymark-Authenticator": other},
        {**good, "Waymark-Authenticator": ""},
        {**good, "Waymark-Locator": "not base64url!"},
        {**good, "Waymark-Locator": to_base64url(way.locator_hash)},
        {**good, "Waymark-Authenticator": to_base64url(way.verifier)},
        {**good, "Waymark-Authenticator": good["Waymark-Authenticator"] + "AAAA"},
    ]

    answers = [await client.get(PATH, headers=headers) for headers in wrong]

    assert {answer.status_code for answer in answers} == {404}
    [body] = {answer.content for answer in answers}
    assert len(body) == PADDING_BUCKETS[0]
    assert answers[0].json()["code"] == "return_unknown"
    shapes = {tuple(sorted(set(answer.headers) - {"date"})) for answer in answers}
    assert len(shapes) == 1
    assert (await client.get(PATH, headers=good)).status_code == 200


@one_engine
async def test_too_many_misses_have_to_wait_and_right_codes_are_not_counted(
    client: Client, code: ReturnSecrets, way: ReturnWay
) -> None:
    client.app.state.limits = Limits(lambda: 0.0)
    for _ in range(MISSES_EVERYWHERE + 1):
        assert (await ask(client, code)).status_code == 200
    for _ in range(MISSES_EVERYWHERE):
        assert (await client.get(PATH)).status_code == 404

    refused = await client.get(PATH)

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    assert refused.headers["retry-after"] == "1"


@one_engine
async def test_one_who_guesses_behind_the_proxy_locks_nobody_else_out(
    settings: Settings, database: Database, code: ReturnSecrets, way: ReturnWay
) -> None:
    behind = replace(settings, client_header="x-real-ip")
    async with AsyncTestClient(app=create_app(behind), base_url=settings.origin) as client:
        client.app.state.limits = Limits(lambda: 0.0)
        guesser = {"X-Real-IP": "203.0.113.7", "X-Forwarded-For": "198.51.100.1"}
        tries = [(await client.get(PATH, headers=guesser)).status_code for _ in range(MISSES_A_PREFIX + 1)]
        unnamed = [(await client.get(PATH)).status_code for _ in range(MISSES_EVERYWHERE)]

        reporter = await ask(client, code, more={"X-Real-IP": "2001:db8:5::1"})

    assert tries == [404] * MISSES_A_PREFIX + [429]
    assert unnamed[-1] == 429
    assert reporter.status_code == 200


@one_engine
@pytest.mark.parametrize("forged", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
async def test_no_header_is_believed_that_no_setting_names(
    client: Client, code: ReturnSecrets, way: ReturnWay, forged: str
) -> None:
    """Or each guess would come from another network."""
    client.app.state.limits = Limits(lambda: 0.0)
    tries = [
        (await client.get(PATH, headers={forged: f"203.0.{n}.7"})).status_code
        for n in range(MISSES_EVERYWHERE + 1)
    ]

    assert tries == [404] * MISSES_EVERYWHERE + [429]


@one_engine
async def test_a_proxy_that_adds_its_header_to_the_guessers_is_not_believed(
    settings: Settings, code: ReturnSecrets, way: ReturnWay
) -> None:
    """Or each guess would come from another network: theirs stands first."""
    named = replace(settings, client_header="x-real-ip")
    async with AsyncTestClient(app=create_app(named), base_url=settings.origin) as client:
        client.app.state.limits = Limits(lambda: 0.0)
        tries = [
            (await client.get(PATH, headers=[("X-Real-IP", f"203.0.{n}.7"), ("X-Real-IP", "198.51.100.1")]))
            for n in range(MISSES_EVERYWHERE + 1)
        ]

    assert [answer.status_code for answer in tries] == [404] * MISSES_EVERYWHERE + [429]


@one_engine
async def test_no_pull_reads_the_feed_of_a_code(client: Client, code: ReturnSecrets, way: ReturnWay) -> None:
    posing = Device(device_id=way.feed_id)
    challenge = (await client.get("/sync/v1/pull")).headers["waymark-challenge"]

    answer = await client.get(
        "/sync/v1/pull", params={"cursor": ""}, headers=posing.pull_headers(challenge=challenge)
    )

    assert answer.status_code == 401


@pytest.mark.parametrize("kind", [JSON, MSGPACK])
def test_an_answer_of_any_length_has_the_length_of_a_bucket(ring: KeyRing, kind: str) -> None:
    proof = proof_of(
        item_id=str(uuid4()),
        sha256=bytes(32),
        pos=1,
        keys=ring,
        incarnation=str(uuid4()),
        restore_floor=0,
        at=1_767_225_600_000,
    )

    def answer(size: int) -> ReturnResponse:
        message = Message(id=str(uuid4()), pos=1, kind="ack", sealed=bytes(size), kid="r1", sig=bytes(64))
        page = PullResponse(
            incarnation=str(uuid4()), cursor="", more=False, messages=(message,), challenge=""
        )
        return ReturnResponse(feed_id=str(uuid4()), proof=proof, page=page)

    near = [
        bucket * part // 4 - len(encode(answer(0), kind)) + step
        for bucket in PADDING_BUCKETS
        for part in (3, 4)
        for step in range(-20, 21)
    ]
    for size in [*near, 300_000, 700_000]:
        if size >= 0:
            made = padded(answer(size), kind)
            assert len(made) in PADDING_BUCKETS or len(made) % PADDING_BUCKETS[-1] == 0
            assert decode(made, kind, ReturnResponse).page.messages[0].sealed == bytes(size)
