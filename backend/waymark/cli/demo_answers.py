"""What the people of a demonstration do at their desks, through the same verbs as everybody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from waymark.cli.demo_people import LOGINS, USERNAME_OF
from waymark.cli.demo_plan import MARK, Planned
from waymark.cli.demo_tales import Said, tales
from waymark.dialogue import actions as dialogue
from waymark.dialogue.actions import Desk
from waymark.dialogue.records import Decide, Say, Signpost
from waymark.identity import actions as identity
from waymark.identity.records import Credentials, User
from waymark.identity.rules import new_token
from waymark.kernel.db import Connection
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark.triage import actions as triage
from waymark.triage.actions import Tools
from waymark_sync.policy import UNKNOWN, Pack
from waymark_sync.policy.decisions import load_decisions
from waymark_sync.report import RELEASED_TO_POLICE

DECISIONS: Final = ("crime_recorded", "support_only", "crime_recorded", "crime_not_recorded")
"""In turn. Every force may decide these."""
SIGNPOSTS: Final = 3


class Deed(Struct, frozen=True, kw_only=True):
    """Something that somebody at a desk does to a report, or its reporter says."""

    at: datetime
    kind: Said | Literal["acknowledge", "decide"]
    report: Planned
    text: str = ""


def deeds(reports: Sequence[Planned]) -> list[Deed]:
    """In the order of their times."""
    found: list[Deed] = []
    for report in reports:
        if report.acknowledged_at is not None:
            found.append(Deed(at=report.acknowledged_at, kind="acknowledge", report=report))
        found += [Deed(at=step.at, kind=step.says, report=report, text=step.text) for step in report.steps]
        if report.decided_at is not None:
            found.append(Deed(at=report.decided_at, kind="decide", report=report))
    return sorted(found, key=lambda deed: deed.at)


class Desks:
    """Everybody at once, logged in."""

    def __init__(self, vault: Vault, keys: KeyRing, pack: Pack) -> None:
        self._vault, self._keys, self._pack = vault, keys, pack
        self._users: dict[str, tuple[User, str]] = {}
        self._thanks = tales().thanks
        self._answered = self._decided = 0

    def open(self, db: Connection, *, now: datetime) -> None:
        for login in LOGINS:
            known = identity.begin_login(db, login.username, now=now)
            if not isinstance(known, Credentials):
                raise AssertionError(f"{login.username} was added just before")
            token = new_token()
            user = identity.log_in(
                db, known.person_id, username=login.username, token=token, old_token=None, now=now
            )
            self._users[login.username] = user, token

    def close(self, db: Connection, *, now: datetime) -> None:
        for user, token in self._users.values():
            identity.log_out(db, token, user, now=now)

    def of(self, organisation_id: str) -> User:
        """Who sits at the desk of this force or centre."""
        return self._users[USERNAME_OF[organisation_id]][0]

    def do(self, db: Connection, due: Sequence[Deed]) -> None:
        """Each at its time. What a reporter says comes another way."""
        for deed in due:
            match deed.kind:
                case "acknowledge":
                    self._acknowledge(db, deed)
                case "decide":
                    self._decide(db, deed)
                case "signpost":
                    self._signpost(db, deed)
                case "ask":
                    desk, version = self._opened(db, deed)
                    dialogue.ask(db, desk, Say(version=version, message=deed.text))
                case "update":
                    desk, version = self._opened(db, deed)
                    dialogue.update(db, desk, Say(version=version, message=deed.text))
                case "reply":
                    raise AssertionError("no desk speaks for a reporter")

    def _acknowledge(self, db: Connection, deed: Deed) -> None:
        text = self._thanks[self._answered % len(self._thanks)]
        self._answered += 1
        triage.acknowledge(
            db,
            self._responsible(deed.report),
            deed.report.item_id,
            text,
            vault=self._vault,
            keys=self._keys,
            now=deed.at,
        )

    def _decide(self, db: Connection, deed: Deed) -> None:
        # Whoever comes back with a code shall see what most hope for.
        code = "crime_recorded" if deed.report.code else DECISIONS[self._decided % len(DECISIONS)]
        self._decided += 1
        kind = next(kind for kind in load_decisions().decisions if kind.code == code)
        number = f"DEMO/{self._decided:04d}" if kind.needs_reference else ""
        desk, version = self._opened(db, deed)
        decision = Decide(
            version=version,
            code=code,
            rationale=f"{MARK} Decided to show how it looks.",
            reason=kind.reasons[0].code if kind.reasons else "",
            crime_reference=number,
            message=kind.explainer.replace("{reference}", number),
        )
        dialogue.decide(db, desk, decision, self._pack)

    def _signpost(self, db: Connection, deed: Deed) -> None:
        desk, version = self._opened(db, deed)
        if found := dialogue.suggest(db, desk, self._pack)[:SIGNPOSTS]:
            services = tuple(service.id for service in found)
            asked = Signpost(version=version, services=services, message=deed.text)
            dialogue.signpost(db, desk, asked, self._pack)

    def _opened(self, db: Connection, deed: Deed) -> tuple[Desk, int]:
        """Nobody decides without having looked."""
        user = self._responsible(deed.report)
        viewed = triage.view(db, user, deed.report.item_id, now=deed.at)
        tools = Tools(vault=self._vault, keys=self._keys, now=deed.at)
        desk = Desk(user=user, report_id=deed.report.item_id, tools=tools)
        return desk, viewed.report.version

    def _responsible(self, report: Planned) -> User:
        """The police for what was released to them, of the centre's force where no place is known."""
        if report.answers["sharing_choice"] not in RELEASED_TO_POLICE:
            return self.of(report.centre_id)
        force_id = self._pack.place(report.postcode).force_id
        if force_id == UNKNOWN:
            force_id = next(c.force_id for c in self._pack.centres if c.id == report.centre_id)
        return self.of(force_id)
