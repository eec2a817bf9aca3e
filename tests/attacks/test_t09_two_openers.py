"""T9, an organisation with an opener of its own: it opens what was released to it, and no more.

One service, one database, two openers: the centres' with everything but the forces' keys, and the forces'.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from msgspec import Struct
from pysqlite3 import dbapi2

from attacks.attempts import Attempts
from attacks.prey import CHOICES, answers_of, canary
from support.openers import RunningOpener, running_opener
from support.reports import HARBOUR, Device, Report, push_of
from support.server import Server
from support.staff import Staff
from waymark.cli.demo_people import PASSWORD
from waymark.intake.report_keys import BODY_AAD, PERSON_AAD
from waymark.kernel.keys import KeyRing
from waymark.kernel.opener.records import Ask, OpenItem, Unwrap, UnwrapFor
from waymark.kernel.vault import KEY_BYTES, CannotDecrypt, decrypt
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.protocol import decode_header

FORCES: Final = ("force:demo-northshire", "force:demo-southmere", "force:demo-westvale")
RELEASED: Final = ("P1", "P2", "P3")
FIELDS: Final = ("narrative", "place", "name", "phone", "codeword")
WAITS_S: Final = 60


class Apart(Struct):
    """A service without a key, and who opens for it."""

    server: Server
    centres: RunningOpener
    forces: RunningOpener
    ring: KeyRing
    reports: dict[str, Report]

    def pushed(self, choice: str) -> Report:
        report = Device().report(self.ring, body={"centre_id": HARBOUR}, **answers_of(choice, "harbour"))
        content = encode(push_of(report), MSGPACK)
        url, head = f"{self.server.origin}/sync/v1/push", {"Content-Type": MSGPACK}
        assert httpx.post(url, content=content, headers=head, timeout=30, trust_env=False).status_code == 200
        return report


@pytest.fixture
def apart(server: Callable[..., Server], keys: Path, ring: KeyRing, tmp_path: Path) -> Iterator[Apart]:
    own = tmp_path / "keys"
    shutil.copytree(keys, own, ignore=shutil.ignore_patterns("*.trail"))
    one = server(WAYMARK_KEYS=str(own))
    one.waymark("demo", "--reports", "0")
    of_forces, of_centres = tmp_path / "forces", tmp_path / "centres"
    named = [word for force in FORCES for word in ("--holder", force)]
    assert "opens nothing for force:demo-northshire" in one.waymark("keys", "part", str(of_forces), *named)
    assert "nothing that is left opens" in one.waymark("keys", "part", str(of_centres))
    with ExitStack() as stack:
        centres = stack.enter_context(running_opener(of_centres, one.environ))
        forces = stack.enter_context(running_opener(of_forces, one.environ))
        one.environ["WAYMARK_OPENER"] = f"{centres.path}:{forces.path}"
        found = Apart(one.start(), centres, forces, ring, {})
        found.reports.update({choice: found.pushed(choice) for choice in CHOICES})
        with Staff(one.origin, "harbour", PASSWORD) as staff:
            for choice, report in found.reports.items():
                assert canary(choice, "harbour", "narrative") in page(staff, report)
        yield found
        one.stop()


def page(staff: Staff, report: Report) -> str:
    """Once it is opened."""
    until = time.monotonic() + WAITS_S
    while True:
        status, text = staff.answer("GET", f"/desk/api/reports/{report.item_id}")
        if status == 200 or time.monotonic() > until:
            return text
        time.sleep(0.1)


class Loot:
    """The whole database, in the hands of somebody who can ask one opener."""

    def __init__(self, data: Path) -> None:
        with closing(dbapi2.connect(data / "waymark.db")) as opened:
            self.locks = opened.execute("SELECT report_id, holder, wrapped FROM report_key").fetchall()
            bodies = opened.execute("SELECT id, body, person FROM opened_report").fetchall()
            self.items = opened.execute("SELECT header, sealed FROM intake_item").fetchall()
        self.sealed = [(body, BODY_AAD + id.encode()) for id, body, _ in bodies]
        self.sealed += [(person, PERSON_AAD + id.encode()) for id, _, person in bodies if person]

    def opened_by(self, opener: RunningOpener) -> str:
        """All that it opens, with every question, for every place, tried on everything."""
        holders = {holder for _, holder, _ in self.locks} | {*FORCES, "service"}
        asks: list[Ask] = []
        for id, _, wrapped in self.locks:
            asks += [UnwrapFor(wrapped, f"report_key|{id}|{holder}".encode()) for holder in holders]
            asks.append(Unwrap(wrapped))
        asks += [OpenItem(decode_header(header).kid, header, sealed) for header, sealed in self.items]
        given = [answer.content for ask in asks for answer in opener.ask(ask).answers if answer.content]
        found = [content.decode("utf-8", "replace") for content in given if len(content) > 2 * KEY_BYTES]
        keys = {half for content in given for half in (content[:KEY_BYTES], content[KEY_BYTES:]) if half}
        for key in keys:
            for sealed, aad in self.sealed:
                with suppress(CannotDecrypt, ValueError):
                    found.append(decrypt(key, sealed, aad=aad).decode())
        return " ".join(found)


def words(choice: str) -> dict[str, str]:
    return {field: canary(choice, "harbour", field) for field in FIELDS}


def test_what_the_forces_opener_opens(apart: Apart, attempts: Attempts) -> None:
    """With all the forces' keys and the whole database: what was not released, and who the person is."""
    loot = Loot(apart.server.data)
    forces, centres = loot.opened_by(apart.forces), loot.opened_by(apart.centres)
    for choice in CHOICES:
        for field, word in words(choice).items():
            if word in str(answers_of(choice, "harbour")):
                assert word in centres, "the same search finds it where the keys are"
            given = choice == "P1" or (choice in RELEASED and field in ("narrative", "place"))
            if given and word in centres:
                assert word in forces, "what was released opens"
            if not given:
                attempts.tried(f"{field} of {choice}", got=word in forces)


def test_what_the_forces_opener_is_told_of(apart: Apart, attempts: Attempts) -> None:
    """Its own record, after all was taken in and read: what was not released stands nowhere."""
    with Staff(apart.server.origin, "northshire", PASSWORD) as staff:
        for choice, report in apart.reports.items():
            status, text = staff.answer("GET", f"/desk/api/reports/{report.item_id}")
            assert (status == 200) is (choice in RELEASED)
            shown = [field for field, word in words(choice).items() if word in text]
            assert ("narrative" in shown) is (choice in RELEASED)
            attempts.tried(f"who the person of {choice} is", got=choice != "P1" and "name" in shown)
    told = " ".join(line.place for line in apart.forces.lines())
    assert apart.reports["P1"].item_id in told, "what it opened is written down"
    for choice in CHOICES:
        if choice not in RELEASED:
            attempts.tried(f"that {choice} is there", got=apart.reports[choice].item_id in told)


def test_a_force_that_stops_its_opener_stops_nobody_else(apart: Apart, attempts: Attempts) -> None:
    """Reports are taken in, opened and read at the centre; the force is told to come back."""
    apart.forces.process.kill()
    apart.forces.process.wait()
    with Staff(apart.server.origin, "northshire", PASSWORD) as force:
        path = f"/desk/api/reports/{apart.reports['P1'].item_id}"
        assert force.status("GET", path) == 503
        with Staff(apart.server.origin, "harbour", PASSWORD) as centre:
            for choice in CHOICES:
                began: Any = time.monotonic()
                text = page(centre, apart.pushed(choice))
                took = time.monotonic() - began
                attempts.tried(f"{choice} kept from the centre", got="narrative" not in text, back=took)
