"""A recorded sound and a paper go with a report made offline, and are handed out with care."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from journeys.eye import Eye
from journeys.people import (
    ARRIVES_MS,
    Story,
    answer_briefly,
    back_online,
    card,
    choose_photos,
    finish,
    log_in,
    open_list,
    press,
    visit,
)
from journeys.phone import DESK, Phone
from support.kinds import PDF, a_sound, docx
from support.server import Server

MAKES = Callable[..., Phone]
HEARD = """audio => new Promise(done => {
  audio.onplaying = () => done(true)
  audio.onerror = () => done(false)
  void audio.play()
})"""
WORDS = "They came at ten. <script>alert(1)</script>"


@pytest.fixture
def drawer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the person's own files lie."""
    folder = tmp_path_factory.mktemp("drawer")
    (folder / "letter.pdf").write_bytes(PDF)
    (folder / "what happened.txt").write_text(WORDS)
    (folder / "shouting.wav").write_bytes(a_sound(30.0))
    (folder / "macros.docx").write_bytes(docx(word__vbaProject__bin=b"x"))
    return folder


def test_a_sound_and_a_paper_arrive_and_are_handed_out(
    demo: Server, phone: MAKES, drawer: Path, tmp_path: Path
) -> None:
    mobile = phone(demo.origin)
    page = mobile.start()
    look = Eye(page, "files")
    visit(page, demo.origin)
    answer_briefly(page, Story(sharing="P3"))
    press(page, "Change Photos and other files")
    _record(page, look)
    choose_photos(page, drawer / "letter.pdf", drawer / "what happened.txt", drawer / "shouting.wav")
    expect(page.locator("main")).to_contain_text("Document, 1 KB")
    expect(page.locator("main")).to_contain_text("Sound, 469 KB")
    expect(page.locator("main")).to_contain_text("This file is sent as it is.")
    look("chosen")
    page.locator("input[name=photos]").set_input_files([drawer / "macros.docx"])
    expect(page.locator(".govuk-error-summary")).to_contain_text("macros.docx")
    look("refused")
    press(page, "Remove File 1 of 4")
    expect(page.get_by_role("button", name="Yes, remove File 1 of 4")).to_be_focused()
    look("sure")
    press(page, "No, keep File 1 of 4")
    press(page, "Continue")
    demo.kill()
    reference = finish(page)
    expect(page.locator("main")).to_contain_text("4 files are locked on this device, too.")
    demo.start()
    back_online(page)
    open_list(page)
    expect(card(page, reference)).to_contain_text("4 of 4 files have arrived.", timeout=ARRIVES_MS)
    assert look.wrong == []

    officer = phone(demo.origin, viewport=DESK).start()
    seen = Eye(officer, "files-desk")
    log_in(officer, demo.origin, "northshire")
    officer.get_by_role("link", name=reference).click(timeout=ARRIVES_MS)
    _take(officer, seen, drawer, tmp_path)
    assert seen.wrong == []


def _record(page: Page, look: Eye) -> None:
    press(page, "Record sound")
    expect(page.get_by_role("button", name="Stop and keep")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Recording: 0:02", timeout=ARRIVES_MS)
    look("recording")
    press(page, "Stop and keep")
    expect(page.get_by_role("heading", name="File 1 of 1")).to_be_visible()
    expect(page.get_by_text("Your recording")).to_be_visible()
    page.wait_for_function("document.querySelector('main audio') !== null")
    assert page.locator("main audio").evaluate(HEARD) is True


def _take(desk: Page, look: Eye, drawer: Path, tmp_path: Path) -> None:
    taking = desk.get_by_role("button", name="Take File 2 of 4 as it was sent")
    expect(taking).to_be_visible(timeout=ARRIVES_MS)
    taking.click()
    expect(desk.get_by_text("Nobody has cleaned this file.")).to_be_visible()
    with desk.expect_download() as saving:
        desk.get_by_role("link", name="Save File 2 of 4, Document").click()
    assert saving.value.suggested_filename.endswith(".pdf")
    saving.value.save_as(tmp_path / "taken.pdf")
    assert (tmp_path / "taken.pdf").read_bytes() == PDF
    press(desk, "Show File 3 of 4")
    expect(desk.get_by_role("region", name="Words of File 3 of 4")).to_have_text(WORDS)
    for number in (1, 4):
        press(desk, f"Take File {number} of 4 as it was sent")
        player = desk.get_by_label(f"Listen to File {number} of 4")
        assert player.evaluate(HEARD) is True
    look("report")
