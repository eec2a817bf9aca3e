"""People at the desk, and a browser for each."""

from typing import Any, Final

from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.reports import HARBOUR, Device
from waymark.identity import actions as identity
from waymark.identity import store
from waymark.identity.devices import store as devices
from waymark.identity.passwords import hash_password
from waymark.identity.records import DemoPerson, Role
from waymark.identity.records import Device as Enrolled
from waymark.identity.rules import new_token
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database
from waymark_sync.policy import Pack
from waymark_sync.seal import raw_public

PASSWORD: Final = "correct horse battery staple"
_HASH: Final = hash_password(PASSWORD)

AGENCY: Final = "demo-quayside-housing"

PEOPLE: Final[dict[str, DemoPerson]] = {
    name: DemoPerson(
        username=name, name=name.title(), role=role, force_id=force, centre_id=centre, password_hash=_HASH
    )
    for name, role, force, centre in (
        ("northshire", "police_triage", "demo-northshire", None),
        ("southmere", "police_triage", "demo-southmere", None),
        ("harbour", "centre_worker", None, "demo-harbour-library"),
        ("quay", "centre_worker", None, "demo-quay-students"),
        ("custodian", "intake_custodian", None, None),
    )
}
ROLES: Final[dict[str, Role]] = {name: person.role for name, person in PEOPLE.items()}


OTHERS: Final[dict[str, DemoPerson]] = {
    name: DemoPerson(
        username=name,
        name=name.title(),
        role=role,
        force_id=force,
        centre_id=centre,
        agency_id=agency,
        password_hash=_HASH,
    )
    for name, role, force, centre, agency in (
        ("supervisor", "centre_supervisor", None, "demo-harbour-library", None),
        ("coordinator", "hate_crime_coordinator", "demo-northshire", None, None),
        ("dpo", "dpo", None, "demo-harbour-library", None),
        ("force-dpo", "dpo", "demo-northshire", None, None),
        ("partner", "support_partner", None, None, AGENCY),
        ("chair", "conference_chair", "demo-northshire", None, None),
        ("member", "conference_member", None, None, AGENCY),
        ("community", "community_coordinator", None, "demo-harbour-library", None),
        ("adviser", "adviser", None, None, None),
        ("panellist", "scrutiny_panellist", None, None, None),
        ("analyst", "analyst", "demo-northshire", None, None),
        ("gold", "gold", "demo-northshire", None, None),
        ("admin", "sysadmin", None, None, None),
    )
}
"""Everybody else of whom there is any. Most find nothing yet."""


async def seed(database: Database, pack: Pack) -> None:
    await database.write(store.keep_agency, id=AGENCY, name="Quayside Housing")
    people = [*PEOPLE.values(), *OTHERS.values()]
    await database.write(identity.seed_demo, pack, people, now=clock.now())


def enrol_device(db: Connection, device: Device, centre_id: str = HARBOUR) -> None:
    """As if it had shown a code."""
    devices.add_device(
        db,
        Enrolled(
            id=device.id,
            centre_id=centre_id,
            label="Front desk",
            sign_key=raw_public(device.sign_key),
            seal_key=raw_public(device.seal_key),
            enrolled_at=clock.stamp(clock.now()),
            revoked_at=None,
        ),
    )


class Desk:
    """One person's browser: it keeps their cookie and sends what our own pages send."""

    def __init__(self, client: AsyncTestClient[Litestar], origin: str) -> None:
        self._client, self._origin = client, origin
        self._headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin", "Waymark-Request": "1"}
        self.cookie: str | None = None
        self.more: dict[str, str] = {}
        """Further cookies, by name."""

    def like(self) -> "Desk":
        """Another browser at the same service, with nobody logged in."""
        return Desk(self._client, self._origin)

    async def log_in(self, username: str, password: str = PASSWORD) -> Response:
        answer = await self.post("/desk/api/session", {"username": username, "password": password})
        if answer.status_code == 200:
            self.cookie = answer.cookies["__Host-waymark"]
        return answer

    async def enter(self, database: Database, username: str) -> "Desk":
        """Log in without the password's work, where a test is about something else."""
        known = await database.read(store.credentials, username)
        assert known is not None
        token = new_token()
        await database.write(
            identity.log_in, known.person_id, username=username, token=token, old_token=None, now=clock.now()
        )
        self.cookie = token
        return self

    async def get(self, path: str) -> Response:
        return await self._send("GET", path)

    async def post(self, path: str, body: Any = None, **headers: str) -> Response:
        return await self._send("POST", path, {} if body is None else body, headers)

    async def delete(self, path: str) -> Response:
        return await self._send("DELETE", path)

    async def _send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Response:
        self._client.cookies.clear()
        sent = {**self._headers, **(headers or {})}
        cookies = {**({"__Host-waymark": self.cookie} if self.cookie else {}), **self.more}
        if cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return await self._client.request(method, path, json=body, headers=sent)
