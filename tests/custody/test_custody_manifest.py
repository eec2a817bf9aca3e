"""What a device asks before it lets go: exactly what is missing, and a receipt over the rest."""

from typing import Any

import pytest

from support.files import Client, noise, prepared, report_with, upload
from support.files import push as push_files
from support.reports import Device, Report
from waymark.kernel.db import Database, Sql
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.intake_rules import manifest_leaves, merkle_root
from waymark_sync.protocol import (
    MANIFEST_MAX,
    ManifestRequest,
    ManifestResponse,
    Retained,
    receipt_text,
)
from waymark_sync.seal import signature_valid

MOVE_FLOOR = Sql("UPDATE lineage SET restore_floor = :floor")
FORGET = Sql("DELETE FROM intake_item WHERE item_id = :id")


async def ask(client: Client, *retained: Retained, kind: str = MSGPACK) -> ManifestResponse:
    asked = ManifestRequest(device_id="6f1c1f5e-0000-4000-8000-000000000000", retained=retained)
    answer = await client.post(
        "/sync/v1/manifest", content=encode(asked, kind), headers={"Content-Type": kind, "Accept": kind}
    )
    assert answer.status_code == 200, answer.text
    return decode(answer.content, kind, ManifestResponse)


def kept(report: Report, pos: int) -> Retained:
    return Retained(id=report.item_id, sha256=report.envelope.sha256, pos=pos)


def holds(response: ManifestResponse, asked: tuple[Retained, ...], ring: KeyRing) -> bool:
    """As a device checks it: the root made again from what it asked."""
    receipt = response.receipt
    if receipt is None or receipt.root != merkle_root(manifest_leaves(asked, response.missing)):
        return False
    key = ring.service_key(receipt.kid)
    return key is not None and signature_valid(key.public, receipt_text(receipt), receipt.sig)


@pytest.mark.parametrize("kind", [JSON, MSGPACK])
async def test_what_is_held_is_covered_and_what_is_not_is_missing(
    service: Client, ring: KeyRing, kind: str
) -> None:
    first, second, never = (Device().report(ring) for _ in range(3))
    await push_files(service, first, second)
    asked = (kept(first, 1), kept(never, 3), kept(second, 2))

    answer = await ask(service, *asked, kind=kind)

    assert answer.missing == (never.item_id,)
    assert holds(answer, asked, ring)


async def test_other_bytes_and_another_place_are_missing(service: Client, ring: KeyRing) -> None:
    first, second = Device().report(ring), Device().report(ring)
    await push_files(service, first, second)
    other_bytes = Retained(id=first.item_id, sha256=second.envelope.sha256, pos=1)

    answer = await ask(service, other_bytes, kept(second, 1))

    assert answer.missing == (first.item_id, second.item_id)
    assert answer.receipt is None


async def test_the_floor_is_the_one_of_that_moment(
    service: Client, database: Database, ring: KeyRing
) -> None:
    report = Device().report(ring)
    await push_files(service, report)
    before = await ask(service, kept(report, 1))
    await database.write(lambda db: db.execute(MOVE_FLOOR, floor=1))

    after = await ask(service, kept(report, 1))

    assert before.receipt is not None
    assert after.receipt is not None
    assert (before.receipt.restore_floor, after.receipt.restore_floor) == (0, 1)


async def test_a_hole_under_a_later_report_is_found(
    service: Client, database: Database, ring: KeyRing
) -> None:
    lost, later = Device().report(ring), Device().report(ring)
    await push_files(service, lost, later)
    await database.write(lambda db: db.execute(FORGET, id=lost.item_id))

    answer = await ask(service, kept(lost, 1), kept(later, 2))

    assert answer.missing == (lost.item_id,)


async def test_a_conflict_is_held_too(service: Client, ring: KeyRing) -> None:
    device = Device()
    first = device.report(ring)
    other = device.report(ring, item_id=first.item_id)
    await push_files(service, first, other)

    answer = await ask(service, kept(first, 1), kept(other, 2))

    assert answer.missing == ()


async def test_a_file_has_a_place_of_its_own_and_is_missing_when_the_disk_lost_it(
    service: Client, ring: KeyRing, tmp_path: Any
) -> None:
    file = prepared(noise(70_000))
    report, later = report_with(ring, file), Device().report(ring)
    await push_files(service, report, later)
    state = await upload(service, report, file)
    assert state.pos == 3
    asked = (kept(report, 1), Retained(id=file.attachment.att_id, sha256=file.attachment.sha256, pos=3))

    whole = await ask(service, *asked)
    path = service.app.state.settings.data / "attachments" / file.attachment.att_id[:2]
    (path / file.attachment.att_id).unlink()
    without = await ask(service, *asked)
    again = await upload(service, report, file)

    assert whole.missing == ()
    assert without.missing == (file.attachment.att_id,)
    assert again.pos == 4


@pytest.mark.parametrize(
    "body", [b"", b"\xc1", encode({"v": 1}, MSGPACK), encode({"v": 2, "retained": []}, MSGPACK)]
)
async def test_what_cannot_be_read_is_refused(service: Client, body: bytes) -> None:
    answer = await service.post("/sync/v1/manifest", content=body, headers={"Content-Type": MSGPACK})

    assert answer.status_code == 400


async def test_no_more_than_the_limit(service: Client) -> None:
    one = {"id": "6f1c1f5e-0000-4000-8000-000000000000", "sha256": bytes(32), "pos": 1}
    asked = {"device_id": one["id"], "retained": [one] * (MANIFEST_MAX + 1)}

    answer = await service.post(
        "/sync/v1/manifest", content=encode(asked, MSGPACK), headers={"Content-Type": MSGPACK}
    )

    assert answer.status_code == 400
    assert len((await ask(service, *[Retained(**one)] * MANIFEST_MAX)).missing) == MANIFEST_MAX


async def test_nothing_kept_is_nothing_missing(service: Client) -> None:
    answer = await ask(service)

    assert (answer.missing, answer.receipt) == ((), None)
