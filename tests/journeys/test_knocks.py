"""An answer knocks, and a knock says nothing. With no page open, what waits is sent all the same."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from journeys.knocking import Worker, prepare, wait_for
from journeys.people import (
    ARRIVES_MS,
    Story,
    card,
    open_list,
    press,
    tell_briefly,
    visit,
)
from journeys.phone import TABLET, Phone
from support.push_service import PushService
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD

MAKES = Callable[..., Phone]
ANSWER = "Thank you. Someone has read this and will ring as you asked."
TOPICS = ("hate", "crime", "police", "victim", "report")
ON = "Notices are on. This device tells you when there is an answer."


KEPT = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open('waymark')
  opening.onerror = reject
  opening.onsuccess = () => {
    const reading = opening.result.transaction(['kv', 'device_keys'])
    const knocks = reading.objectStore('kv').get('knocks')
    const keys = reading.objectStore('device_keys').getAllKeys()
    reading.oncomplete = () => {
      opening.result.close()
      const own = keys.result.filter((id) => id !== 'probe')
      resolve({ knocks: knocks.result != null, keys: own.length })
    }
  }
})"""


def kept(worker: Worker) -> dict[str, object]:
    """What the phone's store says, as the service worker sees it."""
    found: dict[str, object] = worker.evaluate(KEPT)
    return found


@pytest.fixture
def push_service() -> Iterator[PushService]:
    with PushService() as service:
        yield service
        assert service.faults == [], "the push service was sent what it cannot accept"


@pytest.fixture
def knocking(server: Callable[..., Server], peopled: Path, push_service: PushService) -> Server:
    return server(peopled, WAYMARK_PUSH_HOSTS=push_service.host).start()


def subscribe(device: Phone, served: Server, push_service: PushService) -> Page:
    """A phone whose browser has a place at the push service."""
    page = device.start()
    browser = push_service.subscribe()
    prepare(page.context, served.origin, browser, at=push_service.origin)
    return page


def answer(served: Server, reference: str) -> None:
    with Staff(served.origin, "northshire", PASSWORD) as staff:
        listed = staff.get("/desk/api/reports?limit=100")["reports"]
        [report_id] = [each["id"] for each in listed if each["reference"] == reference]
        staff.post(f"/desk/api/reports/{report_id}/acknowledge", {"message": ANSWER})


def turn_on(page: Page) -> None:
    page.get_by_text("Get a notice when there is an answer").click()
    press(page, "Turn on notices")
    expect(page.get_by_text(ON)).to_be_visible(timeout=ARRIVES_MS)


def registered(page: Page) -> int:
    """Feeds that the service has taken the wish for."""
    found: int = page.evaluate(
        """() => new Promise((resolve) => {
          const opening = indexedDB.open('waymark')
          opening.onsuccess = () => {
            const got = opening.result.transaction('kv').objectStore('kv').get('knocks')
            got.onsuccess = () => { opening.result.close(); resolve(got.result?.feeds.length ?? -1) }
          }
        })"""
    )
    return found


def test_an_answer_knocks_and_is_there_when_the_page_is_opened_without_a_network(
    knocking: Server, phone: MAKES, push_service: PushService
) -> None:
    page = subscribe(phone(knocking.origin), knocking, push_service)
    visit(page, knocking.origin)
    reference = tell_briefly(page, Story())
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    asked_before = page.evaluate("questions")
    turn_on(page)
    wait_for(page, lambda: registered(page) == 1)
    asked = page.evaluate("questions")
    worker = Worker(page, knocking.origin)
    page.goto("about:blank")

    answer(knocking, reference)
    wait_for(page, lambda: len(push_service.received) == 1)
    pulls = knocking.log_text.count("/sync/v1/pull")
    worker.push(push_service.received[0].plaintext)
    wait_for(page, lambda: len(worker.notices) == 1)

    assert (asked_before, asked) == (0, 1)
    assert knocking.log_text.count("/sync/v1/pull") > pulls, "the worker has fetched it"
    [notice] = worker.notices
    assert (notice["title"], notice["body"]) == ("Waymark", "You have a note")
    assert not any(topic in json.dumps(notice).lower() for topic in TOPICS)
    assert notice["badge"] == ""
    knocking.kill()
    page.goto(knocking.origin)
    open_list(page)
    expect(card(page, reference)).to_contain_text(ANSWER)


def test_knocks_are_one_notice_and_leaving_ends_them(
    knocking: Server, phone: MAKES, push_service: PushService
) -> None:
    page = subscribe(phone(knocking.origin), knocking, push_service)
    visit(page, knocking.origin)
    tell_briefly(page, Story())
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    turn_on(page)
    worker = Worker(page, knocking.origin)
    for _ in range(3):
        worker.push(b'{"v":1}')
    wait_for(page, lambda: worker.seen("answered") == 3)
    shown = len(worker.notices)

    press(page, "Exit this page")
    page.wait_for_url(re.compile("leaving"))
    wait_for(page, lambda: worker.notices == [])
    worker.push(b'{"v":1}')
    wait_for(page, lambda: worker.seen("answered") == 4)

    assert shown == 1
    assert worker.notices == []


def test_a_knock_that_fetches_while_the_person_leaves_shows_nothing(
    knocking: Server, phone: MAKES, push_service: PushService
) -> None:
    page = subscribe(phone(knocking.origin), knocking, push_service)
    visit(page, knocking.origin)
    tell_briefly(page, Story())
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    turn_on(page)
    wait_for(page, lambda: registered(page) == 1)
    worker = Worker(page, knocking.origin)
    with knocking.stopped():
        worker.push(b'{"v":1}')
        wait_for(page, lambda: worker.seen("knocked") == 1)
        press(page, "Exit this page")
        page.wait_for_url(re.compile("leaving"))
        fetching = worker.seen("answered") == 0
    wait_for(page, lambda: worker.seen("answered") == 1)

    assert fetching
    assert worker.seen("shown") == 0


def test_a_notice_on_its_way_while_the_person_leaves_does_not_stay(
    knocking: Server, phone: MAKES, push_service: PushService
) -> None:
    page = subscribe(phone(knocking.origin), knocking, push_service)
    visit(page, knocking.origin)
    tell_briefly(page, Story())
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    turn_on(page)
    wait_for(page, lambda: registered(page) == 1)
    worker = Worker(page, knocking.origin)
    worker.hold_notices()
    worker.push(b'{"v":1}')
    wait_for(page, lambda: worker.seen("shown") == 1)
    press(page, "Exit this page")
    page.wait_for_url(re.compile("leaving"))
    wait_for(page, lambda: worker.seen("forgot") > 0)

    worker.let_notices_go()
    wait_for(page, lambda: worker.seen("answered") == 1)

    assert worker.notices == []


def test_a_slow_phone_forgets_after_its_page_is_gone(
    knocking: Server, phone: MAKES, push_service: PushService
) -> None:
    """The page forgets nothing itself: it is gone too soon. The worker does it for the page."""
    page = subscribe(phone(knocking.origin), knocking, push_service)
    visit(page, knocking.origin)
    tell_briefly(page, Story())
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    turn_on(page)
    worker = Worker(page, knocking.origin)
    worker.push(b'{"v":1}')
    wait_for(page, lambda: len(worker.notices) == 1)
    assert kept(worker) == {"knocks": True, "keys": 1}
    page.evaluate("() => { IDBDatabase.prototype.transaction = () => { throw new Error('too slow') } }")

    press(page, "Exit this page")
    page.wait_for_url(re.compile("leaving"))

    wait_for(page, lambda: kept(worker) == {"knocks": False, "keys": 0})
    wait_for(page, lambda: worker.notices == [])


def test_nobody_is_asked_and_a_browser_that_forbids_it_says_where_answers_are(
    knocking: Server, phone: MAKES
) -> None:
    page = phone(knocking.origin).start()
    prepare(page.context, knocking.origin, None, allowed=False)
    visit(page, knocking.origin)
    tell_briefly(page, Story())
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    closed = page.get_by_role("button", name="Turn on notices").count()
    asked = page.evaluate("questions")
    page.get_by_text("Get a notice when there is an answer").click()
    expect(page.get_by_text("Your return code is the safer way.")).to_be_visible()
    press(page, "Turn on notices")

    expect(page.get_by_text("This browser does not allow notices from this page.")).to_be_visible()
    assert (closed, asked) == (0, 0)
    assert page.evaluate("questions") == 1


def test_a_tablet_is_offered_knocks_at_once_and_turns_them_off_in_its_list(
    knocking: Server, phone: MAKES, push_service: PushService
) -> None:
    with Staff(knocking.origin, "harbour", PASSWORD) as staff:
        code = staff.code("Front desk")
    page = subscribe(phone(knocking.origin, viewport=TABLET), knocking, push_service)
    visit(page, knocking.origin)
    press(page, "This is a centre’s tablet")
    page.get_by_label("One-time code").fill(code)
    press(page, "Set up this tablet")
    expect(page.get_by_role("heading", name="Tell this tablet when an answer comes?")).to_be_visible(
        timeout=ARRIVES_MS
    )
    press(page, "Turn on notices")
    expect(page.get_by_text(ON)).to_be_visible(timeout=ARRIVES_MS)
    wait_for(page, lambda: registered(page) == 1)
    press(page, "Go to the start")
    first = tell_briefly(page, Story())
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    answer(knocking, first)
    wait_for(page, lambda: len(push_service.received) == 1)

    open_list(page)
    press(page, "Turn off notices")
    expect(page.get_by_role("button", name="Turn on notices")).to_be_visible()
    assert registered(page) == -1


def test_what_waits_is_sent_with_no_page_open(demo: Server, phone: MAKES) -> None:
    page = phone(demo.origin).start()
    prepare(page.context, demo.origin, None)
    visit(page, demo.origin)
    demo.kill()
    reference = tell_briefly(page, Story())
    tags = page.evaluate("() => navigator.serviceWorker.ready.then((it) => it.sync.getTags())")
    worker = Worker(page, demo.origin)
    page.goto("about:blank")

    demo.start()
    with Staff(demo.origin, "northshire", PASSWORD) as staff:

        def arrived() -> bool:
            found = staff.get("/desk/api/reports?limit=100")["reports"]
            return reference in [each["reference"] for each in found]

        before = arrived()
        worker.sync("drain")
        wait_for(page, arrived)

    assert tags == ["drain"]
    assert not before
    demo.kill()
    page.goto(demo.origin)
    open_list(page)
    expect(card(page, reference)).to_contain_text("We have the proof that it arrived")
