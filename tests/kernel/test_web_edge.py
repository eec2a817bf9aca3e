"""The edge: one name, one set of headers, pages from memory, one line of log a request."""

import json
import logging
from collections.abc import AsyncIterator, Iterator
from io import StringIO

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from fuzz.target import Asked, ask
from waymark.app import create_app
from waymark.kernel import logs
from waymark.kernel.db import Engine
from waymark.kernel.settings import Settings

EVERYWHERE = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
    "trusted-types waymark-workers; report-uri /csp-report"
)
REPORT_PAGE = POLICY.replace("img-src 'self' data:", "img-src 'self' data: blob:").replace(
    "media-src 'self'", "media-src 'self' blob:"
)
WORKER = "/assets/outbox.worker-0a1b2c3d.js"


@pytest.fixture
def engine() -> Engine:
    """Nothing here asks the database anything."""
    return "sqlite"


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Litestar]:
    app = create_app(replace(settings, origin="http://localhost:8000"))
    async with AsyncTestClient(app=app, base_url="http://waymark.test"):  # for its lifespan
        yield app


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[AsyncClient]:
    """Says whatever host a test wants."""
    async with AsyncClient(transport=ASGITransport(app), base_url="http://localhost:8000") as client:
        yield client


@pytest.fixture
def log() -> Iterator[StringIO]:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    logger = logging.getLogger("waymark")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/desk"),
        ("GET", "/sw.js"),
        ("GET", "/assets/main-0a1b2c3d.js"),
        ("GET", "/health/live"),
        ("GET", "/nothing-here"),
        ("POST", "/health/live"),
        ("POST", "/nothing-here"),
        ("DELETE", "/"),
        ("GET", "/assets/../secret"),
    ],
)
async def test_every_answer_carries_every_header(client: AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)

    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert answer.headers["content-security-policy"] == (REPORT_PAGE if path == "/" else POLICY)
    assert "geolocation=()" in answer.headers["permissions-policy"]
    assert "microphone=(self)" in answer.headers["permissions-policy"]


async def test_refused_host_carries_every_header(client: AsyncClient) -> None:
    answer = await client.get("/", headers={"Host": "evil.example"})

    assert answer.headers["content-security-policy"] == REPORT_PAGE
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE


async def test_only_a_worker_may_compile_webassembly(client: AsyncClient) -> None:
    worker = (await client.get(WORKER)).headers["content-security-policy"]

    assert worker == POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
    for path in ("/", "/sw.js", "/assets/main-0a1b2c3d.js", "/x.worker-1.js", "/assets/x.worker-1.css"):
        assert "wasm" not in (await client.get(path)).headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/return", "/verify"])
async def test_the_report_page_may_show_photos_that_were_just_chosen(client: AsyncClient, path: str) -> None:
    policy = (await client.get(path)).headers["content-security-policy"]

    assert policy == REPORT_PAGE


@pytest.mark.parametrize("path", ["/desk", "/desk/reports/1", "/leaving", "/sw.js", WORKER])
async def test_nothing_else_may(client: AsyncClient, path: str) -> None:
    assert "blob:" not in (await client.get(path)).headers["content-security-policy"]


async def test_plain_http_promises_no_encryption(client: AsyncClient) -> None:
    assert "strict-transport-security" not in (await client.get("/")).headers


async def test_https_origin_promises_it_for_two_years(settings: Settings) -> None:
    app = create_app(replace(settings, origin="https://reports.example.org"))
    async with AsyncClient(transport=ASGITransport(app), base_url="https://reports.example.org") as client:
        answer = await client.get("/")

    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "localhost:8001", "127.0.0.1", "LOCALHOST:8000."]
)
async def test_other_names_are_refused(client: AsyncClient, host: str) -> None:
    answer = await client.get("/", headers={"Host": host})

    assert answer.status_code == 421
    assert answer.json()["code"] == "wrong_host"


async def test_two_names_at_once_are_refused(client: AsyncClient) -> None:
    answer = await client.get("/", headers=[("Host", "localhost:8000"), ("Host", "evil.example")])

    assert answer.status_code == 421


async def test_a_visit_by_address_is_sent_to_the_name(client: AsyncClient) -> None:
    answer = await client.get("/desk?x=1", headers={"Host": "127.0.0.1:8000"}, follow_redirects=False)

    assert answer.status_code == 308
    assert answer.headers["location"] == "http://localhost:8000/desk?x=1"


async def test_a_redirect_never_leaves_the_origin(client: AsyncClient) -> None:
    host = {"Host": "127.0.0.1:8000"}

    answer = await client.get("http://localhost:8000//evil.example/", headers=host, follow_redirects=False)

    assert answer.headers["location"].startswith("http://localhost:8000/")


async def test_a_change_by_address_is_refused_not_redirected(client: AsyncClient) -> None:
    answer = await client.post("/csp-report", headers={"Host": "127.0.0.1:8000"}, content=b"{}")

    assert answer.status_code == 421


async def test_health_answers_a_probe_by_address(client: AsyncClient) -> None:
    answer = await client.get("/health/live", headers={"Host": "127.0.0.1:8000"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/", "index"),
        ("/return", "index"),
        ("/verify", "index"),
        ("/leaving", "leaving"),
        ("/desk", "desk"),
        ("/desk/", "desk"),
        ("/desk/reports/7c9e6679", "desk"),
        ("/desk/apiary", "desk"),
    ],
)
async def test_addresses_that_people_see(client: AsyncClient, path: str, title: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 200
    assert f"<title>{title}</title>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/desk/api",
        "/desk/api/x",
        "/index",
        "/assets/",
        "/.env",
        "/%2e%2e/x",
        "/openapi.json",
        "/schema",
        "/schema/openapi.json",
    ],
)
async def test_everything_else_is_nothing(client: AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_person_who_mistypes_gets_a_page(client: AsyncClient) -> None:
    answer = await client.get("/nothing", headers={"Accept": "text/html,application/xhtml+xml"})

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is nothing here" in answer.text


async def test_hashed_names_are_kept_for_ever_and_others_asked_for(client: AsyncClient) -> None:
    assert "immutable" in (await client.get(WORKER)).headers["cache-control"]
    assert (await client.get("/sw.js")).headers["cache-control"] == "no-cache"
    assert (await client.get("/health/live")).headers["cache-control"] == "no-store"


async def test_known_etag_is_not_sent_again(client: AsyncClient) -> None:
    etag = (await client.get("/")).headers["etag"]

    again = await client.get("/", headers={"If-None-Match": f'"other", W/{etag}'})
    changed = await client.get("/", headers={"If-None-Match": '"other"'})

    assert again.status_code == 304
    assert again.content == b""
    assert changed.status_code == 200


async def test_head_has_the_length_and_no_body(client: AsyncClient) -> None:
    whole = await client.get("/", headers={"Accept-Encoding": "identity"})
    head = await client.head("/", headers={"Accept-Encoding": "identity"})

    assert head.status_code == 200
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.content == b""


async def test_the_log_names_routes_and_never_addresses(client: AsyncClient, log: StringIO) -> None:
    for path in ("/", WORKER, "/desk/reports/canary-in-path", "/canary-in-path?q=canary-in-query"):
        await client.get(path, headers={"Cookie": "a=canary-in-cookie", "User-Agent": "canary-in-agent"})
    await client.post("/csp-report", content=b'{"csp-report": {"blocked-uri": "canary-in-body"}}')

    lines = [json.loads(line) for line in log.getvalue().splitlines()]

    assert "canary" not in log.getvalue()
    requests = [line["route"] for line in lines if line["code"] == "request"]
    assert requests == ["/", "/assets/*", "unmatched", "unmatched", "/csp-report"]
    assert all(line["status"] and line["ms"] >= 0 for line in lines if line["code"] == "request")


async def test_violations_are_counted_by_directive_alone(app: Litestar, client: AsyncClient) -> None:
    for directive in ("script-src-elem", "script-src", "canary"):
        report = {"csp-report": {"effective-directive": directive, "blocked-uri": "https://evil.example"}}
        answer = await client.post("/csp-report", content=json.dumps(report))
        assert answer.status_code == 204
    await client.post("/csp-report", content=b"not json")

    assert dict(app.state.csp_violations) == {"script-src": 2, "other": 2}


async def test_an_endless_report_is_refused(app: Litestar, client: AsyncClient) -> None:
    answer = await client.post("/csp-report", content=b" " * 20_000)

    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"
    assert app.state.csp_violations.total() == 0


async def test_a_query_that_is_no_text_says_what_to_do(app: Litestar) -> None:
    asked = Asked(name="cursor", method="GET", path="/sync/v1/pull", query="limit=\x9b", headers={}, body=b"")

    status, headers, body = await ask(app, asked, network="127.0.0.1", host=b"localhost:8000")

    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert json.loads(body)["code"] == "malformed"
