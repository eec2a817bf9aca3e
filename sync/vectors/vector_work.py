"""Vectors of a visitor's proof of work."""

import hashlib
from typing import Any

from waymark_sync.codec import to_base64url as b64
from waymark_sync.work import CHALLENGE_BYTES, proves, solve

BITS, ROUNDS = 6, 50


def works() -> dict[str, Any]:
    one, two = _digest("one"), _digest("two")
    challenge = _challenge(BITS, ROUNDS)
    work, of_both = solve(challenge, [one]), solve(challenge, [one, two])
    if work is None or of_both is None:
        raise AssertionError("a challenge that can be solved")
    late = work[:CHALLENGE_BYTES] + (int.from_bytes(work[CHALLENGE_BYTES:], "big") + 1).to_bytes(8, "big")
    cases = [
        _case("one item", work, [one]),
        _case("two items", of_both, [one, two]),
        _case("the same items in another order", of_both, [two, one]),
        _case("another item", work, [two]),
        _case("one item more", work, [one, two]),
        _case("no item", work, []),
        _case("five items", work, [one] * 5),
        _case("the number after it", late, [one]),
        _case("a byte short", work[:-1], [one]),
        _case("a byte long", work + b"\0", [one]),
        _case("an easier challenge made of it", _altered(work, 8, 1), [one]),
        _case("no bits", _altered(work, 8, 0), [one]),
        _case("more bits than anybody works for", _altered(work, 8, 17), [one]),
        _case("nothing", b"", [one]),
    ]
    solved = [
        _solved("as the service asks when it has much to do", _challenge(8, 200), [one]),
        _solved("with few rounds", _challenge(3, 1), [one, two]),
        _solved("too hard: pushed without", _challenge(17, ROUNDS), [one]),
        _solved("too many rounds: pushed without", _challenge(BITS, 20_001), [one]),
        _solved("no bits: nothing to do", _challenge(0, ROUNDS), [one]),
        _solved("too many items: pushed without", challenge, [one] * 5),
        _solved("no challenge", b"short", [one]),
    ]
    return {
        "about": "The first number from 0 on whose PBKDF2 begins with enough zero bits; bound to the items.",
        "proves": cases,
        "solve": solved,
    }


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _challenge(bits: int, rounds: int) -> bytes:
    chance = hashlib.sha256(b"chance").digest()
    return bytes(8) + bytes([bits]) + rounds.to_bytes(4, "big") + chance[:11] + chance[11:27]


def _altered(work: bytes, place: int, value: int) -> bytes:
    return work[:place] + bytes([value]) + work[place + 1 :]


def _case(name: str, work: bytes, digests: list[bytes]) -> dict[str, Any]:
    told = {"name": name, "work": b64(work), "sha256": [b64(digest) for digest in digests]}
    return {**told, "proves": proves(work, digests)}


def _solved(name: str, challenge: bytes, digests: list[bytes]) -> dict[str, Any]:
    work = solve(challenge, digests)
    told = {"name": name, "challenge": b64(challenge), "sha256": [b64(digest) for digest in digests]}
    return {**told, "work": b64(work) if work is not None else None}
