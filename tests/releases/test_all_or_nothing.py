"""An act, its audit line, its line in the history and what it says to the reporter: all of it or none.

The transaction is cut before each statement in turn, until the act gets to its end. On SQLite the files are
copied at every cut, too, and opened elsewhere: they are what a killed process would leave behind.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

from dialogue.conftest import Service
from support.reports import Report
from waymark.identity import actions as identity
from waymark.identity import store as identity_store
from waymark.identity.records import User
from waymark.identity.rules import new_token
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database, Engine, Sql, open_database
from waymark.releases import actions, telling
from waymark.releases.records import EndOverride, Narrow, Override, Unmask
from waymark.triage import actions as triage
from waymark.triage import store as triage_store
from waymark.triage.actions import Tools
from waymark_sync.policy import load_pack

T = TypeVar("T")
STATEMENTS_MAX: Final = 60
KEPT: Final = Sql("""
    SELECT (SELECT version FROM triage_report WHERE report_id = :id) || ' version, '
        || (SELECT COUNT(*) FROM audit_entry WHERE subject_id = :id) || ' audited, '
        || (SELECT COUNT(*) FROM triage_event WHERE report_id = :id) || ' in the history, '
        || (SELECT COUNT(*) FROM release_change WHERE report_id = :id) || ' changes, '
        || (SELECT COUNT(*) FROM report_release WHERE report_id = :id AND valid_to IS NULL) || ' released, '
        || (SELECT COUNT(*) FROM access_question) || ' asked, '
        || (SELECT COUNT(*) FROM mailbox_message) || ' sent' AS line
""")
Act = Callable[[Connection, User, str, Tools], object]


class Cut(Exception):
    """Here the process died."""


class Dying:
    """A connection that dies before its n-th statement."""

    def __init__(self, db: Connection, n: int, at_death: Callable[[], None]) -> None:
        self._db, self._left, self._at_death = db, n, at_death
        self.engine: Engine = db.engine

    def one(self, sql: Sql, shape: type[T], /, **values: Any) -> T | None:
        self._step()
        return self._db.one(sql, shape, **values)

    def many(self, sql: Sql, shape: type[T], /, **values: Any) -> list[T]:
        self._step()
        return self._db.many(sql, shape, **values)

    def execute(self, sql: Sql, /, **values: Any) -> int:
        self._step()
        return self._db.execute(sql, **values)

    def execute_many(self, sql: Sql, rows: Iterable[Mapping[str, Any]], /) -> None:
        self._step()
        self._db.execute_many(sql, rows)

    def serialise(self, name: str, /) -> None:
        self._db.serialise(name)

    def _step(self) -> None:
        if not self._left:
            self._at_death()
            raise Cut
        self._left -= 1


def version(db: Connection, report_id: str) -> int:
    report = triage_store.report(db, report_id)
    assert report is not None
    return report.version


def acknowledge(db: Connection, user: User, report_id: str, tools: Tools) -> object:
    return triage.acknowledge(db, user, report_id, "Read.", vault=tools.vault, keys=tools.keys, now=tools.now)


def narrow(db: Connection, user: User, report_id: str, tools: Tools) -> object:
    asked = Narrow(version=version(db, report_id), groups=("narrative",), note="They rang.")
    return actions.narrow(db, user, report_id, asked, tools)


def override(db: Connection, user: User, report_id: str, tools: Tools) -> object:
    asked = Override(
        version=version(db, report_id),
        groups=("location",),
        ground="life_at_risk",
        note="A threat.",
        told="yes",
        message="We told the police.",
    )
    return actions.override(db, user, report_id, asked, tools, load_pack())


def end_override(db: Connection, user: User, report_id: str, tools: Tools) -> object:
    known = version(db, report_id)
    asked = EndOverride(version=known, groups=("location",), note="x", told="yes", message="It has ended.")
    return actions.end_override(db, user, report_id, asked, tools)


def unmask(db: Connection, user: User, report_id: str, tools: Tools) -> object:
    return actions.unmask(db, user, report_id, Unmask(groups=("identity",), reason="supervision"), tools)


def tell_access(db: Connection, user: User, report_id: str, tools: Tools) -> object:
    triage_store.ask_access(db, report_id, at=clock.stamp(tools.now))
    return telling.tell_access(db, limit=1, tools=tools)


def sign_in(db: Connection, name: str) -> User:
    known = identity_store.credentials(db, name)
    assert known is not None
    return identity.log_in(
        db, known.person_id, username=name, token=new_token(), old_token=None, now=clock.now()
    )


CASES: Final[list[tuple[str, str, list[Act]]]] = [
    ("P1", "northshire", [acknowledge]),
    ("P1", "harbour", [narrow]),
    ("U1", "supervisor", [override, end_override]),
    ("P1", "dpo", [unmask]),
    ("P1", "harbour", [tell_access]),
]


NAMES: Final = ["-".join(act.__name__ for act in acts) for _, _, acts in CASES]


@pytest.mark.parametrize(("choice", "name", "acts"), CASES, ids=NAMES)
async def test_whoever_dies_in_the_middle_has_done_nothing(
    service: Service, choice: str, name: str, acts: list[Act], engine: Engine, tmp_path: Path
) -> None:
    report = await service.report(sharing_choice=choice)
    user = await service.database.write(sign_in, name)

    for act in acts:
        left = tmp_path / act.__name__
        before = await kept(service.database, report)
        cuts = await cut_until_done(service, report, user, act, left if engine == "sqlite" else None)

        after = await kept(service.database, report)
        assert cuts >= 3
        assert after != before
        for folder in sorted(left.glob("*")):
            copy = await open_database(f"sqlite:///{folder / 'waymark.db'}")
            assert await kept(copy, report) == before, folder
            await copy.close()


async def cut_until_done(service: Service, report: Report, user: User, act: Act, left: Path | None) -> int:
    """Returns how many times it died. Raises AssertionError when anything of that is kept."""
    before = await kept(service.database, report)
    tools = Tools(vault=service.state.vault, keys=service.state.ring, now=clock.now())
    for n in range(STATEMENTS_MAX):

        def die(n: int = n) -> None:
            if left is not None:
                shutil.copytree(tmp_data(service), left / f"{n:02}")

        def work(db: Connection, n: int = n, die: Callable[[], None] = die) -> object:
            return act(Dying(db, n, die), user, report.item_id, tools)

        try:
            await service.database.write(work)
        except Cut:
            assert await kept(service.database, report) == before, (act.__name__, n)
        else:
            return n
    raise AssertionError(f"{act.__name__} has more statements than {STATEMENTS_MAX}")


def tmp_data(service: Service) -> Path:
    """Where the database's files lie, with all that is not yet in the main one."""
    data: Path = service.state.settings.data
    return data


async def kept(database: Database, report: Report) -> str:
    line = await database.read(lambda db: db.one(KEPT, str, id=report.item_id))
    assert line is not None
    return line
