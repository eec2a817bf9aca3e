"""Every page and state of both faces passes axe at WCAG 2.2 AA, light and dark; nothing scrolls sideways."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Page, expect

from journeys.eye import EVERY_SIZE, Eye
from journeys.people import (
    ARRIVES_MS,
    Story,
    answer_briefly,
    caption_of,
    choose_photos,
    finish,
    log_in,
    log_out,
    open_list,
    press,
    tell,
    visit,
)
from journeys.phone import DESK, SMALL_PHONE, TABLET, Phone
from journeys.shots import heic, on_its_side, see_through
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.device import enrol
from waymark_sync.protocol import PushRequest, QueueState
from waymark_sync.transport import HttpTransport

OF_PUSH: Final = {"Content-Type": MSGPACK}
MAKES = Callable[..., Phone]


def test_the_form_and_what_follows(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    look = Eye(page, "form", sizes=EVERY_SIZE, dark=True)
    visit(page, demo.origin)

    reference = tell(page, Story(name="Sam", phone="01632 960 001"), each=look)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    look("sent")
    with Staff(demo.origin, "northshire", PASSWORD) as staff:
        found = [
            r for r in staff.get("/desk/api/reports?limit=100")["reports"] if r["reference"] == reference
        ]
        staff.post(f"/desk/api/reports/{found[0]['id']}/acknowledge", {"message": "We have read it."})
    page.evaluate("() => window.dispatchEvent(new Event('online'))")  # rather than wait for the next look
    expect(page.get_by_text("We have read it.")).to_be_visible(timeout=ARRIVES_MS)
    look("answered")
    open_list(page)
    look("list")
    press(page, "Back")
    press(page, "Make another report")
    press(page, "This is a centre’s tablet")
    look("enrol")
    press(page, "Set up this tablet")
    look("enrol-error")

    assert look.wrong == []


def test_coming_back(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    look = Eye(page, "return", sizes=EVERY_SIZE, dark=True)
    visit(page, demo.origin)
    press(page, "Open messages with a return code")
    look("code")
    press(page, "Open")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    look("code-error")
    press(page, "Back")
    reference = tell(page, Story(sharing="P3"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    code = " ".join(page.locator("main .wm-code > *").all_inner_texts())
    look("saved-code")
    with Staff(demo.origin, "northshire", PASSWORD) as staff:
        found = [
            r for r in staff.get("/desk/api/reports?limit=100")["reports"] if r["reference"] == reference
        ]
        staff.post(f"/desk/api/reports/{found[0]['id']}/acknowledge", {"message": "We have read it."})
    page.goto(f"{demo.origin}/return")
    page.get_by_label("Your return code").fill(code)
    press(page, "Open")
    expect(page.get_by_text("We have read it.")).to_be_visible(timeout=ARRIVES_MS)
    look("mailbox")
    press(page, f"Write to them {reference}")
    press(page, "Send message")
    expect(page.get_by_role("textbox")).to_be_focused()
    look("write-error")
    page.get_by_role("textbox").fill("It was the number 40 bus.")
    press(page, "Send message")
    expect(page.get_by_text("It was sent.")).to_be_visible(timeout=ARRIVES_MS)
    look("written")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save proof of reporting").click()
    page.goto(f"{demo.origin}/verify")
    look("verify")
    page.get_by_role("textbox").fill("hello")
    press(page, "Check")
    look("verify-error")
    page.locator("#proof_file").set_input_files(saving.value.path())
    press(page, "Check")
    expect(page.get_by_text("The proof is valid")).to_be_visible()
    look("verify-valid")

    assert look.wrong == []


def test_what_follows_from_right_to_left(demo: Server, phone: MAKES) -> None:
    """Every page of it in both languages, with what is folded open and with what went wrong."""
    page = phone(demo.origin, viewport=SMALL_PHONE).start()
    look = Eye(page, "after-arabic")
    visit(page, demo.origin)
    reference = tell(page, Story(sharing="P3"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    code = " ".join(page.locator("main .wm-code > *").all_inner_texts())
    page.get_by_text("Get a notice when there is an answer").click()
    look("notices")
    _in_arabic(page, look)
    page.go_back()
    expect(page.get_by_role("alert")).to_be_focused()
    look("code-still-here")
    _in_arabic(page, look)
    open_list(page)
    press(page, "What this device keeps")
    expect(page.get_by_text("Sent, still kept here")).to_be_visible()
    look("custody")
    _in_arabic(page, look)
    press(page, "Back")
    press(page, "Take sent reports off this device")
    look("take-off")
    _in_arabic(page, look)
    with Staff(demo.origin, "northshire", PASSWORD) as staff:
        found = [
            r for r in staff.get("/desk/api/reports?limit=100")["reports"] if r["reference"] == reference
        ]
        staff.post(f"/desk/api/reports/{found[0]['id']}/acknowledge", {"message": "We have read it."})
    page.goto(f"{demo.origin}/return")
    press(page, "Open")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    _in_arabic(page, look, "أدخل")
    page.get_by_label("Your return code").fill(code)
    press(page, "Open")
    expect(page.get_by_text("We have read it.")).to_be_visible(timeout=ARRIVES_MS)
    press(page, f"Write to them {reference}")
    press(page, "Send message")
    _in_arabic(page, look, "اكتب رسالتك")
    page.goto(f"{demo.origin}/verify")
    press(page, "Check")
    expect(page).to_have_title(re.compile("^Error: "))
    _in_arabic(page, look)

    assert look.wrong == []


@pytest.mark.parametrize("sizes", [(SMALL_PHONE, TABLET), (DESK,)], ids=["touched", "desktop"])
def test_photos(demo: Server, phone: MAKES, tmp_path: Path, sizes: tuple[dict[str, int], ...]) -> None:
    page = phone(demo.origin, viewport=sizes[0]).start()
    look = Eye(page, "photos", sizes=sizes, dark=True)
    if DESK not in sizes:
        page.context.new_cdp_session(page).send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    visit(page, demo.origin)
    answer_briefly(page, Story(sharing="P3"))
    press(page, "Change Photos and other files")
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    expect(page.get_by_role("button", name="Take a photo")).to_have_count(0 if DESK in sizes else 1)
    look("none")
    choose_photos(page, on_its_side(tmp_path / "a.jpg"), see_through(tmp_path / "b.png"))
    caption_of(page, 1, 2).fill("The door of my flat, with what they wrote on it")
    look("two")
    (tmp_path / "letter.txt").write_text("<html>no file for us</html>")
    page.locator("input[name=photos]").set_input_files([heic(tmp_path / "c.heic"), tmp_path / "letter.txt"])
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    look("errors")
    page.get_by_role("link", name="Choose what to do with file 3").click()
    expect(page.get_by_role("button", name="Keep it as it is File 3 of 3")).to_be_focused()
    _in_arabic(page, look)
    press(page, "Keep it as it is File 3 of 3")
    expect(page.get_by_text("This browser cannot show this photo")).to_be_visible()
    expect(page.get_by_role("button", name="Take a photo")).to_have_count(0 if DESK in sizes else 1)
    page.get_by_text("Keep the hidden details as evidence").click()
    look("kept")
    press(page, "Continue")
    look("check")
    finish(page)
    expect(page.get_by_text("3 of 3 files have arrived.")).to_be_visible(timeout=ARRIVES_MS)
    look("arrived")
    open_list(page)
    look("list")

    assert look.wrong == []


def _in_arabic(page: Page, look: Eye, error: str = "") -> None:
    page.get_by_text("العربية").first.click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    if error:
        expect(page.locator(".govuk-error-message", has_text=error)).to_be_visible()
    look("arabic")
    page.get_by_text("English", exact=True).first.click()
    expect(page.locator("html")).to_have_attribute("dir", "ltr")


def test_errors_lead_to_their_field(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    look = Eye(page, "errors")
    visit(page, demo.origin)
    press(page, "Start")
    press(page, "I understand, continue")

    press(page, "Continue")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    look("role-missing")
    page.get_by_role("link", name="Choose which one is true for you").click()
    expect(page.locator("input[name=reporter_role]").first).to_be_focused()
    page.locator("input[name=reporter_role]").first.check()
    press(page, "Continue")
    press(page, "Continue")
    look("words-missing")
    page.get_by_role("link", name="Write what happened").click()
    expect(page.locator("#narrative_original")).to_be_focused()

    assert look.wrong == []


def test_from_right_to_left(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    look = Eye(page, "arabic", sizes=EVERY_SIZE, dark=True)
    visit(page, demo.origin)
    page.get_by_text("العربية").first.click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    look("start")
    page.locator("main .govuk-button").first.click()
    look("limits")
    page.locator("main .govuk-button").first.click()
    look("reporter_role")

    assert look.wrong == []


def test_the_desk(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    look = Eye(page, "desk", sizes=EVERY_SIZE, dark=True)
    page.goto(f"{demo.origin}/desk")
    look("login")
    log_in(page, demo.origin, "northshire")
    expect(page.locator("main a.wm-reference").first).to_be_visible()
    look("queue")
    _filters(page, look)
    with Staff(demo.origin, "northshire", PASSWORD) as staff:
        found = staff.get("/desk/api/reports?area=demo-harbour&sharing=P1")["reports"][0]
        _acts(page, f"{demo.origin}/desk/reports/{found['id']}", staff, look)
    log_out(page)
    log_in(page, demo.origin, "harbour")
    page.get_by_role("link", name="Tablets").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tablets")
    page.get_by_role("textbox").fill("Front desk")
    page.locator("main form button").first.click()
    expect(page.get_by_text("-").first).to_be_visible()
    look("tablets")
    press(page, "I have typed it in")
    _take_out(page, demo, look)
    log_out(page)
    log_in(page, demo.origin, "custodian")
    look("quarantine")

    assert look.wrong == []


def _take_out(page: Page, demo: Server, look: Eye) -> None:
    """Of service, a tablet that has left a hole."""
    with Staff(demo.origin, "harbour", PASSWORD) as staff:
        device = enrol(staff.code("Back room"), HttpTransport(demo.origin))
    queue = QueueState(epoch=device.epoch, max_seq=3, queued=0, device_time=0)
    push = PushRequest(device_id=device.device_id, queue=queue, items=())
    answer = httpx.post(f"{demo.origin}/sync/v1/push", content=encode(push, MSGPACK), headers=OF_PUSH)
    assert answer.status_code == 200
    page.reload()
    expect(page.get_by_text("3 reports made")).to_be_visible()
    page.get_by_text("Say what you found out").click()
    press(page, "Save what I found out")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    look("gap-error")
    page.get_by_label("It was practice, not a report").check()
    press(page, "Save what I found out")
    expect(page.get_by_text("It was practice, not a report, as was written down on")).to_be_visible()
    opener = page.get_by_role("region", name="Back room").get_by_role("button", name="Take out of service")
    opener.click()
    press(page, "Cancel")
    expect(opener).to_be_focused()
    opener.click()
    press(page, "Take it out of service")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    look("leave-error")
    page.get_by_label("Nothing").check()
    press(page, "Take it out of service")
    expect(page.get_by_text("“Back room” is out of service")).to_be_visible()
    look("left")
    press(page, "Look again")
    expect(page.get_by_text("Up to date at")).to_be_visible()


def _filters(page: Page, look: Eye) -> None:
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Area").select_option(label="Harbour (demonstration)")
    page.get_by_label("Overdue").check()
    look("filters")
    press(page, "Apply filters")
    expect(page.locator(".desk-chip")).to_have_count(2)
    expect(page.locator("main a.wm-reference").first).to_be_visible()
    look("filtered")
    page.get_by_role("link", name=re.compile("^Closed")).click()
    expect(page.get_by_text("No report fits these filters")).to_be_visible()
    look("filtered-empty")


def _acts(page: Page, address: str, staff: Staff, look: Eye) -> None:
    """Every form with its faults, and what follows: done, changed meanwhile, decided."""
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Report ")
    look("report")
    press(page, "Send acknowledgement")
    look("acknowledge-error")
    page.get_by_label("Message to the person who reported").fill("We have read it.")
    press(page, "Send acknowledgement")
    expect(page.get_by_text("Success")).to_be_visible()
    look("acknowledged")
    for act in ("ask", "signpost", "forward", "decide"):
        page.goto(f"{address}/{act}")
        expect(page.locator("#act-title")).to_be_focused()
        page.locator(".desk-act button[type=submit]").click()
        expect(page.locator(".desk-act .govuk-error-summary")).to_be_focused()
        look(f"{act}-error")
    page.goto(f"{address}/signpost")
    page.locator("#services").check()
    page.get_by_text("What the person gets").click()
    look("signpost-preview")
    page.goto(f"{address}/decide")
    page.get_by_label("Not recorded as a crime").check()
    page.get_by_label("What happened is not a crime in law").check()
    page.get_by_label("Rationale").fill("We have asked the prosecutor.")
    page.get_by_label("Yes, send them this message").check()
    api = address.replace("/desk/", "/desk/api/")
    services = [service["id"] for service in staff.get(f"{api}/suggestions")["services"][:2]]
    version = staff.get(api)["report"]["version"]
    staff.post(f"{api}/signpost", {"version": version, "services": services})
    press(page, "Save decision")
    expect(page.get_by_text("This report changed while you were writing")).to_be_visible()
    look("decide-changed")
    press(page, "Save decision")
    expect(page.get_by_text("Decision saved.")).to_be_visible()
    look("decided")
    page.goto(f"{address}/ask")
    expect(page.get_by_text("cannot be done with this report any more")).to_be_visible()
    look("ask-gone")
    page.goto(f"{address}/close")
    page.get_by_label("The same as another report").check()
    page.get_by_label("No, not now").check()
    look("close")
    press(page, "Close this report")
    expect(page.get_by_text("The report is closed.")).to_be_visible()
    page.goto(f"{address}/reopen")
    page.get_by_label("There is something new").check()
    look("reopen")
