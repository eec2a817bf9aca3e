"""A report made offline is opened again with its return code, on a phone that never saw it."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Event

import httpx
import pytest
from playwright.sync_api import Page, expect

from journeys.canaries import hits
from journeys.people import (
    ARRIVES_MS,
    Story,
    acknowledge,
    back_online,
    card,
    log_in,
    open_list,
    press,
    tell,
    tell_briefly,
    visit,
)
from journeys.phone import DESK, TABLET, Phone
from support.apart import apart
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD
from waymark.intake import actions as intake
from waymark.intake.report_keys import open_keys
from waymark.intake.rules import open_message
from waymark.kernel.db import Connection, open_database
from waymark.kernel.vault import Vault
from waymark_sync.report import MessageBody

MAKES = Callable[..., Phone]
ANSWER = "Thank you. canaryanswer6birch"
MORE = "canarymore4hazel: it was the number 40 bus."


def code_on(page: Page) -> str:
    """As the reporter writes it down."""
    return " ".join(part.strip() for part in page.locator("main .wm-code > *").all_inner_texts())


def open_with(page: Page, origin: str, code: str) -> None:
    if not page.url.endswith("/return"):
        page.goto(f"{origin}/return")
    page.get_by_label("Your return code").fill(code)
    press(page, "Open")


def answer_five(page: Page) -> None:
    for name, value in (
        ("reporter_role", "victim"),
        ("", ""),
        ("when_precision", "dont_know"),
        ("sharing_choice", "P3"),
    ):
        if name:
            page.locator(f"input[name={name}][value={value}]").check()
        else:
            page.locator("#narrative_original").fill("It happened again today.")
        press(page, "Continue")


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text, timeout=ARRIVES_MS)


def written(server: Server, vault: Vault) -> Sequence[MessageBody]:
    """What reporters have added, as triage will read it. In a thread: the browser's driver runs a loop."""

    def read(db: Connection) -> list[MessageBody]:
        found = intake.messages_after(db, 0, limit=10)
        reports = [(message, intake.opened(db, message.report_id)) for message in found]
        return [open_message(open_keys(vault, report.lock), message) for message, report in reports if report]

    async def ask() -> list[MessageBody]:
        database = await open_database(f"sqlite:///{server.data / 'waymark.db'}")
        try:
            return await database.read(read)
        finally:
            await database.close()

    return apart(ask())


def test_a_second_phone_opens_it_reads_and_writes(
    demo: Server, phone: MAKES, vault: Vault, tmp_path: Path
) -> None:
    first = phone(demo.origin)
    page = first.start()
    visit(page, demo.origin)
    demo.kill()
    reference = tell(page, Story())
    code = code_on(page)
    assert len(code.split()) == 7
    assert code not in page.url + page.title()
    demo.start()
    back_online(page)
    heading(page, "Sent")
    first.off()
    second = phone(demo.origin)
    page = second.start()
    open_with(page, demo.origin, f"  {code.upper().replace(' ', ' - ')} ")
    heading(page, f"Your report {reference}")
    expect(page.get_by_text("There is no message yet")).to_be_visible()

    officer = phone(demo.origin, viewport=DESK)
    desk = officer.start()
    log_in(desk, demo.origin, "northshire")
    acknowledge(desk, reference, ANSWER)
    officer.off()
    # As when the phone is taken up again: nobody needs to press anything.
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text(ANSWER)).to_be_visible()
    expect(page.get_by_text("Read by Northshire Police")).to_be_visible()
    press(page, f"Write to them {reference}")
    page.get_by_label("What do you want to say?").fill(MORE)
    press(page, "Send message")
    expect(page.get_by_text("It was sent.")).to_be_visible(timeout=ARRIVES_MS)
    assert code not in page.url + page.title()
    press(page, "Leave")
    heading(page, "Tell us what happened")
    expect(page).to_have_url(f"{demo.origin}/")
    assert ANSWER not in page.content()

    page.clock.install()
    open_with(page, demo.origin, code)
    expect(page.get_by_text(ANSWER)).to_be_visible()
    page.clock.fast_forward("09:30")
    expect(page.get_by_text("The messages close in one minute")).to_be_visible()
    page.keyboard.press("Shift")
    expect(page.get_by_text("The messages close in one minute")).to_have_count(0)
    page.clock.fast_forward("09:30")
    expect(page.get_by_text(ANSWER)).to_be_visible()
    page.clock.fast_forward("00:40")
    heading(page, "Tell us what happened")
    assert ANSWER not in page.content()
    second.off()
    demo.stop()

    pairs = [f"{one} {other}" for one, other in pairwise(code.split())]
    assert hits(tmp_path, [ANSWER, MORE, code, *pairs]) == []
    assert [message.text for message in written(demo, vault)] == [MORE]


def test_what_is_written_without_a_network_is_sent_later(demo: Server, phone: MAKES, vault: Vault) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    tell_briefly(page, Story(sharing="P3"))
    heading(page, "Sent")
    code = code_on(page)
    borrowed = phone(demo.origin)
    page = borrowed.start()
    visit(page, demo.origin)
    open_with(page, demo.origin, code)
    expect(page.get_by_text("There is no message yet")).to_be_visible(timeout=ARRIVES_MS)
    demo.kill()
    page.get_by_role("button", name=re.compile("^Write to them")).click()
    page.get_by_label("What do you want to say?").fill(MORE)
    press(page, "Send message")
    expect(page.get_by_text("waits to be sent")).to_be_visible()
    borrowed.kill()

    demo.start()
    page = borrowed.start()
    page.goto(demo.origin)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    back_online(page)
    while not written(demo, vault):
        page.wait_for_timeout(200)

    assert [message.text for message in written(demo, vault)] == [MORE]


def test_the_phone_that_made_it_needs_no_code(demo: Server, phone: MAKES, vault: Vault) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    reference = tell_briefly(page, Story(sharing="P3"))
    heading(page, "Sent")
    press(page, "I have the code. Take it off this page")
    assert page.locator(".wm-code").count() == 0
    open_list(page)
    press(page, f"Write to them {reference}")
    page.get_by_label("What do you want to say?").fill(MORE)
    press(page, "Send message")
    expect(card(page, reference)).to_contain_text("It was sent.", timeout=ARRIVES_MS)
    while not written(demo, vault):
        page.wait_for_timeout(200)

    [message] = written(demo, vault)
    assert (message.text, message.authenticator) == (MORE, None)


def test_a_tablet_hands_the_code_over(demo: Server, phone: MAKES) -> None:
    with Staff(demo.origin, "lantern", PASSWORD) as centre:
        enrolment = centre.code("Front desk")
    page = phone(demo.origin, viewport=TABLET).start()
    visit(page, demo.origin)
    press(page, "This is a centre’s tablet")
    page.get_by_label("One-time code").fill(enrolment)
    press(page, "Set up this tablet")
    press(page, "Go to the start")
    reference = tell_briefly(page, Story(sharing="U1"))
    heading(page, "Sent")
    expect(page.get_by_text("Give it to the person on paper")).to_be_visible()
    code = code_on(page)
    open_list(page)
    assert card(page, reference).get_by_role("button").count() == 0, "others use this tablet, too"

    page = phone(demo.origin).start()
    open_with(page, demo.origin, code)

    heading(page, f"Your report {reference}")


def test_a_number_in_disguise_and_wrong_codes(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    press(page, "Start")
    press(page, "I understand, ask me only 5 questions")
    answer_five(page)
    press(page, "Use a number instead")
    expect(page.locator(".wm-code--digits")).to_be_visible(timeout=ARRIVES_MS)
    number = code_on(page)
    assert re.fullmatch(r"\d{5}( \d{5}){3}", number)
    page.get_by_role("button", name=re.compile("Finish and")).click()
    heading(page, "Sent")
    assert code_on(page) == number

    page.goto(f"{demo.origin}/return")
    for typed, said in (
        ("", "Enter your return code"),
        ("abacus zoom abdomem onset onset onset onset", "Word 3 is not in our list: abdomem"),
        ("abacus zoom", "The code has 7 words. You entered 2"),
        ("12345", "The number has 20 digits. You entered 5"),
        ("00000 11111 00000 11111", "This code opens nothing"),
    ):
        open_with(page, demo.origin, typed)
        expect(page.locator(".govuk-error-summary")).to_contain_text(said, timeout=ARRIVES_MS)
    open_with(page, demo.origin, number.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your report", timeout=ARRIVES_MS)


def test_too_many_tries_are_told_to_wait(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    page.goto(f"{demo.origin}/return")
    refused, done = Event(), Event()

    def guess() -> None:
        """One more is allowed each second, so whoever guesses goes on."""
        with httpx.Client(trust_env=False) as guesser:
            while not done.is_set():
                if guesser.get(f"{demo.origin}/sync/v1/return").status_code == 429:
                    refused.set()

    with ThreadPoolExecutor(1) as others:
        others.submit(guess)
        try:
            assert refused.wait(60)
            open_with(page, demo.origin, "00000 00000 00000 00009")
            summary = page.locator(".govuk-error-summary")
            expect(summary).to_contain_text("There were too many tries. Wait 1 minute", timeout=ARRIVES_MS)
        finally:
            done.set()


def test_a_proof_is_saved_and_checked_by_anybody(demo: Server, phone: MAKES, tmp_path: Path) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    reference = tell_briefly(page, Story(sharing="P3"))
    heading(page, "Sent")
    open_list(page)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save proof of reporting").click()
    assert saving.value.suggested_filename == "waymark-record.json"
    proof = tmp_path / "proof.json"
    saving.value.save_as(proof)
    demo.kill()

    page.goto(f"{demo.origin}/verify")
    page.locator("#proof_file").set_input_files(proof)
    press(page, "Check")
    expect(page.get_by_text("The proof is valid")).to_be_visible()
    expect(page.locator("main")).to_contain_text(reference)
    page.get_by_label("Text of the file").fill(re.sub('"pos": [0-9]+', '"pos": 77', proof.read_text()))
    press(page, "Check")
    expect(page.get_by_text("The proof is not valid")).to_be_visible()
    page.get_by_label("Text of the file").fill("hello")
    press(page, "Check")
    expect(page.locator(".govuk-error-summary")).to_contain_text("This is no proof of reporting")


@pytest.mark.parametrize("path", ["return", "verify"])
def test_the_pages_open_without_a_network(demo: Server, phone: MAKES, path: str) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    demo.kill()

    page.goto(f"{demo.origin}/{path}")

    heading(page, "Open your messages" if path == "return" else "Check a proof of reporting")


def test_without_memory_the_report_is_saved_all_the_same(demo: Server, phone: MAKES) -> None:
    mobile = phone(demo.origin)
    page = mobile.start()
    mobile.context.route("**/return-code.worker-*", lambda route: route.abort())
    page.goto(demo.origin)
    tell_briefly(page, Story(sharing="P3"))

    expect(page.get_by_text("There is no return code for this report")).to_be_visible()
    heading(page, "Sent")
    assert page.locator(".wm-code").count() == 0


def test_the_card_on_paper_says_nothing_but_the_code(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    reference = tell_briefly(page, Story(sharing="P3"))
    heading(page, "Sent")
    code = code_on(page)
    page.evaluate("() => { globalThis.print = () => undefined }")

    press(page, "Print a small card")

    page.emulate_media(media="print")
    paper = page.locator("body").inner_text().split()
    assert " ".join(paper) == f"Seven words {code} {demo.origin.removeprefix('http://')}/return"
    assert reference not in paper
    size = page.locator(".wm-print-card").bounding_box()
    assert size is not None
    assert (round(size["width"]), round(size["height"])) == (324, 204), "a bank card, in CSS pixels"
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    expect(page.locator(".wm-print-card")).to_have_count(0)
