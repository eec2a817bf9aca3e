"""T10, a court order or a raid: everything that is kept is read by people with time, and with the keys."""

import re
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from pysqlite3 import dbapi2

from attacks.attempts import LONG, Attempts
from attacks.prey import ADDRESS, AGENT, CLIENT, Prey
from journeys.canaries import hits
from support.reports import Device
from waymark.custody import backups
from waymark.kernel import clock
from waymark.kernel.settings import read_settings

DENIED: Final = re.compile(
    r"(^|_)(ip|addr|address|agent|ua|browser|referer|lat|lon|lng|latitude|longitude|gps|country|city|fingerprint"
    r"|phone|email|mail|dob|birth|forename|surname|narrative|postcode)(_|$)"
)
"""What no column is for: who asked from where with what, and what was said."""
EXPLAINED: Final = {"endpoint_hash", "postcode_area"}
ADDRESSED: Final = re.compile(
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-f]{1,4}:){3,}[0-9a-f:]*\b", re.IGNORECASE
)
TOLD: Final = {"event", "level", "ts", "at", "method", "route", "status", "ms", "request_id", "pid"}


@pytest.fixture(scope="module")
def seized(prey: Prey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """After visits of every kind, each with an address, an agent and a page it came from."""
    heads = {
        CLIENT: ADDRESS,
        "X-Forwarded-For": ADDRESS,
        "Forwarded": f"for={ADDRESS}",
        "User-Agent": AGENT,
        "Referer": "https://canaryrefererash.example/why",
        "Accept-Language": "ar-canarylanguageoak",
        "Sec-CH-UA": AGENT,
    }
    for path in ("/", "/desk", "/return", "/sync/v1/keys", "/nowhere?q=canaryquerybirch", "/sync/v1/pull"):
        prey.http.get(path, headers=heads)
    prey.http.post("/csp-report", json={"csp-report": {"document-uri": "canaryquerybirch"}}, headers=heads)
    prey.push(Device().report(prey.ring), User_Agent=AGENT, Waymark_Client=ADDRESS)
    backups.make(read_settings(prey.server.environ), now=clock.now())
    return prey.stolen(tmp_path_factory.mktemp("seized"))


def test_nobody_is_written_down(prey: Prey, seized: Path, attempts: Attempts) -> None:
    """Addresses, agents, languages and pages they came from, in every file of the machine."""
    words = [ADDRESS, AGENT, "canaryreferer", "canarylanguage", "canaryquery", "203.0.113"]
    found = hits(seized, words)
    for word in words:
        attempts.tried(word, got=[one for one in found if one.endswith(f": {word}")])


def test_no_column_is_for_what_is_not_to_be_known(seized: Path, attempts: Attempts) -> None:
    """Every column of every table, by its name; and every text that has the form of an address."""
    with closing(dbapi2.connect(seized / "data" / "waymark.db")) as opened:
        tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert len(tables) > 20, "there is a schema"
        for table in tables:
            columns = [row[1] for row in opened.execute(f"PRAGMA table_info({table})")]
            for column in columns:
                attempts.tried(f"{table}.{column}", got=column not in EXPLAINED and DENIED.search(column))
            cells = [str(cell) for row in opened.execute(f"SELECT * FROM {table}") for cell in row]  # noqa: S608
            attempts.tried(f"addresses in {table}", got=[one for one in cells if _an_address(one)])


def _an_address(text: str) -> bool:
    found = ADDRESSED.fullmatch(text.strip())
    return found is not None and re.fullmatch(r"[0-9.]*", text.replace(".", "", 3)) is not None


def test_the_log_says_what_happened_and_not_to_whom(prey: Prey, seized: Path, attempts: Attempts) -> None:
    """Every line of the log: no address, no id, no token, no query; only names of events and routes."""
    lines = (seized / "serve.log").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 50, "there is a log"
    ids = [report.item_id for report in prey.reports.values()]
    ids += [report.device.id for report in prey.reports.values()] + [prey.tablet.id]
    for line in lines if LONG else lines[-1_500:]:
        attempts.tried("an id", got=[one for one in ids if one in line], back=line)
        attempts.tried("an address", got=_foreign(line), back=line)
        attempts.tried("a token", got=[c for c in prey.cookies.values() if c in line], back="")


def _foreign(line: str) -> list[str]:
    return [found for found in ADDRESSED.findall(line) if not found.startswith("127.0.0.1")]


def test_what_was_used_to_come_back_is_known_to_the_day_alone(seized: Path, attempts: Attempts) -> None:
    """Times at which reporters looked for answers: none is finer than a day."""
    with closing(dbapi2.connect(seized / "data" / "waymark.db")) as opened:
        columns = [row[1] for row in opened.execute("PRAGMA table_info(return_way)")]
        attempts.tried("times in the table", got={"last_used_at", "used_at"} & set(columns), back=columns)
        for (day,) in opened.execute("SELECT last_used_on FROM return_way WHERE last_used_on IS NOT NULL"):
            attempts.tried("a time", got=len(day) != 10, back=day)


def test_who_pulled_when_is_not_kept(prey: Prey, seized: Path, attempts: Attempts) -> None:
    """A phone that asks ten times for its answers leaves no more behind than one that never did."""
    report = prey.reports["A2", "quay"]
    before = _rows_about(prey, report.device.id)
    for _ in range(10):
        challenge = prey.http.get("/sync/v1/pull").headers["waymark-challenge"]
        prey.http.get("/sync/v1/pull", headers=report.device.pull_headers(challenge=challenge))
    attempts.tried("rows of its device", got=_rows_about(prey, report.device.id) != before)


def _rows_about(prey: Prey, device_id: str) -> list[str]:
    with closing(dbapi2.connect(prey.server.data / "waymark.db")) as opened:
        tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            f"{table}: {row}"
            for table in tables
            for row in opened.execute(f"SELECT * FROM {table}")  # noqa: S608
            if any(isinstance(cell, str) and device_id in cell for cell in row)
        ]
