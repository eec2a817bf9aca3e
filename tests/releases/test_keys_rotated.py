"""A holder's key is rotated while reports come and go; what was sealed before there were holders is split."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import pytest
from msgspec.structs import replace

from dialogue.conftest import Service
from releases.test_releases import NAME
from releases.test_who_holds_the_keys import NORTH, found, held, with_keys_of
from support.reports import CANARY
from waymark.cli.holding import done_with
from waymark.intake import actions as intake
from waymark.intake import keeping
from waymark.intake.keys import store as keys_store
from waymark.intake.records import KeyRow
from waymark.intake.report_keys import BODY_AAD, open_keys, open_report
from waymark.kernel import clock
from waymark.kernel.db import Connection, Sql
from waymark.kernel.holders import (
    HOLDERS,
    HolderKey,
    forget_retired,
    load_holders,
    load_private,
    make_holders,
    rotate_holder,
)
from waymark.kernel.keys import KeysRefused, put
from waymark.kernel.settings import Settings
from waymark.kernel.vault import CannotDecrypt, Vault, encrypt, open_vault
from waymark.triage.rekeying import Rekeyer

ONE_ENGINE: Final = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
AT: Final = "2026-03-01T12:00:00.000Z"
JOIN_UP: Final = Sql("UPDATE opened_report SET body = :body, person = NULL WHERE id = :id")


@pytest.fixture
def own(keys: Path, tmp_path: Path) -> Path:
    """Keys of the test's own: it changes them."""
    shutil.copytree(keys, tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def settings(settings: Settings, own: Path) -> Settings:
    return replace(settings, keys=own)


async def rekeyed(service: Service) -> int:
    rekeyer, done = Rekeyer(service.database, service.state.vault), 0
    while some := await rekeyer.step():
        done += some
    return done


@pytest.mark.parametrize("holder", [NORTH, "centre:demo-harbour-library", "service"])
async def test_a_key_is_rotated_while_the_service_runs(service: Service, own: Path, holder: str) -> None:
    before = await service.report(sharing_choice="P1")
    if holder == "service":
        before = await service.report(sharing_choice="P3", postcode="not_answered")
    old = service.state.vault.holders.key_of(holder).kid

    made = rotate_holder(own, holder, at=AT)
    after = await service.report(sharing_choice="P1")
    assert CANARY in (await service.desks["northshire"].get(service.path(before))).text
    assert await rekeyed(service) >= 1

    assert (await service.database.read(keeping.counted)).get(old, 0) == 0
    assert made.kid in await service.database.read(keeping.counted)
    assert forget_retired(own, [old]) == [old]
    assert old not in load_private(own)
    for report in (before, after):
        await held(service, report)
        assert CANARY in (await service.desks["northshire"].get(service.path(report))).text
        assert CANARY in (await service.desks["harbour"].get(service.path(report))).text
    assert await rekeyed(service) == 0


@ONE_ENGINE
async def test_what_an_old_copy_holds_is_gone_with_the_old_key(service: Service, own: Path) -> None:
    report = await service.report(sharing_choice="P1")
    copied = await service.database.read(keys_store.keys_of, report.item_id)
    for holder in (NORTH, "centre:demo-harbour-library"):
        rotate_holder(own, holder, at=AT)
    await rekeyed(service)
    forget_retired(own, [row.kid for row in copied])

    await service.database.write(lambda db: keys_store.put_keys(db, copied))

    assert await found(service, with_keys_of(own, *(key.holder for key in load_holders(own).keys))) == ""


@ONE_ENGINE
async def test_a_holder_who_comes_later_takes_over_from_the_service(service: Service, own: Path) -> None:
    known = load_holders(own).keys
    others = [key for key in known if key.holder != "force:demo-southmere"]
    put(own / HOLDERS, msgspec.json.encode(others))
    report = await service.report(sharing_choice="P1", postcode="zz1 2ab")
    assert CANARY in (await service.desks["southmere"].get(service.path(report))).text
    assert await rekeyed(service) == 0

    made = make_holders(own, ["force:demo-southmere"]).key_of("force:demo-southmere")
    assert await rekeyed(service) == 1

    rows = await service.database.read(keys_store.keys_of, report.item_id)
    assert made.kid in {row.kid for row in rows}
    assert CANARY in await found(service, with_keys_of(own, "force:demo-southmere"))


def as_before(db: Connection, vault: Vault, report_id: str) -> None:
    """As a report was stored before there were holders: in one piece, under a key wrapped to nobody."""
    whole = intake.opened(db, report_id)
    assert whole is not None
    opened = open_report(open_keys(vault, whole.lock), whole.lock)
    key, wrapped = vault.new_key()
    body = encrypt(key, msgspec.json.encode(opened), aad=BODY_AAD + report_id.encode())
    db.execute(JOIN_UP, id=report_id, body=body)
    rows = keys_store.keys_of(db, report_id)
    keys_store.put_keys(db, [replace(row, kid="", person=True, wrapped=wrapped) for row in rows])


@pytest.mark.parametrize("choice", ["P1", "P2", "U1"])
async def test_what_was_sealed_in_one_piece_is_split(service: Service, own: Path, choice: str) -> None:
    report = await service.report(sharing_choice=choice)
    await service.database.write(as_before, service.state.vault, report.item_id)
    pages = [await service.desks["harbour"].get(service.path(report))]

    assert await rekeyed(service) == 1

    pages.append(await service.desks["harbour"].get(service.path(report)))
    assert [(CANARY in page.text, NAME in page.text) for page in pages] == [(True, True)] * 2
    forces = await held(service, report)
    assert forces == {"P1": {NORTH: True}, "P2": {NORTH: False}, "U1": {}}[choice]
    assert (NAME in await found(service, with_keys_of(own, NORTH))) == (choice == "P1")
    rows: list[KeyRow] = await service.database.read(keys_store.keys_of, report.item_id)
    assert "" not in {row.kid for row in rows}


@ONE_ENGINE
async def test_what_does_not_open_here_holds_up_nothing(service: Service, own: Path) -> None:
    lost, report = await service.report(sharing_choice="P1"), await service.report(sharing_choice="P1")
    rows = await service.database.read(keys_store.keys_of, lost.item_id)
    broken = [replace(row, kid="", wrapped=bytes(60)) for row in rows]
    await service.database.write(lambda db: keys_store.put_keys(db, broken))
    rotate_holder(own, NORTH, at=AT)

    await rekeyed(service)

    assert await held(service, report) == {NORTH: True}
    left = await service.database.read(keys_store.keys_of, lost.item_id)
    assert left == broken, "what cannot be opened here is kept for who can"


def test_a_rotated_key_waits_for_reports_and_for_backups() -> None:
    key = HolderKey(holder=NORTH, kid="ab", public="", state="retired", retired_at=AT)
    current = replace(key, kid="cd", state="current", retired_at="")
    retired = datetime.fromisoformat(AT)

    def asked(counts: dict[str, int], **later: int) -> tuple[list[str], dict[str, str]]:
        return done_with([key, current], counts, keep_days=30, now=retired + timedelta(**later))

    assert asked({"ab": 2}, days=99)[0] == []
    assert "2 reports" in asked({"ab": 2}, days=99)[1]["ab"]
    assert "until 2026-03-31" in asked({}, days=29)[1]["ab"]
    assert asked({"cd": 5}, days=30) == (["ab"], {})


def test_only_what_is_retired_is_forgotten(own: Path) -> None:
    current = load_holders(own).key_of(NORTH).kid

    assert forget_retired(own, [current, "0" * 16]) == []
    assert current in load_private(own)


def test_whoever_has_no_key_has_none_to_rotate(own: Path) -> None:
    with pytest.raises(KeysRefused, match="has no key of its own"):
        rotate_holder(own, "force:demo-nowhere", at=AT)


def test_a_vault_learns_of_a_new_key_by_itself(own: Path) -> None:
    vault = open_vault(own)
    first = vault.holders.wrap(b"x" * 32, holder=NORTH, place=b"here")
    rotate_holder(own, NORTH, at=clock.stamp(clock.now()))

    second = vault.holders.wrap(b"y" * 32, holder=NORTH, place=b"here")

    assert first.kid != second.kid
    assert vault.unwrap_for(first.wrapped, b"here") == b"x" * 32
    assert vault.unwrap_for(second.wrapped, b"here") == b"y" * 32
    with pytest.raises(CannotDecrypt):
        vault.unwrap_for(second.wrapped, b"there")
