"""T6, whoever holds the network: alters, cuts, repeats, forges and withholds what passes."""

import hashlib
import json
import random
from contextlib import closing
from time import monotonic, sleep
from typing import Any, Final

import httpx
import msgspec
from pysqlite3 import dbapi2

from attacks.attempts import LONG, Attempts
from attacks.prey import CLIENT, Prey, canary
from conversations.tampering import FORGERIES
from support.reports import Device, Report, push_of
from waymark_sync.answers import receipt_holds, understand
from waymark_sync.codec import MSGPACK, decode, encode
from waymark_sync.protocol import KeySet, PushResponse, SignedKeySet
from waymark_sync.seal import new_key, sign
from waymark_sync.trust import Untrusted, covers, open_key_set

HEADS: Final = {CLIENT: "198.51.100.200"}
STORED: Final = (
    "SELECT header, sealed, sig FROM intake_item WHERE item_id = ?",
    "SELECT header, sealed, sig FROM intake_conflict WHERE item_id = ?",
)
OPENED_S: Final = 20
LOOK_S: Final = 0.05
EACH: Final = 1 if LONG else 23
"""Every so manieth byte is altered. The short form begins at another one each time."""


def believes(prey: Prey, report: Report, status: int, kind: str, body: bytes) -> bool:
    """Would the device take this answer for the proof that its very bytes have arrived?"""
    answer = understand(body, kind) if status == 200 else None
    keys = msgspec.msgpack.decode(prey.ring.signed_key_set().payload, type=KeySet)
    if answer is None or answer.receipt is None or not receipt_holds(answer, keys):
        return False
    sha256 = hashlib.sha256(report.envelope.header + report.envelope.sealed).digest()
    return any(
        result.index == 0
        and covers(answer.receipt, result, item_id=report.item_id, sha256=sha256, sig=report.envelope.sig)
        for result in answer.results
    )


def opened(prey: Prey, item_id: str) -> bool:
    """Within what a person would wait."""
    until = monotonic() + OPENED_S
    while monotonic() < until:
        with closing(dbapi2.connect(prey.server.data / "waymark.db")) as database:
            row = database.execute("SELECT state FROM intake_item WHERE item_id = ?", (item_id,)).fetchone()
        if row == ("opened",):
            return True
        sleep(LOOK_S)
    return False


def stored(prey: Prey, item_id: str) -> list[tuple[bytes, bytes, bytes]]:
    """What lies in the tables under this id."""
    with closing(dbapi2.connect(prey.server.data / "waymark.db")) as opened:
        return [row for statement in STORED for row in opened.execute(statement, (item_id,))]


def test_each_byte_of_a_request(prey: Prey, attempts: Attempts) -> None:
    """One byte altered at a time: never a receipt that is believed for bytes that lie there otherwise."""
    report = Device().report(prey.ring, narrative_original="canaryonthewire")
    sent = encode(push_of(report), MSGPACK)
    attempts.tried("the words in the request", got=b"canaryonthewire" in sent)
    own = report.envelope
    places = list(range(random.Random().randrange(EACH), len(sent), EACH))
    sealed_at = sent.index(own.sealed)
    # Each place of the frame and of what is not sealed, some of what is: it is one long ciphertext.
    frame = [at for at in range(len(sent)) if not sealed_at + 200 < at < sealed_at + len(own.sealed) - 40]
    for at in sorted({*places, *frame[:: 1 if LONG else 9]}):
        altered = sent[:at] + bytes([sent[at] ^ (1 << at % 8)]) + sent[at + 1 :]
        answer = prey.send_push(altered, Waymark_Client="198.51.100.200")
        attempts.tried(f"byte {at}: it breaks", got=answer.status_code >= 500, back=answer.text)
        kind = answer.headers.get("content-type", "")
        if believes(prey, report, answer.status_code, kind, answer.content):
            as_sent = (own.header, own.sealed, own.sig)
            there = as_sent in stored(prey, report.item_id)
            attempts.tried(f"byte {at}: believed, and not there", got=not there, back=answer.content)
    for header, sealed, _ in stored(prey, report.item_id):
        digest = hashlib.sha256(header + sealed).digest()
        attempts.tried("other bytes under its id", got=digest != own.sha256)
    answer = prey.push(report)
    believed = believes(prey, report, answer.status_code, answer.headers["content-type"], answer.content)
    attempts.tried("afterwards the true one is not taken", got=not believed, back=answer.content)


def test_a_signature_that_is_altered(prey: Prey, attempts: Attempts) -> None:
    """The signature alone is altered, in one copy or in one of two at once: then the true copy opens it."""
    for at in range(0, 64, 1 if LONG else 9):
        report = Device().report(prey.ring)
        sig = report.envelope.sig
        altered = msgspec.structs.replace(
            report.envelope, sig=sig[:at] + bytes([sig[at] ^ 1]) + sig[at + 1 :]
        )
        answer = prey.push(msgspec.structs.replace(report, envelope=altered))
        kind = answer.headers["content-type"]
        believed = believes(prey, report, answer.status_code, kind, answer.content)
        attempts.tried(f"byte {at}: the device is told that it arrived", got=believed, back=answer.content)
        true = prey.push(report)
        taken = believes(prey, report, true.status_code, true.headers["content-type"], true.content)
        attempts.tried(f"byte {at}: the true copy is not taken", got=not taken, back=true.content)
        attempts.tried(f"byte {at}: it is not opened", got=not opened(prey, report.item_id))


def test_each_byte_of_an_answer(prey: Prey, attempts: Attempts) -> None:
    """One byte altered at a time, and the answer cut at each length: believed only if it says the same."""
    report = Device().report(prey.ring)
    answer = prey.push(report)
    kind, body = answer.headers["content-type"], answer.content
    assert believes(prey, report, 200, kind, body), "the control: the true answer is believed"
    truth = decode(body, MSGPACK, PushResponse)
    for at in range(len(body)):
        for bit in range(8) if LONG else (at % 8,):
            altered = body[:at] + bytes([body[at] ^ (1 << bit)]) + body[at + 1 :]
            if believes(prey, report, 200, kind, altered):
                said = decode(altered, MSGPACK, PushResponse)
                same = (said.receipt, said.results) == (truth.receipt, truth.results)
                # What is not signed may be altered by whoever holds the network; nothing is let go by it.
                attempts.tried(f"byte {at}", got=not same, back=altered)
            else:
                attempts.tried(f"byte {at}", got=False)
        attempts.tried(f"cut at {at}", got=believes(prey, report, 200, kind, body[:at]))


def test_answers_of_others_and_of_before(prey: Prey, attempts: Attempts) -> None:
    """A captive portal, a forged receipt, the answer to another report, and an old answer played again."""
    mine, other = Device().report(prey.ring), Device().report(prey.ring)
    theirs = prey.push(other)
    kind = theirs.headers["content-type"]
    attempts.tried("the answer to another", got=believes(prey, mine, 200, kind, theirs.content))
    for name, (status, heads, body) in FORGERIES.items():
        attempts.tried(name, got=believes(prey, mine, status, heads["content-type"], body))
    told = decode(theirs.content, MSGPACK, PushResponse)
    for name, made in _forged(told, mine).items():
        attempts.tried(name, got=believes(prey, mine, 200, MSGPACK, encode(made, MSGPACK)), back=name)
    altered = Report(item_id=other.item_id, device=mine.device, header=mine.header, envelope=mine.envelope)
    attempts.tried("its receipt for other bytes", got=believes(prey, altered, 200, kind, theirs.content))


def _forged(told: PushResponse, mine: Report) -> dict[str, PushResponse]:
    assert told.receipt is not None
    replace = msgspec.structs.replace
    result = replace(told.results[0], item_id=mine.item_id)
    own = new_key()
    return {
        "with the id of mine": replace(told, results=(result,)),
        "without a receipt": replace(told, receipt=None, results=(result,)),
        "signed by a stranger": replace(
            told, results=(result,), receipt=replace(told.receipt, sig=sign(own, b"waymark-sync/1"))
        ),
        "of a key that nobody knows": replace(
            told, results=(result,), receipt=replace(told.receipt, kid="0" * 16)
        ),
        "of another service": replace(told, incarnation="00000000-0000-4000-8000-000000000000"),
    }


def test_a_list_of_keys_of_the_attackers(prey: Prey, attempts: Attempts) -> None:
    """The list that devices seal to: altered byte by byte, signed anew, and replaced as a whole."""
    body = prey.http.get("/sync/v1/keys", headers={"Accept": MSGPACK}).content
    signed = decode(body, MSGPACK, SignedKeySet)
    assert open_key_set(signed, root=prey.ring.root_public), "the control"
    for at in range(0, len(body), 1 if LONG else 5):
        altered = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        attempts.tried(f"byte {at}", got=_trusted(prey, altered, signed), back=altered)
    fresh = msgspec.structs.replace(signed, sig=sign(new_key(), b"waymark-keys/1\n" + signed.payload))
    attempts.tried("signed by another root", got=_trusted(prey, encode(fresh, MSGPACK), signed))


def _trusted(prey: Prey, body: bytes, truth: SignedKeySet) -> bool:
    """Taken for the service's, though it says something else."""
    try:
        found = decode(body, MSGPACK, SignedKeySet)
        return bool(open_key_set(found, root=prey.ring.root_public)) and found.payload != truth.payload
    except (Untrusted, Exception):  # noqa: BLE001 - whatever it was, it was not believed
        return False


def test_a_request_played_again(prey: Prey, attempts: Attempts) -> None:
    """A recorded push sent again, by another verb, and as another kind of bytes."""
    report = Device().report(prey.ring)
    content = encode(push_of(report), MSGPACK)
    first = prey.send_push(content)
    again = [prey.send_push(content) for _ in range(3)]
    assert first.status_code == 200
    verdicts = [decode(one.content, MSGPACK, PushResponse).results[0].verdict for one in again]
    attempts.tried(
        "a report twice", got=set(verdicts) != {"duplicate"} or len(stored(prey, report.item_id)) != 1
    )
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = prey.http.request(
            method, "/sync/v1/push", content=content, headers={"Content-Type": MSGPACK}
        )
        attempts.tried(f"by {method}", got=answer.content and answer.is_success, back=answer.status_code)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = prey.http.post("/sync/v1/push", content=content, headers={"Content-Type": kind})
        attempts.tried(f"as {kind}", got=answer.is_success, back=answer.status_code)


def test_nothing_tempts_back_to_plain_http(prey: Prey, attempts: Attempts) -> None:
    """No answer redirects elsewhere, believes a forwarded name, or speaks of this machine."""
    odd: list[dict[str, str]] = [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example;proto=http"},
        {"X-Original-URL": "/desk", "X-Rewrite-URL": "/desk"},
    ]
    for head in odd:
        for path in ("/", "/desk", "/sync/v1/keys", "/nothing", "/desk/api/session"):
            answer = prey.http.get(path, headers=head)
            told = json.dumps(dict(answer.headers)) + answer.text
            attempts.tried(f"{path} with {head}", got="evil.example" in told, back=answer.status_code)
            named = answer.headers.get("location", "")
            own = (prey.server.origin, "/")
            attempts.tried(f"{path} leads away", got=named and not named.startswith(own), back=named)
            attempts.tried(f"{path} names its maker", got=_names_its_maker(answer), back=dict(answer.headers))


def _names_its_maker(answer: httpx.Response) -> bool:
    return any(name in answer.headers for name in ("server", "x-powered-by", "via"))


def test_what_a_listener_on_the_inside_of_tls_reads(prey: Prey, attempts: Attempts) -> None:
    """A proxy that opens TLS, as some community centres have, sees one length for all and no words."""
    sizes = set[int]()
    for length in (1, 300, 900, 2_000):
        words = (canary("P1", "harbour", "narrative") + " ") * (length // 10 + 1)
        report = Device().report(prey.ring, narrative_original=words[:length])
        body = encode(push_of(report), MSGPACK)
        sizes.add(len(report.envelope.sealed))
        found: list[Any] = [one for one in prey.canaries if one.encode() in body.lower()]
        attempts.tried(f"a report of {length} signs", got=found)
    attempts.tried("lengths of four reports", got=len(sizes) > 1, back=sizes)
