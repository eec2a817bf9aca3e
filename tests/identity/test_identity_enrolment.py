"""A centre's tablet: from the code at the desk to a device whose reports are its own."""

from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.desk import Desk, seed
from support.reports import HARBOUR, Device
from waymark.audit.records import SERVICE
from waymark.identity import actions
from waymark.identity.rules import CODE_LIFE, ENROL_TRIES, plain_code
from waymark.kernel import clock
from waymark.kernel.db import Database, Sql
from waymark.kernel.problems import Problem
from waymark.kernel.settings import Settings
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.policy import load_pack
from waymark_sync.protocol import LABEL_ENROL, EnrolRequest, EnrolResponse
from waymark_sync.seal import new_key, raw_public, sign

Client = AsyncTestClient[Litestar]
CODES = Sql("SELECT code_hash FROM enrolment_code")


def request(tablet: Device, code: str, **changes: Any) -> EnrolRequest:
    seal_key = raw_public(tablet.seal_key)
    fields = {
        "code": code,
        "sign_key": raw_public(tablet.sign_key),
        "seal_key": seal_key,
        "sig": sign(tablet.sign_key, LABEL_ENROL + plain_code(code).encode() + seal_key),
    }
    return EnrolRequest(**{**fields, **changes})


async def made_code(desk: Desk, label: str = "Front desk") -> str:
    code: str = (await desk.post("/desk/api/devices/codes", {"label": label})).json()["code"]
    return code


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("content_type", [JSON, MSGPACK])
async def test_a_tablet_enrols_once_with_the_code_from_the_desk(
    client: Client, settings: Settings, database: Database, content_type: str
) -> None:
    await seed(database, client.app.state.pack)
    desk = await Desk(client, settings.origin).enter(database, "harbour")
    tablet, code = Device(visitor=False), await made_code(desk)
    sent = {"content": encode(request(tablet, code), content_type), "headers": {"Content-Type": content_type}}

    answer = await client.post("/sync/v1/enrol", **sent)
    again = await client.post("/sync/v1/enrol", **sent)

    enrolled = decode(answer.content, content_type, EnrolResponse)
    assert (enrolled.centre_id, enrolled.centre_name) == (HARBOUR, "Harbour Library (demonstration)")
    assert (again.status_code, again.json()["code"]) == (410, "code_expired")
    [line] = (await desk.get("/desk/api/devices")).json()["devices"]
    assert (line["id"], line["label"], line["queued"]) == (enrolled.device_id, "Front desk", None)
    other = await Desk(client, settings.origin).enter(database, "quay")
    assert (await other.get("/desk/api/devices")).json() == {"devices": []}
    [stored] = await database.read(lambda db: db.many(CODES, str))
    assert plain_code(code) not in stored


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_wrong_code_and_a_wrong_proof_are_told_apart(
    client: Client, settings: Settings, database: Database
) -> None:
    await seed(database, client.app.state.pack)
    desk = await Desk(client, settings.origin).enter(database, "harbour")
    tablet, code = Device(visitor=False), await made_code(desk)

    async def enrol(body: EnrolRequest) -> tuple[int, str]:
        answer = await client.post(
            "/sync/v1/enrol", content=encode(body, JSON), headers={"Content-Type": JSON}
        )
        return answer.status_code, answer.json().get("code", "")

    assert await enrol(request(tablet, "0000-0000-00")) == (404, "code_not_known")
    assert await enrol(request(tablet, code, sig=bytes(64))) == (400, "invalid")
    assert await enrol(request(tablet, code, sign_key=raw_public(new_key()))) == (400, "invalid")
    assert (await enrol(request(tablet, code)))[0] == 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("label", ["", "   ", "x" * 81, "a\u0000b", "a\nb", 7])
async def test_a_label_is_one_short_line(
    client: Client, settings: Settings, database: Database, label: object
) -> None:
    await seed(database, client.app.state.pack)
    desk = await Desk(client, settings.origin).enter(database, "harbour")

    answer = await desk.post("/desk/api/devices/codes", {"label": label})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_a_code_ends_with_its_time(database: Database) -> None:
    code = await _code(database)

    with pytest.raises(Problem) as refused:
        await database.write(
            actions.enrol, request(Device(), code), now=clock.now() + CODE_LIFE + timedelta(seconds=1)
        )

    assert refused.value.kind.code == "code_expired"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_guessing_codes_is_slowed_down_and_a_right_code_always_heard(
    client: Client, settings: Settings, database: Database
) -> None:
    """Or anybody could keep every centre from taking a tablet into use."""
    await seed(database, client.app.state.pack)
    desk = await Desk(client, settings.origin).enter(database, "harbour")
    tablet, code = Device(visitor=False), await made_code(desk)

    async def enrol(code: str) -> int:
        content = encode(request(tablet, code), JSON)
        headers = {"Content-Type": JSON}
        return (await client.post("/sync/v1/enrol", content=content, headers=headers)).status_code

    guesses = [await enrol("0000-0000-00") for _ in range(ENROL_TRIES + 1)]

    assert guesses == [404] * ENROL_TRIES + [429]
    assert await enrol(code) == 200


async def test_a_revoked_device_is_listed_as_such_and_stays_revoked(database: Database) -> None:
    code = await _code(database)
    device = await database.write(actions.enrol, request(Device(), code), now=clock.now())

    first = await database.write(actions.revoke_device, device.device_id, actor=SERVICE, now=clock.now())
    second = await database.write(actions.revoke_device, device.device_id, actor=SERVICE, now=clock.now())

    assert (first, second) == (True, False)
    [listed] = await database.read(actions.devices_of_centre, HARBOUR)
    assert (listed.revoke_scope, listed.revoked_at is not None) == ("keys", True)


async def _code(database: Database) -> str:
    await seed(database, load_pack())
    known = await database.write(actions.begin_login, "harbour", now=clock.now())
    user = await database.write(
        actions.log_in,
        known.person_id,
        username="harbour",
        token="t",
        old_token=None,
        now=clock.now(),
    )
    code, _ = await database.write(actions.make_code, user, "Front desk", now=clock.now())
    return code
