"""What the board says of a tablet: what becomes of its build, and how far its leaving has come."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from support.desk import Desk, enrol_device
from support.files import Client
from support.reports import Device, push_of
from waymark.kernel.db import Database, Sql
from waymark.kernel.eol import read_eol
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings
from waymark_sync.codec import MSGPACK, decode, encode
from waymark_sync.protocol import PushRequest, PushResponse, QueueState


async def say(service: Client, request: PushRequest) -> str:
    """Returns the challenge for the next pull."""
    answer = await service.post(
        "/sync/v1/push",
        content=encode(request, MSGPACK),
        headers={"Content-Type": MSGPACK, "Accept": MSGPACK},
    )
    assert answer.status_code == 200
    return decode(answer.content, MSGPACK, PushResponse).challenge


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("build", "level"), [("0.1.0", "hard_eol"), ("0.2.7", "soft_eol"), ("0.3.0", None), ("", None)]
)
async def test_a_build_that_comes_to_its_end_is_told_to_the_centre_as_to_the_tablet(
    service: Client, database: Database, settings: Settings, build: str, level: str | None
) -> None:
    service.app.state.settings = replace(
        settings, soft_eol=read_eol("0.2.* 2027-01-31"), hard_eol=read_eol("0.1.0 2026-01-31")
    )
    tablet = Device(visitor=False)
    await database.write(enrol_device, tablet)
    queue = QueueState(epoch=tablet.epoch, max_seq=0, queued=0)
    await say(service, PushRequest(device_id=tablet.id, app_build=build, queue=queue))
    desk = await Desk(service, settings.origin).enter(database, "harbour")

    [line] = (await desk.get("/desk/api/devices")).json()["devices"]

    assert (line["end_of_life"] or {}).get("level") == level


async def test_a_tablet_that_was_taken_out_is_seen_to_empty_itself(
    service: Client, database: Database, ring: KeyRing, settings: Settings
) -> None:
    tablet = Device(visitor=False)
    await database.write(enrol_device, tablet)
    made = [tablet.report(ring) for _ in range(2)]
    await say(
        service, PushRequest(device_id=tablet.id, queue=QueueState(epoch=tablet.epoch, max_seq=2, queued=2))
    )
    desk = await Desk(service, settings.origin).enter(database, "harbour")
    await desk.post(f"/desk/api/devices/{tablet.id}/revoke", {"scope": "all"})
    seen: list[Sequence[object]] = []

    for queued, report in zip((2, 1), made, strict=True):
        queue = QueueState(epoch=tablet.epoch, max_seq=2, queued=queued, oldest_age_s=5)
        await say(service, push_of(report, queue=queue))
        [line] = (await desk.get("/desk/api/devices")).json()["devices"]
        held = (line["held_when_revoked"], line["come_since_revoked"])
        seen.append((line["queued"], line["last_seen_at"] > line["revoked_at"], line["gaps"], held))

    assert seen == [(1, True, [], (2, 1)), (0, True, [], (2, 2))]


async def test_a_tablet_with_nothing_to_send_is_told_by_its_pull_and_the_board_says_so(
    service: Client, database: Database, settings: Settings
) -> None:
    tablet, thief = Device(visitor=False), Device(visitor=False)
    await database.write(enrol_device, tablet)
    desk = await Desk(service, settings.origin).enter(database, "harbour")
    queue = QueueState(epoch=tablet.epoch, max_seq=0, queued=0)
    challenge = await say(service, PushRequest(device_id=tablet.id, queue=queue))
    await desk.post(f"/desk/api/devices/{tablet.id}/revoke", {"scope": "keys"})
    of_another = {**thief.pull_headers(challenge=challenge), "Waymark-Device": tablet.id}
    seen: list[str | None] = []

    for headers in (of_another, *[tablet.pull_headers(challenge=challenge)] * 2):
        answer = await service.get("/sync/v1/pull", headers=headers)
        assert (answer.status_code, "waymark-revoke" in answer.headers) == (401, True)
        [line] = (await desk.get("/desk/api/devices")).json()["devices"]
        seen.append(line["order_told_at"])

    trail = Sql("SELECT COUNT(*) AS n FROM audit_entry WHERE action = 'device.told_order'")
    assert seen[0] is None
    assert seen[1] is not None
    assert seen[2] == seen[1]
    assert await database.read(lambda db: db.one(trail, int)) == 1
