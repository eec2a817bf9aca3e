"""T1, a thief of the phone or tablet, who images its disk at the worst moments and has it unlocked."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect
from pysqlite3 import dbapi2

from attacks.attempts import LONG, Attempts, long_form
from attacks.prey import Prey
from attacks.residue import private_keys, readable
from journeys.canaries import hits
from journeys.people import ARRIVES_MS, Story, answer, answer_briefly, finish, open_list, visit
from journeys.phone import TABLET, Phone
from waymark.kernel.keys import load_seal_keys
from waymark_sync.seal import CannotOpen, open_item

NARRATIVE: Final = "canarythiefnarrative4oak"
NAME: Final = "CanaryThiefName7Elm"
NUMBER: Final = "01632960777"
WORD: Final = "canarythiefword2ivy"
PLACE: Final = "canarythiefplace9fir"
TYPED: Final = [NARRATIVE, NAME, NUMBER, WORD, PLACE]
STORY: Final = Story(
    narrative=NARRATIVE, name=NAME, phone=NUMBER, code_word=WORD, place=PLACE, sharing="U1" if LONG else "P3"
)
ANSWERS: Final = answer if LONG else answer_briefly
LAST: Final = "SELECT header, sealed FROM intake_item ORDER BY pos DESC LIMIT 3"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """Of the first device that a test makes."""
    return tmp_path / "profile-0"


@long_form
def test_the_disk_of_a_device_taken_at_the_worst_moments(
    prey: Prey, attempts: Attempts, phone: Callable[..., Phone], profile: Path
) -> None:
    """Killed with answers typed, when sealed and unsent, and when sent: the disk is searched."""
    tablet = phone(prey.server.origin, viewport=TABLET, durable=True)
    page = tablet.start()
    visit(page, prey.server.origin)
    ANSWERS(page, STORY)
    tablet.kill()
    _search(attempts, profile, "typed and not finished")

    page = _again(tablet, prey)
    attempts.tried("typed and not finished, opened again", got=_words(page))
    page.context.set_offline(True)
    ANSWERS(page, STORY)
    reference = finish(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Saved")
    attempts.tried("sealed, by the developer's tools", got=_in(readable(page)))
    tablet.kill()
    _search(attempts, profile, "sealed and not sent")

    page = _again(tablet, prey)
    open_list(page)
    expect(page.get_by_text("We have the proof that it arrived")).to_be_visible(timeout=ARRIVES_MS)
    shown = page.locator("body").inner_text()
    attempts.tried("the list", got=[w for w in TYPED if w in shown])
    assert reference in shown, "its maker still finds it"
    attempts.tried("sent, by the developer's tools", got=_in(readable(page)))
    tablet.kill()
    _search(attempts, profile, "sent")
    for number, opened in enumerate(_opened_by_keys_of(profile, prey)):
        attempts.tried(f"key {number} of the disk, on the sealed bytes", got=opened)


def _again(device: Phone, prey: Prey) -> Page:
    page = device.start()
    page.goto(prey.server.origin)
    page.get_by_role("heading", level=1).wait_for()
    return page


def _words(page: Page) -> list[str]:
    return [*_in(readable(page)), *_in([page.content()])]


def _in(texts: list[str]) -> list[str]:
    return [word for word in TYPED for text in texts if word.lower() in text.lower()]


def _search(attempts: Attempts, profile: Path, when: str) -> None:
    """In Latin, UTF-16, base64 and hexadecimal."""
    found = hits(profile, TYPED)
    for word in TYPED:
        attempts.tried(f"{when}: {word}", got=[one for one in found if one.endswith(f": {word}")])


def _opened_by_keys_of(profile: Path, prey: Prey) -> Iterator[bool]:
    """Every private key that lies in the profile as it is, tried on what the service was sent."""
    with closing(dbapi2.connect(prey.server.data / "waymark.db")) as opened:
        items = list(opened.execute(LAST))
    own = load_seal_keys(prey.folder / "keys").values()
    assert any(_opens(item, key) for item in items for key in own), "the control: the service's key opens"
    keys = list(private_keys(profile))
    assert keys, "the search for keys is not blind: a browser keeps the device's own where its files are"
    for key in keys:
        yield any(_opens(item, key) for item in items)


def _opens(item: tuple[bytes, bytes], key: object) -> bool:
    try:
        open_item(item[0], item[1], private_key=key)  # type: ignore[arg-type]
    except CannotOpen:
        return False
    return True


@long_form
def test_a_tablet_that_was_wiped(
    prey: Prey, attempts: Attempts, phone: Callable[..., Phone], profile: Path
) -> None:
    """Exit pressed in the middle of the answers, then killed: nothing of them is on the disk."""
    tablet = phone(prey.server.origin, viewport=TABLET)
    for turn in range(5 if LONG else 1):
        page = tablet.start()
        page.goto(prey.server.origin)
        answer(page, STORY)
        page.get_by_role("button", name="Exit this page").click()
        page.wait_for_url("**/leaving")
        attempts.tried(f"left, turn {turn}", got=_in([page.content()]))
        tablet.kill()
        _search(attempts, profile, f"left and killed, turn {turn}")
