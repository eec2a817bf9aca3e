"""Who is asked to come back, and who never is."""

from collections.abc import AsyncIterator

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from support.desk import enrol_device, seed
from support.reports import Device, Report, push_of
from support.steps import step_of
from waymark.app import create_app
from waymark.audit.records import SERVICE
from waymark.identity import actions as identity
from waymark.intake import admission, group
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings
from waymark.kernel.web.limits import ALLOWANCES, Limits
from waymark_sync.codec import MSGPACK, decode, encode
from waymark_sync.protocol import ITEMS_MAX, PushResponse
from waymark_sync.rekeying import Rekey
from waymark_sync.seal import new_key

Client = AsyncTestClient[Litestar]
LIBRARY = "198.51.100.20"
CLAIMED = int(ALLOWANCES["claimed_items"].burst)

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
async def behind(settings: Settings, database: Database) -> AsyncIterator[Client]:
    """A service whose proxy names who asks, at a moment that does not pass."""
    app = create_app(replace(settings, client_header="x-real-ip"))
    async with AsyncTestClient(app=app, base_url=settings.origin) as client:
        client.app.state.limits = Limits(lambda: 0.0)
        await seed(database, client.app.state.pack)
        yield client


async def send(client: Client, *reports: Report, address: str = LIBRARY) -> PushResponse:
    answer = await client.post(
        "/sync/v1/push",
        content=encode(push_of(*reports), MSGPACK),
        headers={"Content-Type": MSGPACK, "X-Real-IP": address},
    )
    assert answer.status_code == 200, answer.text
    return decode(answer.content, MSGPACK, PushResponse)


def use_up(client: Client, address: str = LIBRARY) -> None:
    limits: Limits = client.app.state.limits
    caller = limits.caller(address)
    for units in (10, 1):
        while not limits.wait_s("visitor_items", caller, units):
            pass
        while not limits.wait_s("claimed_items", caller, units):
            pass


async def tablet(database: Database) -> Device:
    made = Device(visitor=False)
    await database.write(enrol_device, made)
    return made


async def test_a_network_that_sends_without_end_is_asked_to_come_back_and_nothing_is_refused(
    behind: Client, ring: KeyRing
) -> None:
    use_up(behind)
    report = Device().report(ring)

    later = await send(behind, report)
    elsewhere = await send(behind, report, address="203.0.113.9")

    [told] = later.results
    assert (told.verdict, told.item_id, told.index) == ("retry", report.item_id, 0)
    assert told.retry_after_s
    assert later.receipt is None, "nothing was stored"
    assert elsewhere.results[0].verdict == "accepted"


async def test_thirty_tablets_behind_one_address_drain_two_hundred_reports_each_unhindered(
    behind: Client, ring: KeyRing, database: Database
) -> None:
    """Their library's visitors have used up all that comes from there; each tablet is tried at its limit."""
    use_up(behind)
    first = await tablet(database)
    queue = [first.report(ring) for _ in range(200)]
    pushes = [queue[n : n + ITEMS_MAX] for n in range(0, len(queue), ITEMS_MAX)]
    others = [[(await tablet(database)).report(ring)] for _ in range(29)]

    answers = [await send(behind, *push) for push in (*pushes, *others)]

    assert {result.verdict for answer in answers for result in answer.results} == {"accepted"}
    assert sum(len(answer.results) for answer in answers) == 229


async def test_tablets_do_not_use_up_what_visitors_have(
    behind: Client, ring: KeyRing, database: Database
) -> None:
    limits: Limits = behind.app.state.limits
    device = await tablet(database)
    caller = limits.caller(LIBRARY)
    limits.wait_s("claimed_items", caller, CLAIMED * 100)
    await send(behind, device.report(ring))

    assert (await send(behind, Device().report(ring))).results[0].verdict == "accepted"


async def test_who_only_says_to_be_a_tablet_is_asked_to_come_back(
    behind: Client, ring: KeyRing, database: Database
) -> None:
    real = await tablet(database)
    posing, stranger = Device(visitor=False, device_id=real.id), Device(visitor=False)

    taken = await send(behind, stranger.report(ring))
    use_up(behind)
    told = [await send(behind, one.report(ring)) for one in (posing, stranger)]

    assert taken.results[0].verdict == "accepted", "below the limit the opener judges"
    assert [answer.results[0].verdict for answer in told] == ["retry", "retry"]


async def test_a_tablet_that_was_taken_out_still_brings_what_it_holds(
    behind: Client, ring: KeyRing, database: Database
) -> None:
    use_up(behind)
    device = await tablet(database)
    await database.write(
        identity.revoke_device, device.id, scope="keys", held=None, actor=SERVICE, now=clock.now()
    )

    assert (await send(behind, device.report(ring))).results[0].verdict == "accepted"


async def test_of_one_push_only_the_visitors_item_waits(
    behind: Client, ring: KeyRing, database: Database
) -> None:
    """A tablet carries it for somebody, by hand."""
    use_up(behind)
    device = await tablet(database)
    reports = [device.report(ring), Device().report(ring), device.report(ring)]

    answer = await send(behind, *reports)

    assert [result.verdict for result in answer.results] == ["accepted", "retry", "accepted"]
    assert [result.index for result in answer.results] == [0, 1, 2]
    assert answer.receipt is not None


async def test_half_of_the_room_is_for_tablets_however_many_visitors_knock(
    behind: Client, ring: KeyRing, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, intake = await tablet(database), behind.app.state.intake
    visitor, unproven = Device().report(ring), Device(visitor=False).report(ring)
    monkeypatch.setattr(intake._line, "visitors_items", 10_000)
    monkeypatch.setattr(type(intake), "crowded", property(lambda _: True))

    push = encode(push_of(visitor), MSGPACK)
    away = await behind.post("/sync/v1/push", content=push, headers={"Content-Type": MSGPACK})

    assert (away.status_code, away.json()["code"]) == (503, "busy")
    assert away.headers[group.RETRY_HEADER]
    assert (await send(behind, unproven)).results[0].verdict == "retry"
    assert (await send(behind, device.report(ring))).results[0].verdict == "accepted"


async def test_the_last_of_the_disk_is_for_tablets(
    behind: Client, ring: KeyRing, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await tablet(database)
    monkeypatch.setattr(admission, "FREE_BYTES_MIN", 2**62)

    told = [
        (await send(behind, one.report(ring))).results[0] for one in (Device(), Device(visitor=False), device)
    ]

    assert [result.verdict for result in told] == ["retry", "retry", "accepted"]
    assert told[0].retry_after_s == admission.FULL_S


async def test_a_tablet_is_known_by_the_keys_it_brings_and_by_those_it_had(
    behind: Client, ring: KeyRing, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, new = await tablet(database), new_key()
    waiting, later = device.report(ring), device.report(ring)
    step = step_of(device, new)
    made_since = device.report(ring, signer=new)
    unproven = device.report(ring, signer=new_key())
    monkeypatch.setattr(admission, "FREE_BYTES_MIN", 2**62)

    async def told(*reports: Report, rekey: tuple[Rekey, ...] = ()) -> list[str]:
        request = replace(push_of(*reports), rekey=rekey)
        content = encode(request, MSGPACK)
        answer = await behind.post("/sync/v1/push", content=content, headers={"Content-Type": MSGPACK})
        results = decode(answer.content, MSGPACK, PushResponse).results
        return [result.verdict for result in results]

    spoilt = replace(step, new_sig=bytes(64))
    assert await told(made_since, rekey=(spoilt,)) == ["retry"]
    assert await told(waiting, made_since, unproven, rekey=(step,)) == ["accepted", "accepted", "retry"]
    assert await told(later) == ["accepted"]
