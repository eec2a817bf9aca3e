"""A bug in any layer: a general answer with its headers, nothing half done, nobody quoted, life goes on."""

import io
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import pytest
from pysqlite3 import dbapi2

from access.conftest import World
from access.test_headers_everywhere import API, ONE_ENGINE, guarding
from support.reports import Device, push_of
from waymark.intake import actions as intake
from waymark.intake import routes as intake_routes
from waymark.intake.jobs import Opener
from waymark.kernel import logs
from waymark.kernel.jobs import Jobs
from waymark.kernel.settings import Settings
from waymark.kernel.web import edge
from waymark.mailbox import store as mailbox_store
from waymark.triage import store as triage_store
from waymark_sync.codec import MSGPACK, decode, encode
from waymark_sync.protocol import PushResponse

CANARY: Final = "canary-words-of-somebody"
PUSH: Final = {"Content-Type": MSGPACK}
PLANTED: Final = {
    "edge": (edge, "retry_after_s"),
    "route": (intake_routes, "read_push"),
    "rule": (intake_routes, "new_challenge"),
    "store": (intake.store, "add_items"),
}
"""Where a push can meet a bug of ours."""

pytestmark = ONE_ENGINE


class Planted(Exception):
    pass


def fail(*_: object, **__: object) -> Any:
    narrative = f"{CANARY}, as a local variable"
    raise Planted(narrative)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.write_logs(stream)
    yield stream
    assert CANARY not in stream.getvalue()


def rows(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the planted acts could leave behind, by table."""
    tables = (
        "intake_item",
        "intake_conflict",
        "triage_report",
        "triage_event",
        "mailbox_message",
        "audit_entry",
    )
    with closing(dbapi2.connect(str(settings.sqlite_path))) as db:
        return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in tables}  # noqa: S608 - ours


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def told(log: io.StringIO, code: str) -> list[dict[str, Any]]:
    return [line for line in lines(log) if line["code"] == code]


@pytest.mark.parametrize("layer", sorted(PLANTED))
async def test_a_push_that_meets_a_bug_is_answered_generally_and_taken_the_next_time(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, log: io.StringIO, layer: str
) -> None:
    push = encode(push_of(Device().report(world.client.app.state.ring)), MSGPACK)
    before = rows(settings)
    with monkeypatch.context() as planted:
        planted.setattr(*PLANTED[layer], fail)
        answer = await world.client.post("/sync/v1/push", content=push, headers=PUSH)
    after = rows(settings)
    again = await world.client.post("/sync/v1/push", content=push, headers=PUSH)

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert guarding(answer) == API
    assert CANARY not in answer.text
    verdict = decode(again.content, MSGPACK, PushResponse).results[0].verdict
    # What was stored before the answer could be made is stored: the phone asks again and is told so.
    assert verdict == ("duplicate" if layer == "rule" else "accepted")
    if layer != "rule":
        assert after == before
    assert {line["error"] for line in lines(log) if "error" in line} == {"Planted"}


LATE: Final = [(triage_store, "changed"), (triage_store, "add_event"), (mailbox_store, "add")]


@pytest.mark.parametrize("late", LATE, ids=lambda at: str(at[1]))
async def test_an_act_that_fails_half_way_has_not_begun(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, log: io.StringIO, late: Any
) -> None:
    """The reporter has been told nothing, the trail says nothing, and the officer can do it again."""
    path = f"/desk/api/reports/{world.reports['P1', 'northshire']}/acknowledge"
    before = rows(settings)
    with monkeypatch.context() as planted:
        planted.setattr(*late, fail)
        answer = await world.desks["northshire"].post(path, {"version": 1, "message": CANARY})
    after = rows(settings)
    again = await world.desks["northshire"].post(path, {"version": 1, "message": CANARY})

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert guarding(answer) == API
    assert CANARY not in answer.text
    assert after == before
    assert again.status_code == 200
    assert told(log, "internal")[0]["error"] == "Planted"


async def test_a_job_that_fails_leaves_everything_as_it_was_and_others_running(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    state = world.client.app.state
    opener = Opener(world.database, state.ring, state.vault, state.pack)
    turned: list[str] = []

    async def other() -> int:
        turned.append("other")
        return 0

    jobs = Jobs()
    jobs.add("open", opener.step)
    jobs.add("other", other)
    with monkeypatch.context() as planted:
        planted.setattr(intake, "settle_outcomes", fail)
        push = encode(push_of(Device().report(state.ring)), MSGPACK)
        await world.client.post("/sync/v1/push", content=push, headers=PUSH)
        await jobs.turn(0.0)
    stuck = rows(settings)["triage_report"]
    while await jobs.turn(1_000_000.0):
        pass

    assert turned[0] == "other"
    assert told(log, "job_failed")[0]["error"] == "Planted"
    assert len(rows(settings)["intake_item"]) == len(world.reports) + 1
    assert len(stuck) == len(world.reports)
