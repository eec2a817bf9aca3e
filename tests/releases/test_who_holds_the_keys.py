"""What an organisation holds opens what was released to it, and nothing else: tried with its keys.

Whoever tries here has the whole database, knows every place that a key may be bound to, and may move wrapped
keys about as they like. What they lack are other organisations' keys.
"""

import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from dialogue.conftest import Service
from releases.test_releases import NAME, PLACE, narrowed, overridden
from support.reports import CANARY, Report
from waymark.agencies.rules import key_holders
from waymark.audit.records import SERVICE
from waymark.identity import actions as identity
from waymark.intake.keeping import same_contact
from waymark.intake.keys import store as intake
from waymark.intake.report_keys import BODY_AAD, PERSON_AAD
from waymark.kernel import clock
from waymark.kernel.db import Connection, Sql
from waymark.kernel.holders import load_holders, load_private
from waymark.kernel.problems import Problem
from waymark.kernel.vault import KEY_BYTES, CannotDecrypt, Vault, decrypt
from waymark.releases.jobs import Heir
from waymark.triage import store as triage
from waymark.triage.rules import facts

WRAPPED: Final = Sql("SELECT report_id, holder, wrapped FROM report_key")
SEALED: Final = Sql("SELECT id, body, person FROM opened_report")
SAID: Final = Sql("SELECT id, body FROM opened_message")
TOLD: Final = Sql("SELECT id, text, detail FROM triage_event")

NORTH, SOUTH = "force:demo-northshire", "force:demo-southmere"


class Row(Struct):
    report_id: str
    holder: str
    wrapped: bytes


class Sealed(Struct):
    id: str
    body: bytes
    person: bytes | None


class Held(Struct):
    id: str
    body: bytes


class Told(Struct):
    id: str
    text: bytes | None
    detail: bytes | None


def with_keys_of(folder: Path, *holders: str) -> Vault:
    """As an opener that was given the keys of these organisations and of no other."""
    listed, private = load_holders(folder), load_private(folder)
    own: dict[str, ec.EllipticCurvePrivateKey] = {
        key.kid: private[key.kid] for key in listed.keys if key.holder in holders
    }
    return Vault(secrets.token_bytes(KEY_BYTES), "stranger", holders=listed, private=own)


async def found(service: Service, vault: Vault) -> str:
    """All that this vault's keys open in the whole database, in any order and in any place."""

    def steal(db: Connection) -> tuple[list[Row], list[tuple[bytes, bytes]]]:
        rows = db.many(WRAPPED, Row)
        bodies = db.many(SEALED, Sealed)
        sealed = [(one.body, BODY_AAD + one.id.encode()) for one in bodies]
        sealed += [(one.person, PERSON_AAD + one.id.encode()) for one in bodies if one.person]
        sealed += [(one.body, b"opened_message|body|" + one.id.encode()) for one in db.many(SAID, Held)]
        for told in db.many(TOLD, Told):
            sealed += [(told.text, b"triage_event|text|" + told.id.encode())] if told.text else []
            sealed += [(told.detail, b"triage_event|detail|" + told.id.encode())] if told.detail else []
        return rows, sealed

    rows, sealed = await service.database.read(steal)
    tried = {(row.report_id, holder) for row in rows for holder in (row.holder, NORTH, SOUTH)}
    places = [f"report_key|{report_id}|{holder}".encode() for report_id, holder in tried]
    keys: set[bytes] = set()
    for row in rows:
        for place in places:
            try:
                secret = vault.unwrap_for(row.wrapped, place)
            except CannotDecrypt:
                continue
            keys |= {secret[:KEY_BYTES], secret[KEY_BYTES:]} - {b""}
    opened = []
    for key in keys:
        for bytes_, aad in sealed:
            try:
                opened.append(decrypt(key, bytes_, aad=aad).decode())
            except CannotDecrypt:
                continue
    return " ".join(opened)


async def held(service: Service, report: Report) -> dict[str, bool]:
    """Which forces were given this report's keys, and whether the person's, too: those that may read it."""

    def look(db: Connection) -> tuple[dict[str, bool], dict[str, bool]]:
        rows = {row.holder: row.person for row in intake.keys_of(db, report.item_id)}
        stands = triage.report(db, report.item_id)
        assert stands is not None
        return rows, key_holders(facts(stands))

    rows, wanted = await service.database.read(look)
    assert rows == wanted
    return {holder: person for holder, person in rows.items() if holder.startswith("force:")}


WORDS: Final = (CANARY, PLACE, NAME)


@pytest.mark.parametrize(
    ("choice", "opens"),
    [
        ("P1", (True, True, True)),
        ("P2", (True, True, False)),
        ("P3", (True, True, False)),
        ("U1", (False, False, False)),
        ("A1", (False, False, False)),
        ("A2", (False, False, False)),
    ],
)
async def test_a_force_opens_with_all_its_keys_what_was_released(
    service: Service, keys: Path, choice: str, opens: tuple[bool, ...]
) -> None:
    report = await service.report(sharing_choice=choice)
    await service.reply(report, "canary-reply-8")

    own = await found(service, with_keys_of(keys, NORTH))
    other = await found(service, with_keys_of(keys, SOUTH))
    centre = await found(service, with_keys_of(keys, "centre:demo-harbour-library"))

    assert tuple(word in own for word in WORDS) == opens
    assert ("canary-reply-8" in own) == opens[0]
    assert other == ""
    assert all(word in centre for word in (*WORDS, "canary-reply-8"))
    assert set(await held(service, report)) == ({NORTH} if opens[0] else set())


async def test_the_service_opens_nothing_with_what_stands_in_for_others(service: Service, keys: Path) -> None:
    await service.report(sharing_choice="U1")
    await service.report(sharing_choice="P1")

    assert await found(service, with_keys_of(keys, "service")) == ""


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_is_taken_back_is_not_held_any_more(service: Service, keys: Path) -> None:
    report = await service.acknowledged("northshire", sharing_choice="P1")
    assert await held(service, report) == {NORTH: True}

    await narrowed(service, report, "identity")
    assert await held(service, report) == {NORTH: True}  # contact is in that compartment, too
    await narrowed(service, report, "contact")
    assert await held(service, report) == {NORTH: False}
    assert NAME not in await found(service, with_keys_of(keys, NORTH))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_an_override_gives_the_incident_alone_unless_it_names_the_person(
    service: Service, keys: Path
) -> None:
    report = await service.report(sharing_choice="U1")

    await overridden(service, report)
    assert await held(service, report) == {NORTH: False}
    assert NAME not in await found(service, with_keys_of(keys, NORTH))
    await overridden(service, report, groups=["contact"])

    assert await held(service, report) == {NORTH: True}
    page = await service.desks["northshire"].get(service.path(report))
    assert page.json()["report"]["groups"].keys() == {"summary", "location", "contact"}


@pytest.mark.parametrize("choice", ["P1", "P3"])
async def test_keys_go_where_a_report_goes(service: Service, keys: Path, choice: str) -> None:
    report, person = await service.acknowledged("northshire", sharing_choice=choice), choice == "P1"
    offer = {"force_id": "demo-southmere", "reason": "It was there."}

    await service.act("northshire", report, "forward", **offer)
    assert await held(service, report) == {NORTH: person, SOUTH: person}
    assert CANARY in await found(service, with_keys_of(keys, SOUTH))
    await service.act("southmere", report, "send-back", reason="It was not.")
    assert await held(service, report) == {NORTH: person}
    await service.act("northshire", report, "forward", **offer)
    await service.act("southmere", report, "accept")

    assert await held(service, report) == {SOUTH: person}
    assert await found(service, with_keys_of(keys, NORTH)) == ""
    assert (await service.page("southmere", report))["report"]["groups"]["narrative"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_report_of_nobody_is_held_by_whoever_takes_it(service: Service, keys: Path) -> None:
    report = await service.report(sharing_choice="P3", postcode="not_answered")
    assert await held(service, report) == {"force:unknown": False}
    assert CANARY in (await service.desks["southmere"].get(service.path(report))).text
    assert await found(service, with_keys_of(keys, SOUTH)) == ""

    await service.act("southmere", report, "take")

    assert await held(service, report) == {SOUTH: False}
    assert CANARY in await found(service, with_keys_of(keys, SOUTH))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_merged_force_passes_its_keys_on(service: Service, keys: Path) -> None:
    report, now = await service.acknowledged("northshire", sharing_choice="P1"), clock.now()
    await service.database.write(
        identity.merge_force, "demo-northshire", "demo-southmere", at=now, actor=SERVICE, now=now
    )

    with suppress(Problem):  # the service itself was quicker
        await Heir(service.database, service.state.ring, service.state.vault).step()

    assert await held(service, report) == {SOUTH: True}
    assert NAME in await found(service, with_keys_of(keys, SOUTH))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_without_a_row_of_its_own_a_force_is_shown_nothing(service: Service) -> None:
    report = await service.report(sharing_choice="P1")
    assert (await service.desks["northshire"].get(service.path(report))).status_code == 200

    await service.database.write(lambda db: intake.drop_keys(db, report.item_id, [NORTH]))

    assert (await service.desks["northshire"].get(service.path(report))).status_code == 404
    listed = (await service.desks["northshire"].get("/desk/api/reports")).json()
    assert listed["reports"] == []
    assert (await service.desks["harbour"].get(service.path(report))).status_code == 200


CONTACT: Final = {"methods": ["call"], "phone": "07700 900123", "email": "Canary.Mail@Example.org"}


async def test_the_same_telephone_is_found_again_by_whoever_was_given_it(service: Service) -> None:
    first = await service.report(sharing_choice="P1", safe_contact=CONTACT)
    again = await service.report(sharing_choice="P1", safe_contact={"phone": "+44 (0)7700 900-123"})
    mailed = await service.report(sharing_choice="U1", safe_contact={"email": "canary.mail@EXAMPLE.org "})
    await service.report(sharing_choice="P1", safe_contact={"phone": "07700 900124"})

    async def same(holder: str) -> set[str]:
        return set(await service.database.read(same_contact, first.item_id, holder))

    assert await same(NORTH) == {again.item_id}
    assert await same("centre:demo-harbour-library") == {again.item_id, mailed.item_id}
    assert await same(SOUTH) == set()
    await narrowed(service, again, "contact", "identity")
    assert await same(NORTH) == set()


async def test_nothing_of_a_telephone_lies_in_the_index(service: Service) -> None:
    await service.report(sharing_choice="P1", safe_contact=CONTACT)

    digests = await service.database.read(
        lambda db: db.many(Sql("SELECT digest FROM report_index ORDER BY holder, kind"), bytes)
    )

    assert len(digests) == 4
    assert len(set(digests)) == 4, "one holder's digests mean something to another"
    raw = msgspec.json.encode([digest.hex() for digest in digests])
    assert b"7700900123" not in raw
