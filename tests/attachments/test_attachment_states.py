"""From the last byte to the desk: told, shown or not shown with a reason, and nothing in the clear."""

import hashlib
import io
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from support.desk import enrol_device
from support.files import (
    Client,
    a_photo,
    noise,
    prepared,
    push,
    report_with,
    upload,
)
from support.reports import Device
from support.workshop import Workshop
from waymark.attachments import actions, rules, shelf
from waymark.attachments.decoding import Decoder
from waymark.attachments.jobs import Developer
from waymark.attachments.shelf import Shelf
from waymark.audit import store as audit_store
from waymark.intake.jobs import open_waiting
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.mailbox import actions as mailbox
from waymark_sync.messages import AttachmentBody
from waymark_sync.protocol import Message
from waymark_sync.trust import covers_file, open_key_set

CANARY = b"canary-pixels-2f8e" * 20
CAPTION = "canary-caption-51ad"
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def messages(database: Database, device: Device, kind: str) -> list[AttachmentBody]:
    page = await database.read(mailbox.page, device.id, cursor="", limit=50, incarnation="none")
    found = [m for m in page.messages if m.kind == kind]
    wire = [Message(id=m.id, pos=m.pos, kind=m.kind, sealed=m.sealed, kid=m.kid, sig=m.sig) for m in found]
    return [device.read(message, AttachmentBody) for message in wire]


async def test_a_photo_goes_the_whole_way(
    service: Client, ring: KeyRing, workshop: Workshop, folder: Path
) -> None:
    photo = a_photo(2000, 1000, comment=CANARY)
    file = prepared(photo, caption=CAPTION, details_kept=True)
    report = report_with(ring, file)
    await push(service, report)
    await upload(service, report, file)

    await workshop.work()

    (view,) = await workshop.views(report)
    assert (view.state, view.reason, view.offset, view.size) == (
        "shown",
        None,
        len(file.sealed),
        len(file.sealed),
    )
    made = await workshop.shown(report, file.attachment.att_id)
    assert (view.media_type, view.picture_size) == ("image/jpeg", len(made))
    assert Image.open(io.BytesIO(made)).size == (1600, 800)
    assert CANARY not in made
    (described,) = rules.described([view], [file.inside])
    assert (described.caption, described.hidden_details) == (CAPTION, "kept")
    path = folder / file.attachment.att_id[:2] / file.attachment.att_id
    assert hashlib.sha256(path.read_bytes()).digest() == file.attachment.sha256


async def test_the_reporter_is_told_once_and_can_prove_it(
    service: Client, ring: KeyRing, workshop: Workshop
) -> None:
    files = [prepared(noise(1_000, seed=n)) for n in range(2)]
    report = report_with(ring, *files)
    await push(service, report)
    await upload(service, report, files[0])
    await workshop.work()
    await workshop.work()
    keys = open_key_set(ring.signed_key_set(), root=ring.root_public)

    (told,) = await messages(workshop.database, report.device, "attachment")

    assert told.item_id == report.item_id
    assert covers_file(told.state, files[0].attachment, keys) is True
    views = await workshop.views(report)
    assert [view.state for view in views] == ["unshown", "waiting"]


async def test_a_file_that_came_before_its_report_was_opened_is_told_afterwards(
    service: Client, ring: KeyRing, workshop: Workshop
) -> None:
    """Before a signature is proven a header may name anybody's device."""
    file = prepared(a_photo())
    forged = report_with(ring, file, signer=Device().sign_key)
    await push(service, forged)
    assert (await upload(service, forged, file)).complete

    await workshop.work()

    assert await messages(workshop.database, forged.device, "attachment") == []
    assert await workshop.views(forged) == ()
    assert await workshop.database.read(actions.picture, forged.item_id, file.attachment.att_id) is None


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (b"GIF89a" + bytes(100), "kind_not_shown"),
        (b"", "kind_not_shown"),
        (a_photo()[:5_000], "damaged"),
    ],
)
@ONE_ENGINE
async def test_what_cannot_be_shown_is_kept_with_a_reason(
    service: Client, ring: KeyRing, workshop: Workshop, folder: Path, plain: bytes, reason: str
) -> None:
    file = prepared(plain)
    report = report_with(ring, file)
    await push(service, report)
    await upload(service, report, file)

    await workshop.work()

    (view,) = await workshop.views(report)
    assert (view.state, view.reason, view.media_type) == ("unshown", reason, None)
    assert (folder / view.att_id[:2] / view.att_id).read_bytes() == file.sealed


@ONE_ENGINE
async def test_a_report_may_name_no_key_or_a_wrong_one(
    service: Client, ring: KeyRing, workshop: Workshop
) -> None:
    unnamed, other = prepared(a_photo()), prepared(a_photo())
    wrong = msgspec.structs.replace(other, inside=msgspec.structs.replace(other.inside, key="A" * 43))
    report = report_with(ring, unnamed, wrong, body={"attachments": (wrong.inside,)})
    await push(service, report)
    for file in (unnamed, wrong):
        await upload(service, report, file)

    await workshop.work()

    assert [view.reason for view in await workshop.views(report)] == ["not_in_report", "cannot_open"]


@ONE_ENGINE
async def test_a_cut_original_never_becomes_a_picture(
    service: Client, ring: KeyRing, workshop: Workshop
) -> None:
    """The header speaks of the cut file, so it is complete; its last chunk says that it is not."""
    whole = prepared(a_photo(3000, 3000, quality=98))
    sealed = whole.sealed[: 262_144 + 16]
    assert len(sealed) < len(whole.sealed)
    attachment = msgspec.structs.replace(
        whole.attachment, size=len(sealed), sha256=hashlib.sha256(sealed).digest()
    )
    file = msgspec.structs.replace(whole, attachment=attachment, sealed=sealed)
    report = report_with(ring, file)
    await push(service, report)
    await upload(service, report, file)

    await workshop.work()

    assert [view.reason for view in await workshop.views(report)] == ["cannot_open"]


@ONE_ENGINE
async def test_what_brings_the_process_down_is_not_tried_for_ever(
    service: Client, ring: KeyRing, workshop: Workshop
) -> None:
    bad, good = prepared(a_photo()), prepared(a_photo(100, 100))
    report = report_with(ring, bad, good)
    await push(service, report)
    await open_waiting(workshop.opener)
    await workshop.database.write(actions.begin, report.item_id, bad.attachment.att_id, now=clock.now())
    held, _ = await workshop.database.read(actions.find, bad.attachment.att_id)
    await workshop.database.write(actions.advance, held, held.size, now=clock.now())

    for _ in range(rules.TRIES_MAX):
        found = await workshop.database.write(actions.next_undeveloped, now=clock.now())
        assert found is not None

    assert await workshop.database.write(actions.next_undeveloped, now=clock.now()) is None
    await upload(service, report, good)
    await workshop.work()
    assert [(v.state, v.reason) for v in await workshop.views(report)] == [
        ("unshown", "failed"),
        ("shown", None),
    ]


async def test_a_centres_photo_does_not_wait_behind_a_strangers_thousand(
    service: Client, ring: KeyRing, workshop: Workshop
) -> None:
    tablet = Device(visitor=False)
    await workshop.database.write(enrol_device, tablet)
    strangers = [prepared(noise(99, seed=n)) for n in range(3)]
    flood, real = report_with(ring, *strangers), prepared(a_photo(100, 100))
    wanted = report_with(ring, real, device=tablet)
    await push(service, flood, wanted)
    await open_waiting(workshop.opener)
    for file in strangers:
        await upload(service, flood, file)
    await upload(service, wanted, real)

    found = [await workshop.database.write(actions.next_undeveloped, now=clock.now()) for _ in range(2)]

    assert [each.report_id for each in found if each] == [wanted.item_id, flood.item_id]


@ONE_ENGINE
async def test_a_disk_that_is_away_is_waited_for(
    service: Client, ring: KeyRing, workshop: Workshop, folder: Path, tmp_path: Path
) -> None:
    file = prepared(a_photo())
    report = report_with(ring, file)
    await push(service, report)
    await open_waiting(workshop.opener)
    away = Developer(workshop.database, workshop.vault, Shelf(tmp_path / "nothing"))
    await workshop.database.write(actions.begin, report.item_id, file.attachment.att_id, now=clock.now())
    with workshop.files.locked(file.attachment.att_id):
        pass
    held, _ = await workshop.database.read(actions.find, file.attachment.att_id)
    await workshop.database.write(actions.advance, held, held.size, now=clock.now())

    for _ in range(rules.TRIES_MAX + 1):
        assert await away.step() == 0

    (folder / held.att_id[:2] / held.att_id).write_bytes(file.sealed)
    await workshop.work()
    assert [view.state for view in await workshop.views(report)] == ["shown"]


@ONE_ENGINE
async def test_a_service_that_stops_leaves_the_picture_for_the_next_start(
    service: Client, ring: KeyRing, workshop: Workshop
) -> None:
    file = prepared(a_photo())
    report = report_with(ring, file)
    stopped = Decoder()
    stopped.stop()
    await push(service, report)
    await open_waiting(workshop.opener)
    await workshop.database.write(actions.begin, report.item_id, file.attachment.att_id, now=clock.now())
    held, _ = await workshop.database.read(actions.find, file.attachment.att_id)
    with workshop.files.locked(held.att_id) as place:
        shelf.append(place, file.sealed, at=0)
    await workshop.database.write(actions.advance, held, held.size, now=clock.now())
    ending = Developer(workshop.database, workshop.vault, workshop.files, decoder=stopped)

    for _ in range(rules.TRIES_MAX + 1):
        assert await ending.step() == 0

    await workshop.work()
    assert [view.state for view in await workshop.views(report)] == ["shown"]


@ONE_ENGINE
async def test_no_photo_lies_in_the_clear(
    service: Client, ring: KeyRing, workshop: Workshop, folder: Path
) -> None:
    photo = a_photo(1200, 900, comment=CANARY)
    file = prepared(photo, caption=CAPTION)
    report = report_with(ring, file)
    await push(service, report)
    await upload(service, report, file)
    await workshop.work()
    made = await workshop.shown(report, file.attachment.att_id)
    key = file.inside.key.encode()
    secrets = (CANARY, photo[-200:], made[:200], made[-200:], CAPTION.encode(), key)

    everything = b"".join(place.read_bytes() for place in folder.parent.rglob("*") if place.is_file())

    assert file.sealed in everything
    assert not [secret[:40] for secret in secrets if secret in everything]


@ONE_ENGINE
async def test_what_was_done_is_in_the_trail(service: Client, ring: KeyRing, workshop: Workshop) -> None:
    shown, unshown = prepared(a_photo()), prepared(b"%PDF-1.7\n")
    report = report_with(ring, shown, unshown)
    await push(service, report)
    for file in (shown, unshown):
        await upload(service, report, file)

    await workshop.work()

    trail = await workshop.database.read(audit_store.after, 0, limit=1_000)
    acts = [entry.action for entry in trail if entry.subject_id == report.item_id]
    assert sorted(act for act in acts if act.startswith("attachment.")) == [
        "attachment.complete",
        "attachment.complete",
        "attachment.shown",
        "attachment.unshown",
    ]
