"""attachment.json: files sealed in chunks, and every way in which one must not open."""

import hashlib
from typing import Any

import msgspec
from vector_parts import AT_MS, INCARNATION, KEYS, as_json, sign, uuid

from waymark_sync import files, intake_rules, protocol
from waymark_sync.codec import to_base64url as b64
from waymark_sync.protocol import ATT_CHUNK_BYTES, AttState, Leaf, Receipt

CHUNK = files.SEALED_CHUNK_BYTES
SIZES = (0, 1, 251, ATT_CHUNK_BYTES - 1, ATT_CHUNK_BYTES, ATT_CHUNK_BYTES + 1, 2 * ATT_CHUNK_BYTES, 600_000)
WHOLE_MAX = 512
"""Longer sealed files are given by size and hash: whoever seals the same gets the same."""


def key_of(name: str) -> bytes:
    return hashlib.sha256(f"attachment key {name}".encode()).digest()


def plain(size: int) -> bytes:
    return bytes(i % 251 for i in range(size))


def sealed(size: int) -> bytes:
    name = str(size)
    chunks = files.seal_file([plain(size)], key=key_of(name), att_id=uuid(f"attachment {name}"))
    return b"".join(chunks)


def attachments() -> dict[str, Any]:
    return {
        "about": "Files sealed in chunks. Byte i of a plain file is i modulo 251. A file that must not open "
        "is made of the sealed bytes of `of`: its `pieces` (from, to) joined, then the lowest bit at `flip` "
        "turned; with another key or att_id where one is given.",
        "chunk": ATT_CHUNK_BYTES,
        "files": [_file(size) for size in SIZES],
        "sizes": [{"plain": size, "sealed": files.sealed_size(size)} for size in (*SIZES, 52_428_800)],
        "must_not_open": _unopenable(),
        "keys": as_json(KEYS),
        "complete": _states(),
    }


def _file(size: int) -> dict[str, Any]:
    made = sealed(size)
    return {
        "plain_size": size,
        "plain_sha256": b64(hashlib.sha256(plain(size)).digest()),
        "key": b64(key_of(str(size))),
        "att_id": uuid(f"attachment {size}"),
        "sealed_size": len(made),
        "sealed_sha256": b64(hashlib.sha256(made).digest()),
        **({"sealed": b64(made)} if len(made) <= WHOLE_MAX else {}),
    }


def _unopenable() -> list[dict[str, Any]]:
    total = files.sealed_size(600_000)
    first, second, third = (0, CHUNK), (CHUNK, 2 * CHUNK), (2 * CHUNK, total)
    other = {"key": b64(key_of("nobody's"))}
    cases: tuple[tuple[str, int, list[tuple[int, int]], dict[str, Any]], ...] = (
        ("last chunk cut off", 600_000, [first, second], {}),
        ("first chunk cut off", 600_000, [second, third], {}),
        ("a chunk from the middle cut out", 600_000, [first, third], {}),
        ("chunks swapped", 600_000, [second, first, third], {}),
        ("a chunk repeated", 600_000, [first, first, second, third], {}),
        ("the last chunk repeated", 600_000, [first, second, third, third], {}),
        ("last byte cut off", 600_000, [(0, total - 1)], {}),
        ("cut inside a tag", 600_000, [(0, CHUNK - 7)], {}),
        ("a byte added", 600_000, [(0, total), (0, 1)], {}),
        ("a bit of the first chunk turned", 600_000, [(0, total)], {"flip": 100}),
        ("a bit of the last tag turned", 600_000, [(0, total)], {"flip": total - 1}),
        ("wrong key", 600_000, [(0, total)], other),
        ("wrong att_id", 600_000, [(0, total)], {"att_id": uuid("attachment 0")}),
        ("nothing at all", 600_000, [], {}),
        ("an empty file under a wrong key", 0, [(0, 16)], other),
        ("an empty file, cut", 0, [(0, 15)], {}),
        ("exact multiple, last chunk cut off", 2 * ATT_CHUNK_BYTES, [first], {}),
        ("exact multiple, half a chunk cut off", 2 * ATT_CHUNK_BYTES, [(0, CHUNK + 1000)], {}),
    )
    return [{"name": name, "of": size, "pieces": pieces, **more} for name, size, pieces, more in cases]


def _states() -> dict[str, Any]:
    """What a device believes of an attachment that the service calls complete, and what it does not."""
    att_id, made = uuid("attachment 251"), sealed(251)
    sha256, size = hashlib.sha256(made).digest(), len(made)
    good = _state(att_id, sha256, size=size)
    replace = msgspec.structs.replace
    wrong = (
        ("receipt of other bytes", _state(att_id, bytes(32), size=size)),
        (
            "receipt of another attachment",
            replace(_state(uuid("attachment 1"), sha256, size=size), att_id=att_id),
        ),
        ("another attachment's whole state", _state(uuid("attachment 1"), sha256, size=size)),
        ("verdict of an item", _state(att_id, sha256, size=size, verdict="accepted")),
        ("position altered", replace(good, pos=42)),
        ("signed by a stranger", _state(att_id, sha256, size=size, signer="visitor key")),
        ("no receipt", replace(good, receipt=None)),
        ("no leaf", replace(good, leaf=None)),
        ("not complete", replace(good, complete=False)),
    )
    return {
        "att_id": att_id,
        "sha256": b64(sha256),
        "state": as_json(good),
        "invalid": [{"name": name, "state": as_json(state)} for name, state in wrong],
    }


def _state(
    att_id: str, sha256: bytes, *, size: int, verdict: str = "complete", signer: str = "receipt key"
) -> AttState:
    root = intake_rules.merkle_root([protocol.leaf_bytes(att_id, sha256, 41, verdict)])
    blank = Receipt(incarnation=INCARNATION, restore_floor=0, at=AT_MS, kid="r1", root=root, sig=bytes(64))
    receipt = msgspec.structs.replace(blank, sig=sign(signer, protocol.receipt_text(blank)))
    leaf = Leaf(index=0, size=1, path=())
    return AttState(att_id=att_id, offset=size, size=size, complete=True, pos=41, leaf=leaf, receipt=receipt)
