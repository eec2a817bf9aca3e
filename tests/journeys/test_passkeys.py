"""Passkeys at the desk in a real browser: add one, log in with it, and show again that it is you."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from journeys.people import ARRIVES_MS, log_in, log_out, press
from journeys.phone import DESK, Phone
from journeys.test_accessible import Eye
from support.apart import apart
from support.server import Server
from waymark.kernel.db import Sql, open_database

STALE = Sql("UPDATE session SET verified_at = ''")


def with_authenticator(page: Page) -> None:
    """A device that keeps passkeys, and verifies whoever holds it."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def some_minutes_later(served: Server) -> None:
    """It is long ago that anybody has shown who they are."""

    async def age() -> None:
        database = await open_database(f"sqlite:///{served.data / 'waymark.db'}")
        await database.write(lambda db: db.execute(STALE))
        await database.close()

    apart(age())


def test_a_passkey_opens_the_desk_and_what_is_dangerous(demo: Server, phone: Callable[..., Phone]) -> None:
    page = phone(demo.origin, viewport=DESK).start()
    look = Eye(page, "passkeys")
    page.goto(f"{demo.origin}/desk")
    with_authenticator(page)
    look("login")
    log_in(page, demo.origin, "harbour")
    elsewhere = phone(demo.origin, viewport=DESK).start()
    log_in(elsewhere, demo.origin, "harbour")

    page.get_by_role("link", name="Your account").click()
    press(page, "Add a passkey")
    expect(page.get_by_text("Enter a name for this device").first).to_be_visible()
    page.get_by_label("What you call this device").fill("My phone")
    press(page, "Add a passkey")
    expect(page.get_by_text("The passkey is added.")).to_be_visible(timeout=ARRIVES_MS)
    expect(page.get_by_text("Add a second passkey on another device")).to_be_visible()
    look("account")
    press(page, "Log out the other one")
    expect(page.get_by_text("You are logged in here only.")).to_be_visible()
    elsewhere.reload()
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Log in", timeout=ARRIVES_MS)

    log_out(page)
    press(page, "Use a passkey")
    expect(page.get_by_role("link", name="Your account")).to_be_visible(timeout=ARRIVES_MS)
    some_minutes_later(demo)
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("button", name="Remove").click()
    ask = page.get_by_role("dialog", name="Show that it is you")
    expect(ask).to_be_visible(timeout=ARRIVES_MS)
    look("step-up")
    ask.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("term").filter(has_text="My phone")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    ask.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible(timeout=ARRIVES_MS)
    expect(page.get_by_role("term")).to_have_count(0)
    some_minutes_later(demo)
    page.get_by_label("What you call this device").fill("Another")
    press(page, "Add a passkey")
    ask.get_by_label("Password").fill("wrong")
    ask.get_by_role("button", name="Use this password").click()
    expect(ask.get_by_text("That was not right").first).to_be_visible(timeout=ARRIVES_MS)
    page.keyboard.press("Escape")
    expect(ask).to_have_count(0)

    assert look.wrong == []
