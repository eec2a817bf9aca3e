"""T7, a thief who comes after two people have erased a report, and takes the keys as well."""

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from pysqlite3 import dbapi2

from attacks.attempts import Attempts
from attacks.prey import PARTS, Prey, answers_of
from attacks.test_t07_database_thief import _rows
from support.files import a_photo, prepared, report_with
from support.reports import HARBOUR, Device
from support.server import Server, free_port
from waymark.custody.journal import frames, segments_of
from waymark_sync.codec import MSGPACK, decode
from waymark_sync.file_sender import PreparedFile
from waymark_sync.protocol import PushResponse

AT_ONCE: Final = 50
WINDOW: Final = 20
"""Bytes in a row that nothing else has by chance."""
UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
KEPT: Final = {"audit_entry", "audit_checkpoint", "migration", "lineage", "intake_erased"}
"""Tables that keep what they say by design: that there was a report, when, and who erased it."""
OWN_IDS: Final = ("id", "event_id", "message_id", "feed_id", "att_id", "item_id", "report_id")
UNSWEPT: Final = "SELECT COUNT(*) FROM intake_erased WHERE swept_at IS NULL"


class Gone:
    """A report with a photo, a reply and answers; what was on the disk of it; and then erased."""

    def __init__(self, prey: Prey) -> None:
        self.prey = prey
        self.device = Device()
        self.file: PreparedFile = prepared(a_photo(64, 48), caption="canaryerasedcaption")
        given = {**answers_of("U1", "harbour"), "narrative_original": "canaryerasednarrative"}
        self.report = report_with(
            prey.ring, self.file, device=self.device, body={"centre_id": HARBOUR}, **given
        )
        assert prey.push(self.report).status_code == 200
        self.att_id = prey.upload(self.report, self.file)
        prey.settled()
        self.reply = self.device.reply(prey.ring, self.report.item_id, "canaryerasedreply")
        self.act("harbour", "acknowledge", message="canaryerasedanswer")
        assert prey.push(self.reply).status_code == 200
        prey.settled()
        self._read_reply()
        self.act("harbour", "close", code="duplicate", message="canaryerasedclosing")
        self.act("harbour", "erasure", ground="reporter_asked", note="canaryerasednote")
        self.before = prey.folder.parent / f"before-{self.report.item_id}"
        prey.stolen(self.before)
        self.windows = dict(self._windows())
        assert "its key in the intake log" in self.windows

    def page(self, name: str = "supervisor") -> httpx.Response:
        return self.prey.person(name).get(f"/desk/api/reports/{self.report.item_id}")

    def act(self, name: str, act: str, **said: Any) -> httpx.Response:
        version = self.page(name).json()["report"]["version"]
        path = f"/desk/api/reports/{self.report.item_id}/{act}"
        answer: httpx.Response = self.prey.person(name).post(path, json={"version": version, **said})
        assert answer.status_code == 200, (act, answer.text)
        return answer

    def _read_reply(self) -> None:
        for _ in range(2_000):
            if "mark_reply_read" in self.page().json()["report"]["acts"]:
                self.act("harbour", "reply-read")
                return
        raise AssertionError("the reply never came")

    def erase(self) -> None:
        seen = self.page().json()["report"]["version"]
        path = f"/desk/api/reports/{self.report.item_id}/confirm-erasure"
        supervisor, body = self.prey.person("supervisor"), {"version": seen}
        with ThreadPoolExecutor(AT_ONCE) as together:
            sent = [together.submit(supervisor.post, path, json=body) for _ in range(AT_ONCE)]
        self.confirmed = Counter(one.result().status_code for one in sent)
        with closing(dbapi2.connect(self.prey.server.data / "waymark.db")) as opened:
            for _ in range(20_000):
                if not opened.execute(UNSWEPT).fetchone()[0]:
                    return
                self.prey.http.get("/health/live")
        raise AssertionError("it was not swept")

    def _windows(self) -> Iterator[tuple[str, bytes]]:
        """Pieces of all bytes and words that rows and files held of it, by where they were."""
        tables = _rows(self.before / "data" / "waymark.db")
        ids = {self.report.item_id, self.reply.item_id, self.device.id, self.att_id}
        for _ in range(3):
            ids |= set(_ids_beside(tables, ids))
        kept = {self.report.envelope.sha256, self.reply.envelope.sha256, self.file.attachment.sha256}
        for table, rows in tables.items():
            for row in rows if table not in KEPT else ():
                if ids.isdisjoint(value for value in row.values() if isinstance(value, str)):
                    continue
                for column, value in row.items():
                    if isinstance(value, bytes) and len(value) >= 2 * WINDOW and value not in kept:
                        yield from _pieces(f"{table}.{column}", value)
        for what, raw in (
            ("the sealed report", self.report.envelope.sealed),
            ("its header", self.report.envelope.header),
            ("the sealed reply", self.reply.envelope.sealed),
            ("the photo", self.file.sealed),
        ):
            yield from _pieces(what, raw)
        for key in _logged_keys(self.before / "intake-log", {self.report.item_id, self.reply.item_id}):
            yield "its key in the intake log", key[-WINDOW:]


def _logged_keys(log: Path, ids: set[str]) -> Iterator[bytes]:
    for folder in (one for one in log.iterdir() if one.name != "files"):
        for frame in (one for segment in segments_of(folder) for one in frames(segment)):
            items = (one for one in frame.group.entries if one.kind == "item")
            yield from (key for one, key in zip(items, frame.keys, strict=True) if one.id in ids)


def _ids_beside(tables: dict[str, list[dict[str, Any]]], ids: set[str]) -> Iterator[str]:
    for table, rows in tables.items():
        for row in rows if table not in KEPT else ():
            if not ids.isdisjoint(value for value in row.values() if isinstance(value, str)):
                own = (row.get(name) for name in OWN_IDS)
                yield from (value for value in own if isinstance(value, str) and UUID.fullmatch(value))


def _pieces(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Not the first bytes: those may say which key it is, as others' do."""
    for at in {len(raw) // 2, len(raw) - WINDOW, len(raw) * 3 // 4 - WINDOW // 2}:
        yield f"{name} at {at} of {len(raw)}, {raw[at : at + 4].hex()}", raw[at : at + WINDOW]


@pytest.fixture(scope="session")
def gone(prey: Prey) -> Gone:
    prey.fresh()
    made = Gone(prey)
    assert _met(made, [made.before]), "there was something to be found"
    made.erase()
    return made


def _met(gone: Gone, folders: list[Path]) -> dict[str, list[str]]:
    """By piece, the files that hold it."""
    found: dict[str, list[str]] = {}
    for folder in folders:
        for file in (one for one in folder.rglob("*") if one.is_file() and not one.is_symlink()):
            raw = file.read_bytes()
            for name, piece in gone.windows.items():
                if piece in raw:
                    found.setdefault(name, []).append(str(file.relative_to(folder)))
    return found


def test_it_is_confirmed_by_fifty_threads(prey: Prey, gone: Gone, attempts: Attempts) -> None:
    """The second person's page sent fifty times at once: erased once, in the trail once, in the list once."""
    back = (gone.confirmed, [row.action for row in prey.trail(gone.report.item_id)])
    attempts.tried("more than once", got=gone.confirmed[200] != 1, back=back)
    attempts.tried("a bug", got=set(gone.confirmed) - {200, 404, 409, 503}, back=back)
    rows = [action for action in back[1] if action == "report.erased"]
    attempts.tried("rows in the trail", got=len(rows) != 1, back=back)
    listed = (prey.folder / "keys" / "erased" / "list.jsonl").read_bytes().splitlines()
    attempts.tried("lines in the list", got=len(listed) != 1, back=len(listed))


def test_nothing_of_it_is_left_on_the_machine(prey: Prey, gone: Gone, attempts: Attempts) -> None:
    """Its keys, sealed bytes, answers, photo and feed: looked for in database, logs, files and keys."""
    folders = [prey.folder / part for part in (*PARTS, "keys")]
    left = _met(gone, [folder for folder in folders if folder.exists()])
    was = _met(gone, [gone.before])
    assert len(was) > 10
    for name in gone.windows:
        attempts.tried(f"{name} (was in {was.get(name)})", got=left.get(name))
    for folder in folders:
        named = [str(one) for one in folder.rglob(f"*{gone.att_id}*")]
        attempts.tried(f"a file of its photo in {folder.name}", got=named)


def test_nobody_at_a_desk_finds_it(prey: Prey, gone: Gone, attempts: Attempts) -> None:
    """By its id, its photo, each act, lists and counts: like what never was."""
    base = f"/desk/api/reports/{gone.report.item_id}"
    for name in ("harbour", "supervisor", "dpo", "northshire", "custodian", "admin"):
        client = prey.person(name)
        for path in ("", "/suggestions", f"/pictures/{gone.att_id}", f"/originals/{gone.att_id}"):
            answer = client.get(base + path)
            attempts.tried(f"{name}: {path}", got=answer.status_code != 404, back=answer.text)
        for act in ("reopen", "erasure", "confirm-erasure", "override", "unmask"):
            answer = client.post(f"{base}/{act}", json={"version": 1})
            attempts.tried(f"{name}: {act}", got=answer.status_code not in (400, 403, 404), back=answer.text)
        for path in ("/desk/api/reports?limit=100", "/desk/api/quarantine"):
            listed = client.get(path).text
            attempts.tried(f"{name}: {path}", got=gone.report.item_id in listed)


def test_it_is_sent_again(prey: Prey, gone: Gone, attempts: Attempts) -> None:
    """The report, its reply and its photo as devices have them, by sixteen at once; then looked for anew."""
    with ThreadPoolExecutor(16) as together:
        sent = [together.submit(prey.push, one) for one in (gone.report, gone.reply) for _ in range(8)]
    for one in sent:
        (result,) = decode(one.result().content, MSGPACK, PushResponse).results
        attempts.tried("sent again", got=(result.verdict, result.gone) != ("duplicate", True), back=result)
    again = prey.http.patch(
        f"/sync/v1/att/{gone.att_id}",
        content=gone.file.sealed,
        headers={"Content-Type": "application/octet-stream"},
    )
    attempts.tried("its photo", got=again.status_code < 400, back=again.status_code)
    prey.settled()
    test_nothing_of_it_is_left_on_the_machine(prey, gone, attempts)


def test_an_older_backup_is_put_back(prey: Prey, gone: Gone, attempts: Attempts, tmp_path: Path) -> None:
    """The machine as it was, a moment before: started again beside the keys of today, and asked for it."""
    folder = tmp_path / "older"
    shutil.copytree(gone.before, folder)
    shutil.copytree(prey.folder / "keys", folder / "keys")
    server = _served(prey, folder)
    cookie = {"Cookie": f"__Host-waymark={prey.cookies['supervisor']}"}
    with httpx.Client(base_url=server.origin, headers=cookie, timeout=30, trust_env=False) as client:
        assert client.get("/desk/api/session").status_code == 200
        there = client.get(f"/desk/api/reports/{gone.report.item_id}")
        attempts.tried("at the desk", got=there.status_code != 404, back=there.text)
        for _ in range(200):
            with closing(dbapi2.connect(server.data / "waymark.db")) as opened:
                if not opened.execute(UNSWEPT).fetchone()[0]:
                    break
            client.get("/health/live")
    server.stop()
    left = _met(gone, [folder / part for part in (*PARTS, "keys")])
    for name in gone.windows:
        attempts.tried(f"{name}, on its disk", got=left.get(name))


def test_a_list_that_was_altered(prey: Prey, gone: Gone, attempts: Attempts, tmp_path: Path) -> None:
    """The list beside the keys with lines that nobody has signed, beside one that was."""
    victim = prey.reports["U1", "harbour"]
    keys = tmp_path / "keys"
    shutil.copytree(prey.folder / "keys", keys)
    place = keys / "erased" / "list.jsonl"
    line = place.read_bytes().splitlines()[-1]
    forged = line.replace(b'"payload":"', b'"payload":"AAAA')
    place.write_bytes(line + b"\n" + forged + b"\n" + b"{}\n" + b"\x00" * 50)
    folder = tmp_path / "forged"
    prey.stolen(folder)
    shutil.copytree(keys, folder / "keys")
    server = _served(prey, folder)
    cookie = {"Cookie": f"__Host-waymark={prey.cookies['supervisor']}"}
    with httpx.Client(base_url=server.origin, headers=cookie, timeout=30, trust_env=False) as client:
        still = client.get(f"/desk/api/reports/{victim.item_id}")
        attempts.tried("another report is erased", got=still.status_code != 200, back=still.text)
        back = client.get(f"/desk/api/reports/{gone.report.item_id}")
        attempts.tried("and this one comes back", got=back.status_code != 404)
    server.stop()
    attempts.tried("without a word of it", got='"erasure_list_damaged"' not in server.log_text)


def _served(prey: Prey, folder: Path) -> Server:
    environ = {
        name: value.replace(str(prey.folder), str(folder)) for name, value in prey.server.environ.items()
    }
    environ |= {"WAYMARK_PORT": str(free_port()), "TMPDIR": tempfile.gettempdir()}  # a socket's name is short
    return Server(environ, folder / "again.log").start()
