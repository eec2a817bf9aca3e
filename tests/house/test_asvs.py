"""The checklist of OWASP: no line is missing, each named test is there, and what no other looks at."""

import ast
import re
import secrets
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from house.source import ROOT, parsed, python_files
from waymark.attachments.kinds import ENDINGS, PICTURES
from waymark.identity.passwords import hash_password
from waymark.kernel.vault import NONCE_BYTES, encrypt
from waymark_sync import return_code
from waymark_sync.files import seal_file
from waymark_sync.protocol import ATT_COUNT_MAX

DOCUMENT: Final = ROOT / "docs" / "asvs.md"
LINES: Final = 54
TEST: Final = re.compile(r"`(tests/[a-z0-9_/]+\.py)(?:::(test_[a-z0-9_]+))?`")
ROW: Final = re.compile(r"^\| (\d+) \| (V[^|]+) \| ([^|]+) \| (.+) \|$", re.MULTILINE)
CODE_OF_BYTES: Final = {"pickle", "marshal", "shelve", "dill", "yaml", "xml", "lxml", "defusedxml"}
PRIMITIVES: Final = re.compile(r"cryptography\.hazmat\.primitives(?!\.serialization)|argon2$")
HASHES: Final = {"sha1", "md5", "sha256", "sha384", "sha512", "blake2b", "scrypt", "pbkdf2_hmac"}


def rows() -> list[tuple[str, str, str, str]]:
    found: list[tuple[str, str, str, str]] = ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
    return found


@cache
def names_in(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    return frozenset(
        node.name
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_no_line_is_missing() -> None:
    assert [int(number) for number, *_ in rows()] == list(range(1, LINES + 1))


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[0]))
def test_a_line_names_tests_that_are_there_or_says_why_not(row: tuple[str, str, str, str]) -> None:
    named = TEST.findall(row[3])

    assert named or "*Deviation*: " in row[3] or "*Deviation* from " in row[3]
    assert [name for path, name in named if name not in names_in(path) and (name or not names_in(path))] == []


def test_bytes_become_shapes_and_never_code() -> None:
    for file in python_files("backend", "sync"):
        for node in ast.walk(parsed(file)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {name.partition(".")[0] for name in names} & CODE_OF_BYTES, file
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile"}, file


def test_the_table_of_files_is_what_is_enforced() -> None:
    told = DOCUMENT.read_text(encoding="utf-8").partition("## Files that are taken")[2].partition("\n## ")[0]
    kinds = set(re.findall(r"`([a-z]+/[a-z0-9.-]+)`", told))

    assert kinds == {*PICTURES, *ENDINGS}
    assert f"{ATT_COUNT_MAX} files" in told
    assert "50 MiB each" in told
    assert "150 MiB a report" in told


def test_the_inventory_of_cryptography_is_what_the_code_uses() -> None:
    told = DOCUMENT.read_text(encoding="utf-8").partition("## What is used of cryptography")[2]
    listed = {
        name
        for row in re.findall(r"^\| (`.+`) \|", told, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }

    assert listed == set().union(*(used_in(file) for file in python_files("backend", "sync/waymark_sync")))


def used_in(file: Path) -> set[str]:
    found = set[str]()
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.ImportFrom) and PRIMITIVES.match(node.module or ""):
            found |= {alias.name for alias in node.names}
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "hashlib"
        ):
            found |= {node.attr} & HASHES
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & {"hmac"}
    return found


def test_no_nonce_is_used_twice() -> None:
    """Of what is encrypted at rest; of a file each chunk has its own, under a key for that file alone."""
    key = secrets.token_bytes(32)

    nonces = Counter(encrypt(key, b"same", aad=b"same")[1 : 1 + NONCE_BYTES] for _ in range(5_000))
    chunks = list(seal_file([bytes(3 * 1_048_576)], key=key, att_id="8f6b0d0e-1111-4222-8333-444455556666"))

    assert set(nonces.values()) == {1}
    assert len(set(chunks)) == len(chunks) > 1


def test_codes_of_return_are_drawn_evenly() -> None:
    """By a chi-square over the digits: an even generator stays below it in all but one of 10,000,000 runs."""
    counts = Counter(sign for _ in range(1_500) for sign in return_code.new_code("digits") if sign.isdigit())
    expected = sum(counts.values()) / 10

    assert sum((counts[sign] - expected) ** 2 / expected for sign in "0123456789") < 52.0


def test_passwords_and_codes_cost_what_is_promised() -> None:
    assert hash_password("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert (return_code.MEMORY_KIB, return_code.PASSES) == (65_536, 3)
