"""A flood lies apart: it buries nobody, nothing of it is lost, and a person puts back what is none of it."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec.structs import replace

from support.desk import Desk, enrol_device, seed
from support.reports import SOUTHMERE_POSTCODE, Device, Report, push_of
from waymark.intake.jobs import Opener, open_waiting
from waymark.intake.records import OpenedReport
from waymark.intake.work import Pressure
from waymark.kernel import clock
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection, Database
from waymark.kernel.settings import Settings
from waymark.triage.campaigns import store
from waymark.triage.campaigns.jobs import Lookout
from waymark.triage.campaigns.records import DayCount
from waymark.triage.campaigns.rules import AT_ONCE_MIN, FACTOR, USUAL_MIN, USUAL_NEW, pace, poured, series_of
from waymark.triage.campaigns.watch import Watch
from waymark.triage.jobs import Screener
from waymark_sync.codec import MSGPACK, encode

Client = AsyncTestClient[Litestar]
SERIES: Final = json.loads((Path(__file__).parent / "flood_of_april_2024.json").read_text(encoding="utf-8"))
FLOOD: Final[list[int]] = SERIES["days"]
"""Reports of each day from 1 April 2024 on."""
BASE_A_DAY: Final = 15
BEGAN: Final = datetime(2024, 4, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)
AT_ONCE: Final = int(AT_ONCE_MIN)
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def at(received: datetime, *, area: str = "demo-harbour", choice: str = "P1") -> OpenedReport:
    return OpenedReport(
        id="r", pos=1, number=1, feed_id="", centre_id="demo-harbour-library", sharing_choice=choice,  # type: ignore[arg-type]
        force_id="demo-northshire", area=area, received_at=stamp(received), opened_at=stamp(received),
        channel="self_phone", schema_v=2, note=None, body=b"", person=b"", holder="", wrapped=b"",
    )  # fmt: skip


def over(day: datetime, count: int) -> list[datetime]:
    """Spread evenly over a day."""
    return [day + DAY * (n / count) for n in range(count)]


async def placed(database: Database, times: list[datetime], **of: Any) -> Counter[str]:
    """How many lie in the ordinary lists, by day, and how many `apart`."""
    found: Counter[str] = Counter()

    def some(db: Connection, batch: list[datetime]) -> None:
        watch = Watch(db)
        for received in batch:
            campaign_id = watch.place(at(received, **of), released=True)
            found["apart" if campaign_id else stamp(received)[:10]] += 1
        watch.write()

    for n in range(0, len(times), 500):
        await database.write(some, times[n : n + 500])
    return found


@ONE_ENGINE
async def test_the_week_of_april_2024_leaves_the_list_workable_and_loses_nothing(database: Database) -> None:
    before = [moment for n in range(28, 0, -1) for moment in over(BEGAN - n * DAY, BASE_A_DAY)]
    week = [moment for n, count in enumerate(FLOOD) for moment in over(BEGAN + n * DAY, count)]
    after = [moment for n in range(8, 15) for moment in over(BEGAN + n * DAY, BASE_A_DAY)]

    usual = await placed(database, before)
    flooded = await placed(database, week)
    again = await placed(database, after)

    assert usual["apart"] == again["apart"] == 0, "a usual day never lies apart, before or after"
    assert flooded.total() == sum(FLOOD) == 7_152
    ordinary = [flooded[stamp(BEGAN + n * DAY)[:10]] for n in range(7)]
    assert ordinary[0] <= AT_ONCE + FACTOR * BASE_A_DAY
    assert max(ordinary[1:]) <= FACTOR * BASE_A_DAY + 1
    assert min(ordinary) >= BASE_A_DAY, "the lists do not dry up, either"
    assert flooded["apart"] == 7_152 - sum(ordinary) > 6_700


@ONE_ENGINE
async def test_the_weeks_after_the_referendum_were_no_campaign(database: Database) -> None:
    """110 a day before, 160 after, and 207 on the worst."""
    since = datetime(2016, 6, 24, tzinfo=UTC)
    before = [moment for n in range(28, 0, -1) for moment in over(since - n * DAY, 110)]
    later = [moment for n in range(10) for moment in over(since + n * DAY, 207 if n == 1 else 160)]

    assert (await placed(database, before))["apart"] == 0
    assert (await placed(database, later))["apart"] == 0


async def test_what_everybody_saw_may_be_told_by_fifty_at_once(database: Database) -> None:
    found = await placed(database, [BEGAN + timedelta(seconds=n) for n in range(AT_ONCE)])

    assert found["apart"] == 0


@ONE_ENGINE
async def test_a_flood_over_many_areas_is_one_of_their_force(database: Database) -> None:
    found = Counter[str]()
    for n in range(30):
        found += await placed(database, [BEGAN + timedelta(seconds=n)] * 10, area=f"area-{n}")

    assert found["apart"] == 300 - AT_ONCE


@ONE_ENGINE
async def test_what_the_police_may_not_see_changes_nothing_in_their_lists(database: Database) -> None:
    def kept(db: Connection) -> list[str | None]:
        watch = Watch(db)
        found = [watch.place(at(BEGAN, choice="A1"), released=False) for _ in range(AT_ONCE + 9)]
        watch.write()
        return found

    apart = await database.write(kept)

    assert len([one for one in apart if one]) == 9
    assert (await placed(database, [BEGAN] * AT_ONCE))["apart"] == 0


def days(count: int, of: int) -> list[DayCount]:
    return [DayCount(on_day=f"2026-01-{n + 1:02}", count=of) for n in range(count)]


def test_neither_a_flood_of_two_weeks_nor_a_quiet_month_changes_what_is_usual() -> None:
    assert pace([*days(15, 15), *days(13, 3_000)], known_days=400).per_day == FACTOR * 15
    assert pace([], known_days=400).per_day == FACTOR * USUAL_MIN
    assert pace(days(13, 3_000), known_days=28).per_day == FACTOR * USUAL_MIN, "of the others there was none"
    assert pace(days(28, 110), known_days=28).at_once == 110


def test_what_is_usual_is_learnt_in_a_week() -> None:
    assert pace(days(6, 900), known_days=6).per_day == FACTOR * USUAL_NEW
    assert pace(days(7, 110), known_days=7).per_day == FACTOR * 110
    assert pace(days(3, 110), known_days=7).per_day == FACTOR * USUAL_MIN


def test_a_bucket_leaks() -> None:
    usual = pace([], known_days=28)
    empty_at = None
    for _ in range(AT_ONCE):
        empty_at = poured(empty_at, BEGAN, usual)

    assert poured(empty_at, BEGAN, usual) is None
    assert poured(empty_at, BEGAN + DAY / usual.per_day, usual) is not None
    assert poured(BEGAN - 90 * DAY, BEGAN, usual) == BEGAN + DAY / usual.per_day


def test_a_flood_of_others_does_not_keep_out_what_a_phone_has_worked_for() -> None:
    usual = pace([], known_days=28)
    empty_at = None
    for _ in range(AT_ONCE):
        empty_at = poured(empty_at, BEGAN, usual)
    for _ in range(AT_ONCE):
        assert poured(empty_at, BEGAN, usual) is None
        empty_at = poured(empty_at, BEGAN, usual, worked=True)
        assert empty_at is not None

    assert poured(empty_at, BEGAN, usual, worked=True) is None, "nor does work open the lists to everybody"


def test_where_nothing_is_known_a_report_is_counted_once() -> None:
    assert series_of("unknown", "unknown", released=True) == (
        "area unknown released",
        "force unknown released",
    )


class Flooded:
    """A service whose harbour is being flooded by phones, with a tablet's reports among it."""

    def __init__(self, client: Client, database: Database) -> None:
        self.client, self.database = client, database
        self.before: list[str] = []
        self.flood: list[str] = []
        self.signed: list[str] = []
        self.elsewhere = ""

    async def begin(self) -> None:
        ring, tablet = self.client.app.state.ring, Device(visitor=False)
        await seed(self.database, self.client.app.state.pack)
        await self.database.write(enrol_device, tablet)
        self.before = [await self.send(Device().report(ring)) for _ in range(2)]
        await self.screen()
        await self.database.write(fill_up)
        self.flood = [await self.send(Device().report(ring)) for _ in range(5)]
        self.signed = [await self.send(tablet.report(ring)) for _ in range(2)]
        self.elsewhere = await self.send(Device().report(ring, postcode=SOUTHMERE_POSTCODE))
        await self.screen()

    async def screen(self) -> None:
        state = self.client.app.state
        await open_waiting(Opener(self.database, state.ring, state.vault, state.pack))
        while await Screener(self.database, state.vault).step():
            pass

    async def send(self, report: Report) -> str:
        answer = await self.client.post(
            "/sync/v1/push", content=encode(push_of(report), MSGPACK), headers={"Content-Type": MSGPACK}
        )
        assert answer.status_code == 200
        return report.item_id

    async def desk(self, settings: Settings, who: str) -> Desk:
        return await Desk(self.client, settings.origin).enter(self.database, who)


def fill_up(db: Connection) -> None:
    """As if thousands had come meanwhile."""
    for name in ("area demo-harbour released", "force demo-northshire released"):
        known = store.series(db, name)
        assert known is not None
        store.keep_series(db, replace(known, empty_at=known.empty_at + 9 * DAY))


@pytest.fixture
async def flooded(client: Client, database: Database) -> Flooded:
    made = Flooded(client, database)
    await made.begin()
    return made


async def listed(desk: Desk, query: str = "") -> list[str]:
    """Through all pages."""
    found: list[str] = []
    cursor = ""
    while True:
        answer = (await desk.get(f"/desk/api/reports?limit=3&{query}&cursor={cursor}")).json()
        found += [line["id"] for line in answer["reports"]]
        cursor = answer["next"]
        if cursor is None:
            return found


async def test_a_flood_lies_apart_and_every_report_of_it_is_reachable(
    flooded: Flooded, settings: Settings
) -> None:
    police = await flooded.desk(settings, "northshire")

    ordinary, apart = await listed(police), await listed(police, "queue=apart")
    counts = (await police.get("/desk/api/reports")).json()["counts"]
    [told] = (await police.get("/desk/api/campaigns")).json()["campaigns"]

    assert set(flooded.signed) <= set(ordinary), "what a tablet has signed never lies apart"
    assert sorted([*ordinary, *apart]) == sorted([*flooded.before, *flooded.flood, *flooded.signed])
    assert set(apart) == set(flooded.flood)
    assert (counts["apart"], counts["waiting"]) == (5, 4)
    assert (told["count"], sum(hour["count"] for hour in told["hours"])) == (5, 5)
    assert told["areas"] == ["Harbour (demonstration)"]
    for report_id in apart:
        assert (await police.get(f"/desk/api/reports/{report_id}")).status_code == 200
    elsewhere = await flooded.desk(settings, "southmere")
    assert await listed(elsewhere) == [flooded.elsewhere]
    assert (await elsewhere.get("/desk/api/campaigns")).json()["campaigns"] == []


@ONE_ENGINE
async def test_a_person_puts_one_back_then_all(flooded: Flooded, settings: Settings) -> None:
    police, stranger = [await flooded.desk(settings, who) for who in ("northshire", "southmere")]
    first, *others = await listed(police, "queue=apart")
    [told] = (await police.get("/desk/api/campaigns")).json()["campaigns"]
    path = f"/desk/api/campaigns/{told['id']}/return"

    unseen = [await stranger.post(path, {"report_ids": [first]}), await stranger.post(path, {})]
    still = await listed(police, "queue=apart")
    one = await police.post(path, {"report_ids": [first]})
    again = await police.post(path, {"report_ids": [first]})
    listed_now = await listed(police)
    rest = await police.post(path, {})

    assert [answer.status_code for answer in unseen] == [404, 200]
    assert unseen[1].json() == {"returned": 0}
    assert still == [first, *others]
    assert (one.json(), again.json()) == ({"returned": 1}, {"returned": 0})
    assert first in listed_now
    assert rest.json() == {"returned": len(others)}
    assert await listed(police, "queue=apart") == []
    assert set(await listed(police)) == {*flooded.before, *flooded.flood, *flooded.signed}


@ONE_ENGINE
async def test_whoever_works_on_one_has_it_in_the_list_from_then_on(
    flooded: Flooded, settings: Settings
) -> None:
    police = await flooded.desk(settings, "northshire")
    [first, *_] = await listed(police, "queue=apart")

    await police.post(f"/desk/api/reports/{first}/acknowledge", {"version": 1, "message": "We have read it."})

    assert first not in await listed(police, "queue=apart")
    assert first in await listed(police, "queue=acknowledged")


@ONE_ENGINE
async def test_the_centre_sees_the_same_flood_as_its_own_and_nobody_else_any(
    flooded: Flooded, settings: Settings
) -> None:
    centre, other, custodian = [await flooded.desk(settings, who) for who in ("harbour", "quay", "custodian")]

    assert len(await listed(centre, "queue=apart")) == 5
    assert [one["count"] for one in (await centre.get("/desk/api/campaigns")).json()["campaigns"]] == [5]
    assert (await other.get("/desk/api/campaigns")).json()["campaigns"] == []
    assert (await custodian.get("/desk/api/campaigns")).status_code == 404


@ONE_ENGINE
async def test_the_front_door_hears_of_a_flood_and_of_its_end(flooded: Flooded) -> None:
    pressure, now = Pressure(), clock.now()
    soon, later = now + timedelta(minutes=59), now + timedelta(minutes=61)
    heard = []
    for moment in (soon, later):
        await Lookout(flooded.database, pressure, now=lambda at=moment: at).step()
        heard.append(pressure.flooded)

    assert heard == [True, False]
