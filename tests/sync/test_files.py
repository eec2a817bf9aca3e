"""Files in chunks: the committed vectors, and memory that does not grow with the file."""

import hashlib
import secrets
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from waymark_sync import files
from waymark_sync.codec import from_base64url as raw
from waymark_sync.protocol import ATT_CHUNK_BYTES
from waymark_sync.seal import CannotOpen

Vectors = Callable[[str], Any]


def plain(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def sealed(case: dict[str, Any]) -> bytes:
    chunks = files.seal_file([plain(case["plain_size"])], key=raw(case["key"]), att_id=case["att_id"])
    return b"".join(chunks)


def test_files_seal_to_the_committed_bytes_and_open_again(vectors: Vectors) -> None:
    for case in vectors("attachment")["files"]:
        made = sealed(case)

        assert (len(made), hashlib.sha256(made).digest()) == (case["sealed_size"], raw(case["sealed_sha256"]))
        assert made == raw(case.get("sealed", "")) or "sealed" not in case
        opened = b"".join(files.open_file([made], key=raw(case["key"]), att_id=case["att_id"]))
        assert opened == plain(case["plain_size"])
        assert hashlib.sha256(opened).digest() == raw(case["plain_sha256"])


def test_sizes_are_known_beforehand(vectors: Vectors) -> None:
    for case in vectors("attachment")["sizes"]:
        assert files.sealed_size(case["plain"]) == case["sealed"]


def test_what_must_not_open(vectors: Vectors) -> None:
    file = vectors("attachment")
    whole = {case["plain_size"]: (case, sealed(case)) for case in file["files"]}

    for case in file["must_not_open"]:
        good, made = whole[case["of"]]
        altered = bytearray(b"".join(made[start:end] for start, end in case["pieces"]))
        if "flip" in case:
            altered[case["flip"]] ^= 1
        key, att_id = raw(case.get("key", good["key"])), case.get("att_id", good["att_id"])
        with pytest.raises(CannotOpen):
            list(files.open_file([bytes(altered)], key=key, att_id=att_id))
            pytest.fail(case["name"])


@pytest.mark.parametrize("piece", [1_000, ATT_CHUNK_BYTES - 1, ATT_CHUNK_BYTES, ATT_CHUNK_BYTES + 17])
def test_the_size_of_the_pieces_makes_no_difference(piece: int) -> None:
    key, att_id, content = secrets.token_bytes(32), str(uuid4()), plain(3 * ATT_CHUNK_BYTES)

    made = b"".join(files.seal_file(cut(content, piece), key=key, att_id=att_id))

    assert made == b"".join(files.seal_file([content], key=key, att_id=att_id))
    assert b"".join(files.open_file(cut(made, piece), key=key, att_id=att_id)) == content
    assert files.digest_of(cut(made, piece)) == (len(made), hashlib.sha256(made).digest())


def test_an_empty_chunk_at_the_end_of_a_file_is_refused() -> None:
    """Otherwise one file would have two sealed forms."""
    key, att_id = secrets.token_bytes(32), str(uuid4())
    cipher = files.AESGCM(key)
    aad = files.LABEL_ATT + bytes.fromhex(att_id.replace("-", ""))
    first = cipher.encrypt(bytes(12), bytes(ATT_CHUNK_BYTES), aad)
    empty = cipher.encrypt(bytes(10) + b"\x01\x01", b"", aad)

    with pytest.raises(CannotOpen):
        list(files.open_file([first, empty], key=key, att_id=att_id))


def test_memory_stays_flat() -> None:
    key, att_id = secrets.token_bytes(32), str(uuid4())
    chunk = bytes(ATT_CHUNK_BYTES)

    tracemalloc.start()
    sealed_chunks = files.seal_file((chunk for _ in range(60)), key=key, att_id=att_id)
    total = sum(len(opened) for opened in files.open_file(sealed_chunks, key=key, att_id=att_id))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert total == 60 * ATT_CHUNK_BYTES
    assert peak < 12 * ATT_CHUNK_BYTES


def cut(content: bytes, piece: int) -> Iterator[bytes]:
    return (content[at : at + piece] for at in range(0, len(content), piece))
