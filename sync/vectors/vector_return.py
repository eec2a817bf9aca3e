"""Vectors of the return code: made, typed, derived, put into a header, written with, and answered."""

import json
from typing import Any

import msgspec
from vector_parts import (
    DEVICE,
    EPOCH,
    INCARNATION,
    KEYS,
    as_json,
    envelope,
    frozen,
    key,
    key_json,
    receipt,
    sign,
    uuid,
)

from waymark_sync import codec, protocol, return_code, seal
from waymark_sync.codec import to_base64url as b64
from waymark_sync.messages import AckBody, Proof, ReturnResponse
from waymark_sync.protocol import Envelope, Header, Message, PullResponse
from waymark_sync.report import MessageBody
from waymark_sync.return_code import Form, ReturnSecrets

INSTANCE = bytes(range(0xA0, 0xB0))
DRAWS: list[tuple[str, Form, list[int]]] = [
    ("seven words", "words", [0, 7775, 2008, 1, 4242, 6639, 4242]),
    ("words that are passed over", "words", [5042, 1, 4711, 0, 7775, 2008, 4242, 6639, 2008]),
    ("twenty digits", "digits", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
]
TYPED = [
    ("as it was shown", "abacus zoom drop-down abdomen gradation t-shirt gradation"),
    ("capitals, commas and lines", "  Abacus, ZOOM;\n\tDROP-DOWN.  "),
    ("a dash of another kind", "drop\u2011down yo\u2013yo"),
    ("dashes between and around", "-abacus - zoom-"),
    ("full-width letters and an ideographic space", "\uff21bacus\u3000zoom"),
    ("a letter that is none of ours parts a word", "caf\u00e9 zoom"),
    ("digits in groups", "01234 56789 98765 43210"),
    ("digits with dashes and stops", "01234-56789.98765 \u2013 43210"),
    ("full-width digits", "\uff10\uff11\uff12\uff13\uff14"),
    ("Arabic digits", "\u0660\u0661\u0662\u0663\u0664 \u0665\u0666\u0667\u0668\u0669"),
    ("Persian and Urdu digits", "\u06f0\u06f1\u06f9"),
    ("Devanagari, Bengali, Gurmukhi and Gujarati digits", "\u0967\u09e8\u0a69\u0aea"),
    ("marks of direction around digits", "\u200e01234\u200f \u206656789\u2069"),
    ("words and digits", "abacus 12-3"),
    ("nothing", " - \n"),
]
RFC_9180 = [  # A.3.1: ikm and secret key of the ephemeral key and of the recipient's
    (
        "4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e",
        "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
    ),
    (
        "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550",
        "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
    ),
]


def return_codes() -> dict[str, Any]:
    codes = [made["code"] for made in _made()]
    secrets = return_code.derive(codes[0], instance=INSTANCE)
    report = _report(secrets)
    return {
        "about": "Return codes. `made` shows what random numbers give, below the length of the list or below "
        "10; `derived` is under `instance`; `report` carries the keys of the first code; `messages` are "
        "written about it; `answer` is what its mailbox answers, opened with `reply`.",
        "words": {"count": len(return_code.word_list()), "first": "abacus", "last": "zoom"},
        "made": _made(),
        "normalised": [
            {"name": name, "typed": typed, "code": code, "form": return_code.form_of(code)}
            for name, typed in TYPED
            for code in [return_code.normalise(typed)]
        ],
        "derive_key_pair": [
            {"ikm": b64(bytes.fromhex(ikm)), "d": b64(bytes.fromhex(secret)), "public": _public(ikm)}
            for ikm, secret in RFC_9180
        ],
        "instance": b64(INSTANCE),
        "derived": [_derived(code, INSTANCE) for code in codes] + [_derived(codes[0], bytes(16))],
        "service_key": key_json("seal key"),
        "report": {
            "header_fields": as_json(protocol.decode_header(report.header)),
            **as_json(report),
        },
        "messages": [_opened(sent) for sent in _messages(report, secrets)],
        "keys": as_json(KEYS),
        "answer": _answer(report, secrets),
    }


def _made() -> list[dict[str, Any]]:
    made = []
    for name, form, draws in DRAWS:
        rest = iter(draws)
        code = return_code.new_code(form, below=lambda _limit, rest=rest: next(rest))
        made.append(
            {"name": name, "form": form, "draws": draws, "code": code, "shown": return_code.shown(code)}
        )
    return made


def _public(ikm: str) -> str:
    return b64(seal.raw_public(return_code.derive_key_pair(bytes.fromhex(ikm))))


def _derived(code: str, instance: bytes) -> dict[str, Any]:
    found = return_code.derive(code, instance=instance)
    return {
        "code": code,
        "instance": b64(instance),
        "locator": b64(found.locator),
        "authenticator": b64(found.authenticator),
        **as_json(found.keys),
        "reply": {
            "d": b64(found.reply.private_numbers().private_value.to_bytes(32, "big")),
            "public": b64(seal.raw_public(found.reply)),
        },
    }


def _report(secrets: ReturnSecrets) -> Envelope:
    """Made on a centre's tablet: the code leads to a mailbox of its own."""
    header = Header(
        kid="s1",
        device_id=DEVICE,
        epoch=EPOCH,
        seq=9,
        item_id=uuid("item with a code"),
        reply_key=seal.raw_public(secrets.reply),
        return_keys=secrets.keys,
    )
    return envelope("item with a code", header, b'{"item_id":"see envelope.json"}', signer="device key")


def _messages(report: Envelope, secrets: ReturnSecrets) -> list[Envelope]:
    """From a phone that is not known, with the authenticator; and signed by a report's own key, without."""
    about = protocol.decode_header(report.header).item_id
    elsewhere = Header(
        kid="s1",
        device_id=uuid("another phone"),
        epoch="0011223344556677",
        seq=1,
        item_id=uuid("message with a code"),
        kind="message",
        public_key=seal.raw_public(key("another phone's key")),
    )
    same = Header(
        kid="s1",
        device_id=uuid("visitor"),
        epoch="8899aabbccddeeff",
        seq=2,
        item_id=uuid("message of the phone"),
        kind="message",
        reply_key=seal.raw_public(key("reply key")),
        public_key=seal.raw_public(key("visitor key")),
    )
    return [
        _message("message with a code", elsewhere, about, b64(secrets.authenticator), "another phone's key"),
        _message("message of the phone", same, uuid("visitor item"), None, "visitor key"),
    ]


def _message(name: str, header: Header, about: str, authenticator: str | None, signer: str) -> Envelope:
    body = MessageBody(
        item_id=header.item_id,
        about=about,
        text="It was the number 40 bus.",
        app_build="vectors",
        ui_language="en",
        written_at="2026-01-03T10:00:00.000Z",
        in_reply_to=uuid("return ack"),
        authenticator=authenticator,
    )
    return envelope(name, header, codec.encode(body, codec.JSON), signer=signer)


def _opened(sent: Envelope) -> dict[str, Any]:
    body = seal.open_item(sent.header, sent.sealed, private_key=key("seal key"))
    return {
        "header_fields": as_json(protocol.decode_header(sent.header)),
        **as_json(sent),
        "body": json.loads(body),
    }


def _answer(report: Envelope, secrets: ReturnSecrets) -> dict[str, Any]:
    signed, results = receipt([(report, "accepted", 41)], pushed=False)
    feed_id = results[0].item_id
    body = AckBody(
        item_id=feed_id,
        at="2026-01-02T03:04:05.678Z",
        from_name="Harbour Library",
        text="Which bus was it?",
        asks=True,
    )
    text = codec.encode(body, codec.JSON)
    page = PullResponse(
        incarnation=INCARNATION,
        cursor="opaque",
        more=False,
        messages=(_signed_message(feed_id, text, seal.raw_public(secrets.reply)),),
        challenge="opaque",
    )
    proof = Proof(item_id=feed_id, sha256=report.sha256, result=results[0], receipt=signed)
    made = ReturnResponse(feed_id=feed_id, proof=proof, page=page, pad=" " * 40)
    return {
        "json": as_json(made),
        "msgpack": b64(msgspec.msgpack.encode(made)),
        "body": text.decode(),
    }


def _signed_message(feed_id: str, text: bytes, public: bytes) -> Message:
    message_id = uuid("return ack")
    info = protocol.message_info(feed_id=feed_id, message_id=message_id, kind="message")
    sealed = frozen("return ack", info, lambda: seal.seal(seal.pad(text), public_key=public, info=info))
    blank = Message(id=message_id, pos=1, kind="message", sealed=sealed, kid="r1", sig=bytes(64))
    return msgspec.structs.replace(blank, sig=sign("receipt key", protocol.message_text(feed_id, blank)))
