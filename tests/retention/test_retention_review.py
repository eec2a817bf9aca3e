"""How long a report is kept: its day of review, a hold, keeping it longer, and going by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dialogue.conftest import Service
from retention.test_retention_erasure import ONE_ENGINE, Retention, left
from support.reports import Report
from waymark.kernel import clock
from waymark.kernel.clock import stamp
from waymark.kernel.db import Database, Sql
from waymark.retention import actions
from waymark.retention.jobs import DISPOSED_AT_ONCE, Retainer
from waymark.retention.ledger import ErasureList
from waymark.retention.records import Case
from waymark.retention.rules import kept_because
from waymark.triage.records import Standing
from waymark_sync.policy.retention import load_retention
from waymark_sync.report import SharingChoice

NOW: Final = datetime.fromisoformat("2026-11-23T12:00:00.000+00:00")
NOTICE: Final = timedelta(days=30)
READY: Final = Case(
    report_id="r",
    queue="closed",
    review_at=stamp(NOW - NOTICE),
    version=4,
    acknowledged_at="2026-01-01T00:00:00.000Z",
    reply_waiting=False,
    hold_side=None,
    erasure_by=None,
    files_coming=False,
    opened=False,
)
REVIEW_AT = Sql("SELECT review_at FROM retention_case WHERE report_id = :id")
CLOSED_AT = Sql("SELECT closed_at FROM retention_case WHERE report_id = :id")
AUDITED = Sql("SELECT action FROM audit_entry WHERE subject_id = :id ORDER BY pos")
FOLLOWED = Sql("SELECT COUNT(*) AS count FROM retention_case")


@pytest.fixture
def retention(service: Service) -> Retention:
    return Retention(service)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, None),
        ({"review_at": stamp(NOW - NOTICE + timedelta(milliseconds=1))}, "not_yet"),
        ({"acknowledged_at": None}, "unread"),
        ({"reply_waiting": True}, "unanswered"),
        ({"hold_side": "police"}, "held"),
        ({"hold_side": "centre"}, "held"),
        ({"erasure_by": "somebody"}, "asked_for"),
        ({"files_coming": True}, "coming"),
        ({"opened": True}, "in_use"),
        *(({"queue": queue}, "open") for queue in get_args(Standing) if queue != "closed"),
    ],
)
def test_what_may_go_by_itself(changed: dict[str, Any], why: str | None) -> None:
    assert kept_because(replace(READY, **changed), notice=NOTICE, now=NOW) == why


@given(
    queue=st.sampled_from(get_args(Standing)),
    acknowledged=st.booleans(),
    reply=st.booleans(),
    hold=st.sampled_from([None, "police", "centre"]),
    asked=st.booleans(),
    coming=st.booleans(),
    opened=st.booleans(),
    late=st.integers(-40, 40),
)
def test_nothing_unread_open_held_or_in_use_ever_goes(
    queue: Standing,
    acknowledged: bool,
    reply: bool,
    hold: str | None,
    asked: bool,
    coming: bool,
    opened: bool,
    late: int,
) -> None:
    case = replace(
        READY,
        queue=queue,
        acknowledged_at=READY.acknowledged_at if acknowledged else None,
        reply_waiting=reply,
        hold_side=hold,
        erasure_by="x" if asked else None,
        files_coming=coming,
        opened=opened,
        review_at=stamp(NOW - NOTICE - timedelta(days=late)),
    )
    goes = kept_because(case, notice=NOTICE, now=NOW) is None
    assert goes == (
        queue == "closed" and acknowledged and not (reply or hold or asked or coming or opened) and late >= 0
    )


@pytest.mark.parametrize("choice", get_args(SharingChoice))
def test_every_choice_has_its_time(choice: SharingChoice) -> None:
    assert load_retention().review_at(NOW, choice) - NOW >= timedelta(days=90)


def test_before_the_first_schedule_nothing_is_guessed() -> None:
    with pytest.raises(ValueError, match="no schedule"):
        load_retention().schedule(datetime.fromisoformat("2020-01-01T00:00:00+00:00"))


class Keeping:
    """A centre with the list of what was erased, and a clock of its own."""

    def __init__(self, service: Service, retention: Retention) -> None:
        self.service, self.retention = service, retention
        self.now = clock.now()

    @property
    def erasures(self) -> ErasureList:
        erased: ErasureList = self.service.state.erased
        return erased

    def job(self, *, erases: bool) -> Retainer:
        vault = self.service.state.vault
        return Retainer(self.service.database, vault, self.erasures, erases=erases, now=lambda: self.now)

    async def run(self, *, erases: bool = True) -> int:
        job, done = self.job(erases=erases), 0
        while some := await job.step():
            done += some
        return done

    async def act(self, person: str, report: Report, path: str, status: int = 200, **body: Any) -> Any:
        desk = await self.retention.worker.like().enter(self.service.database, person)
        version = (await desk.get(self.service.path(report))).json()["report"]["version"]
        answer = await desk.post(self.service.path(report, path), {"version": version, **body})
        assert answer.status_code == status, answer.text
        return answer.json()

    async def offered(self, person: str, report: Report) -> set[str]:
        desk = await self.retention.worker.like().enter(self.service.database, person)
        return set((await desk.get(self.service.path(report))).json()["report"]["acts"])

    async def due(self, person: str = "supervisor") -> list[dict[str, Any]]:
        desk = await self.retention.worker.like().enter(self.service.database, person)
        reviews: list[dict[str, Any]] = (await desk.get("/desk/api/reviews")).json()["reviews"]
        return reviews

    def later(self, **time: int) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def keeping(service: Service, retention: Retention) -> Keeping:
    return Keeping(service, retention)


@pytest.fixture
def told(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What the service's own clock says is then what the test's says."""
    return lambda: monkeypatch.setattr(clock, "now", lambda: keeping.now)


async def test_what_is_closed_gets_its_day_and_loses_it_when_it_is_opened_again(
    keeping: Keeping, database: Database
) -> None:
    report = await keeping.service.report(sharing_choice="U1")
    await keeping.run(erases=False)
    assert await database.read(lambda db: db.one(REVIEW_AT, str, id=report.item_id)) is None
    await keeping.retention.closed(report)
    keeping.later(hours=2)
    await keeping.run(erases=False)

    closed_at = await database.read(lambda db: db.one(CLOSED_AT, str, id=report.item_id))
    review_at = await database.read(lambda db: db.one(REVIEW_AT, str, id=report.item_id))
    assert closed_at is not None and review_at is not None
    assert datetime.fromisoformat(review_at) - datetime.fromisoformat(closed_at) == timedelta(days=365)
    await keeping.service.act("harbour", report, "reopen", reason="new_information")
    keeping.later(hours=2)
    await keeping.run(erases=False)
    assert await database.read(lambda db: db.one(REVIEW_AT, str, id=report.item_id)) is None


async def test_what_is_due_is_listed_for_those_who_answer_for_it(
    keeping: Keeping, told: Callable[[], None], database: Database
) -> None:
    report = await keeping.retention.closed(await keeping.service.report(sharing_choice="U1"))
    await keeping.run(erases=False)
    assert await keeping.due() == []
    keeping.later(days=366)
    told()

    [line] = await keeping.due()
    assert (line["id"], line["held"], line["erasure_asked"], line["kept_for"]) == (
        report.item_id,
        False,
        False,
        "",
    )
    assert [one["id"] for one in await keeping.due("dpo")] == [report.item_id]
    for person in ("harbour", "northshire", "coordinator", "analyst"):
        desk = await keeping.retention.worker.like().enter(database, person)
        assert (await desk.get("/desk/api/reviews")).status_code == 404, person


async def test_a_hold_stops_every_erasure_until_its_own_side_lifts_it(
    keeping: Keeping, database: Database
) -> None:
    report = await keeping.retention.closed(await keeping.service.report(sharing_choice="U1"))
    await keeping.retention.ask(report)
    await keeping.act("supervisor", report, "hold", reason="inquiry", note="An inquiry. canary-hold-3")

    assert "confirm_erasure" not in await keeping.offered("dpo", report)
    assert (await keeping.retention.confirm(report, "dpo", status=409))["code"] == "held"
    await keeping.retention.ask(report, status=409)
    again = await keeping.act("dpo", report, "hold", 409, reason="inquiry", note="x")
    assert again["code"] == "not_now"
    await keeping.run(erases=False)
    keeping.later(days=1_000)
    await keeping.run()
    assert await left(database, report)

    await keeping.act("dpo", report, "lift-hold", note="It is over.")
    assert "lift_hold" not in await keeping.offered("supervisor", report)
    await keeping.retention.ask(report)
    await keeping.retention.confirm(report, "dpo")
    assert await left(database, report) == {}
    audited = await database.read(lambda db: db.many(AUDITED, str, id=report.item_id))
    assert [one for one in audited if "hold" in one or "held" in one] == ["report.held", "report.hold_lifted"]


@ONE_ENGINE
async def test_a_force_holds_what_it_may_read_and_the_centre_does_not_lift_that(keeping: Keeping) -> None:
    report, unseen = (
        await keeping.service.report(sharing_choice="P2"),
        await keeping.service.report(sharing_choice="U1"),
    )
    await keeping.act("coordinator", report, "hold", reason="proceedings", note="Trial in May.")

    assert "lift_hold" not in await keeping.offered("supervisor", report)
    refused = await keeping.act("supervisor", report, "lift-hold", 409, note="x")
    assert refused["code"] == "not_now"
    desk = await keeping.retention.worker.like().enter(keeping.service.database, "coordinator")
    path = keeping.service.path(unseen, "hold")
    asked = {"version": 1, "reason": "proceedings", "note": "x"}
    assert (await desk.post(path, asked)).status_code == 404
    assert "hold_report" not in await keeping.offered("northshire", report)
    await keeping.act("coordinator", report, "lift-hold", note="Over.")


@ONE_ENGINE
async def test_keeping_it_longer_is_a_decision_with_a_reason_and_another_day(
    keeping: Keeping, told: Callable[[], None], database: Database
) -> None:
    report = await keeping.retention.closed(await keeping.service.report(sharing_choice="U1"))
    await keeping.run(erases=False)
    keeping.later(days=366)
    told()
    await keeping.act("supervisor", report, "keep", 400, reason="because", months=3)
    await keeping.act("supervisor", report, "keep", 400, reason="pattern", months=4)
    await keeping.act("supervisor", report, "keep", reason="pattern", months=3)

    assert await keeping.due() == []
    keeping.later(days=92)
    [line] = await keeping.due()
    assert line["kept_for"] == "It is part of a pattern that is looked at"
    assert "report.kept" in await database.read(lambda db: db.many(AUDITED, str, id=report.item_id))


async def test_where_it_is_set_so_what_nobody_needs_goes_after_its_notice_and_nothing_else(
    keeping: Keeping, told: Callable[[], None], database: Database
) -> None:
    done = await keeping.retention.closed(await keeping.service.report(sharing_choice="U1"))
    open_one = await keeping.service.report(sharing_choice="U1")
    unread = await keeping.service.report(sharing_choice="A1")
    await keeping.run(erases=False)
    keeping.later(days=365 + 29)
    told()
    await keeping.run()
    assert await left(database, done)
    keeping.later(days=2)
    await keeping.run(erases=False)
    assert await left(database, done)

    assert await keeping.run() > 0

    assert await left(database, done) == {}
    assert await left(database, open_one) and await left(database, unread)
    assert done.item_id in {one.report_id for one in keeping.erasures.read()}
    audited = await database.read(lambda db: db.many(AUDITED, str, id=done.item_id))
    assert audited[-1] == "report.erased"


@ONE_ENGINE
async def test_whoever_acts_on_it_meanwhile_is_heard(keeping: Keeping, database: Database) -> None:
    """The list that named it is older than what somebody has just done."""
    report = await keeping.retention.closed(await keeping.service.report(sharing_choice="U1"))
    await keeping.run(erases=False)
    keeping.later(days=400)
    await keeping.service.act("harbour", report, "reopen", reason="new_information")

    vault = keeping.service.state.vault
    why = await database.write(
        actions.dispose, report.item_id, keeping.erasures, vault=vault, now=keeping.now
    )

    assert why == "open"
    assert await left(database, report)


@ONE_ENGINE
async def test_a_disk_that_is_away_leaves_it_whole_and_the_next_time_it_goes(
    keeping: Keeping, told: Callable[[], None], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = await keeping.retention.closed(await keeping.service.report(sharing_choice="U1"))
    await keeping.run(erases=False)
    keeping.later(days=400)
    told()
    before = await left(database, report)

    def away(self: ErasureList, erased: object) -> None:
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(ErasureList, "append", away)
        with pytest.raises(OSError):
            await keeping.job(erases=True).step()
    assert await left(database, report) == before
    await keeping.run()
    assert await left(database, report) == {}


@ONE_ENGINE
async def test_more_than_go_at_once_go_one_after_another(
    keeping: Keeping, told: Callable[[], None], database: Database
) -> None:
    reports = [
        await keeping.retention.closed(await keeping.service.report(sharing_choice="A1"))
        for _ in range(DISPOSED_AT_ONCE + 3)
    ]
    await keeping.run(erases=False)
    assert await database.read(lambda db: db.one(FOLLOWED, int)) == len(reports)
    keeping.later(days=400)
    told()
    await keeping.run()

    assert [one for one in reports if await left(database, one)] == []
