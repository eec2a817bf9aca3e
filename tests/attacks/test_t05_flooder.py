"""T5, a flood: reports, uploads, guesses and broken requests, while a centre empties its tablet."""

import gzip
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from itertools import count as counting
from pathlib import Path
from typing import Final

import httpx
from msgspec.structs import replace
from pysqlite3 import dbapi2

from attacks.attempts import LONG, Attempts
from attacks.prey import CLIENT, OUR_PAGE, Prey
from support.reports import Device, Report, push_of
from waymark.intake.work import LIFE, new_challenge
from waymark.kernel import clock
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.protocol import Envelope, PushResponse
from waymark_sync.seal import new_key, sign
from waymark_sync.work import WORK, proves, solve

FLOOD: Final = 10_000 if LONG else 640
DRAIN: Final = 200 if LONG else 40
AT_ONCE: Final = 16
"""Items in one push of the flood."""
GROWN_KB_MAX: Final = 400_000
POLITE: Final = {200, 413, 429, 503, 507}
VOLUNTEER_S_MAX: Final = 2.0
STRANGERS: Final = 250_000
SLOWER_MAX: Final = 4
FILLED: Final = (
    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 250000)"
    " INSERT INTO passkey_challenge (token_hash, challenge, purpose, expires_at)"
    " SELECT printf('%064d', n), randomblob(32), 'sign_in', '2999-01-01T00:00:00.000Z' FROM n",
    "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 250000)"
    " INSERT INTO throttle (bucket, since, failure_count)"
    " SELECT printf('login:%032d', n), '2999-01-01T00:00:00.000Z', 1 FROM n",
)
HARD_WORKING: Final = "100.127.9.9"
"""Of a network that has sent so much that its phones are asked to work."""


def junk(prey: Prey, number: int) -> Report:
    """What a flooder makes: the form of a report, nothing in it, and hardly any work."""
    import hashlib

    device = Device()
    made = device.header(prey.ring, _id(number))
    from waymark_sync.protocol import LABEL_ITEM, encode_header

    header, sealed = encode_header(made), os.urandom(4_200)
    digest = hashlib.sha256(header + sealed).digest()
    envelope = Envelope(header=header, sealed=sealed, sha256=digest, sig=sign(_KEY, LABEL_ITEM + digest))
    return Report(item_id=made.item_id, device=device, header=made, envelope=envelope)


_KEY: Final = new_key()


def _id(number: int) -> str:
    return f"{os.urandom(4).hex()}-{number % 65_536:04x}-4000-8000-{os.urandom(6).hex()}"


def flooded(prey: Prey, bodies: list[bytes], address: Callable[[int], str]) -> Iterator[httpx.Response]:
    with httpx.Client(base_url=prey.server.origin, timeout=30, trust_env=False) as http:
        for number, body in enumerate(bodies):
            heads = {"Content-Type": MSGPACK, CLIENT: address(number)}
            yield http.post("/sync/v1/push", content=body, headers=heads)


def _flood(prey: Prey, attempts: Attempts, address: Callable[[int], str]) -> None:
    """A centre's tablet empties its queue meanwhile, from an address that the flood comes from, too."""
    count = FLOOD // AT_ONCE
    bodies = [
        encode(push_of(*(junk(prey, n) for n in range(AT_ONCE)), device_id=Device().id), MSGPACK)
        for _ in range(count)
    ]
    answers: list[httpx.Response] = []
    flood = threading.Thread(target=lambda: answers.extend(flooded(prey, bodies, address)))
    queue = [prey.tablet.report(prey.ring) for _ in range(DRAIN)]
    flood.start()
    slowest = 0.0
    for report in queue:
        begun = time.monotonic()
        answer = prey.push(report, **{CLIENT.replace("-", "_"): address(0)})
        slowest = max(slowest, time.monotonic() - begun)
        verdict = (
            decode(answer.content, MSGPACK, PushResponse).results[0].verdict if answer.is_success else ""
        )
        attempts.tried("a tablet's report is put off", got=verdict != "accepted", back=answer.content[:200])
    flood.join()
    assert len(answers) == count
    for answer in answers:
        late = answer.status_code in (429, 503) and "retry-after" not in answer.headers
        attempts.tried(
            "a flood breaks it", got=answer.status_code not in POLITE or late, back=answer.status_code
        )
    if LONG:
        attempts.tried("a volunteer waits", got=slowest > VOLUNTEER_S_MAX, back=f"{slowest:.2f} s")


def test_a_flood_from_one_address(prey: Prey, attempts: Attempts) -> None:
    """Thousands of empty reports from the very address of a centre: its tablet is not once put off."""
    _flood(prey, attempts, lambda number: "198.51.100.7")


def test_a_flood_from_a_thousand_addresses(prey: Prey, attempts: Attempts) -> None:
    """The same, from a thousand networks in turn."""
    _flood(prey, attempts, lambda number: f"100.{64 + number % 16}.{number % 64}.9")


def test_a_flood_is_not_thrown_away_unseen(prey: Prey, attempts: Attempts) -> None:
    """Junk is not refused for being junk: it waits where a person can look, apart from what opens."""
    made = junk(prey, 1)
    verdict = prey.push(made, **{CLIENT.replace("-", "_"): "192.0.2.1"})
    back = decode(verdict.content, MSGPACK, PushResponse).results[0]
    attempts.tried("its verdict", got=back.verdict not in ("accepted", "retry"), back=back)
    listed = prey.person("harbour").get("/desk/api/reports?limit=100").text
    attempts.tried("it stands among reports", got=made.item_id in listed)


def test_a_proof_of_work_that_was_not_done_for_this(prey: Prey, attempts: Attempts) -> None:
    """A proof for other items, for more, too old, of another service, made easier, made before."""
    for number in range(10):
        body = encode(push_of(*(junk(prey, n) for n in range(AT_ONCE)), device_id=Device().id), MSGPACK)
        assert prey.send_push(body, Waymark_Client=HARD_WORKING).status_code == 200, number
    own, *others = _reports(prey, 4)
    asked = _asked(prey, own)
    work = solve(asked, [own.envelope.sha256]) or b""

    for what, reports in (
        ("another report", others[:1]),
        ("two others", others[1:]),
        ("many others", _reports(prey, 9)),
    ):
        answer = _push(prey, work, *reports)
        attempts.tried(
            f"for {what}", got=[one for one in reports if _worked(prey, one)], back=answer.text[:80]
        )
    for what, cheat in _cheats(prey, asked).items():
        (report,) = _reports(prey, 1)
        answer = _push(prey, cheat([report.envelope.sha256]), report)
        attempts.tried(what, got=_worked(prey, report), back=answer.text[:80])
    many = _reports(prey, 32)
    with ThreadPoolExecutor(16) as together:
        list(together.map(lambda one: _push(prey, work, one), many))
    attempts.tried("by sixteen at once", got=[one.item_id for one in many if _worked(prey, one)])
    assert _push(prey, work, own).status_code == 200
    assert _worked(prey, own), "the right one counts"
    for wrong in (b"", b"\x00", work[:-1], work + b"\x00", bytes(48), b"\xff" * 48, b"x" * 100_000):
        answer = _push(prey, wrong, *_reports(prey, 1))
        attempts.tried(f"{len(wrong)} bytes that are none", got=answer.status_code >= 500, back=answer.text)


def _cheats(prey: Prey, asked: bytes) -> dict[str, Callable[[list[bytes]], bytes]]:
    """By what is wrong. Each is solved for the very items, so that nothing else is."""
    secret, now = prey.ring.challenge_key, clock.now()
    pull = prey.http.get("/sync/v1/pull").headers["waymark-challenge"].encode()
    younger = (int.from_bytes(asked[:8], "big") + 1).to_bytes(8, "big")
    challenges = {
        "too old": new_challenge(secret, bits=1, now=now - LIFE - timedelta(seconds=1)),
        "of tomorrow": new_challenge(secret, bits=1, now=now + timedelta(days=1)),
        "of another service": new_challenge(secrets.token_bytes(32), bits=1, now=now),
        "made easier": asked[:8] + b"\x01" + asked[9:],
        "with one round": asked[:9] + (1).to_bytes(4, "big") + asked[13:],
        "made younger": younger + asked[8:],
        "with another chance": asked[:13] + secrets.token_bytes(11) + asked[24:],
        "marked with nothing": asked[:24] + bytes(16),
        "marked with what a pull is signed with": (asked[:24] + pull)[:40],
    }
    assert all(solve(challenge, [bytes(32)]) for challenge in challenges.values()), "each can be solved"
    found = {
        what: lambda digests, challenge=challenge: solve(challenge, digests) or b""
        for what, challenge in challenges.items()
    }
    return {**found, "not solved": lambda digests: _unsolved(asked, digests)}


def _unsolved(asked: bytes, digests: list[bytes]) -> bytes:
    """One counter in 256 solves it by chance, and is no cheat then."""
    works = (asked + number.to_bytes(8, "big") for number in counting())
    return next(work for work in works if not proves(work, digests))


def _reports(prey: Prey, count: int) -> list[Report]:
    return [Device().report(prey.ring) for _ in range(count)]


def _asked(prey: Prey, report: Report) -> bytes:
    told = _push(prey, None, report)
    challenge = decode(told.content, MSGPACK, PushResponse).work
    assert challenge is not None, "a network that sends much is asked to work"
    return challenge


def _push(prey: Prey, work: bytes | None, *reports: Report) -> httpx.Response:
    asked = replace(push_of(*reports), caps=("ack", WORK), work=work)
    return prey.send_push(encode(asked, MSGPACK), Waymark_Client=HARD_WORKING)


def _worked(prey: Prey, report: Report) -> bool:
    with closing(dbapi2.connect(prey.server.data / "waymark.db")) as opened:
        found = opened.execute(
            "SELECT worked FROM intake_item WHERE item_id = ?", [report.item_id]
        ).fetchone()
    return bool(found and found[0])


def test_guessing_is_slowed_down(prey: Prey, attempts: Attempts) -> None:
    """Return codes and passwords by the hundred, from one address."""
    tries = 200 if LONG else 24
    page = OUR_PAGE | {"Origin": prey.server.origin, CLIENT: "198.51.100.99"}
    guesses: dict[str, Callable[[int], httpx.Response]] = {
        "return codes": lambda n: prey.http.get(
            "/sync/v1/return",
            headers={CLIENT: "198.51.100.99", "Waymark-Locator": _token(), "Waymark-Authenticator": _token()},
        ),
        "passwords": lambda n: prey.http.post(
            "/desk/api/session", json={"username": "gold", "password": f"guess {n}"}, headers=page
        ),
    }
    for name, guess in guesses.items():
        codes = [guess(n).status_code for n in range(tries)]
        attempts.tried(f"{name} are all heard", got=429 not in codes, back=codes)
        attempts.tried(f"{name}: one is right", got=200 in codes)
        attempts.tried(f"{name}: it breaks", got=[code for code in codes if code >= 500])
    still = prey.person("harbour").get("/desk/api/session").status_code
    attempts.tried("others cannot work meanwhile", got=still != 200, back=still)


def _token() -> str:
    from waymark_sync.codec import to_base64url

    return to_base64url(os.urandom(32))


def test_bodies_that_are_made_to_hurt(prey: Prey, attempts: Attempts) -> None:
    """Endless, deep, packed, claimed and cut bodies at every route that takes one: a clear no."""
    before = _memory_kb(prey)
    bombs = {
        "12 MB of nothing": (bytes(12_000_000), JSON),
        "100,000 brackets": (b"[" * 100_000, JSON),
        "50,000 objects": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, JSON),
        "an array of four thousand million": (b"\xdd\xff\xff\xff\xff", MSGPACK),
        "a map of four thousand million": (b"\xdf\xff\xff\xff\xff", MSGPACK),
        "100,000 arrays": (b"\x91" * 100_000, MSGPACK),
        "a number of 100,000 digits": (b'{"version":' + b"9" * 100_000 + b"}", JSON),
        "a key a hundred thousand times": (b"{" + b'"version":1,' * 100_000 + b'"x":1}', JSON),
        "many parts": (
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 3_000 + b"--x--",
            "multipart/form-data; boundary=x",
        ),
        "half a UTF-8": (b'{"username":"\xff\xfe"}', JSON),
        "lone surrogates": (b'{"username":"\\ud800","password":"\\udfff"}', JSON),
    }
    page = OUR_PAGE | {"Origin": prey.server.origin, CLIENT: "192.0.2.50"}
    report_id = prey.reports["U1", "harbour"].item_id
    acts = (f"/desk/api/reports/{report_id}/ask", "/desk/api/devices/codes")
    for path in (
        "/sync/v1/push",
        "/sync/v1/manifest",
        "/sync/v1/att",
        "/desk/api/session",
        "/csp-report",
        *acts,
    ):
        client = prey.person("harbour") if path in acts else prey.http
        for name, (body, kind) in bombs.items():
            answer = client.post(path, content=body, headers=page | {"Content-Type": kind})
            attempts.tried(f"{name} at {path}", got=answer.status_code >= 500, back=answer.text)
            attempts.tried(f"{name} is quoted", got=len(answer.content) > 4_000, back=len(answer.content))
        packed = gzip.compress(bytes(30_000_000))
        heads = page | {"Content-Type": JSON, "Content-Encoding": "gzip"}
        answer = client.post(path, content=packed, headers=heads)
        attempts.tried(f"30 MB packed at {path}", got=answer.status_code >= 500 or answer.is_success)
    grown = _memory_kb(prey) - before
    attempts.tried("memory", got=grown > GROWN_KB_MAX, back=f"{grown} kB")
    attempts.tried("it is not ready", got=prey.http.get("/health/ready").status_code != 200)


def _memory_kb(prey: Prey) -> int:
    status = Path(f"/proc/{prey.server.pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0])


def test_streams_and_subscriptions_without_end(prey: Prey, attempts: Attempts) -> None:
    """One session that opens streams until it is refused, and reports of broken policies by the hundred."""
    opened = []
    client = prey.person("southmere")
    try:
        for _ in range(12):
            stream = client.stream("GET", "/desk/api/live", headers={"Connection": "close"})
            opened.append((stream, stream.__enter__()))
        codes = [answer.status_code for _, answer in opened]
    finally:
        for stream, _ in opened:
            stream.__exit__(None, None, None)
    attempts.tried("streams without end", got=429 not in codes and 503 not in codes, back=codes)
    said = {"csp-report": {"effective-directive": "script-src", "blocked-uri": "x" * 500}}
    sent = [prey.http.post("/csp-report", json=said, headers={CLIENT: "192.0.2.77"}) for _ in range(60)]
    attempts.tried("policy reports", got=[one.status_code for one in sent if one.status_code >= 500])
    lines = prey.server.log_text.count("xxxxxxxx")
    attempts.tried("they fill the log", got=lines, back=lines)


def test_what_strangers_fill_makes_nobody_slower(prey: Prey, attempts: Attempts) -> None:
    """A quarter of a million challenges and names asked for: signing in and a report, by the clock."""
    page = OUR_PAGE | {"Origin": prey.server.origin}
    wrong = {"username": "nobody-at-all", "password": "x" * 20}

    def timed(work: Callable[[], httpx.Response]) -> float:
        times = []
        for _ in range(15):
            begun = time.monotonic()
            assert work().status_code in (200, 401, 429)
            times.append(time.monotonic() - begun)
        prey.http.cookies.clear()
        return sorted(times)[len(times) // 2]

    works: dict[str, Callable[[], httpx.Response]] = {
        "a challenge": lambda: prey.http.post("/desk/api/passkeys/challenge", json={}, headers=page),
        "a password": lambda: prey.http.post("/desk/api/session", json=wrong, headers=page),
        "a report": lambda: prey.push(prey.tablet.report(prey.ring)),
    }
    before = {what: timed(work) for what, work in works.items()}
    for statement in FILLED:
        assert prey.write(statement) == STRANGERS
    for what, work in works.items():
        now = timed(work)
        slow = now > SLOWER_MAX * max(before[what], 0.005)
        attempts.tried(what, got=slow, back=f"{before[what]:.4f} s, then {now:.4f} s")
    prey.write("DELETE FROM passkey_challenge")
    prey.write("DELETE FROM throttle")
