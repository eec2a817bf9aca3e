"""What people at desks do with a report, in real browsers. No words are lost, no row moves."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from journeys.people import (
    ARRIVES_MS,
    Story,
    acknowledge,
    card,
    log_in,
    log_out,
    open_list,
    press,
    tell,
    tell_briefly,
    visit,
)
from journeys.phone import DESK, Phone
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD

MAKES = Callable[..., Phone]
QUESTION = "Was it the number 40 bus?"
REPLY = "No, it was the 41."
TABS_MAX = 120


def test_a_case_from_a_question_to_its_end(demo: Server, phone: MAKES) -> None:
    mobile = phone(demo.origin).start()
    visit(mobile, demo.origin)
    reference = tell(mobile, Story())
    expect(mobile.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    desk = phone(demo.origin, viewport=DESK).start()
    log_in(desk, demo.origin, "northshire")
    acknowledge(desk, reference, "We have read it.")

    choose(desk, "Ask a question")
    expect(desk.get_by_role("heading", name="Ask a question")).to_be_focused()
    desk.get_by_label("Question to the person who reported").fill(QUESTION)
    press(desk, "Send question")
    expect(desk.get_by_text("Question saved.")).to_be_visible()
    expect(desk.locator(".govuk-notification-banner")).to_be_focused()

    desk.get_by_role("link", name="Back to reports").click()
    mine = row(desk, reference)
    expect(mine).to_contain_text("Waiting for an answer")
    mine.hover()
    where = top_of(mine)

    open_list(mobile)
    look(mobile)
    expect(card(mobile, reference)).to_contain_text(QUESTION, timeout=ARRIVES_MS)
    mobile.get_by_role("button", name=re.compile("Answer the question")).click()
    mobile.get_by_label("Your answer").fill(REPLY)
    press(mobile, "Send message")
    expect(mine).to_contain_text("Reply waiting", timeout=ARRIVES_MS)
    press(mobile, "Back")
    press(mobile, "Make another report")
    newer = tell_briefly(mobile, Story(narrative="It happened again.", sharing="P3"))
    # It may be for another force: the place is not known. Whoever sees it is offered it above the list.
    press(desk, "1 new report. Show it")
    expect(row(desk, newer).get_by_role("link")).to_be_focused()
    assert top_of(mine) > where, "a new report stands above"

    desk.get_by_role("link", name=re.compile("^Reply waiting")).click()
    desk.get_by_role("link", name=reference).click()
    theirs = desk.locator(".desk-history__entry--theirs")
    expect(theirs).to_contain_text(REPLY)
    decide(desk, "Record as a crime", reference="QX/42/26")
    look(mobile)
    open_list(mobile)
    expect(card(mobile, reference)).to_contain_text("The number is QX/42/26.", timeout=ARRIVES_MS)

    choose(desk, "Close this report")
    desk.get_by_label("Everything has been done that can be").check()
    desk.get_by_label("Yes, send them this message").check()
    press(desk, "Close this report")
    expect(desk.get_by_text("The report is closed.")).to_be_visible()
    expect(desk.get_by_role("link", name="Open it again")).to_be_visible()
    look(mobile)
    expect(card(mobile, reference)).to_contain_text("have closed it", timeout=ARRIVES_MS)


def test_a_row_stays_where_it_is_while_others_arrive(demo: Server, phone: MAKES) -> None:
    desk = phone(demo.origin, viewport=DESK).start()
    log_in(desk, demo.origin, "northshire")
    hovered = desk.locator("main tbody tr").first
    reference = hovered.locator("a.wm-reference").inner_text()
    hovered.hover()
    before = top_of(hovered)
    mobile = phone(demo.origin).start()
    visit(mobile, demo.origin)

    tell(mobile, Story())

    expect(desk.get_by_role("button", name="1 new report. Show it")).to_be_visible(timeout=ARRIVES_MS)
    expect(desk.get_by_role("status").filter(has_text="1 new report has arrived")).to_have_count(1)
    assert desk.evaluate("() => document.activeElement === document.body") or focused_is_heading(desk)
    assert hovered.locator("a.wm-reference").inner_text() == reference
    assert top_of(hovered) == before


def test_one_force_offers_a_report_and_another_takes_it(demo: Server, phone: MAKES) -> None:
    mobile = phone(demo.origin).start()
    visit(mobile, demo.origin)
    reference = tell(mobile, Story())
    expect(mobile.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    north = phone(demo.origin, viewport=DESK).start()
    log_in(north, demo.origin, "northshire")
    acknowledge(north, reference, "We have read it.")
    choose(north, "Offer it to another force")
    north.get_by_label("Southmere Police").check()
    north.get_by_label("Why should they look after it?").fill("It happened on their side of the river.")
    expect(north.get_by_label("Message to the person")).to_have_value(re.compile("Southmere"))
    press(north, "Offer to this force")
    expect(north.get_by_text("The report is offered to the other force.")).to_be_visible()

    south = phone(demo.origin, viewport=DESK).start()
    log_in(south, demo.origin, "southmere")
    south.get_by_role("link", name=re.compile("^Offered to you")).click()
    south.get_by_role("link", name=reference).click()
    expect(south.get_by_text("on their side of the river")).to_be_visible()
    press(south, "Accept this report")
    expect(south.get_by_text("Your force now has this report.")).to_be_visible()
    look(mobile)
    open_list(mobile)
    expect(card(mobile, reference)).to_contain_text("We now look after your report.", timeout=ARRIVES_MS)


def test_services_are_suggested_from_the_desk(demo: Server, phone: MAKES) -> None:
    mobile = phone(demo.origin).start()
    visit(mobile, demo.origin)
    reference = tell(mobile, Story())
    expect(mobile.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    desk = phone(demo.origin, viewport=DESK).start()
    log_in(desk, demo.origin, "northshire")
    acknowledge(desk, reference, "We have read it.")
    choose(desk, "Suggest services")
    press(desk, "Send services")
    expect(desk.locator(".govuk-error-summary")).to_be_focused()
    desk.get_by_role("link", name="Choose a service").click()
    first = desk.locator("#services")
    expect(first).to_be_focused()
    name = desk.locator("label[for=services]").inner_text()
    desk.keyboard.press("Space")
    desk.get_by_text("What the person gets").click()
    expect(desk.locator("details .wm-signpost")).to_contain_text(name)
    press(desk, "Send services")
    expect(desk.get_by_text("Services saved.")).to_be_visible()

    look(mobile)
    open_list(mobile)
    expect(card(mobile, reference)).to_contain_text(name, timeout=ARRIVES_MS)


def test_filters_live_in_the_address(demo: Server, phone: MAKES) -> None:
    desk = phone(demo.origin, viewport=DESK).start()
    log_in(desk, demo.origin, "northshire")
    everything = desk.locator("main tbody tr")
    expect(everything.first).to_be_visible()
    all_of_them = everything.count()
    desk.get_by_text("Filter", exact=True).click()
    desk.get_by_label("Shared with").select_option("P1")
    desk.get_by_label("With files").check()
    assert everything.count() == all_of_them, "nothing is filtered before Apply is pressed"
    press(desk, "Apply filters")
    chips = desk.locator(".desk-chip")
    expect(chips).to_have_count(2)
    assert desk.url.endswith("/desk?sharing=P1&pictures=yes")

    desk.reload()
    expect(chips).to_have_count(2)
    chips.filter(has_text="With files").click()
    expect(chips).to_have_count(1)
    assert desk.url.endswith("/desk?sharing=P1")
    expect(desk.get_by_text("Loading reports")).to_have_count(0)
    assert set(desk.locator("tbody td:nth-child(6) div").all_inner_texts()) <= {"Police, with their details"}
    desk.go_back()
    expect(chips).to_have_count(2)
    desk.go_forward()
    desk.locator("main a.wm-reference").first.click()
    desk.get_by_role("link", name="Back to reports").click()
    expect(chips).to_have_count(1)

    log_out(desk)
    log_in(desk, demo.origin, "northshire")
    expect(everything.first).to_be_visible()
    expect(chips).to_have_count(0)


def test_a_case_with_the_keyboard_alone(demo: Server, phone: MAKES) -> None:
    desk = phone(demo.origin, viewport=DESK).start()
    log_in(desk, demo.origin, "northshire")
    enter(desk, desk.get_by_role("link", name=re.compile("^Waiting")))
    known = desk.locator("main tbody tr").filter(has_text="Harbour").filter(has_text="with their details")
    enter(desk, known.first.get_by_role("link"))
    go_to(desk, desk.get_by_label("Message to the person who reported"))
    desk.keyboard.type("We have read it.")
    enter(desk, desk.get_by_role("button", name="Send acknowledgement"))
    expect(desk.locator(".govuk-notification-banner")).to_be_focused()

    enter(desk, desk.get_by_role("link", name="Decide", exact=True))
    go_to(desk, desk.locator("#code"))
    desk.keyboard.press("Space")
    go_to(desk, desk.get_by_label("Crime reference"))
    desk.keyboard.type("QX/1/26")
    go_to(desk, desk.get_by_label("Rationale"))
    desk.keyboard.type("The words fit the offence.")
    go_to(desk, desk.locator("#tell"))
    desk.keyboard.press("Space")
    enter(desk, desk.get_by_role("button", name="Save decision"))

    expect(desk.get_by_text("Decision saved.")).to_be_visible()
    expect(desk.locator(".govuk-notification-banner")).to_be_focused()


def test_a_centre_looks_after_a_report_that_is_for_support_only(demo: Server, phone: MAKES) -> None:
    mobile = phone(demo.origin).start()
    visit(mobile, demo.origin)
    reference = tell(mobile, Story(sharing="U1"))
    expect(mobile.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    desk = phone(demo.origin, viewport=DESK).start()
    log_in(desk, demo.origin, "harbour")
    expect(desk.get_by_role("link", name=re.compile("^Offered to you"))).to_have_count(0)
    acknowledge(desk, reference, "We have read it.")
    expect(desk.get_by_role("link", name="Decide", exact=True)).to_have_count(0)
    choose(desk, "Send an update")
    desk.get_by_label("Message to the person who reported").fill("We have a place for you on Monday.")
    press(desk, "Send update")
    expect(desk.get_by_text("Update saved.")).to_be_visible()
    choose(desk, "Close this report")
    desk.get_by_label("Support has ended well").check()
    desk.get_by_label("No, not now").check()
    press(desk, "Close this report")
    expect(desk.get_by_role("link", name="Choose why they are not told")).to_be_visible()
    desk.get_by_label("They asked not to be told").check()
    press(desk, "Close this report")

    expect(desk.get_by_text("The report is closed.")).to_be_visible()
    look(mobile)
    open_list(mobile)
    expect(card(mobile, reference)).to_contain_text("We have a place for you", timeout=ARRIVES_MS)


def test_two_people_at_one_report(demo: Server, phone: MAKES) -> None:
    with Staff(demo.origin, "northshire", PASSWORD) as other:
        report = first_waiting(other)
        other.post(f"/desk/api/reports/{report['id']}/acknowledge", {"message": "We have read it."})
        desk = phone(demo.origin, viewport=DESK).start()
        log_in(desk, demo.origin, "northshire")
        desk.goto(f"{demo.origin}/desk/reports/{report['id']}/update")
        message = desk.get_by_label("Message to the person who reported")
        message.fill("An officer will call.")
        version = other.get(f"/desk/api/reports/{report['id']}")["report"]["version"]
        other.post(f"/desk/api/reports/{report['id']}/ask", {"version": version, "message": "Where was it?"})

        press(desk, "Send update")

        banner = desk.locator(".govuk-notification-banner")
        expect(banner).to_contain_text("This report changed while you were writing. Nothing was sent.")
        expect(banner).to_contain_text("Question asked by Northshire Police")
        expect(banner).to_be_focused()
        expect(message).to_have_value("An officer will call.")
        expect(desk.get_by_text("Where was it?")).to_be_visible()
        press(desk, "Send update")
        expect(desk.get_by_text("Update saved.")).to_be_visible()


def choose(page: Page, act: str) -> None:
    page.get_by_role("link", name=act, exact=True).click()


def decide(page: Page, label: str, *, reference: str) -> None:
    choose(page, "Decide")
    page.get_by_label(label, exact=True).check()
    page.get_by_label("Crime reference").fill(reference)
    page.get_by_label("Rationale").fill("The words fit the offence.")
    page.get_by_label("Yes, send them this message").check()
    press(page, "Save decision")
    expect(page.get_by_text("Decision saved.")).to_be_visible()


def look(page: Page) -> None:
    """Look for messages now, rather than wait for the next time."""
    page.evaluate("() => window.dispatchEvent(new Event('online'))")


def row(page: Page, reference: str) -> Locator:
    return page.locator("main tbody tr").filter(has_text=reference)


def top_of(line: Locator) -> float:
    box = line.bounding_box()
    assert box is not None
    return box["y"]


def focused_is_heading(page: Page) -> bool:
    found: bool = page.evaluate("() => document.activeElement.tagName === 'H1'")
    return found


def go_to(page: Page, wanted: Locator) -> None:
    """With Tab alone, from wherever the focus is."""
    expect(wanted).to_be_visible()
    for _ in range(TABS_MAX):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {wanted}")


def enter(page: Page, wanted: Locator) -> None:
    go_to(page, wanted)
    page.keyboard.press("Enter")


def first_waiting(staff: Staff) -> Any:
    return staff.get("/desk/api/reports?queue=waiting&area=demo-harbour&sharing=P1")["reports"][0]
