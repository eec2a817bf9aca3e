"""What comes from a phone does not tell who has it: no cookie, no address, no kind of browser."""

import io
import re
from contextlib import closing
from typing import Any, Final

import psycopg
from httpx import ASGITransport, AsyncClient
from litestar.testing import AsyncTestClient
from msgspec.structs import replace
from pysqlite3 import dbapi2

from access.conftest import World
from access.test_headers_everywhere import ONE_ENGINE, addresses, filled
from support.postgres import Cluster
from support.reports import Device, push_of
from waymark.app import create_app
from waymark.kernel import logs
from waymark.kernel.settings import Settings
from waymark.kernel.web.edge import Edge
from waymark.kernel.web.limits import network_of
from waymark_sync.codec import MSGPACK, encode

DENIED: Final = frozenset(
    {
        *(
            "ip",
            "ips",
            "ipv4",
            "ipv6",
            "addr",
            "address",
            "addresses",
            "hop",
            "remote",
            "client",
            "peer",
            "host",
        ),
        *("hostname", "forwarded", "isp", "asn", "carrier", "country", "cookie", "ua", "agent", "user_agent"),
        *("useragent", "browser", "os", "platform", "referer", "referrer", "fingerprint", "canvas", "screen"),
        *("timezone", "tz", "locale", "imei", "imsi", "mac", "ssid", "geo", "gps", "lat", "latitude", "lon"),
        *("lng", "longitude"),
    }
)
"""Parts of names that no column has: what tells one phone, or whose it is, from another."""
ALLOWED: Final = {"session": {"token_hash"}}
ADDRESS: Final = "198.51.100.77"
SESSION: Final = "SELECT token_hash, last_seen_at FROM session ORDER BY token_hash"


def columns_sqlite(path: str) -> dict[str, set[str]]:
    with closing(dbapi2.connect(path)) as db:
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: {row[1] for row in db.execute(f'PRAGMA table_info("{name}")')} for (name,) in tables}


def columns_postgres(url: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    asked = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    with psycopg.connect(url) as db:
        for table, column in db.execute(asked).fetchall():
            found.setdefault(table, set()).add(column)
    return found


def telling(columns: dict[str, set[str]]) -> set[tuple[str, str]]:
    return {
        (table, column)
        for table, names in columns.items()
        for column in names
        if DENIED & {column, *column.split("_")} and column not in ALLOWED.get(table, set())
    }


def test_no_column_holds_where_from_or_with_what_somebody_reported(
    migrated_sqlite: Any, cluster: Cluster, migrated_postgres: str
) -> None:
    sqlite, postgres = columns_sqlite(str(migrated_sqlite)), columns_postgres(cluster.url(migrated_postgres))

    assert len(sqlite) > 20
    assert set(postgres) == {name for name in sqlite if not name.startswith("sqlite_")}
    assert telling(sqlite) == telling(postgres) == set()


def test_the_search_for_such_columns_is_not_blind() -> None:
    planted = {"intake_item": {"pos", "client_ip", "ua", "sent_from_address", "description", "zip"}}

    assert telling(planted) == {("intake_item", n) for n in ("client_ip", "ua", "sent_from_address")}


@ONE_ENGINE
async def test_below_sync_no_cookie_reaches_a_route(settings: Settings) -> None:
    seen: dict[str, list[bytes]] = {}

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        seen[scope["path"]] = [value for name, value in scope["headers"] if name.lower() == b"cookie"]
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    edge = Edge(app, settings=settings, pages={})
    async with AsyncClient(transport=ASGITransport(edge), base_url=settings.origin) as client:
        for path in (*addresses(), "/sync/v1/anything/else", "/csp-report"):
            await client.post(path, headers=[("Cookie", "__Host-waymark=x"), ("cookie", "y=z")])

    kept = {path for path, cookies in seen.items() if cookies}
    assert kept == {path for path in seen if path.startswith(("/desk/", "/health/"))}
    assert len(seen) - len(kept) > 8


@ONE_ENGINE
async def test_who_is_logged_in_at_the_desk_leaves_no_trace_by_reporting(
    world: World, settings: Settings
) -> None:
    """Also with a cookie that is not theirs, or broken: nothing is read, so nothing differs."""
    push = encode(push_of(Device().report(world.client.app.state.ring)), MSGPACK)
    cookie = {"Cookie": f"__Host-waymark={world.desks['northshire'].cookie}", "Content-Type": MSGPACK}
    before = sessions(settings)
    answers = [await world.client.post("/sync/v1/push", content=push, headers=cookie)]
    for path, by_method in addresses().items():
        if path.startswith("/sync/"):
            answers += [
                await world.client.request(method, filled(path, world), headers=cookie)
                for method in by_method
            ]

    assert answers[0].status_code == 200
    assert sessions(settings) == before
    assert not [answer for answer in answers if "set-cookie" in answer.headers]


def sessions(settings: Settings) -> list[Any]:
    with closing(dbapi2.connect(str(settings.sqlite_path))) as db:
        return list(db.execute(SESSION))


@ONE_ENGINE
async def test_no_address_is_logged_or_stored(settings: Settings) -> None:
    """Nor its network, nor what it is counted by."""
    stream = io.StringIO()
    named = replace(settings, client_header="x-real-ip")
    async with AsyncTestClient(app=create_app(named), base_url=settings.origin) as client:
        logs.write_logs(stream)
        counted = client.app.state.limits.caller(ADDRESS)
        push = encode(push_of(Device().report(client.app.state.ring)), MSGPACK)
        told = {"Content-Type": MSGPACK, "X-Real-IP": ADDRESS, "User-Agent": "canary-browser"}
        answer = await client.post("/sync/v1/push", content=push, headers=told)
        await client.get("/sync/v1/return", headers=told)
    stored = b"".join(path.read_bytes() for path in settings.data.rglob("*") if path.is_file())
    kept = stream.getvalue().encode() + stored

    assert answer.status_code == 200
    for secret in (ADDRESS, network_of(ADDRESS), "198.51.100", counted.hex(), "canary-browser"):
        assert secret.encode() not in kept
    assert counted not in kept
    assert re.search(r'"route":"/sync/v1/push"', stream.getvalue())
