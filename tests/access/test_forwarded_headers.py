"""Headers that a proxy might have set, and anybody else as well, change no answer."""

from typing import Final

import pytest
from httpx import Response

from access.conftest import World
from access.test_headers_everywhere import ONE_ENGINE
from waymark.kernel.settings import Settings

FORGED: Final = (
    {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-Host": "waymark.test"},
    {"X-Forwarded-Proto": "http"},
    {"X-Forwarded-Port": "1"},
    {"X-Forwarded-For": "203.0.113.7"},
    {"X-Forwarded-Prefix": "/evil"},
    {"X-Forwarded-Server": "evil.example"},
    {"X-Forwarded-User": "northshire"},
    {"Forwarded": "for=203.0.113.7;host=evil.example;proto=http"},
    {"X-Real-IP": "203.0.113.7"},
    {"True-Client-IP": "203.0.113.7"},
    {"CF-Connecting-IP": "203.0.113.7"},
    {"X-Host": "evil.example"},
    {"X-Original-URL": "/desk/api/reports"},
    {"X-Original-Host": "evil.example"},
    {"X-Rewrite-URL": "/desk/api/reports"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"X-HTTP-Method": "DELETE"},
    {"X-Method-Override": "DELETE"},
    {"X-Remote-User": "northshire"},
    {"Remote-User": "northshire"},
    {"Front-End-Https": "off"},
    {"Via": "1.1 evil.example"},
)
ASKED: Final = (
    ("GET", "/"),
    ("GET", "/sw.js"),
    ("GET", "/nothing"),
    ("GET", "/health/live"),
    ("GET", "/desk/api/choices"),
    ("GET", "/desk/api/session"),
    ("GET", "/sync/v1/keys"),
    ("POST", "/desk/api/session"),
    ("POST", "/sync/v1/push"),
    ("PATCH", "/sync/v1/att/x"),
)


def heard(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    return answer.status_code, answer.content, dict(answer.headers)


@ONE_ENGINE
@pytest.mark.parametrize("who", [None, "northshire"])
async def test_the_answer_is_the_same_with_any_of_them(world: World, who: str | None) -> None:
    cookie = {"Cookie": f"__Host-waymark={world.desks[who].cookie}"} if who else {}
    for method, path in ASKED:
        plain = heard(await world.client.request(method, path, headers=cookie))
        for forged in FORGED:
            world.client.cookies.clear()
            assert heard(await world.client.request(method, path, headers={**cookie, **forged})) == plain, (
                forged
            )


@ONE_ENGINE
async def test_none_of_them_stands_for_the_name_in_the_address(world: World) -> None:
    for forged in FORGED:
        answer = await world.client.get("/", headers={"Host": "evil.example", **forged})

        assert answer.status_code == 421, forged


@ONE_ENGINE
async def test_none_of_them_sends_anybody_elsewhere(world: World, settings: Settings) -> None:
    for forged in FORGED:
        by_address = {"Host": f"127.0.0.1:{settings.port}", **forged}
        answer = await world.client.get("/desk", headers=by_address, follow_redirects=False)

        assert answer.headers["location"] == f"{settings.origin}/desk", forged


@ONE_ENGINE
async def test_none_of_them_makes_a_foreign_page_ours(world: World) -> None:
    for forged in FORGED:
        foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", **forged}
        answer = await world.client.post("/sync/v1/push", headers=foreign)

        assert answer.status_code == 403, forged
