"""When a session ends, when an account rests, what a code looks like: tables."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from waymark.identity.records import Attempts, EnrolmentCode, Role, Session
from waymark.identity.rules import (
    ABSOLUTE,
    CODE_LIFE,
    WINDOW,
    bucket,
    code_hash,
    code_usable,
    new_code,
    new_token,
    plain_code,
    proof_good,
    session_good,
    token_hash,
    wait_s,
)
from waymark.kernel.clock import stamp
from waymark_sync.protocol import LABEL_ENROL, EnrolRequest
from waymark_sync.seal import new_key, raw_public, sign

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def session(role: Role, *, idle: timedelta, age: timedelta, revoked: bool = False) -> Session:
    return Session(
        token_hash="0" * 64,
        created_at=stamp(NOW - age),
        last_seen_at=stamp(NOW - idle),
        expires_at=stamp(NOW - age + ABSOLUTE),
        revoked_at=stamp(NOW) if revoked else None,
        id="p",
        name="P",
        role=role,
        force_id=None,
        force_name=None,
        centre_id=None,
        centre_name=None,
    )


@pytest.mark.parametrize(
    ("role", "idle_min", "age_min", "good"),
    [
        ("police_triage", 0, 0, True),
        ("police_triage", 14, 599, True),
        ("police_triage", 15, 15, False),
        ("intake_custodian", 15, 15, False),
        ("centre_worker", 15, 15, True),
        ("centre_worker", 479, 479, True),
        ("centre_worker", 480, 480, False),
        ("centre_worker", 1, 600, False),
        ("police_triage", 1, 600, False),
    ],
)
def test_a_session_ends_when_idle_and_when_old(role: Role, idle_min: int, age_min: int, good: bool) -> None:
    found = session(role, idle=timedelta(minutes=idle_min), age=timedelta(minutes=age_min))

    assert session_good(found, now=NOW) == good


def test_a_revoked_session_is_over() -> None:
    found = session("police_triage", idle=timedelta(), age=timedelta(), revoked=True)

    assert not session_good(found, now=NOW)


@pytest.mark.parametrize(("count", "heard"), [(1, True), (5, True), (6, False), (99, False)])
def test_the_sixth_try_is_not_heard(count: int, heard: bool) -> None:
    attempts = Attempts(since=stamp(NOW - timedelta(minutes=5)), failure_count=count)

    wait = wait_s(attempts, tries=5, now=NOW)

    assert wait == (0 if heard else int((WINDOW - timedelta(minutes=5)).total_seconds()))


def test_a_bucket_names_nobody() -> None:
    assert "sam" not in bucket("login", "sam")
    assert bucket("login", " Sam ") == bucket("login", "sam") != bucket("login", "sami")


def test_codes_have_fifty_bits_in_a_form_to_read_out() -> None:
    codes = {new_code() for _ in range(200)}

    assert len(codes) == 200
    assert all(
        re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}", c) for c in codes
    )


@pytest.mark.parametrize("typed", ["1A0B-CDEF-GH", "1a0bcdefgh", " ia0b cdef gh ", "LAOB-CDEF-GH"])
def test_a_code_is_known_however_it_is_typed(typed: str) -> None:
    assert code_hash(typed) == code_hash("1A0B-CDEF-GH")
    assert code_hash("1A0B-CDEF-GJ") != code_hash(typed)


@pytest.mark.parametrize(
    ("used", "age", "usable"),
    [(False, timedelta(), True), (True, timedelta(), False), (False, CODE_LIFE, False)],
)
def test_a_code_works_once_and_for_a_while(used: bool, age: timedelta, usable: bool) -> None:
    code = EnrolmentCode(
        code_hash="x",
        centre_id="c",
        centre_name="C",
        label="L",
        made_by="p",
        expires_at=stamp(NOW - age + CODE_LIFE),
        used_at=stamp(NOW) if used else None,
    )

    assert code_usable(code, now=NOW) == usable


def test_the_proof_binds_code_and_both_keys() -> None:
    key, seal_key = new_key(), raw_public(new_key())
    sig = sign(key, LABEL_ENROL + plain_code("1a0b-cdef gh").encode() + seal_key)

    def proof(**changes: object) -> bool:
        fields = {"code": "1A0B-CDEF-GH", "sign_key": raw_public(key), "seal_key": seal_key, "sig": sig}
        return proof_good(EnrolRequest(**{**fields, **changes}))

    assert proof()
    assert not proof(code="1A0B-CDEF-GJ")
    assert not proof(sign_key=raw_public(new_key()))
    assert not proof(seal_key=raw_public(new_key()))
    assert not proof(seal_key=b"\x04" + bytes(64))
    assert not proof(sig=bytes(64))


def test_tokens_are_long_and_their_hashes_tell_nothing() -> None:
    token = new_token()

    assert len(token) >= 43
    assert token not in token_hash(token)
