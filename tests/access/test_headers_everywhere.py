"""Every address, every method and every kind of refusal: the same headers on all of them, and no others.

All headers of an answer are compared but those that describe its content, so one too many is found, too.
"""

import json
from functools import cache
from typing import Any, Final
from uuid import uuid4

import pytest
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar
from msgspec.structs import replace

from access.conftest import World
from waymark.app import create_app
from waymark.cli.openapi import document
from waymark.kernel.settings import Settings
from waymark.kernel.web import edge, maintenance
from waymark.kernel.web.limits import ALLOWANCES, Limits
from waymark.kernel.web.pages import NAMES

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; font-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
    "trusted-types waymark-workers; report-uri /csp-report"
)
API: Final = {
    "cache-control": "no-store",
    "content-security-policy": POLICY,
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "midi=(), payment=(), usb=(), microphone=(self)"
    ),
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
PAGE: Final = {**API, "cache-control": "no-cache"}
REPORT_PAGE: Final = {
    **PAGE,
    "content-security-policy": POLICY.replace("data:", "data: blob:").replace(
        "media-src 'self'", "media-src 'self' blob:"
    ),
}
ASSET: Final = {**API, "cache-control": "public, max-age=31536000, immutable"}
WORKER: Final = {
    **ASSET,
    "content-security-policy": POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"),
}
OF_PAGES: Final = {
    "/": REPORT_PAGE,
    "/index.html": REPORT_PAGE,
    "/return": REPORT_PAGE,
    "/verify": REPORT_PAGE,
    "/leaving": PAGE,
    "/leaving.html": PAGE,
    "/desk": PAGE,
    "/desk.html": PAGE,
    "/desk/reports/1": PAGE,
    "/sw.js": PAGE,
    "/build.json": PAGE,
    "/assets/main-0a1b2c3d.js": ASSET,
    "/assets/outbox.worker-0a1b2c3d.js": WORKER,
}
OF_CONTENT: Final = frozenset(
    {
        *("allow", "content-encoding", "content-length", "content-type", "etag", "location", "retry-after"),
        *("set-cookie", "vary", "waymark-challenge"),
    }
)
METHODS: Final = ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "ODD")
ENDLESS: Final = "/desk/api/live"
ONE_ENGINE: Final = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def guarding(answer: Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_CONTENT}


@cache
def addresses() -> dict[str, Any]:
    """Every path of the description, and its operations by method."""
    paths: dict[str, Any] = document()["paths"]
    return paths


def filled(path: str, world: World) -> str:
    known = {"report_id": world.reports["P1", "northshire"]}
    for name in ("report_id", "att_id", "device_id", "campaign_id"):
        path = path.replace(f"{{{name}}}", known.get(name, str(uuid4())))
    return path


@ONE_ENGINE
@pytest.mark.parametrize("who", [None, "northshire"])
async def test_every_route_and_method_answers_with_the_same_headers(world: World, who: str | None) -> None:
    headers = {"Cookie": f"__Host-waymark={world.desks[who].cookie}"} if who else {}
    told: set[int] = set()
    for path in addresses():
        for method in METHODS:
            if who and (path, method) in {(ENDLESS, "GET"), (ENDLESS, "HEAD")}:
                continue
            world.client.cookies.clear()
            answer = await world.client.request(method, filled(path, world), headers=headers)

            assert guarding(answer) == API, (method, path, answer.status_code)
            told.add(answer.status_code)

    assert told >= ({200, 404, 405, 403} if who else {200, 204, 400, 401, 403, 405})


@ONE_ENGINE
@pytest.mark.parametrize("path", OF_PAGES)
async def test_every_page_and_script_has_those_of_its_kind(world: World, path: str) -> None:
    assert set(NAMES) < set(OF_PAGES)

    whole = await world.client.get(path)
    again = await world.client.get(path, headers={"If-None-Match": whole.headers["etag"]})
    bare = await world.client.head(path)

    assert (whole.status_code, again.status_code, bare.status_code) == (200, 304, 200)
    assert [guarding(answer) for answer in (whole, again, bare)] == [OF_PAGES[path]] * 3


@ONE_ENGINE
async def test_every_kind_of_refusal_has_them(world: World, settings: Settings) -> None:
    client = world.client
    by_address = {"Host": f"127.0.0.1:{settings.port}"}
    wrong = {
        421: await client.get("/health/live", headers={"Host": "evil.example"}),
        308: await client.get("/sw.js", headers=by_address, follow_redirects=False),
        413: await client.post("/csp-report", content=b" " * 20_000),
        415: await client.post("/sync/v1/push", content=b"x", headers={"Content-Type": "text/plain"}),
        403: await client.post("/sync/v1/push", headers={"Origin": "https://evil.example"}),
        404: await client.get("/nothing", headers={"Accept": "text/html"}),
        405: await client.delete("/csp-report"),
    }
    secrets = {"Waymark-Locator": "x", "Waymark-Authenticator": "x"}
    client.app.state.limits = Limits(lambda: 0.0)
    for _ in range(int(ALLOWANCES["return_misses"].together or 0) + 1):
        wrong[429] = await client.get("/sync/v1/return", headers=secrets)
    maintenance.begin(settings.data, retry_s=7)
    wrong[503] = await client.post("/sync/v1/push")

    assert {status: answer.status_code for status, answer in wrong.items()} == {s: s for s in wrong}
    assert [guarding(answer) for answer in wrong.values()] == [API] * len(wrong)


class Planted(Exception):
    """Its words must not get out."""


@ONE_ENGINE
@pytest.mark.parametrize("layer", ["edge", "page", "routes", "database"])
async def test_a_bug_in_any_layer_is_answered_with_them(
    world: World, monkeypatch: pytest.MonkeyPatch, layer: str
) -> None:
    """And the next request is served as if nothing had been."""

    def fail(*_: object, **__: object) -> Any:
        raise Planted("canary-4711")

    path, patched = {
        "edge": ("/sync/v1/keys", (edge, "retry_after_s")),
        "page": ("/", (edge, "page_for")),
        "routes": ("/health/ready", (world.client.app.state.readiness, "look")),
        "database": ("/desk/api/reports", (type(world.client.app.state.database), "read")),
    }[layer]
    headers = {"Cookie": f"__Host-waymark={world.desks['northshire'].cookie}"}
    world.client.cookies.clear()
    with monkeypatch.context() as planted:
        planted.setattr(*patched, fail)
        answer = await world.client.get(path, headers=headers)
    healthy = await world.client.get(path, headers=headers)

    assert (answer.status_code, healthy.status_code) == (500, 200)
    assert answer.json()["code"] == "internal"
    assert "canary" not in answer.text
    expected = {**API, "content-security-policy": answer.headers["content-security-policy"]}
    assert guarding(answer) == expected
    assert "default-src 'none'" in expected["content-security-policy"]


@ONE_ENGINE
async def test_a_broken_off_answer_is_never_ended_as_if_it_were_whole(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def half(_page: Any, _scope: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise Planted

    monkeypatch.setattr(edge, "_send_page", half)
    app = create_app(settings)
    async with AsyncClient(transport=ASGITransport(app), base_url=settings.origin) as client:
        with pytest.raises(Planted):
            await client.get("/")


@ONE_ENGINE
async def test_without_encryption_the_same_but_for_its_promise(settings: Settings) -> None:
    app: Litestar = create_app(replace(settings, origin="http://localhost:8000"))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost:8000") as client:
        answers = [await client.get(path) for path in ("/nothing", "/desk/api/reports", "/sync/v1/pull")]

    promise = "strict-transport-security"
    expected = {name: value for name, value in API.items() if name != promise}
    assert [guarding(answer) for answer in answers] == [expected] * len(answers)


def test_no_header_of_ours_lets_another_origin_in() -> None:
    assert not [name for name in {*API, *OF_CONTENT} if name.startswith("access-control")]
    assert json.dumps([API, OF_PAGES]).count("unsafe") == 1
