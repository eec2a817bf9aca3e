"""Whatever somebody seals into a report, it is one report: the list, its page and everybody else's go on."""

import secrets
from typing import Any, Final
from uuid import uuid4

import msgspec
import pytest

from access.conftest import World
from support.reports import Device, Report, a_body, push_of
from waymark.intake.jobs import Opener, open_waiting
from waymark.kernel.db import Sql
from waymark.triage.jobs import Screener
from waymark_sync.codec import MSGPACK, encode, to_base64url
from waymark_sync.return_code import ReturnSecrets
from waymark_sync.seal import new_key, raw_public

SCRIPT: Final = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
ODD: Final = "\u0000\u202e\u2028\ufeff\ud7ff\U0010ffff" + SCRIPT
HOSTILE: Final[dict[str, dict[str, Any]]] = {
    "words": {"narrative_original": ODD, "name_known_as": ODD, "where": {"text": ODD, "place_type": ODD}},
    "codes": {"event_types": [ODD] * 64, "strands": [""] * 64, "sub_strands": ["."] * 64},
    "needs": {"support_needs": [ODD, "talk"], "preferred_language": ODD, "strands": ["race", ODD]},
    "no needs": {"support_needs": [], "preferred_language": "", "strands": []},
    "postcode": {"where": {"postcode": ODD}},
    "long postcode": {"where": {"postcode": "Q" * 200}},
    "loose fields": {"place_type": ODD, "postcode": "QX1 1AA", "place_text": [ODD]},
    "dates": {"when": {"precision": "exact", "start": "9999-99-99", "end": "0000-00-00", "text": ODD}},
    "digits": {"when": {"precision": "day", "start": "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0661"}},
    "contact": {"safe_contact": {"methods": [ODD], "phone": ODD, "must_not_know": ODD, "code_word": ODD}},
    "unknown": {"later": [{"x": 10**30, "y": -1e308, ODD: None}] * 50},
}
AROUND: Final[dict[str, dict[str, Any]]] = {
    "names": {"centre_id": ODD, "ui_language": "\u0000", "form_version": ODD, "policy_version": ODD},
    "times": {"started_at": ODD, "completed_at": "9" * 10_000},
    "services": {"signposts_shown": [ODD] * 64, "directory_version": ODD},
    "files": {
        "attachments": [
            {"att_id": str(uuid4()), "key": "A" * 43, "media_type": ODD, "size": 2**53 - 1, "caption": ODD}
        ]
        * 10
    },
    "number": {"extra": 0},
}
STILL_WAITING: Final = Sql("SELECT COUNT(*) FROM intake_item WHERE state = 'waiting'")
PATHS: Final = ("", "?with_pictures=true", "?overdue=true", "?sharing=P1")


async def send(world: World, *reports: Report) -> None:
    for report in reports:
        answer = await world.client.post(
            "/sync/v1/push", content=encode(push_of(report), MSGPACK), headers={"Content-Type": MSGPACK}
        )
        assert answer.status_code == 200
    state = world.client.app.state
    await open_waiting(Opener(world.database, state.ring, state.vault, state.pack))
    while await Screener(world.database, state.vault).step():
        pass
    assert await world.database.read(lambda db: db.one(STILL_WAITING, int)) == 0


def hostile(device: Device, world: World, name: str) -> Report:
    item_id = str(uuid4())
    body = msgspec.to_builtins(a_body(item_id))
    body["answers"] |= HOSTILE.get(name, {})
    body |= AROUND.get(name, {})
    # A number so long that no writer of ours makes it.
    plaintext = msgspec.json.encode(body).replace(b'"extra":0', b'"extra":' + b"9" * 4_000)
    return device.report(world.client.app.state.ring, item_id=item_id, plaintext=plaintext)


@pytest.mark.parametrize("name", [*HOSTILE, *AROUND])
async def test_no_report_can_hide_others_or_break_a_page(world: World, name: str) -> None:
    device, honest = Device(), Device()
    report = hostile(device, world, name)
    after = honest.report(world.client.app.state.ring)

    await send(world, report, after)

    for person in ("northshire", "southmere", "harbour"):
        desk = world.desks[person]
        for query in PATHS:
            answer = await desk.get(f"/desk/api/reports{query}")
            assert answer.status_code == 200, (person, query)
            assert answer.headers["content-type"] == "application/json"
        for more in ("", "/suggestions"):
            answer = await desk.get(f"/desk/api/reports/{report.item_id}{more}")
            assert answer.status_code in (200, 404), (person, more)
            assert answer.headers["content-type"] in ("application/json", "application/problem+json")
    listed = (await world.desks["northshire"].get("/desk/api/reports?limit=100")).json()["reports"]
    assert after.item_id in {line["id"] for line in listed}


@pytest.mark.parametrize("by_code", [True, False])
async def test_no_message_can_stop_those_of_others(world: World, by_code: bool) -> None:
    ring = world.client.app.state.ring
    code = ReturnSecrets(
        locator=secrets.token_bytes(32), authenticator=secrets.token_bytes(32), reply=new_key()
    )
    phone, other = Device(), Device()
    phone.seal_key = code.reply
    given = {"return_keys": code.keys, "reply_key": raw_public(code.reply)}
    report, elsewhere = phone.report(ring, header=given), other.report(ring)
    writer = Device() if by_code else phone

    def message(**odd: Any) -> Report:
        item_id = str(uuid4())
        plain = {
            "item_id": item_id,
            "about": report.item_id,
            "text": ODD,
            "app_build": ODD,
            "ui_language": "",
            "written_at": ODD,
            **({"authenticator": to_base64url(code.authenticator)} if by_code else {}),
            **odd,
        }
        header = {"kind": "message", "schema_v": 1, "reply_key": None}
        return writer.report(ring, item_id=item_id, header=header, plaintext=msgspec.json.encode(plain))

    odd = [
        message(),
        message(x=10**30),
        message(x=[[[]]] * 9_000),
        message(in_reply_to=report.item_id),
        message(about=elsewhere.item_id),
        message(about=str(uuid4())),
    ]
    last = other.reply(ring, elsewhere.item_id, "canary-last-said")
    await send(world, report, elsewhere, *odd, last)

    desk = world.desks["northshire"]
    page = (await desk.get(f"/desk/api/reports/{elsewhere.item_id}")).json()
    assert [line["text"] for line in page["history"] if line["side"] == "reporter"] == ["canary-last-said"]
    answer = await desk.get(f"/desk/api/reports/{report.item_id}")
    said = [line["text"] for line in answer.json()["history"] if line["side"] == "reporter"]
    assert said
    assert set(said) == {ODD}
    assert to_base64url(code.authenticator) not in answer.text
