"""Help is shown at once, without a network, and what was shown is what the report says."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from journeys.people import ARRIVES_MS, finish, press, visit
from journeys.phone import SMALL_PHONE, Phone
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD

SAME_FOR_EVERYBODY = {"assets", "directory.sqlite", "sync"}
"""First parts of addresses that say nothing about what was answered."""


def test_somebody_who_speaks_welsh_is_shown_who_does_and_nobody_is_asked(
    demo: Server, phone: Callable[..., Phone]
) -> None:
    device = phone(demo.origin, viewport=SMALL_PHONE)
    page = device.start()
    visit(page, demo.origin)
    device.context.set_offline(True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    _answer_for_help(page)
    finish(page)

    cards = page.locator("section[aria-labelledby=help] article")
    welsh = cards.filter(has_text="Westvale Together")
    assert 3 <= cards.count() <= 5
    for words in ("They speak Welsh", "They help with this: Housing", "It works in your area"):
        expect(welsh.get_by_text(words)).to_be_visible()
    expect(welsh.get_by_text("Phone: ")).to_contain_text("01632 960131")
    expect(page.get_by_text("These services were chosen on this device. Nobody was told.")).to_be_visible()
    assert {url.removeprefix(demo.origin).split("/")[1] for url in asked} <= SAME_FOR_EVERYBODY
    shown = cards.locator("h3").all_inner_texts()

    device.context.set_offline(False)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    with Staff(demo.origin, "mill", PASSWORD) as centre:
        report_id = centre.get("/desk/api/reports?limit=100")["reports"][0]["id"]
        report = centre.get(f"/desk/api/reports/{report_id}")["report"]
        desk = centre.get(f"/desk/api/reports/{report_id}/suggestions")["services"]
    assert [service["name"] for service in desk] == shown
    assert [service["id"] for service in desk] == report["signposts_shown"]


def test_a_number_is_copied_where_a_mouse_shows_no_phone(demo: Server, phone: Callable[..., Phone]) -> None:
    page = phone(demo.origin).start()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=demo.origin)
    visit(page, demo.origin)
    _answer_for_help(page)
    finish(page)
    welsh = page.locator("section[aria-labelledby=help] article").filter(has_text="Westvale Together")

    welsh.get_by_role("button", name="Copy the number").click()

    expect(welsh.locator("p", has_text="The number is copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == "01632 960131"
    expect(page.locator("a[href^='tel:']")).to_have_count(0)


def _answer_for_help(page: Page) -> None:
    press(page, "Start")
    press(page, "I understand, continue")
    page.locator("input[name=reporter_role][value=victim]").check()
    press(page, "Continue")
    page.locator("#narrative_original").fill("They broke my window.")
    press(page, "Continue")
    for _ in ("event_types", "strands"):
        press(page, "Skip this question")
    page.locator("input[name=when_precision][value=dont_know]").check()
    press(page, "Continue")
    press(page, "Skip this question")
    page.locator("#postcode").fill("JX7 1AA")
    press(page, "Continue")
    press(page, "Skip this question")
    page.locator("input[name=sharing_choice][value=U1]").check()
    press(page, "Continue")
    while not page.locator("input[name=support_needs]").count():
        press(page, "Skip this question")
    page.locator("input[name=support_needs][value=housing]").check()
    press(page, "Continue")
    page.get_by_label("Which language would you like help in?").select_option("cy")
    press(page, "Continue")
