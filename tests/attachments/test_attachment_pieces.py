"""Pieces of a file in any order, twice, altered or too long: what is acknowledged is there, and no more."""

import errno
import hashlib
import stat
from pathlib import Path
from uuid import uuid4

import pytest

from support.files import (
    Client,
    cut,
    noise,
    patch,
    piece_headers,
    prepared,
    push,
    report_with,
    start,
    state_in,
    upload,
)
from support.reports import Device
from waymark.attachments import rules, shelf, uploads
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import JSON, encode
from waymark_sync.protocol import ATT_BYTES_MAX, ATT_COUNT_MAX, Attachment, AttStart, KeySet
from waymark_sync.trust import covers_file, open_key_set

PIECE = 100_000
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def keys_of(ring: KeyRing) -> KeySet:
    return open_key_set(ring.signed_key_set(), root=ring.root_public)


async def test_a_whole_file_comes_and_is_proven(service: Client, ring: KeyRing, folder: Path) -> None:
    file = prepared(noise(700_000))
    report = report_with(ring, file)
    await push(service, report)

    state = await upload(service, report, file)

    assert covers_file(state, file.attachment, keys_of(ring)) is True
    assert (state.offset, state.size, state.pos) == (len(file.sealed), len(file.sealed), 2)
    path = folder / file.attachment.att_id[:2] / file.attachment.att_id
    assert path.read_bytes() == file.sealed
    modes = [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent, folder)]
    assert modes == [0o600, 0o700, 0o700]


async def test_each_answer_says_where_to_go_on(service: Client, ring: KeyRing) -> None:
    file = prepared(noise(250_000))
    report = report_with(ring, file)
    await push(service, report)
    begun = await start(service, report, file)
    assert (state_in(begun).offset, begun.headers["upload-complete"]) == (0, "?0")

    for at, piece in cut(file.sealed, into=PIECE):
        answer = await patch(service, file.attachment.att_id, piece, at)
        asked = await service.head(f"/sync/v1/att/{file.attachment.att_id}")

        assert asked.status_code == 200
        for named in (answer.headers, asked.headers):
            assert named["upload-offset"] == str(at + len(piece))
            assert named["upload-length"] == str(len(file.sealed))
            assert named["cache-control"] == "no-store"

    assert asked.headers["upload-complete"] == "?1"
    again = await start(service, report, file)
    assert covers_file(state_in(again), file.attachment, keys_of(ring)) is True


@pytest.mark.parametrize("offset", [0, PIECE - 1, PIECE + 1, 2 * PIECE, 250_000])
async def test_a_piece_of_another_place_is_told_the_right_one(
    service: Client, ring: KeyRing, offset: int
) -> None:
    file = prepared(noise(250_000))
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)
    await patch(service, file.attachment.att_id, file.sealed[:PIECE], 0)

    refused = await patch(service, file.attachment.att_id, file.sealed[offset : offset + PIECE], offset)

    assert (refused.status_code, refused.json()["code"]) == (409, "offset_differs")
    assert refused.headers["upload-offset"] == str(refused.json()["offset"]) == str(PIECE)
    assert covers_file(await upload(service, report, file), file.attachment, keys_of(ring)) is True


async def test_the_last_piece_again_gets_the_receipt_again(service: Client, ring: KeyRing) -> None:
    file = prepared(noise(1_000))
    report = report_with(ring, file)
    await push(service, report)
    first = await upload(service, report, file)

    again = state_in(await patch(service, file.attachment.att_id, file.sealed, 0))

    assert first.complete
    assert covers_file(again, file.attachment, keys_of(ring)) is True


async def test_an_altered_piece_is_not_stored(service: Client, ring: KeyRing, folder: Path) -> None:
    file = prepared(noise(250_000))
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)
    await patch(service, file.attachment.att_id, file.sealed[:PIECE], 0)
    wrong = piece_headers(file.sealed[PIECE:], PIECE)

    refused = await patch(service, file.attachment.att_id, noise(PIECE, seed=2), PIECE, **wrong)

    assert (refused.status_code, refused.json()["code"]) == (400, "digest_wrong")
    path = folder / file.attachment.att_id[:2] / file.attachment.att_id
    assert path.read_bytes() == file.sealed[:PIECE]
    assert covers_file(await upload(service, report, file), file.attachment, keys_of(ring)) is True


async def test_another_file_than_the_report_names_starts_again(service: Client, ring: KeyRing) -> None:
    file = prepared(noise(250_000))
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)
    other = noise(len(file.sealed), seed=3)
    for at, piece in cut(other, into=PIECE):
        answer = await patch(service, file.attachment.att_id, piece, at)

    assert (answer.status_code, answer.json()["code"]) == (409, "file_differs")
    assert answer.headers["upload-offset"] == str(answer.json()["offset"]) == "0"
    assert covers_file(await upload(service, report, file), file.attachment, keys_of(ring)) is True


@ONE_ENGINE
async def test_more_than_the_file_has_is_not_stored(service: Client, ring: KeyRing) -> None:
    file = prepared(noise(1_000))
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)

    refused = await patch(service, file.attachment.att_id, file.sealed + b"x", 0)

    assert refused.status_code == 400
    assert state_in(await start(service, report, file)).offset == 0


@ONE_ENGINE
@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Upload-Offset": "-1"}, 400),
        ({"Upload-Offset": ""}, 400),
        ({"Upload-Offset": "1e3"}, 400),
        ({"Upload-Offset": "9" * 40}, 400),
        ({"Content-Digest": ""}, 400),
        ({"Content-Digest": "sha-256=:AAAA:"}, 400),
        ({"Content-Digest": "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:"}, 400),
        ({"Content-Type": "application/octet-stream"}, 415),
    ],
)
async def test_headers_that_say_nothing_are_refused(
    service: Client, ring: KeyRing, changed: dict[str, str], status: int
) -> None:
    file = prepared(b"small")
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)

    answer = await patch(service, file.attachment.att_id, file.sealed, 0, **changed)

    assert answer.status_code == status
    assert state_in(await start(service, report, file)).offset == 0


@ONE_ENGINE
async def test_a_piece_of_more_than_a_mebibyte_is_refused(service: Client, ring: KeyRing) -> None:
    file = prepared(noise(1_200_000))
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)

    answer = await patch(service, file.attachment.att_id, file.sealed[: rules.PIECE_BYTES_MAX + 1], 0)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert covers_file(
        await upload(service, report, file, piece_bytes=rules.PIECE_BYTES_MAX), file.attachment, keys_of(ring)
    )


async def test_what_no_report_lists_is_unknown_in_one_voice(service: Client, ring: KeyRing) -> None:
    """Not yet stored, stored without it, listed by another report, never heard of: nobody can tell which."""
    file, stranger = prepared(b"one"), prepared(b"two")
    early, stored, other = report_with(ring, file), report_with(ring, file), report_with(ring, stranger)
    await push(service, stored)
    await push(service, other)
    await start(service, stored, file)
    asked = [
        await start(service, early, file),
        await start(service, stored, stranger),
        await start(service, other, file),
        await patch(service, stranger.attachment.att_id, stranger.sealed, 0),
        await patch(service, "not-an-id", stranger.sealed, 0),
    ]

    assert {(answer.status_code, answer.content) for answer in asked} == {(404, asked[0].content)}
    assert asked[0].json()["code"] == "attachment_unknown"
    for name in (str(uuid4()), "x", stranger.attachment.att_id):
        assert (await service.head(f"/sync/v1/att/{name}")).status_code == 404


async def test_files_of_a_conflict_are_kept_like_its_report(service: Client, ring: KeyRing) -> None:
    phone, file = Device(), prepared(noise(1_000))
    first = phone.report(ring)
    phone.seq = 0
    second = report_with(ring, file, device=phone)
    await push(service, first)
    await push(service, second)

    assert state_in(await start(service, second, file)).pos == 2
    assert (await upload(service, second, file)).pos == 3


@ONE_ENGINE
async def test_size_and_number_have_limits(service: Client, ring: KeyRing) -> None:
    sizes = [0, 15, ATT_BYTES_MAX + 1]
    wrong = [Attachment(att_id=str(uuid4()), size=size, sha256=bytes(32)) for size in sizes]
    many = [Attachment(att_id=str(uuid4()), size=100, sha256=bytes(32)) for _ in range(ATT_COUNT_MAX + 1)]
    one, two = (Device().report(ring, header={"att": tuple(att)}) for att in (wrong, many))
    await push(service, one)
    await push(service, two)

    async def status(item_id: str, att: Attachment) -> int:
        asked = encode(AttStart(item_id=item_id, att_id=att.att_id), JSON)
        answer = await service.post("/sync/v1/att", content=asked, headers={"Content-Type": JSON})
        return answer.status_code

    assert [await status(one.item_id, att) for att in wrong] == [413] * 3
    assert [await status(two.item_id, att) for att in many] == [200] * ATT_COUNT_MAX + [413]


@ONE_ENGINE
async def test_files_stop_while_reports_still_have_room(
    service: Client, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = prepared(b"small")
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)
    monkeypatch.setattr(uploads, "FREE_BYTES_MIN", 1 << 62)

    refused = await patch(service, file.attachment.att_id, file.sealed, 0)

    assert (refused.status_code, refused.json()["code"]) == (507, "storage_full")
    assert int(refused.headers["retry-after"]) > 0
    monkeypatch.undo()
    assert (await upload(service, report, file)).complete


@ONE_ENGINE
async def test_unfinished_files_of_visitors_leave_room_for_centres(
    service: Client, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, of_centre = (prepared(noise(1_000, seed=n)) for n in range(3))
    one, two = report_with(ring, first), report_with(ring, second)
    tablet = report_with(ring, of_centre, device=Device(visitor=False))
    for report in (one, two, tablet):
        await push(service, report)
    for report, file in ((one, first), (two, second), (tablet, of_centre)):
        await start(service, report, file)
    await patch(service, first.attachment.att_id, first.sealed[:500], 0)
    monkeypatch.setattr("waymark.attachments.actions.UNFINISHED_BYTES_MAX", 500)

    refused = await patch(service, second.attachment.att_id, second.sealed, 0)

    assert refused.status_code == 507
    assert (await upload(service, tablet, of_centre)).complete


async def test_a_restored_database_asks_for_what_its_disk_has_not(
    service: Client, ring: KeyRing, folder: Path
) -> None:
    file = prepared(noise(250_000))
    report = report_with(ring, file)
    await push(service, report)
    await upload(service, report, file)
    path = folder / file.attachment.att_id[:2] / file.attachment.att_id
    path.write_bytes(file.sealed[:PIECE])

    begun = state_in(await start(service, report, file))

    assert (begun.offset, begun.complete) == (PIECE, False)
    assert covers_file(await upload(service, report, file), file.attachment, keys_of(ring)) is True
    assert path.read_bytes() == file.sealed


async def test_what_was_never_acknowledged_is_written_over(
    service: Client, ring: KeyRing, folder: Path
) -> None:
    """A crash between the disk and the row leaves more in the file than anybody was told."""
    file = prepared(noise(250_000))
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)
    await patch(service, file.attachment.att_id, file.sealed[:PIECE], 0)
    path = folder / file.attachment.att_id[:2] / file.attachment.att_id
    path.write_bytes(file.sealed[:PIECE] + noise(200_000, seed=9))

    assert state_in(await start(service, report, file)).offset == PIECE
    assert covers_file(await upload(service, report, file), file.attachment, keys_of(ring)) is True
    assert hashlib.sha256(path.read_bytes()).digest() == file.attachment.sha256


@pytest.mark.parametrize(("error", "status"), [(errno.ENOSPC, 507), (errno.EIO, 500)])
async def test_what_has_not_reached_the_disk_is_not_acknowledged(
    service: Client, ring: KeyRing, monkeypatch: pytest.MonkeyPatch, error: int, status: int
) -> None:
    file = prepared(noise(250_000))
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)
    await patch(service, file.attachment.att_id, file.sealed[:PIECE], 0)

    def refuse(_: int) -> None:
        raise OSError(error, "the disk says no")

    with monkeypatch.context() as broken:
        broken.setattr(shelf.os, "fsync", refuse)
        refused = await patch(service, file.attachment.att_id, file.sealed[PIECE:], PIECE)

    assert refused.status_code == status
    assert state_in(await start(service, report, file)).offset == PIECE
    assert covers_file(await upload(service, report, file), file.attachment, keys_of(ring)) is True


@ONE_ENGINE
async def test_a_new_file_is_in_its_folder_before_anything_is_acknowledged(
    service: Client, ring: KeyRing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    really = shelf._sync_folder

    def note(place: Path) -> None:
        synced.append(place)
        really(place)

    monkeypatch.setattr(shelf, "_sync_folder", note)
    file = prepared(b"small")
    report = report_with(ring, file)
    await push(service, report)

    await upload(service, report, file)

    assert synced == [folder.parent, folder, folder / file.attachment.att_id[:2]]
