"""The app is updated while sealed reports wait: the newer version sends what the older has sealed, once."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from journeys.people import ARRIVES_MS, Story, open_list, press, tell_briefly, visit
from journeys.phone import Phone
from journeys.wire import LossyWire
from support.figures import lost_and_doubled, record_fault
from support.server import Server, free_port
from support.staff import Staff
from waymark.cli.demo import PASSWORD

PROVE = os.environ.get("WAYMARK_PROVE") == "1"
UPDATES, REPORTS = (4, 5) if PROVE else (1, 2)
VERSION: Final = re.compile(r'"version":"[^"+]+\+([0-9a-f]{12})"')
CACHE: Final = re.compile(r"shell-[0-9a-f]{12}")
HASHED: Final = re.compile(r"-[A-Za-z0-9_-]{8}(\.(?:js|css))$")
READ: Final = frozenset({".js", ".css", ".html", ".json"})


@pytest.fixture
def deployed(server: Callable[..., Server], peopled: Path, pages: Path) -> Iterator[tuple[Server, LossyWire]]:
    port = free_port()
    with LossyWire(port) as wire:
        origin = f"http://localhost:{wire.port}"
        made = server(peopled, WAYMARK_PORT=str(port), WAYMARK_ORIGIN=origin, WAYMARK_PWA=str(pages))
        yield made.start(), wire


def test_a_full_queue_outlives_an_update(
    deployed: tuple[Server, LossyWire], phone: Callable[..., Phone], pages: Path, tmp_path: Path
) -> None:
    served, wire = deployed
    origin = f"http://localhost:{wire.port}"
    page = phone(origin).start()
    visit(page, origin)
    wire.pushes_cut = True
    references = []

    for number in range(UPDATES):
        for _ in range(REPORTS):
            references.append(tell_briefly(page, Story(narrative=f"Before {number}.", sharing="P3")))
            press(page, "Make another report")
        newer = a_later_build(pages, tmp_path / f"pages-{number}", number)
        wire.cut = True
        served.stop()
        served.environ["WAYMARK_PWA"] = str(newer)
        served.start()
        wire.cut = False
        take_the_update(page)

    open_list(page)
    wire.pushes_cut = False
    page.get_by_role("button", name="Send now").click()
    proof = page.get_by_text("We have the proof that it arrived")
    expect(proof).to_have_count(len(references), timeout=ARRIVES_MS)
    with Staff(served.origin, "northshire", PASSWORD, opened_as=origin) as staff:
        listed = [report["reference"] for report in staff.get("/desk/api/reports?limit=100")["reports"]]
    found = [reference for reference in listed if reference in references]
    lost, doubled = lost_and_doubled(references, found)
    fault = "the app updated with a full queue"
    record_fault(fault, times=UPDATES, acknowledged=len(references), lost=lost, doubled=doubled)
    assert sorted(found) == sorted(references)


def take_the_update(page: Page) -> None:
    """As a person does who comes back to the app: it offers the newer version, and starts again as that."""
    before = script_of(page)
    page.reload()
    page.get_by_role("button", name="Use the newer version").click(timeout=ARRIVES_MS)
    other = "(old) => document.querySelector('script[src]')?.src !== old"
    page.wait_for_function(other, arg=before, timeout=ARRIVES_MS)
    expect(page.get_by_text("Ready to use without internet")).to_be_visible(timeout=ARRIVES_MS)


def script_of(page: Page) -> str:
    source: str = page.evaluate("() => document.querySelector('script[src]').src")
    return source


def a_later_build(pages: Path, folder: Path, number: int) -> Path:
    """The same app as a later build: another version, and its scripts under names that no cache knows."""
    shutil.copytree(pages, folder, ignore=shutil.ignore_patterns("*.br", "*.gz"))
    version = VERSION.search((folder / "build.json").read_text(encoding="utf-8"))
    cache = CACHE.search((folder / "sw.js").read_text(encoding="utf-8"))
    assert version and cache
    scripts = [path.name for path in (folder / "assets").iterdir() if HASHED.search(path.name)]
    renamed = {version[1]: f"{number:012x}", cache[0]: f"shell-{number:012x}"}
    renamed |= {name: HASHED.sub(rf"-{order:04d}{number:04d}\1", name) for order, name in enumerate(scripts)}
    old = re.compile("|".join(map(re.escape, renamed)))
    for path in [path for path in folder.rglob("*") if path.suffix in READ]:
        text = old.sub(lambda met: renamed[met[0]], path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        path.rename(path.with_name(renamed.get(path.name, path.name)))
    return folder
