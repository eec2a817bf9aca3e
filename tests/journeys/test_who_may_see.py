"""Who may see what, changed at desks and by reporters, in real browsers."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from journeys.eye import EVERY_SIZE, SHOTS, SMALL_PHONE, Eye
from journeys.people import ARRIVES_MS, Story, acknowledge, card, log_in, open_list, press, tell, visit
from journeys.phone import DESK, Phone
from support.server import Server

MAKES = Callable[..., Phone]
NAME = "Sam Canary"
SEEN_AT, SHOWN = (EVERY_SIZE, True) if SHOTS else ((SMALL_PHONE,), False)
"""As the other journeys look, unless pictures are asked for: every look costs a second for each size."""
WORDS = "Two men shouted at me at the bus stop and followed me home."


def test_somebody_is_in_danger_and_then_is_not(demo: Server, phone: MAKES) -> None:
    mobile = phone(demo.origin).start()
    visit(mobile, demo.origin)
    reference = sent(mobile, Story(sharing="U1", place="behind the library"))
    centre = phone(demo.origin, viewport=DESK).start()
    look = Eye(centre, "who-may-see", sizes=SEEN_AT, dark=SHOWN)
    log_in(centre, demo.origin, "harbour-lead")
    centre.get_by_role("link", name=reference).click(timeout=ARRIVES_MS)
    expect(centre.get_by_text("The police may read nothing of this report.")).to_be_visible()
    choose(centre, "Somebody is in danger")
    press(centre, "Let the police read this")
    expect(centre.locator(".govuk-error-summary")).to_be_focused()
    look("override-error")
    centre.get_by_label("Where it happened").check()
    centre.get_by_label("Somebody's life is in danger").check()
    centre.get_by_label("What makes it necessary?").fill("They were followed home.")
    centre.get_by_label("Yes, or they may know now").check()
    centre.get_by_label("Message to the person").fill("We told the police where it was.")
    look("override")
    press(centre, "Let the police read this")
    expect(centre.get_by_text("The force can read it now.")).to_be_visible()
    centre.get_by_text("Every change").click()
    look("overridden")

    force = phone(demo.origin, viewport=DESK).start()
    log_in(force, demo.origin, "northshire")
    force.get_by_role("link", name=reference).click(timeout=ARRIVES_MS)
    expect(force.get_by_text("behind the library")).to_be_visible()
    expect(force.get_by_text(re.compile("Opened to keep somebody safe, since"))).to_be_visible()
    expect(force.get_by_text(WORDS)).to_have_count(0)
    mobile.evaluate("() => window.dispatchEvent(new Event('online'))")
    open_list(mobile)
    expect(card(mobile, reference)).to_contain_text("We told the police", timeout=ARRIVES_MS)

    choose(centre, "The danger has passed")
    centre.get_by_label("Where it happened").check()
    centre.get_by_label("Why is it not needed any more?").fill("They live elsewhere now.")
    centre.get_by_label("No, not yet").check()
    look("end-override")
    press(centre, "End it")
    expect(centre.get_by_text("The force cannot read it from now on.")).to_be_visible()
    expect(centre.get_by_text("The police may read nothing of this report.")).to_be_visible()
    force.reload()
    expect(force.get_by_text("There is no such report here")).to_be_visible()
    assert look.wrong == []


def test_the_reporter_takes_back_and_a_supervisor_looks_once(demo: Server, phone: MAKES) -> None:
    mobile = phone(demo.origin).start()
    visit(mobile, demo.origin)
    reference = sent(mobile, Story(name=NAME, phone="01632 960 001"))
    force = phone(demo.origin, viewport=DESK).start()
    log_in(force, demo.origin, "northshire")
    acknowledge(force, reference, "We have read it.")
    centre = phone(demo.origin, viewport=DESK).start()
    look = Eye(centre, "taken-back", sizes=SEEN_AT, dark=SHOWN)
    log_in(centre, demo.origin, "harbour-lead")
    centre.get_by_role("link", name=reference).click(timeout=ARRIVES_MS)
    expect(centre.get_by_text(NAME)).to_have_count(0)
    choose(centre, "Show covered answers")
    centre.get_by_label("Their name").check()
    centre.get_by_label("To check how a report was handled").check()
    look("unmask")
    press(centre, "Show them")
    expect(centre.get_by_text(NAME)).to_be_visible()
    look("unmasked")
    assert NAME not in centre.evaluate("() => JSON.stringify([history.state, location.href, document.title])")
    centre.reload()
    expect(centre.get_by_text("Covered", exact=True)).to_be_visible()
    expect(centre.get_by_text(NAME)).to_have_count(0)

    choose(centre, "The reporter takes something back")
    centre.get_by_label("What they wrote in their own words").check()
    centre.get_by_label("How did they say so?").fill("They rang and said their word.")
    look("narrow")
    press(centre, "Take it back")
    expect(centre.get_by_text("The police cannot read it from now on.")).to_be_visible()
    force.reload()
    expect(force.get_by_text("Hidden from you")).to_be_visible()
    expect(force.get_by_text(WORDS)).to_have_count(0)
    assert look.wrong == []


def test_the_reporter_asks_who_and_takes_back(demo: Server, phone: MAKES) -> None:
    mobile = phone(demo.origin).start()
    visit(mobile, demo.origin)
    reference = sent(mobile, Story(name=NAME, phone="01632 960 001"))
    code = " ".join(mobile.locator("main .wm-code > *").all_inner_texts())
    force = phone(demo.origin, viewport=DESK).start()
    log_in(force, demo.origin, "northshire")
    acknowledge(force, reference, "We have read it.")
    look = Eye(mobile, "who-reads", sizes=SEEN_AT, dark=SHOWN)
    open_list(mobile)
    mine = card(mobile, reference)
    mine.get_by_text("Who can read this").click()
    press_in(mine, "Ask who has opened it")
    expect(mine.get_by_text("Police staff, Northshire Police")).to_be_visible(timeout=ARRIVES_MS)
    press_in(mine, "Take it back")
    expect(mine.get_by_text("Choose what you want to take back")).to_be_visible()
    look("asked")
    mine.get_by_label("My name and how to reach me").check()
    press_in(mine, "Take it back")
    expect(mine.get_by_text("As soon as it arrives")).to_be_visible()
    expect(mine.get_by_text("your name", exact=True)).to_have_count(0, timeout=ARRIVES_MS)
    expect(mine.get_by_text("what you wrote", exact=True)).to_be_visible()
    force.reload()
    expect(force.get_by_text("took back their name")).to_be_visible()
    expect(force.get_by_text(NAME)).to_have_count(0)
    expect(force.get_by_text(WORDS)).to_be_visible()

    other = phone(demo.origin).start()
    elsewhere = Eye(other, "who-reads-code", sizes=SEEN_AT, dark=SHOWN)
    other.goto(f"{demo.origin}/return")
    other.get_by_label("Your return code").fill(code)
    press(other, "Open")
    other.get_by_text("Who can read this").click(timeout=ARRIVES_MS)
    expect(other.get_by_text("Police staff, Northshire Police")).to_be_visible()
    other.get_by_label("Everything I told them").check()
    press(other, "Take it back")
    expect(other.get_by_text("It was sent.")).to_be_visible(timeout=ARRIVES_MS)
    elsewhere("code")
    press(other, "Look for new messages")
    expect(other.get_by_text("what you wrote", exact=True)).to_have_count(0, timeout=ARRIVES_MS)
    force.reload()
    expect(force.get_by_text("took back everything from the police")).to_be_visible()
    expect(force.get_by_text(WORDS)).to_have_count(0)
    assert look.wrong + elsewhere.wrong == []


def press_in(place: Locator, name: str) -> None:
    place.get_by_role("button", name=name).click()


def sent(page: Page, story: Story) -> str:
    reference = tell(page, story)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    return reference


def choose(page: Page, act: str) -> None:
    page.get_by_role("link", name=act, exact=True).click()
