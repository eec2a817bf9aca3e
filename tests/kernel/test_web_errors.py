"""Refusals say what to do next; bugs say nothing of the inside."""

import json
from collections.abc import AsyncIterator

import pytest
from litestar import Litestar, get, post
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.params import FromPath, JSONBody
from litestar.testing import AsyncTestClient
from msgspec import Struct

from waymark.kernel.db import Full, Unavailable
from waymark.kernel.problems import CATALOGUE, problem
from waymark.kernel.settings import Settings
from waymark.kernel.web.errors import HANDLERS
from waymark.kernel.web.guards import same_origin

CANARY = "canary-4711"


class Acknowledgement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    message: str


class Secretive(Exception):
    pass


FAULTS: dict[str, Exception] = {
    "problem": problem("already_acknowledged"),
    "bug": Secretive(CANARY),
    "key": KeyError(CANARY),
    "full": Full(CANARY),
    "unavailable": Unavailable(CANARY),
    "unauthorised": NotAuthorizedException(detail=CANARY),
    "forbidden": PermissionDeniedException(detail=CANARY),
    "slow": problem("too_many_attempts", headers={"Retry-After": "60"}),
}


@get("/fail/{name:str}")
async def fail(name: FromPath[str]) -> None:
    raise FAULTS[name]


@post("/acknowledge", guards=[same_origin])
async def acknowledge(data: JSONBody[Acknowledgement]) -> dict[str, str]:
    return {"message": data.message}


@pytest.fixture
async def client() -> AsyncIterator[AsyncTestClient[Litestar]]:
    settings = Settings(profile="test", origin="https://waymark.test")
    app = Litestar(
        [fail, acknowledge],
        exception_handlers=HANDLERS,
        openapi_config=None,
        logging_config=None,
        debug=False,
        request_max_body_size=1_000,
    )
    app.state.settings = settings
    async with AsyncTestClient(app=app, base_url=settings.origin, raise_server_exceptions=False) as client:
        yield client


OURS = {"Origin": "https://waymark.test", "Sec-Fetch-Site": "same-origin", "Waymark-Request": "1"}


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("problem", 409, "already_acknowledged"),
        ("bug", 500, "internal"),
        ("key", 500, "internal"),
        ("full", 507, "storage_full"),
        ("unavailable", 503, "busy"),
        ("unauthorised", 401, "login_needed"),
        ("forbidden", 403, "wrong_origin"),
    ],
)
async def test_refusal_has_code_title_and_next_step(
    client: AsyncTestClient[Litestar], name: str, status: int, code: str
) -> None:
    answer = await client.get(f"/fail/{name}")
    body = answer.json()

    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["title"] == CATALOGUE[code].title
    assert body["next"] == CATALOGUE[code].next
    assert answer.headers["content-type"] == "application/problem+json"
    assert CANARY not in answer.text


async def test_waiting_times_are_told(client: AsyncTestClient[Litestar]) -> None:
    assert (await client.get("/fail/slow")).headers["retry-after"] == "60"
    assert (await client.get("/fail/full")).headers["retry-after"] == "5"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ("not json", 400, "malformed"),
        (json.dumps({"message": 7}), 400, "invalid"),
        (json.dumps({}), 400, "invalid"),
        (json.dumps({"message": "x", CANARY: CANARY}), 400, "invalid"),
        (json.dumps({"message": "x" * 2_000}), 413, "too_large"),
    ],
)
async def test_bad_body_is_refused_without_being_quoted(
    client: AsyncTestClient[Litestar], content: str, status: int, code: str
) -> None:
    headers = {**OURS, "Content-Type": "application/json"}

    answer = await client.post("/acknowledge", content=content, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert CANARY not in answer.text


async def test_wrong_method_names_the_right_ones(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.delete("/acknowledge", headers=OURS)

    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


async def test_our_own_page_may_change_things(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.post("/acknowledge", json={"message": "seen"}, headers=OURS)

    assert answer.status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://waymark.test:8001"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Waymark-Request": "0"},
        {"Waymark-Request": ""},
    ],
)
async def test_a_change_from_elsewhere_is_refused(
    client: AsyncTestClient[Litestar], wrong: dict[str, str]
) -> None:
    answer = await client.post("/acknowledge", json={"message": "seen"}, headers={**OURS, **wrong})

    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_origin")


@pytest.mark.parametrize("missing", ["Origin", "Waymark-Request"])
async def test_a_missing_sign_is_a_wrong_one(client: AsyncTestClient[Litestar], missing: str) -> None:
    headers = {name: value for name, value in OURS.items() if name != missing}

    answer = await client.post("/acknowledge", json={"message": "seen"}, headers=headers)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_forms_change_nothing(client: AsyncTestClient[Litestar], media_type: str) -> None:
    headers = {**OURS, "Content-Type": media_type}

    answer = await client.post("/acknowledge", content=b'{"message":"x"}', headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_type")
