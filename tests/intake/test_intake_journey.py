"""A report's whole way over HTTP: pushed, opened, screened, read, acknowledged, pulled."""

from collections.abc import Sequence

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.desk import Desk, seed
from support.reports import CANARY, Device, push_of
from waymark.intake.jobs import Opener, open_waiting
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import Settings
from waymark.triage.jobs import Screener
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.intake_rules import root_from_path
from waymark_sync.messages import AckBody, ReceiptBody
from waymark_sync.protocol import Envelope, Message, PullResponse, PushResponse, leaf_bytes, receipt_text
from waymark_sync.seal import signature_valid

Client = AsyncTestClient[Litestar]


@pytest.mark.parametrize("content_type", [JSON, MSGPACK])
async def test_a_report_is_answered_with_a_receipt_and_an_acknowledgement(
    client: Client, database: Database, settings: Settings, ring: KeyRing, content_type: str
) -> None:
    await seed(database, client.app.state.pack)
    phone = Device()
    report = phone.report(ring)

    answer = await client.post(
        "/sync/v1/push",
        content=encode(push_of(report), content_type),
        headers={"Content-Type": content_type},
    )

    assert answer.status_code == 200, answer.text
    pushed = decode(answer.content, content_type, PushResponse)
    _assert_proved(pushed, report.item_id, report.envelope, ring)

    await _work(client, database)
    desk = Desk(client, settings.origin)
    await desk.log_in("northshire")
    listed = (await desk.get("/desk/api/reports?queue=waiting")).json()
    shown = (await desk.get(f"/desk/api/reports/{report.item_id}")).json()
    done = await desk.post(f"/desk/api/reports/{report.item_id}/acknowledge", {"message": "Thank you."})

    assert [r["id"] for r in listed["reports"]] == [report.item_id]
    assert shown["report"]["groups"]["narrative"]["narrative_original"] == CANARY
    assert done.json()["delivered_to"] == "device"

    messages = await _pull(client, phone, pushed.challenge)

    assert [m.kind for m in messages] == ["receipt", "ack"]
    receipt, ack = phone.read(messages[0], ReceiptBody), phone.read(messages[1], AckBody)
    assert receipt.result.pos == pushed.results[0].pos
    assert (ack.text, ack.from_name) == ("Thank you.", "Northshire Police (demonstration)")


def _assert_proved(pushed: PushResponse, item_id: str, sent: Envelope, ring: KeyRing) -> None:
    [result] = pushed.results
    assert (result.verdict, result.item_id) == ("accepted", item_id)
    assert pushed.receipt is not None and result.leaf is not None and result.pos is not None
    root = root_from_path(
        leaf_bytes(item_id, sent.sha256, result.pos, result.verdict, sent.sig),
        index=result.leaf.index,
        size=result.leaf.size,
        path=result.leaf.path,
    )
    key = ring.service_key(pushed.receipt.kid)
    assert root == pushed.receipt.root
    assert key is not None
    assert signature_valid(key.public, receipt_text(pushed.receipt), pushed.receipt.sig)


async def _work(client: Client, database: Database) -> None:
    state = client.app.state
    await open_waiting(Opener(database, state.ring, state.vault, state.pack))
    await Screener(database, state.vault).step()


async def _pull(client: Client, device: Device, challenge: str) -> Sequence[Message]:
    answer = await client.get(
        "/sync/v1/pull",
        params={"cursor": "", "limit": "100"},
        headers=device.pull_headers(challenge=challenge),
    )
    assert answer.status_code == 200, answer.text
    return decode(answer.content, JSON, PullResponse).messages
