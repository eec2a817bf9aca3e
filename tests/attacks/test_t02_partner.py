"""T2, somebody who lives with the reporter and looks through the phone afterwards."""

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from attacks.attempts import Attempts, long_form
from attacks.prey import CLIENT, Prey
from attacks.residue import history, readable, texts
from journeys.canaries import hits
from journeys.people import ARRIVES_MS, Story, answer, answer_briefly, finish, visit
from journeys.phone import Phone

NARRATIVE: Final = "canarypartnernarrative3yew"
TOPICS: Final = re.compile(
    r"hate|crime|police|victim|racis|abuse|violen|assault|incident|report|homophob|disab|refuge",
    re.IGNORECASE,
)
LOOKED_THROUGH: Final = (
    *(
        "History",
        "History-journal",
        "Sessions",
        "Favicons",
        "Top Sites",
        "Shortcuts",
        "Network Action Predictor",
    ),
    *("Platform Notifications", "Web Data", "Login Data", "Visited Links", "Bookmarks", "shared_proto_db"),
)
"""Parts of a browser that a person sees by looking: history, open tabs, suggestions, forms, notices."""
COUNTED: Final = """
globalThis.asked = { permission: 0, install: 0, persist: 0 }
const ask = Notification.requestPermission.bind(Notification)
Notification.requestPermission = (...given) => { globalThis.asked.permission++; return ask(...given) }
"""
CLOCKED: Final = """(words) => {
  let from
  document.addEventListener('click', () => { from = performance.now() }, { capture: true, once: true })
  new MutationObserver((_, own) => {
    if (from === undefined || document.body.innerText.includes(words)) return
    own.disconnect()
    void globalThis.emptied(performance.now() - from)
  }).observe(document.documentElement, { childList: true, subtree: true })
}"""
"""In the page itself: how long from the press until its words are gone."""
EXIT_MS_MAX: Final = 300
TURNS: Final = 20


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile-0"


@long_form
def test_what_is_seen_while_the_form_is_open(
    prey: Prey, attempts: Attempts, phone: Callable[..., Phone]
) -> None:
    """On every page: address, title, icon, name of the app, and whether it asks for anything."""
    page = phone(prey.server.origin).start()
    page.context.add_init_script(COUNTED)
    visit(page, prey.server.origin)
    titles = set[str]()

    def look(step: str) -> None:
        titles.add(page.title())
        attempts.tried(f"{step}: its title", got=TOPICS.search(page.title()), back=page.title())
        attempts.tried(f"{step}: its address", got=page.url != f"{prey.server.origin}/", back=page.url)
        attempts.tried(f"{step}: it asks", got=any(page.evaluate("Object.values(asked)")))

    answer(page, Story(narrative=NARRATIVE), each=look)
    assert len(titles) > 5, "titles were looked at"
    for link in page.locator("link[rel=manifest], link[rel~=icon]").evaluate_all(
        "all => all.map(a => a.href)"
    ):
        told = page.request.get(link)
        words = (
            told.text()
            if "json" in told.headers["content-type"] or "svg" in told.headers["content-type"]
            else ""
        )
        attempts.tried(f"{link}: words", got=TOPICS.search(words), back=words)
        attempts.tried(f"{link}: its name", got=TOPICS.search(link.removeprefix(prey.server.origin)))
    remembered = page.evaluate("history.length")
    attempts.tried("steps one can go back to", got=remembered > 4, back=remembered)


def test_what_is_found_when_the_reporter_has_left(
    prey: Prey, attempts: Attempts, phone: Callable[..., Phone], profile: Path
) -> None:
    """Exit, then back, forward, history, suggestions, forms, open tabs, notices, tools."""
    mobile = phone(prey.server.origin)
    page = mobile.start()
    visit(page, prey.server.origin)
    answer_briefly(page, Story(narrative=NARRATIVE, sharing="P3"))
    _leave(page)
    for turn in range(4):
        page.go_back()
        attempts.tried(f"back {turn}", got=_sees(page), back=page.url)
    for turn in range(4):
        page.go_forward()
        attempts.tried(f"forward {turn}", got=_sees(page), back=page.url)
    page.goto(prey.server.origin)
    page.get_by_role("heading", level=1).wait_for()
    attempts.tried("opened again", got=_sees(page))
    attempts.tried(
        "by the developer's tools", got=[one for one in readable(page) if NARRATIVE in one.lower()]
    )
    mobile.off()
    _looked_through(attempts, profile, prey)
    attempts.tried("the whole disk", got=hits(profile, [NARRATIVE]))


def _leave(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url("**/leaving")


def _sees(page: Page) -> bool:
    return NARRATIVE in page.content().lower() or "Check your answers" in page.content()


def _looked_through(attempts: Attempts, profile: Path, prey: Prey) -> None:
    origin = prey.server.origin
    for url, title in history(profile):
        path = str(url).removeprefix(origin)
        attempts.tried(f"history: {path}", got=TOPICS.search(path) or TOPICS.search(title), back=title)
        attempts.tried(f"history: {path} has a secret", got="?" in path or "#" in path)
    for name, raw in texts(profile, *LOOKED_THROUGH).items():
        own = _around(raw, origin.encode())
        attempts.tried(f"{name}: words", got=NARRATIVE.encode() in raw.lower())
        attempts.tried(f"{name}: topics beside the address", got=TOPICS.findall(own), back=own[:200])


def _around(raw: bytes, needle: bytes) -> str:
    """What stands close to each place where the address does, letters alone."""
    found = []
    for at in (match.start() for match in re.finditer(re.escape(needle), raw)):
        found.append(raw[at + len(needle) : at + len(needle) + 80].decode("latin-1"))
    return " ".join("".join(sign for sign in one if sign.isprintable()) for one in found)


@long_form
def test_what_a_sent_report_leaves_to_be_seen(
    prey: Prey, attempts: Attempts, phone: Callable[..., Phone], profile: Path
) -> None:
    """Sent, and the phone put away: no notice, and nothing in forms or history."""
    mobile = phone(prey.server.origin)
    page = mobile.start()
    page.context.add_init_script(COUNTED)
    visit(page, prey.server.origin)
    answer_briefly(page, Story(narrative=NARRATIVE, sharing="P3"))
    finish(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    attempts.tried("it asked for notices", got=page.evaluate("asked.permission"))
    notices = page.evaluate(
        "navigator.serviceWorker.ready.then((r) => r.getNotifications()).then((all) => all.length)"
    )
    attempts.tried("notices", got=notices)
    mobile.off()
    _looked_through(attempts, profile, prey)
    attempts.tried("the whole disk", got=hits(profile, [NARRATIVE]))


@long_form
def test_leaving_is_quick(prey: Prey, attempts: Attempts, phone: Callable[..., Phone]) -> None:
    """Twenty times with all answers on the screen: how long until the words are gone from it."""
    page = phone(prey.server.origin).start()
    took: list[float] = []
    page.expose_function("emptied", lambda ms: took.append(ms))
    visit(page, prey.server.origin)
    for turn in range(TURNS):
        page.goto(prey.server.origin)
        answer_briefly(page, Story(narrative=NARRATIVE, sharing="P3"))
        page.evaluate(CLOCKED, NARRATIVE)
        page.get_by_role("button", name="Exit this page").click()
        page.wait_for_url("**/leaving")
        attempts.tried(f"turn {turn}", got=_sees(page))
    assert len(took) >= TURNS, "each time was taken"
    slow = sorted(took)[int(len(took) * 0.95) - 1]
    attempts.tried("it takes long", got=slow > EXIT_MS_MAX, back=f"{slow:.0f} ms")


def test_no_answer_tells_a_wrong_code_from_one_without_messages(prey: Prey, attempts: Attempts) -> None:
    """Somebody tries codes found on a slip of paper: whatever is wrong, one answer of one length."""
    answers = set[tuple[int, bytes, bytes]]()
    for number, (locator, authenticator) in enumerate(
        (
            ("A" * 43, "A" * 43),
            ("A" * 43, "B" * 42 + "A"),
            ("short", "A" * 43),
            ("", ""),
            ("A" * 43, "!" * 43),
        )
    ):
        heads = {"Waymark-Locator": locator, "Waymark-Authenticator": authenticator}
        answer = prey.http.get("/sync/v1/return", headers=heads | {CLIENT: f"198.19.{number}.1"})
        lengths = struct.pack("I", len(answer.content))
        answers.add((answer.status_code, re.sub(rb"[0-9a-f-]{32,36}", b"", answer.content), lengths))
    attempts.tried("answers differ", got=len(answers) > 1, back=answers)
