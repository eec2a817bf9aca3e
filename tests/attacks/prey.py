"""The system under attack: a served process with all that an operator can switch on, and secrets in it."""

import shutil
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
from pysqlite3 import dbapi2

from journeys.conftest import BUILT
from support.apart import apart
from support.desk import OTHERS, PEOPLE, Desk, enrol_device, seed
from support.files import a_photo, piece_headers, prepared, report_with
from support.push_service import PushService
from support.reports import HARBOUR, QUAY, Device, Report, push_of
from support.server import Server
from waymark.audit import actions as audit
from waymark.audit.records import Entry
from waymark.kernel import clock
from waymark.kernel.db import open_database
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.file_sender import PreparedFile
from waymark_sync.policy import load_pack
from waymark_sync.protocol import AttStart, PushResponse
from waymark_sync.report import SafeContact, SharingChoice

CHOICES: Final[tuple[SharingChoice, ...]] = ("P1", "P2", "P3", "U1", "A1", "A2")
PLACES: Final = {"harbour": ("QX1 1AA", HARBOUR), "quay": ("ZZ1 1AA", QUAY)}
"""Centre's worker, with postcode (of Northshire and of Southmere) and centre."""
PHOTOGRAPHED: Final = (("P1", "harbour"), ("U1", "harbour"), ("A2", "harbour"), ("P1", "quay"))
"""Each with a secret for a caption."""
WITH_PERSON: Final = ("P1", "P2", "P3", "U1")
ANSWERED: Final = "canaryanswerhazel"
RATIONALE: Final = "canaryrationaleyew"
CLIENT: Final = "waymark-client"
"""The header in which the proxy in front names who asks."""
ADDRESS: Final = "203.0.113.77"
"""A reporter's, as a proxy in front names it."""
AGENT: Final = "canaryagentrowan/5.0"

WAITING: Final = (
    "SELECT COUNT(*) FROM intake_item WHERE state = 'waiting'",
    "SELECT COUNT(*) FROM attachment WHERE state IN ('waiting', 'complete')",
    "SELECT COUNT(*) FROM opened_report WHERE id NOT IN (SELECT report_id FROM triage_report)",
    "SELECT COUNT(*) FROM triage_report WHERE state = 'received'",
)
SETTLES: Final = 20_000
OUR_PAGE: Final = {"Waymark-Request": "1", "Sec-Fetch-Site": "same-origin"}

Key = tuple[str, str]


def canary(choice: str, place: str, field: str) -> str:
    """One word for each field of each report: who finds one knows where it came from."""
    return f"canary{choice}{place}{field}".lower()


def answers_of(choice: str, place: str) -> dict[str, Any]:
    given: dict[str, Any] = {
        "sharing_choice": choice,
        "postcode": PLACES[place][0],
        "narrative_original": canary(choice, place, "narrative"),
        "text": canary(choice, place, "place"),
        "name_known_as": None,
        "safe_contact": None,
    }
    if choice in WITH_PERSON:
        given["name_known_as"] = canary(choice, place, "name")
        given["safe_contact"] = SafeContact(
            methods=("call",),
            phone=canary(choice, place, "phone"),
            code_word=canary(choice, place, "codeword"),
        )
    return given


class Prey:
    """Seeded once and shared: an attack leaves it able to serve the next one."""

    def __init__(self, folder: Path, ring: KeyRing, push: PushService, server: Server) -> None:
        self.folder, self.ring, self.push_service, self.server = folder, ring, push, server
        self.reports: dict[Key, Report] = {}
        self.photos: dict[Key, str] = {}
        """Ids of attachments."""
        self.tablet = Device(visitor=False)
        """Of Harbour Library."""
        self.http = httpx.Client(base_url=server.origin, timeout=30, trust_env=False)
        self._people: dict[str, httpx.Client] = {}
        self.cookies: dict[str, str] = {}
        """Of everybody at the desk."""
        self.networks = 0
        """That attacks have come from."""

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.server.data / 'waymark.db'}"

    @cached_property
    def canaries(self) -> list[str]:
        fields = ("narrative", "place", "name", "phone", "codeword", "caption")
        return [
            ANSWERED,
            RATIONALE,
            *(canary(choice, place, field) for choice in CHOICES for place in PLACES for field in fields),
        ]

    def person(self, name: str) -> httpx.Client:
        """Sends what the desk's pages send."""
        if name not in self._people:
            client = httpx.Client(
                base_url=self.server.origin,
                headers={
                    "Origin": self.server.origin,
                    "Waymark-Request": "1",
                    "Sec-Fetch-Site": "same-origin",
                },
                timeout=30,
                trust_env=False,
            )
            client.headers["Cookie"] = f"__Host-waymark={self.cookies[name]}"
            self._people[name] = client
        return self._people[name]

    def push(self, *reports: Report, device_id: str | None = None, **headers: str) -> httpx.Response:
        return self.send_push(encode(push_of(*reports, device_id=device_id), MSGPACK), **headers)

    def send_push(self, content: bytes, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post("/sync/v1/push", content=content, headers={"Content-Type": MSGPACK, **named})

    def results(self, *reports: Report) -> PushResponse:
        answer = self.push(*reports)
        assert answer.status_code == 200, answer.text
        return decode(answer.content, MSGPACK, PushResponse)

    def list_of(self, name: str, **filters: Any) -> list[dict[str, Any]]:
        answer = self.person(name).get("/desk/api/reports", params={"limit": 100, **filters})
        return list(answer.json()["reports"]) if answer.status_code == 200 else []

    def stolen(self, into: Path) -> Path:
        """Everything of the machine but the folder of the keys, as it lies there while the service runs."""
        for part in PARTS:
            shutil.copytree(self.folder / part, into / part, ignore=_sockets)
        shutil.copy(self.folder / "serve.log", into)
        return into

    def trail(self, id: str, kind: str = "report") -> list[Entry]:
        """What the audit trail holds about one report, or somebody."""
        return apart(_trail(self.database_url, id, kind))

    def enter(self, name: str) -> str:
        """One more session of somebody's. Its token."""
        return apart(_entered(self.database_url, name))

    def fresh(self) -> None:
        """Everybody has just shown that it is them, so that it is not that which refuses."""
        self.write("UPDATE session SET verified_at = :now", now=clock.stamp(clock.now()))

    def write(self, statement: str, **values: object) -> int:
        """Past the service, while it runs: how time passes, and what whoever has the file can do. Rows."""
        with closing(dbapi2.connect(self.server.data / "waymark.db", timeout=30)) as opened:
            changed = opened.execute(statement, values).rowcount
            opened.commit()
        return int(changed)

    def seed(self) -> "Prey":
        for choice in CHOICES:
            for place in PLACES:
                self.report(choice, place)
        self.settled()
        for key in (("P1", "harbour"), ("U1", "harbour")):
            who = "northshire" if key[0] == "P1" else "harbour"
            path = f"/desk/api/reports/{self.reports[key].item_id}"
            sent = self.person(who).post(f"{path}/acknowledge", json={"message": ANSWERED, "version": 1})
            assert sent.status_code == 200, sent.text
        return self

    def report(self, choice: str, place: str) -> Report:
        device, body = Device(), {"centre_id": PLACES[place][1]}
        answers = answers_of(choice, place)
        if (choice, place) not in PHOTOGRAPHED:
            made = device.report(self.ring, body=body, **answers)
            assert self.push(made, User_Agent=AGENT, Waymark_Client=ADDRESS).status_code == 200
        else:
            file = prepared(a_photo(64, 48), caption=canary(choice, place, "caption"))
            made = report_with(self.ring, file, device=device, body=body, **answers)
            assert self.push(made, User_Agent=AGENT, Waymark_Client=ADDRESS).status_code == 200
            self.photos[choice, place] = self.upload(made, file)
        self.reports[choice, place] = made
        return made

    def upload(self, report: Report, file: PreparedFile, *, address: str = ADDRESS) -> str:
        """The attachment's id."""
        att_id, heads = file.attachment.att_id, {"User-Agent": AGENT, CLIENT: address}
        asked = encode(AttStart(item_id=report.item_id, att_id=att_id), JSON)
        self.http.post("/sync/v1/att", content=asked, headers=heads | {"Content-Type": JSON})
        sent = self.http.patch(
            f"/sync/v1/att/{att_id}", content=file.sealed, headers=heads | piece_headers(file.sealed, 0)
        )
        assert sent.status_code == 200, sent.text
        return att_id

    def settled(self) -> None:
        """Until all that has come is opened and looked through, files too."""
        with closing(dbapi2.connect(self.server.data / "waymark.db")) as opened:
            for _ in range(SETTLES):
                if not any(opened.execute(statement).fetchone()[0] for statement in WAITING):
                    return
                self.http.get("/health/ready")
        raise AssertionError("what came was not opened and looked through")

    def stop(self) -> None:
        for client in (self.http, *self._people.values()):
            client.close()
        self.server.stop()


def _sockets(folder: str, names: list[str]) -> list[str]:
    """They are no files: nobody copies them."""
    return [name for name in names if (Path(folder) / name).is_socket()]


PARTS: Final = ("data", "backups", "intake-log", "checkpoints", "tmp")
"""Folders of one machine. The keys lie beside them."""


def make_server(folder: Path, migrated: Path, port: int, push: PushService) -> Server:
    """Not started. Each kind of copy that the service makes lies in a folder of its own."""
    places = {name: folder / name for name in PARTS}
    for place in places.values():
        place.mkdir(mode=0o700)
    shutil.copy(migrated, places["data"] / "waymark.db")
    environ = {
        "WAYMARK_PROFILE": "test",
        "WAYMARK_PORT": str(port),
        "WAYMARK_DATA": str(places["data"]),
        "WAYMARK_KEYS": str(folder / "keys"),
        "WAYMARK_PWA": str(BUILT / "pages"),
        "WAYMARK_BACKUPS": str(places["backups"]),
        "WAYMARK_INTAKE_LOG": str(places["intake-log"]),
        "WAYMARK_AUDIT_CHECKPOINTS": str(places["checkpoints"]),
        "WAYMARK_PUSH_HOSTS": push.host,
        "WAYMARK_PUSH_CONTACT": "mailto:operator@example.org",
        "WAYMARK_LOG_LEVEL": "debug",
        "WAYMARK_CLIENT_HEADER": CLIENT,
        "TMPDIR": str(places["tmp"]),
    }
    return Server(environ, folder / "serve.log")


async def _fill(prey: Prey) -> None:
    """People are logged in without a password's work: attacks on logging in do that themselves."""
    database = await open_database(prey.database_url)
    await seed(database, load_pack())
    await database.write(enrol_device, prey.tablet)
    for name in EVERYBODY:
        desk = Desk(None, prey.server.origin)  # type: ignore[arg-type]
        prey.cookies[name] = (await desk.enter(database, name)).cookie or ""
    await database.close()


def filled(prey: Prey) -> Prey:
    apart(_fill(prey))
    return prey


async def _trail(url: str, id: str, kind: str) -> list[Entry]:
    database = await open_database(url)
    try:
        return await database.read(audit.about, kind=kind, id=id)
    finally:
        await database.close()


async def _entered(url: str, name: str) -> str:
    database = await open_database(url)
    try:
        desk = await Desk(None, "").enter(database, name)  # type: ignore[arg-type]
        return desk.cookie or ""
    finally:
        await database.close()


EVERYBODY: Final = (*PEOPLE, *OTHERS)
NOBODYS: Final = str(uuid4())
