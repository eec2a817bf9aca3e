"""A tablet is taken out of service while somebody tells their story on it."""

import re
from collections.abc import Callable
from uuid import uuid4

from msgspec.structs import replace
from playwright.sync_api import Page, Route, expect

from journeys.people import ARRIVES_MS, Story, answer_briefly, back_online, finish, log_in, press, visit
from journeys.phone import DESK, SMALL_PHONE, Phone
from journeys.test_accessible import Eye
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import MSGPACK, encode, to_base64url
from waymark_sync.protocol import Revocation, revoke_text

OUT = "This tablet is out of service"
KEYS = """() => new Promise((told) => {
    const opening = indexedDB.open('waymark')
    opening.onsuccess = () => {
        const asked = opening.result.transaction('device_keys').objectStore('device_keys').getAllKeys()
        asked.onsuccess = () => { opening.result.close(); told(asked.result.length) }
    }
})"""


def test_a_report_that_was_begun_is_saved_and_the_keys_go(
    demo: Server, phone: Callable[..., Phone], ring: KeyRing
) -> None:
    page = phone(demo.origin, viewport=SMALL_PHONE).start()
    look = Eye(page, "out-of-service")
    set_up(page, demo)
    answer_briefly(page, Story())

    refuse(page, ring)
    back_online(page)
    expect(page.locator("footer")).to_contain_text(OUT, timeout=ARRIVES_MS)
    reference = finish(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    press(page, "Make another report")
    expect(page.get_by_role("heading", level=1)).to_have_text(OUT)
    expect(page.get_by_role("button", name="Start", exact=True)).to_have_count(0)
    expect(page.get_by_text("Everything that could be sent has arrived.")).to_be_visible(timeout=ARRIVES_MS)
    assert page.evaluate(KEYS) == 0
    look("told")
    in_arabic(page, look)
    press(page, "What this device keeps")
    expect(page.locator("main").get_by_text(reference).first).to_be_visible()
    look("custody")
    in_arabic(page, look)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(OUT, timeout=ARRIVES_MS)

    assert look.wrong == []


def test_the_desk_takes_it_out_and_sees_that_it_is_empty(demo: Server, phone: Callable[..., Phone]) -> None:
    """Nothing stands in for anything: the order goes with the answer to the last report that it sends."""
    desk = phone(demo.origin, viewport=DESK).start()
    log_in(desk, demo.origin, "harbour")
    page = phone(demo.origin, viewport=SMALL_PHONE).start()
    set_up(page, demo)
    answer_briefly(page, Story())

    desk.get_by_role("link", name="Tablets").click()
    board = desk.get_by_role("region", name="Front desk")
    board.get_by_role("button", name="Take out of service").click()
    board.get_by_label("Its sealed reports, as copies").check()
    board.get_by_role("button", name="Take it out of service").click()
    expect(desk.get_by_text("It is told when it is next online.")).to_be_visible()
    expect(board).to_contain_text("it may not know yet")
    finish(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    expect(page.locator("footer")).to_contain_text(OUT, timeout=ARRIVES_MS)
    press(page, "Make another report")
    expect(page.get_by_text("Everything that could be sent has arrived.")).to_be_visible(timeout=ARRIVES_MS)
    assert page.evaluate(KEYS) == 0
    press(desk, "Look again")
    expect(board).to_contain_text("It says that it holds no more reports.")
    with Staff(demo.origin, "custodian", PASSWORD) as staff:
        [held] = staff.get("/desk/api/quarantine")["items"]
    assert (held["state"], held["reason"]) == ("quarantined", "device_revoked")


def set_up(page: Page, demo: Server) -> None:
    with Staff(demo.origin, "harbour", PASSWORD) as staff:
        code = staff.code("Front desk")
    # As its camera opens the picture of the code; nothing of it stays in the address.
    visit(page, f"{demo.origin}/#k={code}")
    expect(page.get_by_label("One-time code")).to_have_value(code)
    assert page.url == f"{demo.origin}/"
    press(page, "Set up this tablet")
    press(page, "Go to the start")
    expect(page.locator("footer")).to_contain_text("Tablet of")


def refuse(page: Page, ring: KeyRing) -> None:
    """As the service answers a device of its own that may not ask any more."""

    def refused(route: Route) -> None:
        blank = Revocation(
            device_id=route.request.headers["waymark-device"],
            scope="keys",
            nonce=str(uuid4()),
            at=1,
            kid=ring.sign(b"")[0],
            sig=bytes(64),
        )
        order = replace(blank, sig=ring.sign(revoke_text(blank))[1])
        told = to_base64url(encode(order, MSGPACK))
        route.fulfill(status=401, headers={"Waymark-Revoke": told}, body="{}")

    page.context.route(re.compile("/sync/v1/pull"), refused)


def in_arabic(page: Page, look: Eye) -> None:
    page.get_by_text("العربية").first.click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    look("arabic")
    page.get_by_text("English", exact=True).first.click()
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
