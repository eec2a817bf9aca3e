"""The committed vectors hold for this side; the browser's tests read the same files."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from waymark_sync import (
    answers,
    codec,
    core_parts,
    core_settle,
    intake_rules,
    protocol,
    reference,
    seal,
    trust,
    work,
)
from waymark_sync.codec import from_base64url as raw
from waymark_sync.knocking import subscribe_text

from .service import Service

Vectors = Callable[[str], Any]


def private(key: dict[str, str]) -> ec.EllipticCurvePrivateKey:
    made = ec.derive_private_key(int.from_bytes(raw(key["d"]), "big"), seal.P256)
    assert seal.raw_public(made) == raw(key["public"])
    return made


def read(tree: Any, kind: type[Any]) -> Any:
    return codec.decode(json.dumps(tree).encode(), codec.JSON, kind)


def test_the_committed_files_are_what_the_script_makes(tmp_path: Path, vectors: Vectors) -> None:
    import make

    make.write(tmp_path)

    made = sorted(tmp_path.glob("*.json"))
    assert len(made) == len(make.all_vectors())
    for file in made:
        assert json.loads(file.read_text(encoding="utf-8")) == vectors(file.stem), file.stem


def test_every_file_says_what_it_is_about(vectors: Vectors) -> None:
    import make

    assert all(vectors(name)["about"].endswith(".") for name in make.all_vectors())


def test_sealed_reports_open_to_the_same_body(vectors: Vectors) -> None:
    file = vectors("envelope")
    key = private(file["service_key"])

    for case in file["envelopes"]:
        sent = read(case, protocol.Envelope)
        assert seal.open_item(sent.header, sent.sealed, private_key=key).decode() == case["body"]
        assert hashlib.sha256(sent.header + sent.sealed).digest() == sent.sha256
        assert seal.signature_valid(raw(case["signer"]), protocol.LABEL_ITEM + sent.sha256, sent.sig)
        assert read(case["header_fields"], protocol.Header) == protocol.decode_header(sent.header)


def test_altered_reports_do_not_open(vectors: Vectors) -> None:
    file = vectors("envelope")
    key = private(file["service_key"])

    for case in file["must_not_open"]:
        with pytest.raises(seal.CannotOpen):
            seal.open_item(raw(case["header"]), raw(case["sealed"]), private_key=key)
            pytest.fail(case["name"])


def test_signatures(vectors: Vectors) -> None:
    file = vectors("signature")
    public = raw(file["public"])

    for case in file["valid"]:
        assert seal.signature_valid(public, raw(case["text"]), raw(case["sig"])), case["name"]
    for case in file["invalid"]:
        assert not seal.signature_valid(public, raw(case["text"]), raw(case["sig"])), case["name"]
    for point in file["no_points"]:
        assert not seal.signature_valid(raw(point), b"", raw(file["valid"][0]["sig"]))


def test_signed_texts_are_built_as_told(vectors: Vectors) -> None:
    from waymark_sync.device import normal_code

    file = vectors("signature")
    texts = {case["name"]: raw(case["text"]) for case in file["valid"]}
    parts = file["parts"]

    assert texts["item"] == protocol.LABEL_ITEM + raw(parts["item_sha256"])
    assert texts["pull"] == protocol.pull_text(**parts["pull"])
    code = normal_code(parts["enrol_code_as_typed"]).encode()
    assert texts["enrol"] == protocol.LABEL_ENROL + code + raw(parts["enrol_seal_key"])


def test_receipts(vectors: Vectors) -> None:
    file = vectors("receipt")
    keys = read(file["keys"], protocol.KeySet)

    for case in file["valid"]:
        receipt = read(case["receipt"], protocol.Receipt)
        assert protocol.receipt_text(receipt) == raw(case["text"])
        assert trust.receipt_valid(receipt, keys) is True
    for case in file["invalid"]:
        assert not trust.receipt_valid(read(case["receipt"], protocol.Receipt), keys), case["name"]


def test_orders_to_a_device(vectors: Vectors) -> None:
    file = vectors("revocation")
    keys = read(file["keys"], protocol.KeySet)

    for case in file["cases"]:
        order = read(case["order"], protocol.Revocation)
        assert protocol.revoke_text(order) == raw(case["text"]), case["name"]
        signed = trust.order_valid(order, keys)
        assert bool(signed) is case["signed"], case["name"]
        told = core_parts.Order(device_id=order.device_id, scope=order.scope, genuine=bool(signed))
        failure = answers.NOT_THE_SERVICE
        request = core_parts.SendPull(number=1, seen=None)
        event = core_parts.Failed(
            now_ms=1, luck=0.5, request=request, failure=failure, order=told, own_id=file["device_id"]
        )
        [write] = core_settle.heed(event)
        assert isinstance(write, core_parts.Obey if case["obeyed"] else core_parts.PassOver), case["name"]
    header = raw(file["header"]["waymark-revoke"])
    assert codec.decode(header, codec.MSGPACK, protocol.Revocation) == read(
        file["header"]["order"], protocol.Revocation
    )


def test_work_of_a_visitors_phone(vectors: Vectors) -> None:
    file = vectors("work")

    for case in file["proves"]:
        digests = [raw(digest) for digest in case["sha256"]]
        assert work.proves(raw(case["work"]), digests) is case["proves"], case["name"]
    for case in file["solve"]:
        solved = work.solve(raw(case["challenge"]), [raw(digest) for digest in case["sha256"]])
        assert solved == (raw(case["work"]) if case["work"] is not None else None), case["name"]


def test_what_a_receipt_covers(vectors: Vectors) -> None:
    file = vectors("receipt")

    for case in file["covered"] + file["not_covered"]:
        receipt = read(case["receipt"], protocol.Receipt)
        result = read(case["result"], protocol.ItemResult)
        item_id = case.get("item_id", result.item_id)
        covered = trust.covers(
            receipt, result, item_id=item_id, sha256=raw(case["sha256"]), sig=raw(case["sig"])
        )
        assert covered is (case in file["covered"]), case.get("name")


def test_what_a_subscription_is_signed_over(vectors: Vectors) -> None:
    for case in vectors("knock")["texts"]:
        place = case["place"] or {}
        where = {name: raw(value) if name != "endpoint" else value for name, value in place.items()}
        text = subscribe_text(device_id=case["device_id"], challenge=case["challenge"], **where)
        assert text == raw(case["text"])


def test_trees(vectors: Vectors) -> None:
    file = vectors("merkle")
    leaves = [raw(leaf["bytes"]) for leaf in file["leaves"]]

    for leaf, encoded in zip(file["leaves"], leaves, strict=True):
        made = protocol.leaf_bytes(
            leaf["item_id"], raw(leaf["sha256"]), leaf["pos"], leaf["verdict"], raw(leaf["sig"])
        )
        assert made == encoded
    for tree in file["trees"]:
        assert intake_rules.merkle_root(leaves[: tree["size"]]) == raw(tree["root"])
        for index, path in enumerate(tree["paths"]):
            nodes = [raw(node) for node in path]
            root = intake_rules.root_from_path(leaves[index], index=index, size=tree["size"], path=nodes)
            assert root == raw(tree["root"])
    for case in file["impossible"]:
        with pytest.raises(ValueError, match=r"path|tree"):
            intake_rules.root_from_path(
                leaves[0], index=case["index"], size=case["size"], path=[raw(node) for node in case["path"]]
            )
            pytest.fail(case["name"])


def test_padding(vectors: Vectors) -> None:
    file = vectors("padding")

    for case in file["padded"]:
        padded = seal.pad(b"a" * case["length"])
        assert (len(padded), hashlib.sha256(padded).digest()) == (case["total"], raw(case["sha256"]))
        assert seal.unpad(padded) == b"a" * case["length"]
    for length in file["too_long"]:
        with pytest.raises(ValueError, match="split the report"):
            seal.pad(b"a" * length)
    for case in file["must_not_unpad"]:
        with pytest.raises(seal.CannotOpen):
            seal.unpad(raw(case["start"]).ljust(case["total"], b"\0"))
    tricky = file["ends_in_a_mark"]
    assert seal.unpad(raw(tricky["padded_start"]).ljust(tricky["total"], b"\0")) == raw(tricky["plain"])


def test_references(vectors: Vectors) -> None:
    file = vectors("reference")

    for case in file["references"]:
        assert reference.reference(case["item_id"]) == case["reference"]
    for case in file["typed"]:
        assert reference.read_reference(case["typed"]) == case["reads"]


def test_chains_and_cursors(vectors: Vectors) -> None:
    file = vectors("chain")
    chain = raw(file["start"])

    for step in file["messages"]:
        chain = intake_rules.next_chain(chain, step["id"], raw(step["sealed"]))
        assert chain == raw(step["chain"])
    for case in file["caps"]:
        assert intake_rules.caps_hash(case["caps"]) == raw(case["hash"])
    for case in file["cursors"]:
        assert intake_rules.decode_cursor(case["text"]) == read(case, intake_rules.Cursor)
    for text in file["not_cursors"]:
        assert intake_rules.decode_cursor(text) is None


def test_messages(vectors: Vectors) -> None:
    file = vectors("message")
    key = private(file["feed_key"])

    for case in file["messages"]:
        info = protocol.message_info(feed_id=file["feed_id"], message_id=case["id"], kind=case["kind"])
        assert info == raw(case["info"])
        padded = seal.open_sealed(raw(case["sealed"]), private_key=key, info=info)
        assert seal.unpad(padded).decode() == case["body"]
    for case in file["must_not_open"]:
        info = protocol.message_info(feed_id=case["feed_id"], message_id=case["id"], kind=case["kind"])
        with pytest.raises(seal.CannotOpen):
            seal.open_sealed(raw(case["sealed"]), private_key=key, info=info)


def test_messages_that_the_service_signed(vectors: Vectors) -> None:
    file = vectors("message")
    keys = read(file["keys"], protocol.KeySet)
    signed = [read(case, protocol.Message) for case in file["messages"]]

    for message, case in zip(signed, file["messages"], strict=True):
        assert protocol.message_text(file["feed_id"], message) == raw(case["text"])
    assert trust.messages_valid(file["feed_id"], signed, keys) is True
    assert trust.messages_valid(file["feed_id"], [read(file["retired_key"], protocol.Message)], keys) is True
    for case in file["must_not_verify"]:
        message = read(case, protocol.Message)
        assert not trust.messages_valid(case["feed_id"], [message], keys), case["name"]
        assert not trust.messages_valid(case["feed_id"], [*signed, message], keys), case["name"]


def test_both_forms_of_a_message_are_one_message(vectors: Vectors) -> None:
    for case in vectors("codec")["messages"]:
        kind = getattr(protocol, case["type"])
        message = codec.decode(raw(case["msgpack"]), codec.MSGPACK, kind)
        assert read(case["json"], kind) == message
        assert json.loads(codec.encode(message, codec.JSON)) == case["json"]
        assert codec.encode(message, codec.MSGPACK) == raw(case["msgpack"])


def test_key_sets(vectors: Vectors) -> None:
    file = vectors("keyset")
    root = raw(file["root"])

    held = trust.open_key_set(read(file["valid"], protocol.SignedKeySet), root=root)
    assert held == read(file["keys"], protocol.KeySet)
    newer = trust.open_key_set(read(file["newer"], protocol.SignedKeySet), root=root)
    assert newer.issued_at > held.issued_at
    for case in file["invalid"]:
        with pytest.raises(trust.Untrusted):
            trust.open_key_set(read(case, protocol.SignedKeySet), root=root)
            pytest.fail(case["name"])


def test_whole_requests_that_are_refused(vectors: Vectors) -> None:
    for case in vectors("refusals")["frames"]:
        body = case["body"]
        sent = raw(body["repeat"]) * body["times"] if "repeat" in body else raw(body["bytes"])
        reply = Service().post("/sync/v1/push", sent, {"content-type": case["content_type"]})
        assert reply.status == case["status"], case["name"]


def test_an_item_that_is_refused_condemns_only_itself(vectors: Vectors) -> None:
    good = read(vectors("push_answers")["items"][2], protocol.Envelope)

    for case in vectors("refusals")["items"]:
        item = case["item"]
        packed = (
            raw(item["bytes"])
            if "bytes" in item
            else raw(item["before"]) + bytes(item["zeros"]) + raw(item["after"])
        )
        neighbours = [msgspec.Raw(packed), msgspec.Raw(msgspec.msgpack.encode(good))]
        frame = msgspec.msgpack.encode(
            {"device_id": protocol.decode_header(good.header).device_id, "items": neighbours}
        )
        reply = Service().post("/sync/v1/push", frame, {"content-type": codec.MSGPACK})
        answer = codec.decode(reply.body, codec.MSGPACK, protocol.PushResponse)
        first, second = answer.results
        assert {
            "item_id": first.item_id,
            "verdict": first.verdict,
            "reason": first.reason,
        } == case["result"], case["name"]
        assert second.verdict == "accepted"
