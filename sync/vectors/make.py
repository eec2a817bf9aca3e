"""Write the vectors beside this file: `python sync/vectors/make.py`. The same input gives the same bytes.

Only sealed bytes are random; those lie in sealed.json and are made once. Changing a vector is changing
the protocol: a released one is never edited, new ones are added.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
from vector_answers import push_answers, refusals
from vector_files import attachments
from vector_lock import locks
from vector_manifest import manifests
from vector_parts import (
    AT_MS,
    DEVICE,
    EPOCH,
    HERE,
    INCARNATION,
    KEYS,
    as_json,
    envelope,
    flip,
    frozen,
    key,
    key_json,
    receipt,
    sign,
    signed_keys,
    uuid,
)
from vector_return import return_codes
from vector_revocation import revocations
from vector_work import works

from waymark_sync import codec, intake_rules, protocol, reference, seal
from waymark_sync.codec import to_base64url as b64
from waymark_sync.knocking import subscribe_text
from waymark_sync.messages import AckBody, AttentionBody, ReceiptBody
from waymark_sync.protocol import (
    EnrolRequest,
    ExportedQueue,
    Header,
    Leaf,
    Message,
    PullResponse,
    PushRequest,
    PushResponse,
    QueueState,
)

BODY = {
    "item_id": uuid("item 1"),
    "form_version": "1",
    "policy_version": "1",
    "app_build": "vectors",
    "channel": "centre_tablet",
    "centre_id": "demo-harbour-library",
    "ui_language": "en",
    "started_at": "2026-01-02T00:00:05.000Z",
    "completed_at": "2026-01-02T00:04:05.000Z",
    "answers": {
        "confidentiality_limits_ack": {"at": "2026-01-02T00:00:30.000Z", "text_version": "1"},
        "reporter_role": "victim",
        "narrative_original": "They shouted at me at the bus stop. Крикнули «уходи» — and spat.",
        "when": {"precision": "day", "start": "2026-01-01"},
        "sharing_choice": "P2",
        "strands": ["race"],
        "event_types": "not_answered",
    },
}
VISITOR = Header(
    kid="s1",
    device_id=uuid("visitor"),
    epoch="8899aabbccddeeff",
    seq=1,
    item_id=uuid("visitor item"),
    reply_key=seal.raw_public(key("reply key")),
    public_key=seal.raw_public(key("visitor key")),
)


def item(number: int) -> protocol.Envelope:
    """An enrolled device's item."""
    header = Header(kid="s1", device_id=DEVICE, epoch=EPOCH, seq=number, item_id=uuid(f"item {number}"))
    body = json.dumps(BODY | {"item_id": header.item_id}, ensure_ascii=False).encode()
    return envelope(f"item {number}", header, body, signer="device key")


def visitor_item() -> protocol.Envelope:
    body = json.dumps(BODY | {"item_id": VISITOR.item_id, "channel": "self_phone"}, ensure_ascii=False)
    return envelope("visitor item", VISITOR, body.encode(), signer="visitor key")


def envelopes() -> dict[str, Any]:
    made = []
    for name, sent, public in (
        ("enrolled device", item(1), "device key"),
        ("visitor", visitor_item(), "visitor key"),
    ):
        opened = seal.open_item(sent.header, sent.sealed, private_key=key("seal key"))
        made.append(
            {
                "name": name,
                "signer": b64(seal.raw_public(key(public))),
                "header_fields": as_json(protocol.decode_header(sent.header)),
                "info": b64(protocol.LABEL + sent.header),
                **as_json(sent),
                "body": opened.decode(),
            }
        )
    return {
        "about": "Envelopes of both kinds of device, sealed to service_key; altered ones must not open.",
        "service_key": key_json("seal key"),
        "envelopes": made,
        "must_not_open": _unopenable(item(1)),
    }


def _unopenable(sent: protocol.Envelope) -> list[dict[str, str]]:
    info = protocol.LABEL + sent.header
    public = seal.raw_public(key("seal key"))
    unpadded = frozen("unpadded", info, lambda: seal.seal(b"{}", public_key=public, info=info))
    unmarked = frozen("unmarked", info, lambda: seal.seal(bytes(4096), public_key=public, info=info))
    other_label = frozen(
        "other label", b"cr-sync/1", lambda: seal.seal(seal.pad(b"{}"), public_key=public, info=b"cr-sync/1")
    )
    altered = (
        ("tag altered", sent.header, flip(sent.sealed, -1)),
        ("ciphertext altered", sent.header, flip(sent.sealed, 100)),
        ("encapsulated key altered", sent.header, flip(sent.sealed, 40)),
        ("header altered", flip(sent.header, -1), sent.sealed),
        ("header of another item", item(2).header, sent.sealed),
        ("cut short", sent.header, sent.sealed[:-1]),
        ("shorter than an encapsulated key", sent.header, sent.sealed[:64]),
        ("opens, but its length is no bucket", sent.header, unpadded),
        ("opens, but holds no end mark", sent.header, unmarked),
        ("sealed under another label", sent.header, other_label),
    )
    return [{"name": name, "header": b64(head), "sealed": b64(sealed)} for name, head, sealed in altered]


def signatures() -> dict[str, Any]:
    sent, seal_key = item(1), seal.raw_public(key("feed key"))
    pull = {"device_id": DEVICE, "challenge": "c-1", "cursor": "", "limit": 100}
    code = "7KQ2-M9XD-4F"
    texts = {
        "item": protocol.LABEL_ITEM + sent.sha256,
        "pull": protocol.pull_text(device_id=DEVICE, challenge="c-1", cursor="", limit=100),
        "enrol": protocol.LABEL_ENROL + b"7KQ2M9XD4F" + seal_key,
    }
    good = {name: sign("device key", text) for name, text in texts.items()}
    valid = [{"name": name, "text": b64(texts[name]), "sig": b64(good[name])} for name in texts]
    text = texts["item"]
    wrong = {
        "of another text": good["pull"],
        "by another key": sign("visitor key", text),
        "first byte altered": flip(good["item"], 0),
        "last byte altered": flip(good["item"], -1),
        "cut short": good["item"][:-1],
        "too long": good["item"] + b"\0",
        "empty": b"",
        "all zero": bytes(64),
        "over the digest without its label": sign("device key", sent.sha256),
    }
    return {
        "about": "ECDSA P-256 with SHA-256 as r || s over label and bytes, by `public`; and wrong ones.",
        "public": b64(seal.raw_public(key("device key"))),
        "parts": {
            "item_sha256": b64(sent.sha256),
            "pull": pull,
            "enrol_code_as_typed": code.lower().replace("-", " "),
            "enrol_seal_key": b64(seal_key),
        },
        "valid": valid,
        "invalid": [{"name": name, "text": b64(text), "sig": b64(sig)} for name, sig in wrong.items()],
        "no_points": [b64(b"\x04" + bytes(64)), b64(bytes(65)), b64(seal_key[:-1])],
    }


def receipts() -> dict[str, Any]:
    sent = [item(1), item(2), item(3)]
    signed, results = receipt(
        [(sent[0], "accepted", 41), (sent[1], "duplicate", 7), (sent[2], "conflict", 42)]
    )
    alone, alone_results = receipt([(sent[0], "accepted", 41)], kid="r0", signer="old receipt key")
    later, later_results = receipt([(sent[0], "accepted", 41)], pushed=False)
    changed = {
        "at changed": msgspec.structs.replace(signed, at=signed.at + 1),
        "floor changed": msgspec.structs.replace(signed, restore_floor=99),
        "incarnation changed": msgspec.structs.replace(signed, incarnation=uuid("other")),
        "root changed": msgspec.structs.replace(signed, root=flip(signed.root, 0)),
        "key named that did not sign": msgspec.structs.replace(signed, kid="r0"),
        "key unknown": msgspec.structs.replace(signed, kid="r9"),
        "signed by a sealing key": receipt([(sent[0], "accepted", 41)], kid="s1", signer="seal key")[0],
    }
    leaf = results[0].leaf
    assert leaf is not None  # noqa: S101
    uncovered = {
        "other pos": msgspec.structs.replace(results[0], pos=40),
        "other verdict": msgspec.structs.replace(results[0], verdict="duplicate"),
        "not a stored verdict": msgspec.structs.replace(results[0], verdict="retry"),
        "no pos": msgspec.structs.replace(results[0], pos=None),
        "no leaf": msgspec.structs.replace(results[0], leaf=None),
        "path of another leaf": msgspec.structs.replace(results[0], leaf=results[1].leaf),
        "path cut": msgspec.structs.replace(
            results[0], leaf=Leaf(index=leaf.index, size=leaf.size, path=leaf.path[:-1])
        ),
        "result of another item": results[1],
    }
    return {
        "about": "Receipts under `keys`; covered: the result and the own sha256 lead to the root.",
        "keys": as_json(KEYS),
        "valid": [
            {"name": "three items", "receipt": as_json(signed), "text": b64(protocol.receipt_text(signed))},
            {"name": "retired key", "receipt": as_json(alone), "text": b64(protocol.receipt_text(alone))},
        ],
        "invalid": [{"name": name, "receipt": as_json(bad)} for name, bad in changed.items()],
        "covered": [
            _covered(signed, result, mine.sha256, mine.sig)
            for mine, result in zip(sent, results, strict=True)
        ]
        + [
            _covered(alone, alone_results[0], sent[0].sha256, sent[0].sig),
            _covered(later, later_results[0], sent[0].sha256, b""),
        ],
        "not_covered": [
            {
                "name": name,
                "receipt": as_json(signed),
                "item_id": uuid("item 1"),
                "sha256": b64(sent[0].sha256),
                "sig": b64(sent[0].sig),
                "result": as_json(bad),
            }
            for name, bad in uncovered.items()
        ]
        + [
            {"name": name, "item_id": uuid("item 1"), **_covered(signed, results[0], sha256, sig)}
            for name, sha256, sig in (
                ("other bytes", flip(sent[0].sha256, 0), sent[0].sig),
                ("another signature", sent[0].sha256, flip(sent[0].sig, 9)),
                ("no signature", sent[0].sha256, b""),
            )
        ]
        + [
            {
                "name": "a signature where none is meant",
                "item_id": uuid("item 1"),
                **_covered(later, later_results[0], sent[0].sha256, sent[0].sig),
            }
        ],
    }


def _covered(
    receipt: protocol.Receipt, result: protocol.ItemResult, sha256: bytes, sig: bytes
) -> dict[str, Any]:
    return {
        "receipt": as_json(receipt),
        "sha256": b64(sha256),
        "sig": b64(sig),
        "result": as_json(result),
    }


def merkle() -> dict[str, Any]:
    fields = [
        {
            "item_id": uuid(f"leaf {number}"),
            "sha256": hashlib.sha256(b"%d" % number).digest(),
            "pos": 2**33 + number,
            "verdict": protocol.STORED[number % 3],
            "sig": hashlib.sha512(b"%d" % number).digest() if number % 2 else b"",
        }
        for number in range(9)
    ]
    leaves = [protocol.leaf_bytes(*leaf.values()) for leaf in fields]
    trees = [
        {
            "size": size,
            "root": b64(intake_rules.merkle_root(leaves[:size])),
            "paths": [
                [b64(node) for node in intake_rules.merkle_path(leaves[:size], at)] for at in range(size)
            ],
        }
        for size in range(1, 10)
    ]
    path = intake_rules.merkle_path(leaves[:5], 1)
    impossible = (
        ("too short", 1, 5, path[:-1]),
        ("too long", 1, 5, (*path, bytes(32))),
        ("outside", 5, 5, path),
        ("a path for a tree of one", 0, 1, path[:1]),
        ("empty tree", 0, 0, ()),
    )
    return {
        "about": "RFC 9162 2.1 trees over the first `size` leaves; impossible paths are refused.",
        "leaves": [
            {**leaf, "sha256": b64(leaf["sha256"]), "sig": b64(leaf["sig"]), "bytes": b64(raw)}
            for leaf, raw in zip(fields, leaves, strict=True)
        ],
        "trees": trees,
        "impossible": [
            {"name": name, "index": index, "size": size, "path": [b64(node) for node in nodes]}
            for name, index, size, nodes in impossible
        ],
    }


def knocks() -> dict[str, Any]:
    place = {
        "endpoint": "https://push.example.org/a/b",
        "p256dh": seal.raw_public(key("reply key")),
        "auth": bytes(range(16)),
    }
    named = {"device_id": DEVICE, "challenge": "c-1"}
    return {
        "about": "What the signature of a subscription covers, and of its end.",
        "texts": [
            {**named, "place": {**place, "p256dh": b64(place["p256dh"]), "auth": b64(place["auth"])}}
            | {"text": b64(subscribe_text(**named, **place))},
            {**named, "place": None, "text": b64(subscribe_text(**named))},
        ],
    }


def padding() -> dict[str, Any]:
    lengths = (0, 1, 4094, 4095, 4096, 16383, 16384, 65535, 65536, 262142, 262143)
    padded = [(length, seal.pad(b"a" * length)) for length in lengths]
    return {
        "about": "`length` bytes of 0x61, padded; and texts, `start` and zeros up to `total`, to refuse.",
        "padded": [
            {"length": length, "total": len(text), "sha256": b64(hashlib.sha256(text).digest())}
            for length, text in padded
        ],
        "too_long": [262144, 300000],
        "must_not_unpad": [
            {"name": "no end mark", "start": "", "total": 4096},
            {"name": "no bucket", "start": b64(b"a\x80"), "total": 4095},
            {"name": "last byte is no mark", "start": b64(b"a\x81"), "total": 4096},
            {"name": "empty", "start": "", "total": 0},
        ],
        "ends_in_a_mark": {
            "plain": b64(b"a\x80\x00\x80"),
            "padded_start": b64(b"a\x80\x00\x80\x80"),
            "total": 4096,
        },
    }


def references() -> dict[str, Any]:
    ids = [uuid(f"reference {number}") for number in range(20)]
    good = reference.reference(ids[0])
    typed = [good.lower(), good.replace("-", ""), f" {good} ", good.replace("0", "O").replace("1", "l")]
    return {
        "about": "The human reference of an item_id; what a person may type for it (null: no reference).",
        "references": [{"item_id": item_id, "reference": reference.reference(item_id)} for item_id in ids],
        "typed": [{"typed": text, "reads": reference.read_reference(text)} for text in typed]
        + [
            {"typed": text, "reads": None}
            for text in ("", "AAAA-AAAA-B", good[:-1], good + "0", "UUUU-UUUU-U")
        ],
    }


def chains() -> dict[str, Any]:
    feed = [(uuid(f"message {number}"), hashlib.sha256(b"m%d" % number).digest() * 3) for number in range(4)]
    chain, steps = intake_rules.CHAIN_START, []
    for message_id, sealed in feed:
        chain = intake_rules.next_chain(chain, message_id, sealed)
        steps.append({"id": message_id, "sealed": b64(sealed), "chain": b64(chain)})
    caps = intake_rules.caps_hash(["ack", "message"])
    cursor = intake_rules.Cursor(incarnation=INCARNATION, pos=9, chain=chain, caps=caps)
    text = intake_rules.encode_cursor(cursor)
    return {
        "about": "The service's running hash of a feed, and its cursors. A device treats cursors as opaque.",
        "start": b64(intake_rules.CHAIN_START),
        "messages": steps,
        "caps": [
            {"caps": names, "hash": b64(intake_rules.caps_hash(names))} for names in ([], ["a"], ["b", "a"])
        ],
        "cursors": [{**as_json(cursor), "text": text}],
        "not_cursors": ["", "x", text[:-1], text + "A", text + "=", "*" * len(text), "../" + text],
    }


def messages() -> dict[str, Any]:
    feed_id, public = uuid("visitor"), seal.raw_public(key("reply key"))
    mine = item(1)
    signed, results = receipt([(mine, "accepted", 41)], pushed=False)
    bodies: list[tuple[str, Any]] = [
        (
            "ack",
            AckBody(
                item_id=uuid("item 1"),
                at="2026-01-02T03:04:05.678Z",
                from_name="Northshire",
                text="Thank you.",
            ),
        ),
        ("receipt", ReceiptBody(item_id=uuid("item 1"), result=results[0], receipt=signed)),
        (
            "needs_attention",
            AttentionBody(item_id=uuid("item 1"), at="2026-01-02T03:04:05.678Z", reason="unreadable"),
        ),
    ]
    made = []
    signed_messages = []
    for pos, (kind, body) in enumerate(bodies, start=1):
        message_id = uuid(f"feed {kind}")
        info = protocol.message_info(feed_id=feed_id, message_id=message_id, kind=kind)
        text = codec.encode(body, codec.JSON)
        sealed = frozen(
            f"feed {kind}",
            info,
            lambda text=text, info=info: seal.seal(seal.pad(text), public_key=public, info=info),
        )
        message = _signed(
            feed_id,
            Message(id=message_id, pos=pos, kind=kind, sealed=sealed, kid="r1", sig=bytes(64)),
            signer="receipt key",
        )
        signed_messages.append(message)
        made.append(
            {
                **as_json(message),
                "info": b64(info),
                "body": text.decode(),
                "text": b64(protocol.message_text(feed_id, message)),
            }
        )
    first = made[0]
    return {
        "about": "Feed messages sealed to feed_key and signed over `text` by a key of `keys`. Under another "
        "feed, id or kind none may open; those of must_not_verify a device may not even store.",
        "keys": as_json(KEYS),
        "feed_id": feed_id,
        "feed_key": key_json("reply key"),
        "messages": made,
        "retired_key": as_json(
            _signed(feed_id, msgspec.structs.replace(signed_messages[0], kid="r0"), signer="old receipt key")
        ),
        "must_not_verify": _unsigned(feed_id, signed_messages),
        "must_not_open": [
            {
                "name": "other feed",
                "feed_id": uuid("device"),
                "id": first["id"],
                "kind": "ack",
                "sealed": first["sealed"],
            },
            {
                "name": "other id",
                "feed_id": feed_id,
                "id": made[1]["id"],
                "kind": "ack",
                "sealed": first["sealed"],
            },
            {
                "name": "other kind",
                "feed_id": feed_id,
                "id": first["id"],
                "kind": "message",
                "sealed": first["sealed"],
            },
        ],
    }


def _signed(feed_id: str, message: Message, *, signer: str) -> Message:
    return msgspec.structs.replace(message, sig=sign(signer, protocol.message_text(feed_id, message)))


def _unsigned(feed_id: str, messages: list[Message]) -> list[dict[str, Any]]:
    """What a proxy could make of messages that it has seen, without a key of the service."""
    first, second = messages[:2]
    replace = msgspec.structs.replace
    text = protocol.message_text(feed_id, first)
    unlabelled = text.removeprefix(protocol.LABEL_MESSAGE_SIG)
    cases = (
        ("other feed", uuid("device"), first),
        ("other id", feed_id, replace(first, id=second.id)),
        ("other position", feed_id, replace(first, pos=first.pos + 1)),
        ("other kind", feed_id, replace(first, kind="message")),
        ("longer kind", feed_id, replace(first, kind="ack\0")),
        ("sealed bytes altered", feed_id, replace(first, sealed=flip(first.sealed, -1))),
        ("sealed bytes of another message", feed_id, replace(first, sealed=second.sealed)),
        ("signature of another message", feed_id, replace(first, sig=second.sig)),
        ("signature altered", feed_id, replace(first, sig=flip(first.sig, 7))),
        ("signature all zero", feed_id, replace(first, sig=bytes(64))),
        ("signed by a stranger", feed_id, _signed(feed_id, first, signer="visitor key")),
        ("signed by a sealing key", feed_id, _signed(feed_id, replace(first, kid="s1"), signer="seal key")),
        ("key named that did not sign", feed_id, replace(first, kid="r0")),
        ("key unknown", feed_id, replace(first, kid="r9")),
        ("signed without its label", feed_id, replace(first, sig=sign("receipt key", unlabelled))),
        (
            "signed under another label",
            feed_id,
            replace(first, sig=sign("receipt key", protocol.LABEL_RECEIPT + unlabelled)),
        ),
    )
    return [{"name": name, "feed_id": feed, **as_json(message)} for name, feed, message in cases]


def codecs() -> dict[str, Any]:
    sent = item(1)
    signed, results = receipt([(sent, "accepted", 41), (item(2), "duplicate", 7)])
    queue = QueueState(epoch=EPOCH, max_seq=3, queued=2, oldest_age_s=60, kids=("s1",))
    samples = (
        PushRequest(
            device_id=DEVICE,
            incarnation_seen=INCARNATION,
            app_build="vectors",
            caps=("ack",),
            queue=queue,
            items=(sent,),
        ),
        PushRequest(device_id=DEVICE),
        PushResponse(
            incarnation=INCARNATION,
            server_time=AT_MS,
            restore_floor=0,
            downstream=True,
            challenge="c-1",
            results=tuple(results),
            receipt=signed,
            keys_issued_at=AT_MS,
        ),
        PullResponse(
            incarnation=INCARNATION,
            cursor="opaque",
            more=False,
            messages=(
                Message(id=uuid("m"), pos=3, kind="ack", sealed=b"\x00\xff\xfe", kid="r1", sig=bytes(64)),
            ),
            challenge="c-2",
        ),
        EnrolRequest(code="7KQ2-M9XD-4F", sign_key=bytes(65), seal_key=bytes(65), sig=bytes(64)),
        signed_keys(),
        KEYS,
        ExportedQueue(format="waymark-sealed-queue/1", items=(sent,)),
    )
    return {
        "about": "One message in both forms: JSON, and the base64url of its msgpack.",
        "messages": [
            {
                "type": type(sample).__name__,
                "json": as_json(sample),
                "msgpack": b64(msgspec.msgpack.encode(sample)),
            }
            for sample in samples
        ],
    }


def key_sets() -> dict[str, Any]:
    good = signed_keys()
    newer = signed_keys(msgspec.structs.replace(KEYS, issued_at=AT_MS + 1))
    wrong = {
        "signed by another root": signed_keys(root="other root"),
        "payload altered": msgspec.structs.replace(good, payload=flip(good.payload, -1)),
        "signature altered": msgspec.structs.replace(good, sig=flip(good.sig, 5)),
        "signature of another set": msgspec.structs.replace(good, sig=newer.sig),
        "signed without its label": msgspec.structs.replace(good, sig=sign("root", good.payload)),
    }
    return {
        "about": "Key sets under the root a build pins. `newer` replaces `valid`, never the other way round.",
        "root": b64(seal.raw_public(key("root"))),
        "valid": as_json(good),
        "keys": as_json(KEYS),
        "newer": as_json(newer),
        "invalid": [{"name": name, **as_json(bad)} for name, bad in wrong.items()],
    }


def all_vectors() -> dict[str, dict[str, Any]]:
    """Every file by its name."""
    sent = (item(1), item(2), item(3))
    return {
        "envelope": envelopes(),
        "signature": signatures(),
        "receipt": receipts(),
        "merkle": merkle(),
        "knock": knocks(),
        "padding": padding(),
        "reference": references(),
        "chain": chains(),
        "message": messages(),
        "codec": codecs(),
        "keyset": key_sets(),
        "refusals": refusals(sent, visitor_item()),
        "push_answers": push_answers(sent),
        "attachment": attachments(),
        "manifest": manifests(),
        "return_code": return_codes(),
        "revocation": revocations(),
        "lock": locks(),
        "work": works(),
    }


def write(folder: Path) -> None:
    for name, content in all_vectors().items():
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(HERE)
