"""Vectors of asking what the service lacks, and of letting go."""

from typing import Any

import msgspec
from vector_parts import AT_MS, DEVICE, INCARNATION, KEYS, as_json, flip, sign, signed_keys, uuid

from waymark_sync import codec, intake_rules, protocol
from waymark_sync.codec import to_base64url as b64
from waymark_sync.intake_rules import Known
from waymark_sync.protocol import ManifestRequest, ManifestResponse, Receipt, Retained

FLOOR = 2


def manifests() -> dict[str, Any]:
    asked = tuple(
        Retained(id=uuid(f"retained {number}"), sha256=bytes([number]) * 32, pos=number)
        for number in (3, 1, 2)
    )
    request = ManifestRequest(device_id=DEVICE, incarnation_seen=INCARNATION, retained=asked)
    return {
        "about": "A device asks after what it retains; the receipt of the answer covers what is not missing.",
        "keyset": as_json(signed_keys(KEYS)),
        "request": as_json(request),
        "msgpack": b64(codec.encode(request, codec.MSGPACK)),
        "held": [_held(name, asked, known) for name, known in _stored(asked).items()],
        "answers": _answers(asked),
    }


def _stored(asked: tuple[Retained, ...]) -> dict[str, list[Known]]:
    as_asked = [Known(item_id=one.id, sha256=one.sha256, pos=one.pos) for one in asked]
    first = as_asked[0]
    return {
        "all of it": as_asked,
        "nothing": [],
        "one is missing": as_asked[1:],
        "other bytes": [msgspec.structs.replace(first, sha256=bytes(32)), *as_asked[1:]],
        "at another position": [msgspec.structs.replace(first, pos=9), *as_asked[1:]],
        "other bytes, and its own in conflict": [
            msgspec.structs.replace(first, sha256=bytes(32), pos=8),
            *as_asked,
        ],
    }


def _held(name: str, asked: tuple[Retained, ...], known: list[Known]) -> dict[str, Any]:
    missing = intake_rules.missing(asked, known)
    leaves = intake_rules.manifest_leaves(asked, missing)
    return {
        "name": name,
        "stored": [as_json(one) for one in known],
        "missing": list(missing),
        "leaves": [b64(leaf) for leaf in leaves],
        "root": b64(intake_rules.merkle_root(leaves)) if leaves else None,
    }


def _answers(asked: tuple[Retained, ...]) -> list[dict[str, Any]]:
    """What a device makes of an answer: which bytes it lets go of, and which it offers again."""
    second, third = asked[2].id, asked[0].id
    whole, part = _answer(asked, ()), _answer(asked, (second,))
    none = _answer(asked, tuple(one.id for one in asked))
    signed = _receipt(intake_rules.manifest_leaves(asked, (second,)))
    forged = msgspec.structs.replace(signed, sig=flip(signed.sig, 9))
    cases: list[tuple[str, ManifestResponse, bool]] = [
        ("nothing is missing", whole, True),
        ("one is missing", part, True),
        ("all is missing", none, True),
        ("the receipt covers less than is said", msgspec.structs.replace(part, missing=()), False),
        ("the receipt covers more than is said", msgspec.structs.replace(whole, missing=(third,)), False),
        ("no receipt", msgspec.structs.replace(whole, receipt=None), False),
        ("a wrong signature", msgspec.structs.replace(part, receipt=forged), False),
        ("of another lineage", msgspec.structs.replace(part, incarnation=uuid("another lineage")), False),
    ]
    return [
        {
            "name": name,
            "answer": as_json(answer),
            "believed": believed,
            "again": list(answer.missing) if believed else [],
            "let_go": [
                one.id for one in asked if believed and one.id not in answer.missing and one.pos <= FLOOR
            ],
        }
        for name, answer, believed in cases
    ]


def _answer(asked: tuple[Retained, ...], missing: tuple[str, ...]) -> ManifestResponse:
    leaves = intake_rules.manifest_leaves(asked, missing)
    receipt = _receipt(leaves) if leaves else None
    return ManifestResponse(incarnation=INCARNATION, missing=missing, receipt=receipt)


def _receipt(leaves: list[bytes]) -> Receipt:
    blank = Receipt(
        incarnation=INCARNATION,
        restore_floor=FLOOR,
        at=AT_MS,
        kid="r1",
        root=intake_rules.merkle_root(leaves),
        sig=bytes(64),
    )
    return msgspec.structs.replace(blank, sig=sign("receipt key", protocol.receipt_text(blank)))
