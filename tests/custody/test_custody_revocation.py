"""A tablet that was taken out of its centre is told so, and what it holds still comes."""

from support.desk import Desk, enrol_device
from support.files import Client
from support.reports import Device, push_of
from waymark.kernel.db import Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings
from waymark_sync.codec import MSGPACK, decode, encode, from_base64url
from waymark_sync.orders import in_service_text
from waymark_sync.protocol import (
    ManifestRequest,
    ManifestResponse,
    PushRequest,
    PushResponse,
    Revocation,
    revoke_text,
)
from waymark_sync.seal import signature_valid

TYPE = {"Content-Type": MSGPACK, "Accept": MSGPACK}


def genuine(order: Revocation | None, ring: KeyRing) -> bool:
    key = ring.service_key(order.kid) if order else None
    return (
        order is not None and key is not None and signature_valid(key.public, revoke_text(order), order.sig)
    )


async def push(service: Client, request: PushRequest) -> PushResponse:
    answer = await service.post("/sync/v1/push", content=encode(request, MSGPACK), headers=TYPE)
    return decode(answer.content, MSGPACK, PushResponse)


async def test_every_answer_to_a_revoked_tablet_holds_the_same_signed_order(
    service: Client, database: Database, ring: KeyRing, settings: Settings
) -> None:
    tablet, phone = Device(visitor=False), Device()
    await database.write(enrol_device, tablet)
    desk = await Desk(service, settings.origin).enter(database, "harbour")
    before = await push(service, push_of(tablet.report(ring)))

    done = await desk.post(f"/desk/api/devices/{tablet.id}/revoke", {"scope": "keys"})
    again = await desk.post(f"/desk/api/devices/{tablet.id}/revoke", {"scope": "all"})

    after = await push(service, push_of(tablet.report(ring)))
    asked = encode(ManifestRequest(device_id=tablet.id, retained=()), MSGPACK)
    manifest = await service.post("/sync/v1/manifest", content=asked, headers=TYPE)
    pulled = await service.get("/sync/v1/pull", headers=tablet.pull_headers(challenge=after.challenge))
    in_401 = decode(from_base64url(pulled.headers["waymark-revoke"]), MSGPACK, Revocation)
    orders = [after.revoke, decode(manifest.content, MSGPACK, ManifestResponse).revoke, in_401]
    assert (before.revoke, done.status_code, again.status_code, pulled.status_code) == (None, 204, 204, 401)
    assert all(genuine(order, ring) for order in orders)
    assert {(o.device_id, o.scope) for o in orders if o} == {(tablet.id, "keys")}
    assert len({o.nonce for o in orders if o}) == 1
    assert [result.verdict for result in after.results] == ["accepted"]
    assert (await push(service, push_of(phone.report(ring)))).revoke is None
    [line] = (await desk.get("/desk/api/devices")).json()["devices"]
    assert (line["revoke_scope"], line["revoked_at"] is not None) == ("keys", True)


async def test_a_tablet_in_service_is_told_so_and_nobody_else_is(
    service: Client, database: Database, ring: KeyRing, settings: Settings
) -> None:
    """Without that word a tablet locks itself after a time, so one that was taken out must never get it."""
    tablet, stranger, phone = Device(visitor=False), Device(visitor=False), Device()
    await database.write(enrol_device, tablet)
    desk = await Desk(service, settings.origin).enter(database, "harbour")

    beat = await push(service, PushRequest(device_id=tablet.id))
    sent = await push(service, push_of(tablet.report(ring)))
    others = [
        await push(service, PushRequest(device_id=stranger.id)),
        await push(service, push_of(phone.report(ring))),
    ]
    await desk.post(f"/desk/api/devices/{tablet.id}/revoke", {"scope": "keys"})
    taken_out = [
        await push(service, PushRequest(device_id=tablet.id)),
        await push(service, push_of(tablet.report(ring))),
    ]

    for answer in (beat, sent):
        word = answer.in_service
        assert word is not None and (word.device_id, word.at) == (tablet.id, answer.server_time)
        key = ring.service_key(word.kid)
        assert key is not None and signature_valid(key.public, in_service_text(word), word.sig)
    assert [answer.in_service for answer in (*others, *taken_out)] == [None] * 4


async def test_a_tablet_is_revoked_by_its_own_centre_alone_and_once(
    service: Client, database: Database, settings: Settings
) -> None:
    tablet = Device(visitor=False)
    await database.write(enrol_device, tablet)
    path, statuses = f"/desk/api/devices/{tablet.id}/revoke", []

    for person in ("quay", "northshire", "custodian", "harbour", "harbour"):
        desk = await Desk(service, settings.origin).enter(database, person)
        statuses.append((await desk.post(path)).status_code)

    nobody = Desk(service, settings.origin)
    statuses.append((await nobody.post(path)).status_code)
    statuses.append((await desk.post(path, {"scope": "some"})).status_code)
    statuses.append((await desk.post("/desk/api/devices/..%2fx/revoke")).status_code)
    statuses.append((await desk.post(path, **{"Origin": "https://elsewhere.example"})).status_code)
    trail = Sql("SELECT COUNT(*) AS n FROM audit_entry WHERE action = 'device.revoked'")
    assert statuses[:5] == [404, 404, 404, 204, 204]
    assert statuses[5:] == [401, 400, 404, 403]
    assert await database.read(lambda db: db.one(trail, int)) == 1
