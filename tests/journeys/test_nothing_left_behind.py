"""Words that a person typed are nowhere but in memory: not on the device, in no log, in no database file."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from journeys.canaries import hits
from journeys.people import ARRIVES_MS, Story, acknowledge, back_online, log_in, open_list, press, tell, visit
from journeys.phone import DESK, Phone
from support.server import Server

NARRATIVE = "canarynarrative7QX4shouted"
NAME = "CanaryName9Quill"
PHONE = "01632960123"
CODE_WORD = "canarycodeword5elm"
PLACE = "canaryplace3yard"
ANSWER = "canaryanswer8willow"
TYPED = [NARRATIVE, NAME, PHONE, CODE_WORD, PLACE]


def test_what_was_typed_is_found_nowhere(demo: Server, phone: Callable[..., Phone], tmp_path: Path) -> None:
    mobile = phone(demo.origin)
    page = mobile.start()
    visit(page, demo.origin)
    demo.kill()
    story = Story(narrative=NARRATIVE, name=NAME, phone=PHONE, code_word=CODE_WORD, place=PLACE)
    reference = tell(page, story)
    mobile.kill()
    assert hits(tmp_path, TYPED) == [], "after a kill with the report still queued"

    page = mobile.start()
    page.goto(demo.origin)
    demo.start()
    open_list(page)
    back_online(page)
    expect(page.get_by_text("We have the proof that it arrived")).to_be_visible(timeout=ARRIVES_MS)
    officer = phone(demo.origin, viewport=DESK)
    desk = officer.start()
    log_in(desk, demo.origin, "northshire")
    acknowledge(desk, reference, ANSWER)
    expect(page.get_by_text(ANSWER)).to_be_visible(timeout=ARRIVES_MS)
    mobile.off()
    officer.off()
    demo.stop()

    assert hits(tmp_path, [*TYPED, ANSWER]) == [], "after the answer came back"


def test_the_search_would_find_it(tmp_path: Path) -> None:
    """The search is worth something only if it finds what is there."""
    for number, raw in enumerate(
        (NARRATIVE.encode(), NARRATIVE.encode("utf-16-le"), b"x" + NARRATIVE.encode())
    ):
        (tmp_path / str(number)).write_bytes(b"\x00\x01" + raw + b"\xff")

    assert len(hits(tmp_path, [NARRATIVE])) == 3


def test_leaving_wipes_the_page_and_back_does_not_return(demo: Server, phone: Callable[..., Phone]) -> None:
    mobile = phone(demo.origin)
    page = mobile.start()
    visit(page, demo.origin)
    press(page, "Start")
    press(page, "I understand, continue")
    page.locator("input[name=reporter_role][value=victim]").check()
    press(page, "Continue")
    page.locator("#narrative_original").fill(NARRATIVE)

    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url("**/leaving")
    for _ in range(3):
        page.go_back()
        expect(page).to_have_url(re.compile("/leaving$|^about:blank$"))
        expect(page.locator("#app, main").get_by_text("Tell us what happened")).to_have_count(0)
        assert NARRATIVE not in page.content()
