"""People at a centre, in a real browser: invited by a link, known with a passkey, and let go."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from journeys.people import ARRIVES_MS, log_in, press
from journeys.phone import DESK, Phone
from journeys.test_accessible import Eye
from journeys.test_passkeys import with_authenticator
from support.server import Server

NAME = "Noor Haddad"


def invited(page: Page, look: Eye) -> str:
    """The link."""
    page.get_by_role("link", name="People").click()
    press(page, "Make a link")
    expect(page.get_by_text("Enter their name").first).to_be_visible()
    expect(page.get_by_text("Choose what they will be").first).to_be_visible()
    look("invite-empty")
    page.get_by_label("Their name").fill(NAME)
    page.get_by_label("Centre worker").check()
    press(page, "Make a link")
    expect(page.get_by_role("heading", name=f"A link for {NAME}")).to_be_focused(timeout=ARRIVES_MS)
    link = page.locator(".desk-link").inner_text()
    look("invited")
    press(page, "I have passed it on")
    expect(page.get_by_text("Centre worker. The link works until")).to_be_visible()
    return link


def test_somebody_is_invited_joins_and_is_let_go(demo: Server, phone: Callable[..., Phone]) -> None:
    lead = phone(demo.origin, viewport=DESK).start()
    look = Eye(lead, "people")
    log_in(lead, demo.origin, "harbour-lead")
    link = invited(lead, look)

    new = phone(demo.origin).start()
    seen = Eye(new, "join")
    new.goto(f"{demo.origin}/desk")
    with_authenticator(new)
    new.goto(link)
    expect(new.get_by_text("invites you to be Centre worker at")).to_be_visible(timeout=ARRIVES_MS)
    token = link.partition("#")[2]
    kept = "() => JSON.stringify([location.href, document.title, {...localStorage}, {...sessionStorage}])"
    assert token not in new.evaluate(kept)
    seen("join")
    press(new, "Go on")
    expect(new.get_by_text("Enter at least three small letters").first).to_be_visible()
    new.get_by_label("Choose a user name").fill("harbour")
    new.get_by_label("New password").fill("lantern orbit pickle meadow")
    press(new, "Go on")
    expect(new.get_by_text("Somebody has this user name").first).to_be_visible(timeout=ARRIVES_MS)
    new.get_by_label("Choose a user name").fill("noor.haddad")
    press(new, "Go on")
    expect(new.get_by_role("heading", level=1)).to_have_text("Your account", timeout=ARRIVES_MS)
    new.get_by_label("What you call this device").fill("My phone")
    press(new, "Add a passkey")
    expect(new.get_by_role("heading", name="Your recovery codes")).to_be_visible(timeout=ARRIVES_MS)
    press(new, "I have kept them")
    new.get_by_role("link", name="Reports").click()
    expect(new.get_by_role("heading", level=1)).to_have_text("Reports", timeout=ARRIVES_MS)

    again = phone(demo.origin).start()
    again.goto(link)
    expect(again.get_by_text("This invitation does not work any more")).to_be_visible(timeout=ARRIVES_MS)

    lead.reload()
    card = lead.get_by_role("listitem").filter(has_text=NAME)
    expect(card.get_by_text("Uses a passkey.")).to_be_visible(timeout=ARRIVES_MS)
    card.get_by_role("button", name="Let go").click()
    expect(card.get_by_text("is logged out everywhere at once")).to_be_visible()
    look("let-go")
    card.get_by_role("button", name="Let go now").click()
    expect(lead.get_by_text(f"{NAME} is not here any more.")).to_be_visible(timeout=ARRIVES_MS)
    new.reload()
    expect(new.get_by_role("heading", level=1)).to_have_text("Log in", timeout=ARRIVES_MS)
    assert look.wrong == [] and seen.wrong == []
