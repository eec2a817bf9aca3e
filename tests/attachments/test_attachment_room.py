"""What is given up for want of room, fairly; and what of a settled file may be handed out."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from support.files import Client, a_photo, noise, patch, prepared, push, report_with, start, state_in, upload
from support.kinds import PDF, a_sound
from support.reports import HARBOUR, Device
from support.workshop import Workshop
from waymark.attachments import actions, rules
from waymark.attachments.jobs import RoomKeeper
from waymark.attachments.originals import opened, plain_size
from waymark.attachments.uploads import Uploads
from waymark.kernel import clock
from waymark.kernel.keys import KeyRing
from waymark.kernel.web.limits import Limits

ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def test_the_room_of_what_was_given_up_comes_back(
    service: Client, ring: KeyRing, workshop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = prepared(noise(200_000))
    report = report_with(ring, file)
    await push(service, report)
    await start(service, report, file)
    await patch(service, file.attachment.att_id, file.sealed[:100_000], 0)
    keeper = RoomKeeper(workshop.database, Uploads(workshop.database, workshop.files))
    assert await keeper.step() == 0
    monkeypatch.setattr(rules, "GIVEN_UP_AFTER", -rules.GIVEN_UP_AFTER)

    assert await keeper.step() == 1

    assert await keeper.step() == 0
    refused = await patch(service, file.attachment.att_id, file.sealed[100_000:], 100_000)
    assert (refused.status_code, refused.json()["code"], refused.json()["offset"]) == (
        409,
        "upload_expired",
        0,
    )
    assert (folder / file.attachment.att_id[:2] / file.attachment.att_id).stat().st_size == 0
    assert state_in(await start(service, report, file)).offset == 0
    assert (await upload(service, report, file)).complete


@pytest.mark.parametrize(
    ("unfinished", "rest"),
    [
        (0, rules.GIVEN_UP_AFTER),
        (rules.UNFINISHED_BYTES_MAX // 2 - 1, rules.GIVEN_UP_AFTER),
        (rules.UNFINISHED_BYTES_MAX // 2, rules.GIVEN_UP_HALF_FULL),
        (rules.UNFINISHED_BYTES_MAX, rules.GIVEN_UP_FULL),
    ],
)
def test_the_less_room_there_is_the_shorter_an_upload_rests(unfinished: int, rest: timedelta) -> None:
    assert rules.patience(unfinished) == rest


async def test_what_a_tablet_began_rests_however_many_visitors_come(
    service: Client, ring: KeyRing, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_visitor, of_tablet = prepared(noise(200_000)), prepared(noise(200_000, seed=2))
    one = report_with(ring, of_visitor)
    two = report_with(ring, of_tablet, device=Device(visitor=False))
    for report, file in ((one, of_visitor), (two, of_tablet)):
        await push(service, report)
        await start(service, report, file)
        await patch(service, file.attachment.att_id, file.sealed[:100_000], 0)
    monkeypatch.setattr(rules, "UNFINISHED_BYTES_MAX", 100_000)
    later = clock.now() + 2 * rules.GIVEN_UP_FULL

    given_up = await workshop.database.read(actions.given_up, limit=10, now=later)

    assert [held.att_id for held in given_up] == [of_visitor.attachment.att_id]


@ONE_ENGINE
async def test_one_report_does_not_take_the_room_of_many(
    service: Client, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [prepared(noise(200_000, seed=seed)) for seed in range(3)]
    report, other = report_with(ring, *files[:2]), report_with(ring, files[2])
    await push(service, report)
    await push(service, other)
    for belongs, file in ((report, files[0]), (report, files[1]), (other, files[2])):
        await start(service, belongs, file)
    await patch(service, files[0].attachment.att_id, files[0].sealed[:150_000], 0)
    monkeypatch.setattr(actions, "REPORT_UNFINISHED_BYTES_MAX", 100_000)

    refused = await patch(service, files[1].attachment.att_id, files[1].sealed[:10], 0)
    taken = await patch(service, files[2].attachment.att_id, files[2].sealed[:10], 0)

    assert (refused.status_code, taken.status_code) == (507, 200)
    monkeypatch.undo()
    assert (await upload(service, report, files[0])).complete
    assert (await upload(service, report, files[1])).complete


@pytest.mark.parametrize(
    ("plain", "state", "kind"),
    [
        (a_sound(), "unshown", "audio/wav"),
        (PDF, "unshown", "application/pdf"),
        (b"They came at ten.", "shown", "text/plain"),
        (a_photo(), "shown", None),
        (b"<html>", "unshown", None),
    ],
)
async def test_only_what_is_on_a_list_has_an_original_to_hand_out(
    service: Client, ring: KeyRing, workshop: Workshop, plain: bytes, state: str, kind: str | None
) -> None:
    file = prepared(plain)
    report = report_with(ring, file)
    await push(service, report)
    await upload(service, report, file)

    await workshop.work()

    (view,) = await workshop.views(report)
    found = await workshop.database.read(
        actions.original, report.item_id, file.attachment.att_id, holder=f"centre:{HARBOUR}"
    )
    assert (view.state, view.kind, found and found.kind) == (state, kind, kind)
    if found is not None:
        assert b"".join(opened(workshop.vault, workshop.files, found)) == plain
        assert plain_size(found) == len(plain)


@ONE_ENGINE
async def test_a_network_that_sends_files_without_end_waits_and_a_tablets_files_do_not(
    service: Client, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = service.app.state
    monkeypatch.setattr(state, "settings", replace(state.settings, client_header="x-real-ip"))
    state.limits = Limits(lambda: 0.0)
    service.headers["X-Real-IP"] = "198.51.100.20"
    caller = state.limits.caller("198.51.100.20")
    for units in (100_000_000, 1_000_000, 1_000, 1):
        while not state.limits.wait_s("upload_bytes", caller, units):
            pass
    told = {}
    for device in (Device(), Device(visitor=False)):
        file = prepared(noise(200_000))
        report = report_with(ring, file, device=device)
        await push(service, report)
        await start(service, report, file)
        told[device.visitor] = await patch(service, file.attachment.att_id, file.sealed[:100_000], 0)

    assert (told[True].status_code, told[True].json()["code"]) == (503, "busy")
    assert int(told[True].headers["retry-after"]) >= 1
    assert told[False].status_code == 200
