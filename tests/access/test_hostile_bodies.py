"""Whatever bytes are sent to any route, the answer is a refusal and never a bug."""

from collections.abc import AsyncIterator
from typing import Final
from uuid import uuid4

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.testing import AsyncTestClient

from support.desk import PEOPLE, Desk, seed
from waymark.app import ROUTES
from waymark.kernel.db import Database
from waymark.kernel.settings import Settings
from waymark_sync.codec import JSON

BODIES: Final = {
    "nested": b'{"x":' + b"[" * 3_000,
    "not_utf8": b'{"username":"\xff","message":"\xff","label":"\xff"}',
    "half_a_character": b'{"username":"\\ud800","message":"\\ud800","label":"\\ud800"}',
    "long_number": b"1" * 4_000,
    "nul": b'{"username":"\\u0000","password":"\\u0000","message":"\\u0000","label":"\\u0000"}',
    "null": b"null",
    "empty": b"",
}
TAKERS: Final[list[HTTPRouteHandler]] = [handler for handler in ROUTES if "POST" in handler.http_methods]

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
async def cookies(
    client: AsyncTestClient[Litestar], settings: Settings, database: Database
) -> AsyncIterator[list[str]]:
    """Everybody's, since each route reads the body of somebody else."""
    await seed(database, client.app.state.pack)
    desks = [await Desk(client, settings.origin).enter(database, name) for name in PEOPLE]
    yield [f"__Host-waymark={desk.cookie}" for desk in desks]


@pytest.mark.parametrize("handler", TAKERS, ids=[handler.fn.__name__ for handler in TAKERS])
async def test_no_body_is_a_bug_of_ours(
    client: AsyncTestClient[Litestar], settings: Settings, cookies: list[str], handler: HTTPRouteHandler
) -> None:
    path = min(handler.paths).replace("{report_id:str}", str(uuid4()))
    ours = {"Origin": settings.origin, "Waymark-Request": "1", "Content-Type": JSON}

    for name, body in BODIES.items():
        for cookie in cookies:
            client.cookies.clear()
            answer = await client.post(path, content=body, headers={**ours, "Cookie": cookie})
            assert answer.status_code < 500, name
