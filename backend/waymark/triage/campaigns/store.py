"""The only SQL of floods."""

from collections.abc import Iterable, Mapping

from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection, Sql
from waymark.triage.campaigns.records import Campaign, DayCount, HourCount, Series

SERIES = Sql("SELECT series, empty_at, known_since FROM triage_series WHERE series = :series")
KEEP_SERIES = Sql("""
    INSERT INTO triage_series (series, empty_at, known_since)
    VALUES (:series, :empty_at, :known_since)
    ON CONFLICT (series) DO UPDATE SET empty_at = excluded.empty_at
""")
DAYS = Sql("""
    SELECT on_day, count
    FROM triage_series_day
    WHERE series = :series AND on_day >= :since AND on_day < :today
    ORDER BY on_day
""")
COUNT_DAY = Sql("""
    INSERT INTO triage_series_day (series, on_day, count)
    VALUES (:series, :on_day, :count)
    ON CONFLICT (series, on_day) DO UPDATE SET count = triage_series_day.count + excluded.count
""")
LATEST = Sql("""
    SELECT id, series, began_at, last_at
    FROM triage_campaign
    WHERE series = :series
    ORDER BY last_at DESC
    LIMIT 1
""")
KEEP = Sql("""
    INSERT INTO triage_campaign (id, series, began_at, last_at)
    VALUES (:id, :series, :began_at, :last_at)
    ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at
""")
LAST_FLOODED = Sql("SELECT MAX(last_at) AS last_at FROM triage_campaign")
CAMPAIGN = Sql("SELECT id, series, began_at, last_at FROM triage_campaign WHERE id = :id")
HOURS_POLICE = Sql("""
    SELECT campaign_id, area, substr(received_at, 1, 13) AS hour, COUNT(*) AS count
    FROM triage_report
    WHERE released AND force_id IN (:force_id, 'unknown') AND campaign_id IS NOT NULL
    GROUP BY campaign_id, area, substr(received_at, 1, 13)
    ORDER BY hour, area
""")
HOURS_CENTRE = Sql("""
    SELECT campaign_id, area, substr(received_at, 1, 13) AS hour, COUNT(*) AS count
    FROM triage_report
    WHERE centre_id = :centre_id AND campaign_id IS NOT NULL
    GROUP BY campaign_id, area, substr(received_at, 1, 13)
    ORDER BY hour, area
""")
RETURN_ONE = Sql("""
    UPDATE triage_report
    SET campaign_id = NULL
    WHERE report_id = :report_id AND campaign_id = :campaign_id
""")
RETURN_POLICE = Sql("""
    UPDATE triage_report
    SET campaign_id = NULL
    WHERE released AND force_id IN (:force_id, 'unknown') AND campaign_id = :campaign_id
""")
RETURN_CENTRE = Sql("""
    UPDATE triage_report
    SET campaign_id = NULL
    WHERE centre_id = :centre_id AND campaign_id = :campaign_id
""")


def series(db: Connection, name: str) -> Series | None:
    return db.one(SERIES, Series, series=name)


def keep_series(db: Connection, found: Series) -> None:
    db.execute(
        KEEP_SERIES,
        series=found.series,
        empty_at=stamp(found.empty_at),
        known_since=found.known_since,
    )


def days(db: Connection, series: str, *, since: str, today: str) -> list[DayCount]:
    return db.many(DAYS, DayCount, series=series, since=since, today=today)


def count_days(db: Connection, counts: Mapping[tuple[str, str], int]) -> None:
    rows = [
        {"series": series, "on_day": on_day, "count": count}
        for (series, on_day), count in sorted(counts.items())
    ]
    if rows:
        db.execute_many(COUNT_DAY, rows)


def latest(db: Connection, series: str) -> Campaign | None:
    return db.one(LATEST, Campaign, series=series)


def keep(db: Connection, found: Campaign) -> None:
    db.execute(KEEP, id=found.id, series=found.series, began_at=found.began_at, last_at=found.last_at)


def last_flooded(db: Connection) -> str | None:
    return db.one(LAST_FLOODED, str | None)  # type: ignore[arg-type]


def campaign(db: Connection, campaign_id: str) -> Campaign | None:
    return db.one(CAMPAIGN, Campaign, id=campaign_id)


def hours(db: Connection, *, force_id: str | None, centre_id: str | None) -> list[HourCount]:
    """Of what lies apart, by flood, area and hour."""
    if force_id is not None:
        return db.many(HOURS_POLICE, HourCount, force_id=force_id)
    return db.many(HOURS_CENTRE, HourCount, centre_id=centre_id)


def return_some(db: Connection, campaign_id: str, report_ids: Iterable[str]) -> list[str]:
    """Those that lay apart."""
    return [
        report_id
        for report_id in report_ids
        if db.execute(RETURN_ONE, report_id=report_id, campaign_id=campaign_id) == 1
    ]


def return_all(db: Connection, campaign_id: str, *, force_id: str | None, centre_id: str | None) -> int:
    if force_id is not None:
        return db.execute(RETURN_POLICE, campaign_id=campaign_id, force_id=force_id)
    return db.execute(RETURN_CENTRE, campaign_id=campaign_id, centre_id=centre_id)
