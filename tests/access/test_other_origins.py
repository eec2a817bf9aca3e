"""What a page of another origin sends changes nothing, whichever route it is sent to and however.

The routes are those of the description, so a new one is asked, too. Each is asked with a session that may do
what it does: only where the request comes from is wrong.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Final

import pytest
from httpx import Response
from msgspec.structs import replace
from pysqlite3 import dbapi2

from access.askers import RIGHT
from access.conftest import World
from access.test_headers_everywhere import API, ENDLESS, ONE_ENGINE, addresses, filled, guarding
from support.reports import Device, push_of
from waymark.kernel.settings import Settings
from waymark.kernel.web.origins import from_elsewhere
from waymark_sync.codec import JSON, encode

OURS: Final = "https://waymark.test"
FOREIGN: Final[tuple[Mapping[str, str], ...]] = (
    {"Origin": "https://evil.example"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://waymark.test.evil.example"},
    {"Origin": "https://sub.waymark.test", "Sec-Fetch-Site": "same-site"},
    {"Origin": "http://waymark.test"},
    {"Origin": "https://waymark.test:8443", "Sec-Fetch-Site": "same-site"},
    {"Origin": "https://WAYMARK.TEST"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": OURS, "Sec-Fetch-Site": "cross-site"},
    {"Origin": OURS, "Sec-Fetch-Site": "same-site"},
    {"Origin": OURS, "Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
)
FORMS: Final = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "")
"""What a form can send without asking first."""
OWN_PAGE: Final = {"Origin": OURS, "Sec-Fetch-Site": "same-origin", "Waymark-Request": "1"}
TRACES: Final = {
    "audit_entry",  # who looked at which report
    "session",  # when a person was last here
}
READS: Final = ("get", "head")

Rows = dict[str, list[tuple[Any, ...]]]


def stored(settings: Settings) -> Rows:
    """Everything, by table."""
    with closing(dbapi2.connect(str(settings.sqlite_path))) as db:
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: db.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names}  # noqa: S608 - its own names


def changed(before: Rows, after: Rows) -> set[str]:
    return {name for name in before | after if before.get(name) != after.get(name)}


def asked(*, changes: bool) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation of every route that is there to change something, or of every other."""
    for path, by_method in addresses().items():
        for method, operation in by_method.items():
            if changes == (method not in READS):
                yield method.upper(), path, operation


async def ask(
    world: World, method: str, path: str, operation: dict[str, Any], headers: Mapping[str, str]
) -> Response:
    """With the session of whoever may read the report there, and a body that is right in its shape."""
    world.client.cookies.clear()
    content = next(iter(operation.get("requestBody", {}).get("content", {})), "")
    body = encode({"version": 1, **RIGHT.get(operation["operationId"], {})}, JSON)
    sent = {"Content-Type": content, "Cookie": f"__Host-waymark={world.desks['northshire'].cookie}"}
    return await world.client.request(
        method, filled(path, world), content=body if content else b"", headers={**sent, **headers}
    )


@ONE_ENGINE
async def test_no_page_of_another_origin_changes_anything(world: World, settings: Settings) -> None:
    before, count = stored(settings), 0
    for method, path, operation in asked(changes=True):
        for foreign in FOREIGN:
            answer = await ask(world, method, path, operation, {"Waymark-Request": "1", **foreign})
            count += 1

            assert (answer.status_code, answer.json()["code"]) == (403, "wrong_origin"), (path, foreign)

    assert count > 25 * len(FOREIGN)
    assert changed(before, stored(settings)) == set()


@ONE_ENGINE
async def test_nor_does_it_read_what_no_link_opens(world: World, settings: Settings) -> None:
    """Reading leaves traces: who looked at a report, when a code was used."""
    before = stored(settings)
    for method, path, operation in asked(changes=False):
        for foreign in FOREIGN:
            if path == ENDLESS or path.startswith("/health/"):
                continue
            answer = await ask(world, method, path, operation, foreign)

            assert answer.status_code == 403, (path, foreign)

    assert changed(before, stored(settings)) == set()


@ONE_ENGINE
async def test_a_form_that_an_old_browser_sends_without_a_word_of_its_origin_changes_nothing(
    world: World, settings: Settings
) -> None:
    push = encode(push_of(Device().report(world.client.app.state.ring)), JSON)
    before = stored(settings)
    for method, path, operation in asked(changes=True):
        for form in FORMS:
            answer = await ask(world, method, path, operation, {"Content-Type": form})
            if path != "/csp-report":  # counts, in memory
                assert answer.status_code in {400, 401, 403, 404, 409, 415}, (path, form)
    for form in FORMS[
        :-1
    ]:  # without any type it is read as JSON; every browser of today names the origin then
        answer = await world.client.post("/sync/v1/push", content=push, headers={"Content-Type": form})
        assert answer.status_code == 415

    assert changed(before, stored(settings)) == set()


@ONE_ENGINE
async def test_our_own_page_is_never_taken_for_another(world: World) -> None:
    for changes in (True, False):
        for method, path, operation in asked(changes=changes):
            if path == ENDLESS:
                continue
            answer = await ask(world, method, path, operation, OWN_PAGE)

            assert answer.status_code != 403, (method, path)


@ONE_ENGINE
async def test_what_is_no_browser_pushes_without_a_word_of_any_origin(world: World) -> None:
    push = encode(push_of(Device().report(world.client.app.state.ring)), JSON)

    answer = await world.client.post("/sync/v1/push", content=push, headers={"Content-Type": JSON})

    assert answer.json()["results"][0]["verdict"] == "accepted"


@ONE_ENGINE
async def test_no_reading_changes_more_than_its_trace(world: World, settings: Settings) -> None:
    for desk in world.desks.values():
        for _, path, _ in asked(changes=False):
            if path != ENDLESS:
                before = stored(settings)
                await desk.get(filled(path, world))
                assert changed(before, stored(settings)) <= TRACES, path


@ONE_ENGINE
async def test_no_preflight_is_ever_granted(world: World) -> None:
    for path in addresses():
        wanted = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "waymark-request",
        }
        answer = await world.client.options(
            filled(path, world), headers={"Origin": "https://evil.example", **wanted}
        )

        assert guarding(answer) == API, path


@ONE_ENGINE
async def test_a_link_from_anywhere_opens_a_page(world: World) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}

    opened = {
        path: await world.client.get(path, headers=link) for path in ("/", "/desk", "/verify", "/nothing")
    }

    assert {path: answer.status_code for path, answer in opened.items()} == {
        "/": 200,
        "/desk": 200,
        "/verify": 200,
        "/nothing": 404,
    }


@ONE_ENGINE
async def test_a_browser_reports_a_violation_without_naming_our_origin(world: World) -> None:
    """No page of ours names a referrer, and so the browser's own reports say `null`."""
    answer = await world.client.post(
        "/csp-report", content=b"{}", headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    )

    assert answer.status_code == 204


@pytest.mark.parametrize(
    "twice",
    [
        [(b"origin", OURS.encode()), (b"origin", OURS.encode())],
        [(b"origin", OURS.encode()), (b"origin", b"https://evil.example")],
        [(b"sec-fetch-site", b"same-origin"), (b"sec-fetch-site", b"cross-site")],
    ],
)
def test_a_header_given_twice_is_nobodys_word(twice: list[tuple[bytes, bytes]]) -> None:
    assert from_elsewhere(twice, ours={OURS})


@ONE_ENGINE
def test_the_phone_and_tablet_of_a_demonstration_are_pages_of_ours(settings: Settings) -> None:
    shown = replace(settings, profile="demo", origin="http://localhost:8000", stage_port=8001)

    for port in (8000, 8002, 8003):
        assert not from_elsewhere([(b"origin", f"http://localhost:{port}".encode())], ours=shown.origins)
    assert from_elsewhere([(b"origin", b"http://localhost:8001")], ours=shown.origins)
    assert from_elsewhere(
        [(b"origin", b"http://localhost:8002")], ours=replace(shown, stage_port=None).origins
    )
