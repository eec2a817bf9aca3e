"""The README's pictures, taken of the demonstration as it is. `python tests/pictures.py FOLDER`."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Frame, Page, Playwright, expect, sync_playwright

from journeys.people import ARRIVES_MS, Story, acknowledge, log_in, tell
from journeys.phone import DESK, Phone
from support.server import Server, free_port
from support.staged import Staged, three_free_ports

BUILT: Final = Path(__file__).parents[1] / "build" / "test"
COLOURS: Final = 256  # flat colours: a third of the bytes, and nothing to see of it
PHONE: Final = {"width": 390, "height": 844}
GAP: Final = 24
ANSWER: Final = "Thank you. A person has read what you told us. We will ring as you asked."
TOLD: Final = Story(
    narrative="Two men shouted at me at the bus stop and followed me home. I do not want to be alone there.",
    name="Sam",
    phone="01632 960 001",
    code_word="library",
)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, sync_playwright() as driver, _staged(Path(work)) as stage:
        reference = _the_plug(driver, Path(work), stage, folder)
        _the_desk(driver, Path(work), stage, folder, reference)
        _the_phone(driver, Path(work), stage, folder)
    for picture in folder.glob("*.png"):
        Image.open(picture).convert("RGB").quantize(COLOURS).save(picture, optimize=True)


def _the_plug(driver: Playwright, work: Path, stage: Staged, folder: Path) -> str:
    """Pulled while a report is made; then put back, and the report answered."""
    page = Phone(driver, work / "stage", stage.address, viewport=DESK).start()
    page.goto(stage.address)
    phone, desk = _frame(page, "phone"), _frame(page, "desk")
    expect(phone.get_by_text("Ready to use without internet")).to_be_visible(timeout=ARRIVES_MS)
    desk.goto(f"{stage.served.origin}/desk")
    log_in(desk, stage.served.origin, "northshire")

    plug = page.get_by_role("button", name="Pull the plug")

    def in_the_middle(step: str) -> None:
        if step == "strands":
            plug.click()
            expect(page.locator("#state")).to_contain_text("no server since")

    reference = tell(phone, TOLD, each=in_the_middle)
    _keep(page, folder, "plug-pulled")
    plug.click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    desk.goto(f"{stage.served.origin}/desk")
    acknowledge(desk, reference, ANSWER)
    expect(phone.get_by_text(ANSWER)).to_be_visible(timeout=ARRIVES_MS)
    _keep(page, folder, "answered")
    return reference


def _the_phone(driver: Playwright, work: Path, stage: Staged, folder: Path) -> None:
    """A question, the code to come back with, the help that was found, the first page in the dark."""
    page = Phone(driver, work / "phone", stage.served.origin, viewport=PHONE).start()
    page.goto(stage.served.origin)
    expect(page.get_by_text("Ready to use without internet")).to_be_visible(timeout=ARRIVES_MS)
    shots = []

    def look(step: str) -> None:
        if step in {"sharing_choice", "check"}:
            if step == "check":
                _scroll_to(page, "Your return code")
            shots.append(_keep(page, work, f"phone-{step}"))

    tell(page, TOLD, each=look)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    _scroll_to(page, "People who can help you now")
    shots.append(_keep(page, work, "phone-help"))
    dark = Phone(driver, work / "dark", stage.served.origin, viewport=PHONE, dark=True).start()
    dark.goto(stage.served.origin)
    expect(dark.get_by_role("button", name="Start", exact=True)).to_be_visible()
    shots.append(_keep(dark, work, "phone-dark"))
    _strip(shots).save(folder / "phone.png")


def _strip(shots: list[Path]) -> Image.Image:
    pictures = [Image.open(shot) for shot in shots]
    width = sum(picture.width + GAP for picture in pictures) - GAP
    strip = Image.new("RGB", (width, PHONE["height"]), "#ffffff")
    for number, picture in enumerate(pictures):
        strip.paste(picture, (number * (PHONE["width"] + GAP), 0))
    return strip


def _scroll_to(page: Page, heading: str) -> None:
    found = page.get_by_role("heading", name=heading).first
    found.evaluate("heading => scrollTo(0, heading.getBoundingClientRect().top + scrollY - 80)")


def _the_desk(driver: Playwright, work: Path, stage: Staged, folder: Path, reference: str) -> None:
    page = Phone(driver, work / "desk", stage.served.origin, viewport=DESK).start()
    log_in(page, stage.served.origin, "northshire")
    expect(page.locator("main").get_by_role("link", name=reference)).to_be_visible(timeout=ARRIVES_MS)
    _keep(page, folder, "desk-list")
    page.get_by_role("link", name=reference).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Report ")
    _keep(page, folder, "desk-report")


def _keep(page: Page, folder: Path, name: str) -> Path:
    page.wait_for_timeout(400)  # whatever still settles: a picture may not show half of it
    path = folder / f"{name}.png"
    page.screenshot(path=str(path))
    return path


def _frame(page: Page, name: str) -> Frame:
    found = page.locator(f"#{name}").element_handle().content_frame()
    assert found is not None
    return found


@contextmanager
def _staged(work: Path) -> Iterator[Staged]:
    served = Server(
        {
            "WAYMARK_PROFILE": "demo",
            "WAYMARK_PORT": str(free_port()),
            "WAYMARK_STAGE_PORT": str(three_free_ports()),
            "WAYMARK_DATA": str(work / "data"),
            "WAYMARK_KEYS": str(BUILT / "keys"),
            "WAYMARK_PWA": str(BUILT / "pages"),
        },
        work / "server.log",
    )
    served.waymark("demo")
    stage = Staged(served, work / "stage.log").start()
    try:
        yield stage
    finally:
        stage.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
