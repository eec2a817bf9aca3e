"""What the people of a demonstration do at their desks, through the same verbs as everybody."""

from collections.abc import Sequence
from datetime import datetime

from waymark.cli.demo_people import LOGINS, USERNAME_OF
from waymark.cli.demo_plan import Planned, tales
from waymark.identity import actions as identity
from waymark.identity.records import Credentials, User
from waymark.identity.rules import new_token
from waymark.kernel.db import Connection
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark.triage import actions as triage
from waymark_sync.policy import UNKNOWN, Pack
from waymark_sync.report import RELEASED_TO_POLICE


class Desks:
    """Everybody at once, logged in."""

    def __init__(self, vault: Vault, keys: KeyRing, pack: Pack) -> None:
        self._vault, self._keys, self._pack = vault, keys, pack
        self._users: dict[str, tuple[User, str]] = {}
        self._tales = tales()
        self._answered = 0

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

    def answer(self, db: Connection, reports: Sequence[Planned]) -> None:
        """Acknowledge each at its time."""
        for report in reports:
            if report.acknowledged_at is None:
                continue
            text = self._tales.thanks[self._answered % len(self._tales.thanks)]
            self._answered += 1
            triage.acknowledge(
                db,
                self._responsible(report),
                report.item_id,
                text,
                vault=self._vault,
                keys=self._keys,
                now=report.acknowledged_at,
            )

    def _responsible(self, report: Planned) -> User:
        """The police for what was released to them, of the centre's force where no place is known."""
        if report.answers["sharing_choice"] not in RELEASED_TO_POLICE:
            return self.of(report.centre_id)
        force_id = self._pack.place(report.answers.get("postcode")).force_id
        if force_id == UNKNOWN:
            force_id = next(c.force_id for c in self._pack.centres if c.id == report.centre_id)
        return self.of(force_id)
