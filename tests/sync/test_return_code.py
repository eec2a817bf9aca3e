"""Return codes: made offline, typed by tired people, derived alike on every device."""

import json
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

from waymark_sync import codec, messages, protocol, return_code, seal, trust
from waymark_sync.codec import from_base64url as raw

from .test_vectors import private, read

Vectors = Callable[[str], Any]


def test_a_fresh_code_is_whole_and_in_its_own_normal_form() -> None:
    for form in ("words", "digits"):
        code = return_code.new_code(form)
        assert return_code.form_of(code) == form
        assert return_code.normalise(code) == code
        assert return_code.normalise(return_code.shown(code).upper()) == code


def test_two_codes_differ() -> None:
    assert return_code.new_code("words") != return_code.new_code("words")
    assert return_code.new_code("digits") != return_code.new_code("digits")


def test_the_list_is_the_one_that_is_named() -> None:
    words = return_code.word_list()

    assert len(set(words)) == 6**5
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)?", word) for word in words)
    assert "CC BY 3.0 US" in (files("waymark_sync") / "words" / "LICENCE.md").read_text()


def test_no_word_hurts_or_tells_what_the_code_is_for() -> None:
    words, passed = return_code.word_list(), return_code.passed_over()

    assert passed < set(words)
    assert {"hate", "racism", "police", "disabled", "islamic", "strangle"} <= passed
    assert sorted(passed) == (files("waymark_sync") / "words" / "passed_over.txt").read_text().split()
    draws = iter([word for word in words if word in passed] + list(words[:7]))
    assert return_code.new_code("words", below=lambda _limit: words.index(next(draws))) == " ".join(words[:7])


def test_half_a_code_is_not_derived_from() -> None:
    assert return_code.form_of("abacus zoom") is None
    assert return_code.form_of("0123456789") is None
    assert return_code.form_of("") is None


def test_an_instance_has_sixteen_bytes() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        return_code.derive("abacus", instance=b"short")


def test_vectors_of_making_and_typing(vectors: Vectors) -> None:
    file = vectors("return_code")
    words = return_code.word_list()

    assert file["words"] == {"count": len(words), "first": words[0], "last": words[-1]}
    for case in file["made"]:
        draws = iter(case["draws"])
        code = return_code.new_code(case["form"], below=lambda _limit, draws=draws: next(draws))
        assert (code, return_code.shown(code)) == (case["code"], case["shown"]), case["name"]
    for case in file["normalised"]:
        code = return_code.normalise(case["typed"])
        assert (code, return_code.form_of(code)) == (case["code"], case["form"]), case["name"]


def test_vectors_of_deriving(vectors: Vectors) -> None:
    file = vectors("return_code")

    for case in file["derive_key_pair"]:
        private(case)
        made = return_code.derive_key_pair(raw(case["ikm"]))
        assert seal.raw_public(made) == raw(case["public"])
    for case in file["derived"]:
        found = return_code.derive(case["code"], instance=raw(case["instance"]))
        assert found.locator == raw(case["locator"])
        assert found.authenticator == raw(case["authenticator"])
        assert found.keys == protocol.ReturnKeys(
            locator_hash=raw(case["locator_hash"]), verifier=raw(case["verifier"])
        )
        assert seal.raw_public(found.reply) == raw(case["reply"]["public"])


def test_vectors_of_the_answer_open_and_prove(vectors: Vectors) -> None:
    file = vectors("return_code")
    report = read(file["report"], protocol.Envelope)
    answer = read(file["answer"]["json"], messages.ReturnResponse)
    keys = read(file["keys"], protocol.KeySet)

    packed = codec.decode(raw(file["answer"]["msgpack"]), codec.MSGPACK, messages.ReturnResponse)
    assert packed == answer
    assert trust.receipt_valid(answer.proof.receipt, keys)
    assert trust.covers(
        answer.proof.receipt, answer.proof.result, item_id=answer.proof.item_id, sha256=report.sha256
    )
    assert trust.messages_valid(answer.feed_id, answer.page.messages, keys)
    [message] = answer.page.messages
    info = protocol.message_info(feed_id=answer.feed_id, message_id=message.id, kind=message.kind)
    reply = private(file["derived"][0]["reply"])
    opened = seal.unpad(seal.open_sealed(message.sealed, private_key=reply, info=info))
    assert opened.decode() == file["answer"]["body"]


def test_vectors_of_messages_open(vectors: Vectors) -> None:
    file = vectors("return_code")
    key = private(file["service_key"])

    for case in file["messages"]:
        sent = read(case, protocol.Envelope)
        header = protocol.decode_header(sent.header)
        assert header.kind == "message"
        assert header.public_key is not None
        assert seal.signature_valid(header.public_key, protocol.LABEL_ITEM + sent.sha256, sent.sig)
        body = seal.open_item(sent.header, sent.sealed, private_key=key)
        assert json.loads(body) == case["body"]
