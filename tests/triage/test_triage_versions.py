"""Reports of every version that was ever shipped stand in one database and show the same."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from support.opened import Receive
from waymark.identity.records import User
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.vault import Vault
from waymark.triage import actions
from waymark.triage.records import TriageReport
from waymark.triage.rules import open_body
from waymark_sync.report import Answers

CASES = json.loads((Path(__file__).parents[2] / "sync/vectors/report_versions.json").read_text())["v1"]
PLACED = [case for case in CASES if case["body"]["answers"].get("postcode") == "QX1 1AA"]


@pytest.mark.parametrize("case", PLACED, ids=lambda case: case["name"])
async def test_an_old_report_shows_as_a_new_one(
    database: Database, people: dict[str, User], receive: Receive, vault: Vault, case: dict[str, Any]
) -> None:
    """It went to the force of its place, whichever field that was said in."""
    shown: list[tuple[Answers, tuple[str | None, ...]]] = []
    for version, body in ((1, case["body"]), (2, case["as_v2"])):
        item_id = str(uuid4())
        plaintext = msgspec.json.encode({**body, "item_id": item_id})
        await receive(item_id=item_id, plaintext=plaintext, header={"schema_v": version})
        viewed = await database.write(actions.view, people["northshire"], item_id, now=clock.now())
        found: TriageReport = viewed.report
        assert found.schema_v == version
        read = open_body(vault, found)
        shown.append((read.answers, (found.area, found.force_id, found.channel, read.capture.channel)))

    assert shown[0] == shown[1]
    assert shown[0][1][:2] == ("demo-harbour", "demo-northshire")
