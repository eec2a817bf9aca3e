"""T3, a colleague at the next desk, with a device of their own and everything but the other person's hand."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from pyotp import TOTP, random_base32

from attacks.attempts import Attempts
from attacks.prey import CLIENT, Prey
from support.authenticator import Authenticator, changed
from support.desk import PASSWORD
from waymark.identity.rules import FRESH
from waymark.kernel import clock
from waymark.kernel.keys import base64url, unbase64

COOKIE: Final = "__Host-waymark"
CHALLENGED: Final = "__Host-waymark-challenge"
SIGN_IN: Final = ("/desk/api/passkeys/challenge", "/desk/api/passkeys/sign-in")
STEP_UP: Final = ("/desk/api/session/challenge", "/desk/api/session/verify")
ADD: Final = ("/desk/api/passkeys/options", "/desk/api/passkeys")
PARTS: Final = ("signature", "authenticatorData", "clientDataJSON")
STALE: Final = "UPDATE session SET verified_at = :at WHERE person_id = :person AND revoked_at IS NULL"
LATE: Final = "UPDATE passkey_challenge SET expires_at = :at"


class Browser:
    """Two cookies and nothing else. `known` is a session that somebody is in, or None."""

    def __init__(self, prey: Prey, known: str | None = None) -> None:
        self._prey = prey
        self.known, self.asked = known, ""

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        cookies = [f"{COOKIE}={self.known}"] if self.known else []
        cookies += [f"{CHALLENGED}={self.asked}"] if self.asked else []
        # Each from a network of its own, so that none is merely put off.
        self._prey.networks += 1
        address = f"198.{18 + self._prey.networks // 65_536}.{self._prey.networks // 256 % 256}.7"
        answer = self._prey.http.request(
            method,
            path,
            json={} if body is None and method == "POST" else body,
            headers={
                "Origin": self._prey.server.origin,
                "Waymark-Request": "1",
                "Sec-Fetch-Site": "same-origin",
                "Cookie": "; ".join(cookies),
                CLIENT: address,
            },
        )
        self._prey.http.cookies.clear()
        return answer

    def begin(self, way: tuple[str, str]) -> dict[str, Any]:
        answer = self.send("POST", way[0])
        assert answer.status_code == 200, answer.text
        self.asked = _cookie(answer, CHALLENGED)
        return dict(answer.json())

    def answer(self, way: tuple[str, str], body: dict[str, Any]) -> httpx.Response:
        """A session that was given is gone on with."""
        answer = self.send("POST", way[1], body)
        if answer.status_code == 200:
            self.known = _cookie(answer, COOKIE)
        return answer

    def shows(self, way: tuple[str, str], device: Authenticator, **lies: Any) -> httpx.Response:
        return self.answer(way, {"credential": device.shown(self.begin(way), **lies)})

    def adds(self, device: Authenticator) -> httpx.Response:
        return self.answer(ADD, {"name": "A key", "credential": device.made(self.begin(ADD))})

    @property
    def user_id(self) -> str | None:
        answer = self.send("GET", "/desk/api/session")
        return str(answer.json()["user"]["id"]) if answer.status_code == 200 else None


def _cookie(answer: httpx.Response, name: str) -> str:
    for line in answer.headers.get_list("set-cookie"):
        said, _, value = line.partition(";")[0].partition("=")
        if said == name:
            return value
    raise AssertionError(f"no {name} was set")


class Victim:
    """Somebody with a passkey, in a session of their own."""

    def __init__(self, prey: Prey, name: str) -> None:
        self.prey, self.name = prey, name
        self.browser = Browser(prey, prey.enter(name))
        self.device = Authenticator(prey.server.origin)
        made = self.browser.adds(self.device)
        assert made.status_code == 200, made.text
        self.id = self.browser.user_id

    def rest(self) -> None:
        """Longer ago than anything dangerous allows, in every session of theirs."""
        at = clock.stamp(clock.now() - FRESH - timedelta(seconds=1))
        self.prey.write(STALE, at=at, person=self.id)


@pytest.fixture
def victim(prey: Prey) -> Victim:
    return Victim(prey, "northshire")


@pytest.fixture
def thief(prey: Prey) -> Victim:
    """With a passkey and a session of their own, at another desk."""
    return Victim(prey, "southmere")


def test_an_answer_of_a_passkey_shown_again(
    prey: Prey, victim: Victim, thief: Victim, attempts: Attempts
) -> None:
    """Overheard and sent again: in the same browser, in another, beside a new challenge, for a step-up."""
    browser = Browser(prey)
    heard = {"credential": victim.device.shown(browser.begin(SIGN_IN))}
    cookie = browser.asked
    assert browser.answer(SIGN_IN, heard).status_code == 200, "the right one is let in"
    elsewhere = Browser(prey)
    elsewhere.asked = cookie
    for what, other in (("in the same browser", browser), ("with its cookie elsewhere", elsewhere)):
        _judged(attempts, what, other.answer(SIGN_IN, heard))
    fresh = Browser(prey)
    fresh.begin(SIGN_IN)
    _judged(attempts, "beside a new challenge", fresh.answer(SIGN_IN, heard))
    victim.browser.asked = cookie
    _judged(attempts, "as a step-up of the same person", victim.browser.answer(STEP_UP, heard))
    thief.browser.asked = cookie
    _judged(attempts, "as a step-up of another", thief.browser.answer(STEP_UP, heard))


def test_one_answer_by_sixteen_at_once(prey: Prey, victim: Victim, attempts: Attempts) -> None:
    """The same bytes and the same cookie, so that all are looked at before one is written down."""
    browser = Browser(prey)
    heard = {"credential": victim.device.shown(browser.begin(SIGN_IN))}
    copies = [Browser(prey) for _ in range(16)]
    for copy in copies:
        copy.asked = browser.asked
    with ThreadPoolExecutor(len(copies)) as together:
        answers = list(together.map(lambda copy: copy.answer(SIGN_IN, heard).status_code, copies))
    attempts.tried("more than one is let in", got=answers.count(200) > 1, back=answers)
    attempts.tried("what was a bug", got=max(answers) >= 500, back=answers)


def test_a_challenge_that_was_meant_otherwise(
    prey: Prey, victim: Victim, thief: Victim, attempts: Attempts
) -> None:
    """For signing in and for a step-up, for another person, another browser, adding; too late; made up."""
    ways = {"signing in": SIGN_IN, "a step-up": STEP_UP, "adding a key": ADD}
    for name, asked in ways.items():
        for other, used in ways.items():
            if asked is used:
                continue
            options = {"userVerification": "required", **victim.browser.begin(asked)}
            known, body = victim.browser.known, {"credential": victim.device.shown(options)}
            if used is ADD:
                new = Authenticator(prey.server.origin)
                chosen = {"authenticatorSelection": {"userVerification": "required"}, **options}
                body = {"name": "x", "credential": new.made(chosen)}
            _judged(attempts, f"for {name}, used for {other}", victim.browser.answer(used, body))
            victim.browser.known = known
    theirs = thief.browser.begin(STEP_UP)
    victim.browser.asked = thief.browser.asked
    _judged(
        attempts,
        "a step-up that somebody else was asked for",
        victim.browser.answer(STEP_UP, {"credential": victim.device.shown(theirs)}),
    )
    browser = Browser(prey)
    lured = {"credential": victim.device.shown(browser.begin(SIGN_IN))}
    mine = Browser(prey)
    mine.begin(SIGN_IN)
    _judged(attempts, "of another browser", mine.answer(SIGN_IN, lured))
    browser.asked = ""
    _judged(attempts, "with no browser's", browser.answer(SIGN_IN, lured))
    late = Browser(prey)
    slow = {"credential": victim.device.shown(late.begin(SIGN_IN))}
    prey.write(LATE, at=clock.stamp(clock.now()))
    _judged(attempts, "after its five minutes", late.answer(SIGN_IN, slow))
    made_up = Browser(prey)
    made_up.begin(SIGN_IN)
    own = {"challenge": base64url(bytes(32)), "userVerification": "required"}
    _judged(attempts, "of one's own", made_up.answer(SIGN_IN, {"credential": victim.device.shown(own)}))


def test_a_passkey_that_says_less_than_it_must(prey: Prey, victim: Victim, attempts: Attempts) -> None:
    """Nobody verified, nobody there, another site or host, bits altered, somebody else's key under its id."""
    device = victim.device
    for way in (SIGN_IN, STEP_UP):
        for what, lie in _lies(prey, device):
            browser = victim.browser if way is STEP_UP else Browser(prey)
            known = browser.known
            answer = browser.answer(way, {"credential": lie(browser.begin(way))})
            _judged(attempts, f"{what}, at {way[1]}", answer)
            browser.known = known
    assert Browser(prey).shows(SIGN_IN, device).status_code == 200, "the right one is let in"


Lie = Callable[[dict[str, Any]], dict[str, Any]]


def _lies(prey: Prey, device: Authenticator) -> list[tuple[str, Lie]]:
    def with_other(**other: Any) -> Lie:
        def shown(options: dict[str, Any]) -> dict[str, Any]:
            before = {name: getattr(device, name) for name in other}
            vars(device).update(other)
            made = device.shown(options)
            vars(device).update(before)
            return made

        return shown

    def altered(part: str) -> Lie:
        def shown(options: dict[str, Any]) -> dict[str, Any]:
            made = device.shown(options)
            made["response"][part] = changed(made["response"][part])
            return made

        return shown

    def without_presence(options: dict[str, Any]) -> dict[str, Any]:
        made = device.shown(options)
        raw = bytearray(unbase64(made["response"]["authenticatorData"]))
        raw[32] &= ~0x01
        made["response"]["authenticatorData"] = base64url(bytes(raw))
        return made

    port = prey.server.origin.rsplit(":", 1)[0]
    return [
        ("nobody verified", with_other(verifies=False)),
        ("nobody there", without_presence),
        *((f"for {host}", with_other(rp_id=host)) for host in ("example.org", "localhost.example.org", "")),
        *(
            (f"at {site}", with_other(origin=site))
            for site in ("https://example.org", port, f"{prey.server.origin}.example.org", "null", "")
        ),
        ("made by a page that creates", lambda options: device.shown(options, type="webauthn.create")),
        *((f"{part} altered", altered(part)) for part in PARTS),
        ("another's key under its id", with_other(key=Authenticator(prey.server.origin).key)),
    ]


def test_a_copy_of_a_passkey(prey: Prey, victim: Victim, attempts: Attempts) -> None:
    """Its counter goes back, and stands still: neither the copy nor the original is believed from then on."""
    for _ in range(2):
        assert Browser(prey).shows(SIGN_IN, victim.device).status_code == 200
    victim.device.count -= 1
    _judged(attempts, "a counter that stands still", Browser(prey).shows(SIGN_IN, victim.device))
    victim.device.count = 900
    _judged(attempts, "a counter far ahead, afterwards", Browser(prey).shows(SIGN_IN, victim.device))
    _judged(attempts, "as a step-up", victim.browser.shows(STEP_UP, victim.device))
    noticed = prey.trail(str(victim.id), kind="person")
    attempts.tried("without a trace", got=noticed[-1].action != "passkey.count_went_back")


def test_a_key_on_somebody_elses_account(
    prey: Prey, victim: Victim, thief: Victim, attempts: Attempts
) -> None:
    """A step-up by one's own key in their session; one's own key named theirs; theirs taken off or over."""
    open_desk, victims = victim.browser, victim.id
    victim.rest()
    body = {"credential": thief.device.shown(open_desk.begin(STEP_UP))}
    _judged(attempts, "one's own key shows that it is them", open_desk.answer(STEP_UP, body))
    attempts.tried("a new key without a step-up", got=open_desk.send("POST", ADD[0]).status_code == 200)
    mine = Authenticator(prey.server.origin)
    made = {"name": "x", "credential": mine.made(thief.browser.begin(ADD))}
    open_desk.asked = thief.browser.asked
    _judged(attempts, "a key made with one's own challenge", open_desk.send("POST", ADD[1], made))
    for said in ({"person_id": victims}, {"user_id": victims}, {"username": "northshire"}):
        new = Authenticator(prey.server.origin)
        created = new.made(thief.browser.begin(ADD))
        thief.browser.answer(ADD, {"name": "x", "credential": created, **said})
        entered = Browser(prey)
        entered.shows(SIGN_IN, new)
        attempts.tried(f"a key of one's own that says {said}", got=entered.user_id == victims)
        handled = Browser(prey)
        options = handled.begin(SIGN_IN)
        shown = thief.device.shown(options)
        shown["response"]["userHandle"] = base64url(str(victims).encode())
        handled.answer(SIGN_IN, {"credential": shown, **said})
        attempts.tried(f"signing in by one's own and saying {said}", got=handled.user_id == victims)
    theirs = base64url(victim.device.id)
    removed = thief.browser.send("DELETE", f"/desk/api/passkeys/{theirs}")
    never = thief.browser.send("DELETE", f"/desk/api/passkeys/{base64url(bytes(32))}")
    attempts.tried("taking theirs off", got=removed.text != never.text or removed.status_code != 404)
    copy = Authenticator(prey.server.origin)
    copy.id = victim.device.id
    _judged(attempts, "one's own under the id of theirs", thief.browser.adds(copy))
    seen = thief.browser.send("GET", "/desk/api/account").text
    attempts.tried("theirs in one's own list", got=theirs in seen)
    assert Browser(prey).shows(SIGN_IN, victim.device).status_code == 200, "theirs is as it was"


def test_a_step_up_is_no_longer_and_nowhere_else(prey: Prey, victim: Victim, attempts: Attempts) -> None:
    """After five minutes, in another session of the same person, under the token of before, without a key."""
    other = Browser(prey, prey.enter("northshire"))
    victim.rest()
    left = Browser(prey, victim.browser.known)
    assert victim.browser.shows(STEP_UP, victim.device).status_code == 200
    assert victim.browser.send("POST", ADD[0]).status_code == 200, "with it, what is dangerous is done"
    for what, browser in (("another session", other), ("the token of before", left)):
        _judged(attempts, f"what was shown here, in {what}", browser.send("POST", ADD[0]))
    heard = other.begin(STEP_UP)
    victim.browser.asked = other.asked
    body = {"credential": victim.device.shown(heard)}
    assert victim.browser.answer(STEP_UP, body).status_code == 200, "the same person, asked elsewhere"
    _judged(attempts, "an answer given to another session of theirs", other.answer(STEP_UP, body))
    victim.rest()
    for path in (ADD[0], "/desk/api/account/totp", "/desk/api/account/password"):
        _judged(attempts, f"after five minutes: {path}", victim.browser.send("POST", path))
    for what, said in (
        ("nothing", {}),
        ("an empty key", {"credential": {}}),
        ("the password alone, where there is a key", {"password": "correct horse battery staple"}),
        ("a key without a proof", {"credential": {"id": base64url(victim.device.id)}}),
        ("a word of one's own", {"verified_at": "2099-01-01T00:00:00.000Z"}),
    ):
        _judged(attempts, f"a step-up with {what}", victim.browser.answer(STEP_UP, said))
        _judged(attempts, f"and then: {what}", victim.browser.send("POST", ADD[0]))


def _judged(attempts: Attempts, what: str, answer: httpx.Response) -> None:
    attempts.tried(what, got=answer.status_code < 400 or answer.status_code >= 500, back=answer.text)


@pytest.fixture
def secured(prey: Prey) -> Iterator[tuple[str, str]]:
    """Somebody with an app: its secret, and a code on paper. Taken off again as they would do it."""
    prey.write("DELETE FROM throttle")
    browser = Browser(prey, prey.enter("chair"))
    secret = browser.send("POST", "/desk/api/account/totp").json()["secret"]
    confirmed = browser.send("POST", "/desk/api/account/totp/confirm", {"code": TOTP(secret).now()})
    assert confirmed.status_code == 200, confirmed.text
    yield secret, confirmed.json()["recovery_codes"][0]
    prey.write("DELETE FROM throttle")
    prey.fresh()
    browser.known = _cookie(confirmed, COOKIE)
    assert browser.send("DELETE", "/desk/api/account/totp").status_code == 200


def test_a_code_that_was_seen_or_guessed(prey: Prey, secured: tuple[str, str], attempts: Attempts) -> None:
    """With the right password: no code, one that was used, another's, one twice at once, a dozen guessed."""
    secret, paper = secured

    def log_in(code: Any, password: str = PASSWORD) -> httpx.Response:
        said = {"username": "chair", "password": password, "code": code}
        return Browser(prey).send("POST", "/desk/api/session", said)

    used = TOTP(secret).now()
    old = TOTP(secret).at(datetime.now(UTC) - timedelta(minutes=10))
    others = TOTP(random_base32()).now()
    for what, code in (
        ("none", ""),
        ("one that confirmed", used),
        ("an old one", old),
        ("another's", others),
    ):
        _judged(attempts, what, log_in(code))
    prey.write("DELETE FROM throttle")
    for what, shape in (
        ("a number", 123456),
        ("a list", [used]),
        ("nothing", None),
        ("a long one", "0" * 5_000),
    ):
        _judged(attempts, what, log_in(shape))
    prey.write("DELETE FROM throttle")
    with ThreadPoolExecutor(5) as together:
        answers = list(together.map(lambda _: log_in(paper).status_code, range(5)))
    assert 200 in answers, "once it is good"
    attempts.tried("a code on paper more than once", got=answers.count(200) > 1, back=answers)
    prey.write("DELETE FROM throttle")
    guesses = [log_in(f"{number:06}").status_code for number in range(12)]
    attempts.tried("guessing without being slowed", got=429 not in guesses, back=guesses)
    attempts.tried("guessing", got=200 in guesses, back=guesses)
