"""The vectors of the manifest: what the service lacks, and what a device believes and lets go of."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from waymark_sync import codec, intake_rules
from waymark_sync import core_parts as core
from waymark_sync.answers import receipt_holds
from waymark_sync.codec import from_base64url as raw
from waymark_sync.core_settle import manifest_holds, settle_manifest
from waymark_sync.intake_rules import Known
from waymark_sync.protocol import KeySet, ManifestRequest, ManifestResponse, SignedKeySet

Vectors = Callable[[str], Any]


def read(tree: Any, kind: type[Any]) -> Any:
    return codec.decode(json.dumps(tree).encode(), codec.JSON, kind)


@pytest.fixture
def file(vectors: Vectors) -> Any:
    return vectors("manifest")


@pytest.fixture
def request_of(file: Any) -> ManifestRequest:
    asked: ManifestRequest = read(file["request"], ManifestRequest)
    assert codec.decode(raw(file["msgpack"]), codec.MSGPACK, ManifestRequest) == asked
    return asked


def test_what_the_service_lacks(file: Any, request_of: ManifestRequest) -> None:
    for case in file["held"]:
        known = [read(one, Known) for one in case["stored"]]

        missing = intake_rules.missing(request_of.retained, known)
        leaves = intake_rules.manifest_leaves(request_of.retained, missing)

        assert list(missing) == case["missing"], case["name"]
        assert leaves == [raw(leaf) for leaf in case["leaves"]], case["name"]
        assert (intake_rules.merkle_root(leaves) if leaves else None) == (
            raw(case["root"]) if case["root"] else None
        )


def test_what_a_device_makes_of_an_answer(file: Any, request_of: ManifestRequest) -> None:
    keys = msgspec.msgpack.decode(read(file["keyset"], SignedKeySet).payload, type=KeySet)
    sent = core.SendManifest(
        number=1, device_id=request_of.device_id, retained=request_of.retained, seen=None
    )
    for case in file["answers"]:
        answer = read(case["answer"], ManifestResponse)

        believed = receipt_holds(answer, keys) and manifest_holds(request_of.retained, answer)
        event = core.ManifestAnswered(now_ms=0, luck=0, request=sent, response=answer)
        writes = settle_manifest(event) if believed else ()

        assert bool(believed) is case["believed"], case["name"]
        again = [write.item_id for write in writes if isinstance(write, core.OfferAgain)]
        gone = [write.item_id for write in writes if isinstance(write, core.LetGo)]
        assert (sorted(again), gone) == (sorted(case["again"]), case["let_go"]), case["name"]
