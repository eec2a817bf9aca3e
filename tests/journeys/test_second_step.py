"""The second step in a real browser: set an app up, log in with its digits, and with a code from paper."""

from collections.abc import Callable

from playwright.sync_api import Page, expect
from pyotp import TOTP

from journeys.people import ARRIVES_MS, log_in, log_out, press
from journeys.phone import DESK, Phone
from journeys.test_accessible import Eye
from journeys.test_passkeys import some_minutes_later
from support.apart import apart
from support.server import Server
from waymark.cli.demo import PASSWORD
from waymark.kernel.db import Sql, open_database

UNUSED = Sql("UPDATE totp SET last_step = 0")


def half_a_minute_later(served: Server) -> None:
    """The digits that were used may be used again, so that nobody has to wait for the next."""

    async def forget() -> None:
        database = await open_database(f"sqlite:///{served.data / 'waymark.db'}")
        await database.write(lambda db: db.execute(UNUSED))
        await database.close()

    apart(forget())


def begin(page: Page) -> None:
    page.get_by_label("User name").fill("harbour")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Log in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code", timeout=ARRIVES_MS)


def set_up(page: Page, look: Eye) -> tuple[str, list[str]]:
    """The app's secret, and the codes on paper."""
    page.get_by_role("link", name="Your account").click()
    press(page, "Set up an app")
    expect(page.get_by_role("img", name="Picture for your authenticator app")).to_be_visible(
        timeout=ARRIVES_MS
    )
    secret = page.locator("code.desk-secret").inner_text().replace(" ", "")
    look("set-up")
    press(page, "Finish")
    expect(page.get_by_text("Enter the six digits").first).to_be_visible()
    page.get_by_label("Six digits that the app shows now").fill("000000")
    press(page, "Finish")
    expect(page.get_by_text("The code is not right").first).to_be_visible(timeout=ARRIVES_MS)
    page.get_by_label("Six digits that the app shows now").fill(TOTP(secret).now())
    press(page, "Finish")
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_focused(timeout=ARRIVES_MS)
    codes = page.locator(".desk-paper code").all_inner_texts()
    look("codes")
    press(page, "I have kept them")
    expect(page.locator(".desk-paper")).to_have_count(0)
    expect(page.get_by_text("10 codes have not been used.")).to_be_visible()
    assert secret not in page.evaluate("() => JSON.stringify([history.state, location.href, document.title])")
    return secret, codes


def test_an_app_and_codes_on_paper_open_the_desk(demo: Server, phone: Callable[..., Phone]) -> None:
    page = phone(demo.origin, viewport=DESK).start()
    look = Eye(page, "second-step")
    log_in(page, demo.origin, "harbour")
    secret, codes = set_up(page, look)

    log_out(page)
    begin(page)
    look("code")
    press(page, "Log in")
    expect(page.get_by_text("Enter a code").first).to_be_visible()
    for wrong in ("000000", "00000-00000"):
        page.get_by_label("Code").fill(wrong)
        press(page, "Log in")
        refused = page.get_by_text("The code is not right, or it was used before").first
        expect(refused).to_be_visible(timeout=ARRIVES_MS)
    page.get_by_label("Code").fill(codes[0].lower())
    press(page, "Log in")
    expect(page.get_by_role("link", name="Your account")).to_be_visible(timeout=ARRIVES_MS)

    log_out(page)
    half_a_minute_later(demo)
    begin(page)
    press(page, "Start again")
    expect(page.get_by_label("User name")).to_have_value("harbour")
    begin(page)
    page.get_by_label("Code").fill(TOTP(secret).now())
    press(page, "Log in")
    page.get_by_role("link", name="Your account").click(timeout=ARRIVES_MS)
    expect(page.get_by_text("9 codes have not been used.")).to_be_visible(timeout=ARRIVES_MS)
    assert len(codes) == 10
    assert look.wrong == []


def test_what_changes_the_account_asks_for_the_code(demo: Server, phone: Callable[..., Phone]) -> None:
    page = phone(demo.origin, viewport=DESK).start()
    look = Eye(page, "second-step-again")
    log_in(page, demo.origin, "harbour")
    secret, _codes = set_up(page, look)
    some_minutes_later(demo)
    half_a_minute_later(demo)
    page.get_by_label("New password").fill("waymark waymark")
    press(page, "Change password")
    ask = page.get_by_role("dialog", name="Show that it is you")
    ask.get_by_label("Password").fill(PASSWORD)
    ask.get_by_role("button", name="Use this password").click()
    expect(ask.get_by_label("Code")).to_be_visible(timeout=ARRIVES_MS)
    look("step-up")
    ask.get_by_label("Code").fill(TOTP(secret).now())
    ask.get_by_role("button", name="Use this password").click()
    expect(page.get_by_text("It would soon be guessed").first).to_be_visible(timeout=ARRIVES_MS)
    look("refused")
    page.get_by_label("New password").fill("lantern orbit pickle meadow")
    press(page, "Change password")
    expect(page.get_by_text("The password is changed.")).to_be_visible(timeout=ARRIVES_MS)
    press(page, "Remove the app")
    expect(page.get_by_text("The app is removed.")).to_be_visible(timeout=ARRIVES_MS)
    expect(page.get_by_role("heading", name="Recovery codes")).to_have_count(0)
    assert look.wrong == []
