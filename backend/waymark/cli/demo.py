"""`waymark demo`: keys, database, people to be and a few reports, all marked as a demonstration.

The reports take the real way: sealed to the service's key, taken in, opened, screened. Safe to repeat.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import resources
from typing import Any, Final

import click
import msgspec
from msgspec import Struct

from waymark.kernel.settings import Settings

PASSWORD: Final = "waymark-demonstration"  # noqa: S105 - printed for everyone; refused in production

LOGINS: Final = (
    ("northshire", "Police triage, Northshire", "police_triage", "demo-northshire", None),
    ("southmere", "Police triage, Southmere", "police_triage", "demo-southmere", None),
    ("harbour", "Volunteer, Harbour Library", "centre_worker", None, "demo-harbour-library"),
    ("lantern", "Volunteer, Lantern Centre", "centre_worker", None, "demo-lantern-centre"),
    ("quayside", "Volunteer, Quayside Students", "centre_worker", None, "demo-quay-students"),
    ("custodian", "Intake custodian", "intake_custodian", None, None),
)
"""User name, name, role, force, centre."""


class DemoReport(Struct, frozen=True, kw_only=True):
    """One of `demo_reports.json`. `answers` lacks what the device adds."""

    hours_ago: int
    item_id: str
    centre_id: str
    answers: dict[str, Any]


@click.command()
@click.option("--no-reports", is_flag=True, help="People and centres only.")
def demo(no_reports: bool) -> None:
    """Fill this installation with demonstration data and say who can log in where."""
    from waymark.cli.context import settings_from_environment
    from waymark.kernel.settings import SettingsRefused

    settings = settings_from_environment()
    if settings.profile == "production":
        raise SettingsRefused(("demonstration data is refused in production: set WAYMARK_PROFILE=demo",))
    asyncio.run(_seed(settings, [] if no_reports else _reports()))
    click.echo(_table(settings.origin))


def _table(origin: str) -> str:
    rows = [f"  {user:<12} {PASSWORD:<24} {name}" for user, name, *_ in LOGINS]
    head = f"  {'user name':<12} {'password':<24} who that is"
    return "\n".join(
        (
            "DEMONSTRATION - nobody here is real. Do not take real reports.",
            "",
            f"Make a report:  {origin}/",
            f"The desk:       {origin}/desk",
            "",
            head,
            *rows,
        )
    )


async def _seed(settings: Settings, reports: Sequence[DemoReport]) -> None:
    from waymark.cli.context import keys_made, opened
    from waymark.intake import actions as intake
    from waymark.intake.jobs import Opener, open_waiting
    from waymark.kernel.clock import now
    from waymark.kernel.db import Connection
    from waymark.kernel.migrate import migrate
    from waymark.kernel.vault import Vault
    from waymark.triage.jobs import Screener
    from waymark_sync.policy import load_pack

    ring, _ = keys_made(settings.keys)
    pack = load_pack()

    def missing(db: Connection) -> list[DemoReport]:
        return [report for report in reports if intake.opened(db, report.item_id) is None]

    async with opened(settings) as database:
        await migrate(database)
        opener = Opener(database, ring, Vault(ring.kek, ring.kek_id), pack)
        screener = Screener(database)
        await open_waiting(opener)  # a run that was cut short may have left some
        todo = await database.read(missing)
        if reports and not todo:
            return
        await database.write(_people, pack, now=now())
        if not todo:
            return
        await database.write(_take_in, _sealed(todo, ring.seal_key, pack.version, now=now()))
        await open_waiting(opener)
        while await screener.step():
            pass


def _people(db: Any, pack: Any, *, now: datetime) -> None:
    from waymark.identity import actions as identity
    from waymark.identity.passwords import hash_password
    from waymark.identity.records import DemoPerson

    people = [
        msgspec.convert(
            {
                "username": username,
                "name": name,
                "role": role,
                "force_id": force_id,
                "centre_id": centre_id,
                "password_hash": hash_password(PASSWORD),
            },
            DemoPerson,
        )
        for username, name, role, force_id, centre_id in LOGINS
    ]
    identity.seed_demo(db, pack, people, now=now)


def _take_in(db: Any, arrivals: Sequence[tuple[Any, datetime]]) -> None:
    from waymark.intake import actions as intake
    from waymark.intake.records import Push

    intake.ensure_lineage(db, now=arrivals[0][1])
    for arrival, at in arrivals:
        push = Push(device_id=arrival.header.device_id, queue=None, arrivals=(arrival,))
        intake.commit_pushes(db, [push], now=at)


def _sealed(
    reports: Sequence[DemoReport], service_key: Any, policy_version: str, *, now: datetime
) -> list[tuple[Any, datetime]]:
    """As a visitor's phone does it: a signing key and a reply key for each report, then forgotten."""
    return [
        (_seal(report, service_key, policy_version, at=at), at)
        for report in reports
        for at in [now - timedelta(hours=report.hours_ago)]
    ]


def _seal(report: DemoReport, service_key: Any, policy_version: str, *, at: datetime) -> Any:
    import secrets

    from waymark.intake.records import Arrival
    from waymark.kernel.ids import new_id
    from waymark_sync.protocol import Header
    from waymark_sync.seal import new_key, raw_public, seal_item

    device_key = new_key()
    header = Header(
        kid=service_key.kid,
        device_id=new_id(),
        epoch=secrets.token_hex(8),
        seq=1,
        item_id=report.item_id,
        reply_key=raw_public(new_key()),
        public_key=raw_public(device_key),
    )
    body = _body(report, policy_version, at=at)
    envelope = seal_item(header, body, service_key=service_key.public, device_key=device_key)
    return Arrival(index=0, header=header, envelope=envelope)


def _body(report: DemoReport, policy_version: str, *, at: datetime) -> bytes:
    from waymark.kernel.clock import stamp
    from waymark_sync.report import ReportBody

    begun, done = stamp(at - timedelta(minutes=6)), stamp(at - timedelta(minutes=1))
    body = {
        "item_id": report.item_id,
        "form_version": "core-1",
        "policy_version": policy_version,
        "app_build": "demonstration",
        "channel": "self_phone",
        "centre_id": report.centre_id,
        "ui_language": "en",
        "started_at": begun,
        "completed_at": done,
        "answers": {
            **report.answers,
            "confidentiality_limits_ack": {"at": begun, "text_version": "limits-1"},
        },
    }
    return msgspec.json.encode(msgspec.convert(body, ReportBody))


def _reports() -> list[DemoReport]:
    """Oldest first."""
    raw = resources.files("waymark.cli").joinpath("demo_reports.json").read_bytes()
    return msgspec.json.decode(raw, type=list[DemoReport])
