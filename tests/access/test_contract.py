"""The routes of the desk, asked by everybody, with addresses and bodies of any shape.

Never a fault: an answer of the shape that the route declares, or a Problem that says what to do next.
`test_description` goes through all routes as they are described; this one sends the desk what no description
holds, to PostgreSQL, whose text is stricter. `make prove` does both on both.
"""

import os
import random
from collections import Counter
from typing import Any, Final, get_args, get_type_hints
from urllib.parse import quote
from uuid import uuid4

import msgspec
import pytest
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from access.conftest import World
from fuzz.mutation import hostile, text
from fuzz.target import REFUSED, judge
from support.desk import PEOPLE
from waymark.app import ROUTES

PROVE: Final = bool(os.environ.get("WAYMARK_PROVE"))
ROUNDS: Final = 100 if PROVE else 5
ENGINES: Final = ["sqlite", "postgres"] if PROVE else ["postgres"]
LEFT_OUT: Final = {
    "WaitForNews",  # has no end
    "LogOut",  # ends what all others need
    "LockSession",  # locks it
    "LogIn",  # spends a quarter of a second on each password
}
DESK: Final = [
    route for route in ROUTES if min(route.paths).startswith("/desk/") and route.operation_id not in LEFT_OUT
]
FIELDS: Final[dict[str, tuple[Any, ...]]] = {
    "version": (1, 1, 1, 2, 99, -1, 2**63, "1", None),
    "message": ("x", "x", "", "x" * 5_000, "\u202e\x00", 7),
    "reason": ("x", "new_information", "", None),
    "code": ("duplicate", "intelligence_only", "no such", 3),
    "rationale": ("x", "", "\x00"),
    "services": (["victim-support"], [], ["no such"], "x"),
    "force_id": ("demo-southmere", "no such", ""),
    "label": ("Front desk", "", "x" * 500, "\x00"),
}
ODD: Final = ("", "%00", "..", "0", "-1", "x" * 3_000, "é", "\u202e", "null", "%ff")


def body(luck: random.Random) -> bytes:
    """All fields as they should be; or most of them, one value each; or that, wounded."""
    if luck.random() < 0.4:
        return msgspec.json.encode({name: values[0] for name, values in FIELDS.items()})
    made = {name: luck.choice(values) for name, values in FIELDS.items() if luck.random() < 0.9}
    raw = msgspec.json.encode(made)
    return hostile(raw, luck) if luck.random() < 0.3 else raw


def address(route: HTTPRouteHandler, known: list[str], luck: random.Random) -> str:
    path = min(route.paths)
    for name in ("report_id", "att_id", "campaign_id"):
        value = luck.choice(known) if luck.random() < 0.85 else luck.choice((str(uuid4()), *ODD))
        path = path.replace(f"{{{name}:str}}", quote(value, safe="%"))
    if path.endswith("/"):
        path += "0"  # or it is another route's address
    if luck.random() < 0.3:
        query = text(luck.choice(("after=1", "state=opened", "cursor=x", "limit=5")), luck)
        path += f"?{quote(query.encode('utf-8', 'replace'), safe='=&%')}"
    return path


def declared(route: HTTPRouteHandler) -> Any:
    """What a success is, where the route says so by a Struct."""
    told = get_type_hints(route.fn).get("return")
    told = next(iter(get_args(told)), told)  # Response[Taken] is answered as a Taken
    return told if isinstance(told, type) and issubclass(told, Struct) else None


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
async def test_every_route_keeps_its_word_to_everybody(world: World) -> None:
    luck, told = random.Random(20), Counter[int]()
    people = [*PEOPLE, None]
    known = list(world.reports.values())
    entered: set[str] = set()
    shaped: set[str] = set()
    for _ in range(ROUNDS):
        for route in DESK:
            for person in people:
                method, path = min(route.http_methods), address(route, known, luck)
                headers = {
                    "Origin": str(world.client.base_url).rstrip("/"),
                    "Sec-Fetch-Site": "same-origin",
                    "Waymark-Request": "1",
                    "Content-Type": luck.choice(("application/json",) * 9 + ("text/plain",)),
                }
                if person:
                    headers["Cookie"] = f"__Host-waymark={world.desks[person].cookie}"
                sent = body(luck) if method == "POST" else b""
                world.client.cookies.clear()
                answer = await world.client.request(method, path, content=sent, headers=headers)

                told[answer.status_code] += 1
                judge(answer.status_code, answer.headers, answer.content, method=method)
                assert person or "public" in route.opt or answer.status_code >= REFUSED, path
                if answer.status_code < REFUSED:
                    entered.add(str(route.operation_id))
                    if (shape := declared(route)) is not None:
                        assert answer.headers["content-type"] == "application/json"
                        msgspec.json.decode(answer.content, type=shape)
                        shaped.add(str(route.operation_id))

    assert {200, 400, 401, 404, 409} <= set(told)
    assert entered >= {"ListReports", "ViewReport", "ListDevices", "MakeDeviceCode", "AcknowledgeReport"}
    assert shaped >= {"ListReports", "ViewReport", "AcknowledgeReport"}
