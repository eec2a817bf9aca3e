"""T11, whoever sends files that are to run on somebody else's machine."""

import random
import re
from collections.abc import Callable, Iterator
from typing import Final

import httpx
import pytest
from msgspec import Struct
from playwright.sync_api import BrowserContext, Download, Error, Page

from attacks.attempts import LONG, Attempts, long_form
from attacks.hostile_files import HIDDEN, RAN, corpus
from attacks.prey import Prey
from journeys.phone import DESK, Phone
from support.files import prepared, report_with
from support.reports import HARBOUR, Device
from waymark_sync.file_sender import PreparedFile
from waymark_sync.protocol import ATT_COUNT_MAX

SHOWN: Final = {"image/jpeg", "text/plain", "text/plain; charset=utf-8"}
PLAYED: Final = re.compile(r"audio/(wav|mpeg|ogg|mp4|webm|aac|amr)")
NAMED: Final = re.compile(r'attachment; filename="original-[0-9a-f]{8}\.[a-z0-9]{2,4}"')
NAMES: Final = (
    "../../etc/passwd",
    "photo.jpg\r\nSet-Cookie: a=b",
    "gpj.\u202eexe",
    "<img src=x onerror=alert(1)>",
    "'); DROP TABLE report; --",
    "con.txt",
    "=cmd|'/c calc'!A1",
    "\u0000hidden",
    "a" * 200,
)
"""As an attacker calls files: they can only stand in a caption."""


class Sent(Struct, frozen=True, kw_only=True):
    what: str
    report_id: str
    att_id: str


@pytest.fixture(scope="module")
def sent(prey: Prey) -> list[Sent]:
    """Through the same door as every photo, as many in a report as there may be. Short: a sixth."""
    files = [
        (
            what,
            prepared(plain, caption=NAMES[number % len(NAMES)].replace("\r\n", " ").replace("\0", " ")[:190]),
        )
        for number, (what, plain) in enumerate(corpus().items())
    ]
    assert len(files) >= 60, "a corpus"
    files = files if LONG else files[random.randrange(4) :: 4]
    found = []
    for at in range(0, len(files), ATT_COUNT_MAX):
        found += _send(prey, dict(files[at : at + ATT_COUNT_MAX]), address=f"198.18.{at}.1")
    prey.settled()
    return found


def _send(prey: Prey, files: dict[str, PreparedFile], *, address: str) -> list[Sent]:
    report = report_with(
        prey.ring, *files.values(), device=Device(), sharing_choice="P1", body={"centre_id": HARBOUR}
    )
    assert prey.push(report, Waymark_Client=address).status_code == 200
    for file in files.values():
        prey.upload(report, file, address=address)
    return [
        Sent(what=what, report_id=report.item_id, att_id=file.attachment.att_id)
        for what, file in files.items()
    ]


def test_nothing_that_was_sent_comes_back_as_it_was(prey: Prey, sent: list[Sent], attempts: Attempts) -> None:
    """Every file asked for as a picture and as it was sent: types, names, heads, and hidden words."""
    given = 0
    for one in sent:
        for kind in ("pictures", "originals"):
            answer = prey.person("northshire").get(f"/desk/api/reports/{one.report_id}/{kind}/{one.att_id}")
            name = f"{one.what} among {kind}"
            attempts.tried(f"{name}: it breaks", got=answer.status_code >= 500, back=answer.text)
            if answer.status_code != 200:
                attempts.tried(name, got=answer.status_code != 404, back=answer.status_code)
                continue
            given += 1
            attempts.tried(f"{name}: heads", got=list(_careless(kind, answer)), back=dict(answer.headers))
            if kind == "pictures" and answer.headers["content-type"] == "image/jpeg":
                held = [
                    w for w in (HIDDEN, RAN, "<script", "PK\x03\x04", "Exif") if w.encode() in answer.content
                ]
                attempts.tried(f"{name}: hidden words", got=held)
    assert given, "honest parts are still handed out"


def _careless(kind: str, answer: httpx.Response) -> Iterator[str]:
    heads, named = answer.headers, answer.headers["content-type"]
    if "sandbox" not in heads.get("content-security-policy", ""):
        yield "no sandbox"
    if heads.get("x-content-type-options") != "nosniff":
        yield "may be sniffed"
    if "no-store" not in heads.get("cache-control", ""):
        yield "is kept by the browser"
    if kind == "pictures" and named not in SHOWN:
        yield f"a picture of {named}"
    if kind == "originals":
        if named != "application/octet-stream" and not PLAYED.fullmatch(named):
            yield f"an original as {named}"
        if not NAMED.fullmatch(heads.get("content-disposition", "")):
            yield heads.get("content-disposition", "no name of ours")


def test_originals_of_what_may_hurt_go_to_nobody(prey: Prey, sent: list[Sent], attempts: Attempts) -> None:
    """Pages, drawings that run, programs and letters with programs: no desk is handed their bytes."""
    safe = re.compile(
        r"^a (PDF|sound|stream|recorded|film with|letter that fetches)|^words|^a style|^a script$|formulas"
    )
    for one in sent:
        if safe.search(one.what):
            continue
        path = f"/desk/api/reports/{one.report_id}/originals/{one.att_id}"
        for name in ("northshire", "harbour"):
            answer = prey.person(name).get(path, headers={"Range": "bytes=0-10"})
            plain = answer.status_code in (200, 206) and "text/plain" not in answer.headers["content-type"]
            kind = answer.headers.get("content-disposition", "")
            words = kind.endswith('.txt"')
            attempts.tried(f"{name}: {one.what}", got=plain and not words, back=kind)


@long_form
def test_no_script_of_theirs_runs_in_a_browser(
    prey: Prey, sent: list[Sent], attempts: Attempts, phone: Callable[..., Phone]
) -> None:
    """Chromium, logged in at the desk, opens each address directly and then the page of each report."""
    desk = phone(prey.server.origin, viewport=DESK)
    page = desk.start()
    asked: list[str] = []
    _log_in(page.context, prey)
    page.context.on("request", lambda request: asked.append(request.url))
    few = [one for one in sent if LONG or re.search(r"page|drawing|script|PDF that runs|words", one.what)]
    for one in few:
        for kind in ("pictures", "originals"):
            _open(page, f"{prey.server.origin}/desk/api/reports/{one.report_id}/{kind}/{one.att_id}")
            attempts.tried(f"{one.what} among {kind}", got=RAN in page.title() or _ran(asked), back=page.url)
    for report_id in {one.report_id for one in sent}:
        page.goto(f"{prey.server.origin}/desk/reports/{report_id}")
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_load_state("networkidle")
        attempts.tried("the page of its report", got=RAN in page.title() or _ran(asked), back=page.title())
    elsewhere = [url for url in asked if not url.startswith((prey.server.origin, "data:", "blob:"))]
    attempts.tried("other origins", got=elsewhere)
    desk.off()
    desk.violations.clear()  # that a policy stopped one of them is what it is for


def _ran(asked: list[str]) -> list[str]:
    return [url for url in asked if RAN in url]


def _open(page: Page, address: str) -> None:
    def drop(download: Download) -> None:
        download.cancel()

    page.on("download", drop)
    try:
        page.goto(address, wait_until="load")
    except Error as error:
        assert "Download is starting" in str(error) or "ERR_" in str(error), error
    page.remove_listener("download", drop)


def _log_in(context: BrowserContext, prey: Prey) -> None:
    cookie = {
        "name": "__Host-waymark",
        "value": prey.cookies["northshire"],
        "domain": "localhost",
        "path": "/",
    }
    context.add_cookies([{**cookie, "secure": True, "httpOnly": True, "sameSite": "Strict"}])  # type: ignore[typeddict-item]
