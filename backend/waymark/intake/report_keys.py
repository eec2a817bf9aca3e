"""A report's own keys: one for what happened, one for who the person is, wrapped to whoever may read it.

The person's name and contact lie apart from what happened. Whoever was given the incident alone holds nothing
that opens them, and whoever was given nothing holds nothing at all.
"""

import secrets
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from waymark.agencies.records import ReportFacts
from waymark.agencies.rules import key_holders
from waymark.intake.contacts import contact_forms
from waymark.intake.records import Findable, KeyRow, Keys, Lock
from waymark.kernel.holders import Holders
from waymark.kernel.vault import KEY_BYTES, CannotDecrypt, IndexNotNow, Vault, decrypt, encrypt
from waymark_sync.report import Answers, ReportBody, read_report

BODY_AAD: Final = b"opened_report|body|"
PERSON_AAD: Final = b"opened_report|person|"
OF_THE_PERSON: Final = frozenset({"name_known_as", "safe_contact"})
"""Answers of the groups `identity` and `contact`, as every version of the form has called them."""


def new_keys() -> Keys:
    return Keys(incident=secrets.token_bytes(KEY_BYTES), person=secrets.token_bytes(KEY_BYTES))


def wrap(holders: Holders, keys: Keys, report_id: str, holder: str, *, person: bool) -> KeyRow:
    """person: whether the holder is given that compartment, too."""
    both = person and keys.person is not None
    secret = keys.incident + (keys.person or b"" if both else b"")
    made = holders.wrap(secret, holder=holder, place=_place(report_id, holder))
    return KeyRow(report_id=report_id, holder=holder, kid=made.kid, person=both, wrapped=made.wrapped)


def open_keys(vault: Vault, lock: Lock) -> Keys:
    """Raises CannotDecrypt."""
    secret = vault.unwrap_for(lock.wrapped, _place(lock.report_id, lock.holder))
    if len(secret) not in (KEY_BYTES, 2 * KEY_BYTES):
        raise CannotDecrypt
    return Keys(incident=secret[:KEY_BYTES], person=secret[KEY_BYTES:] or None)


def rows_for(holders: Holders, keys: Keys, report_id: str, facts: ReportFacts) -> tuple[KeyRow, ...]:
    """To everybody who may read the report as things stand."""
    return tuple(
        wrap(holders, keys, report_id, holder, person=person)
        for holder, person in sorted(key_holders(facts).items())
    )


def seal_body(keys: Keys, plaintext: bytes, report_id: str) -> tuple[bytes, bytes]:
    """The incident and the person, each under its key. plaintext: a report's body of any version."""
    tree = msgspec.json.decode(plaintext)
    answers = tree["answers"]
    person = {name: answers.pop(name) for name in sorted(OF_THE_PERSON & answers.keys())}
    sealed = encrypt(keys.incident, msgspec.json.encode(tree), aad=BODY_AAD + report_id.encode())
    return sealed, seal_person(keys, person, report_id)


def seal_person(keys: Keys, person: dict[str, Any], report_id: str) -> bytes:
    if keys.person is None:
        raise ValueError("no key for the person")
    return encrypt(keys.person, msgspec.json.encode(person), aad=PERSON_AAD + report_id.encode())


def open_report(keys: Keys, lock: Lock, *, person: bool = True) -> ReportBody:
    """With name and contact where they are asked for and given. Raises CannotDecrypt, UnreadableReport."""
    body = decrypt(keys.incident, lock.body, aad=BODY_AAD + lock.report_id.encode())
    if person and lock.person is not None and keys.person is not None:
        tree = msgspec.json.decode(body)
        tree["answers"] |= msgspec.json.decode(
            decrypt(keys.person, lock.person, aad=PERSON_AAD + lock.report_id.encode())
        )
        body = msgspec.json.encode(tree)
    return read_report(body, schema_v=lock.schema_v)


def changes(known: Iterable[KeyRow], facts: ReportFacts) -> tuple[dict[str, bool], set[str]]:
    """What to wrap anew, with or without the person, and whose rows go: the difference to what should be."""
    wanted, there = key_holders(facts), {row.holder: row.person for row in known}
    anew = {holder: person for holder, person in wanted.items() if there.get(holder) is not person}
    return anew, there.keys() - wanted.keys()


def findable(vault: Vault, rows: Iterable[KeyRow], answers: Answers) -> tuple[tuple[Findable, ...], bool]:
    """For those who were given the person: each finds the same telephone and address again, by their own key.

    And whether that is all: the index of some may not be asked now. Raises CannotDecrypt where a holder's
    index key is not at hand.
    """
    forms, found, whole = contact_forms(answers), [], True
    for row in rows:
        if not (forms and row.person):
            continue
        try:
            digests: dict[str, bytes] = {
                kind: vault.digest(row.holder, kind.encode() + b"\n" + form) for kind, form in forms.items()
            }
        except IndexNotNow:
            whole = False
        else:
            found.append(Findable(holder=row.holder, digests=digests))
    return tuple(found), whole


def _place(report_id: str, holder: str) -> bytes:
    return f"report_key|{report_id}|{holder}".encode()
