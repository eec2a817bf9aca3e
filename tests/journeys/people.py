"""What people do with their hands: make a report, look at the list, answer at the desk."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic

from msgspec import Struct
from playwright.sync_api import Locator, Page, TimeoutError, expect

from waymark.cli.demo import PASSWORD

REFERENCE = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-Z*~$=]")
UNSENT = re.compile("Ready to send|Not sent yet")
ARRIVES_MS = 30_000


class Shot(Struct, frozen=True, kw_only=True):
    """A photo to choose, and what its owner says of it."""

    file: Path
    caption: str = ""


class Story(Struct, frozen=True, kw_only=True):
    """What one person tells. Names and numbers are made up."""

    narrative: str = "Two men shouted at me at the bus stop and followed me home."
    sharing: str = "P1"
    strands: tuple[str, ...] = ("race",)
    postcode: str = "QX1 1AA"
    place: str = ""
    name: str = ""
    phone: str = ""
    code_word: str = ""
    photos: tuple[Shot, ...] = ()
    keep_details: bool = False


def visit(page: Page, origin: str) -> None:
    """The first visit, until the page says that it needs no network any more."""
    page.goto(origin)
    expect(page.get_by_text("Ready to use without internet")).to_be_visible(timeout=ARRIVES_MS)


def tell(page: Page, story: Story, *, each: Callable[[str], None] = lambda step: None) -> str:
    """Answer everything and finish. Returns the reference. `each` is called on every page by its name."""
    answer(page, story, each=each)
    return finish(page, each)


def answer(page: Page, story: Story, *, each: Callable[[str], None] = lambda step: None) -> None:
    """As far as the page on which the answers are checked."""
    each("start")
    press(page, "Start")
    each("limits")
    press(page, "I understand, continue")
    _choose(page, each, "reporter_role", "victim")
    each("narrative")
    page.locator("#narrative_original").fill(story.narrative)
    press(page, "Continue")
    each("event_types")
    page.get_by_text("Words, threats or being followed").click()
    page.locator("input[name=event_types][value=verbal_abuse]").check()
    press(page, "Continue")
    each("strands")
    for strand in story.strands:
        page.locator(f"input[name=strands][value={strand}]").check()
    press(page, "Continue")
    _skip(page, each, "sub_strands")
    _choose(page, each, "when_precision", "dont_know")
    _skip(page, each, "place_type")
    each("place")
    _write(page, "#postcode", story.postcode)
    _write(page, "#place_text", story.place)
    press(page, "Continue")
    _add_photos(page, story, each)
    _choose(page, each, "sharing_choice", story.sharing)
    _who_receives(page, each)
    if story.sharing in {"P1", "P2", "U1"}:
        _leave_contact(page, story, each)
    _skip(page, each, "support_needs")
    _skip(page, each, "preferred_language")
    each("check")


def tell_briefly(page: Page, story: Story, *, each: Callable[[str], None] = lambda step: None) -> str:
    """Only what must be answered, as someone does whose hands shake."""
    answer_briefly(page, story, each=each)
    return finish(page, each)


def answer_briefly(page: Page, story: Story, *, each: Callable[[str], None] = lambda step: None) -> None:
    """As far as the page on which the answers are checked."""
    each("start")
    press(page, "Start")
    each("limits")
    press(page, "I understand, ask me only 5 questions")
    _choose(page, each, "reporter_role", "victim")
    each("narrative")
    page.locator("#narrative_original").fill(story.narrative)
    press(page, "Continue")
    _choose(page, each, "when_precision", "dont_know")
    _choose(page, each, "sharing_choice", story.sharing)
    if story.sharing == "P1":
        press(page, "Please do not contact me")
    each("check")


def finish(page: Page, each: Callable[[str], None] = lambda step: None) -> str:
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers before you finish")
    page.get_by_role("button", name=re.compile("Finish and")).click()
    expect(page.get_by_text("Your reference is")).to_be_visible(timeout=ARRIVES_MS)
    each("saved")
    found = REFERENCE.search(page.locator("main").inner_text())
    assert found, "no reference on the page"
    return found[0]


def back_online(page: Page) -> None:
    """The browser says that there is a network again: nobody waits for the next try."""
    page.evaluate("() => window.dispatchEvent(new Event('online'))")


def send_until_proved(page: Page) -> None:
    """Press "Send now" until the proof is there. The device tries by itself, too, so the button may go."""
    send = page.get_by_role("button", name="Send now")
    proof = page.get_by_text("We have the proof that it arrived")
    ends = monotonic() + ARRIVES_MS / 1_000
    while not proof.count() and monotonic() < ends:
        if send.count():
            with suppress(TimeoutError):
                send.click(timeout=1_000)
        page.wait_for_timeout(200)
    expect(proof).to_be_visible()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def open_list(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Show the list")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Saved on this device")


def card(page: Page, reference: str) -> Locator:
    return page.get_by_role("article").filter(has_text=reference)


def log_in(page: Page, origin: str, username: str) -> None:
    if "/desk" not in page.url:
        page.goto(f"{origin}/desk")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Log in")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Log in", timeout=ARRIVES_MS)


def log_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^(Log out|Switch person)$")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in", timeout=ARRIVES_MS)


def acknowledge(page: Page, reference: str, message: str) -> None:
    page.get_by_role("link", name=reference).click(timeout=ARRIVES_MS)
    page.get_by_label("Message to the person who reported").fill(message)
    press(page, "Send acknowledgement")
    expect(page.get_by_text("Success")).to_be_visible()


def _choose(page: Page, each: Callable[[str], None], name: str, value: str) -> None:
    each(name)
    page.locator(f"input[name={name}][value={value}]").check()
    press(page, "Continue")


def _skip(page: Page, each: Callable[[str], None], name: str) -> None:
    each(name)
    press(page, "Skip this question")


def _add_photos(page: Page, story: Story, each: Callable[[str], None]) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Do you have photos, sound or papers?")
    if not story.photos:
        _skip(page, each, "pictures")
        return
    if story.keep_details:
        page.get_by_text("Keep the hidden details as evidence").click()
        page.get_by_label("Keep the hidden details of my photos").check()
    choose_photos(page, *(shot.file for shot in story.photos))
    for number, shot in enumerate(story.photos, start=1):
        caption_of(page, number, len(story.photos)).fill(shot.caption)
    each("pictures")
    press(page, "Continue")


def caption_of(page: Page, number: int, count: int) -> Locator:
    return page.get_by_label(f"What does it show? (optional) File {number} of {count}")


def choose_photos(page: Page, *files: Path) -> None:
    """Until all of them are ready."""
    page.locator("input[name=photos]").set_input_files(list(files))
    ready = re.compile(r"^\d+ files? (is|are) ready$")
    expect(page.get_by_role("status").filter(has_text=ready)).to_be_visible(timeout=ARRIVES_MS)


def _who_receives(page: Page, each: Callable[[str], None]) -> None:
    each("centre")
    if page.get_by_role("heading", name="Which centre receives your report?").count():
        press(page, "Skip this question")


def _leave_contact(page: Page, story: Story, each: Callable[[str], None]) -> None:
    each("name")
    _write(page, "#name_known_as", story.name)
    press(page, "Continue")
    each("contact")
    if not story.phone:
        page.locator("input[name=contact_methods][value=no_contact]").check()
    else:
        page.locator("input[name=contact_methods][value=call]").check()
        _write(page, "#contact_phone", story.phone)
        _write(page, "#contact_code_word", story.code_word)
    press(page, "Continue")


def _write(page: Page, field: str, words: str) -> None:
    """What nobody says is not typed: filling with nothing presses Delete, which nobody does either."""
    if words:
        page.locator(field).fill(words)
