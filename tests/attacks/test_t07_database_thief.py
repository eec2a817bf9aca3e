"""T7, a thief of the disk: database, WAL, backups, files, logs, temporary files - all but the keys."""

import base64
import hashlib
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pysqlite3 import dbapi2

from attacks.attempts import LONG, Attempts
from attacks.prey import NOBODYS, Prey
from journeys.canaries import hits
from support.server import Server, free_port
from waymark.custody import backups
from waymark.intake.report_keys import _place
from waymark.kernel import clock
from waymark.kernel.holders import kid_of
from waymark.kernel.keys import create_keys, load_kek, load_seal_keys
from waymark.kernel.settings import read_settings
from waymark.kernel.vault import CannotDecrypt, Vault, open_vault

KEY_BYTES: Final = 32
TEXT: Final = re.compile(rb"[A-Za-z0-9_-]{43}|[0-9a-f]{64}")


@pytest.fixture(scope="session")
def loot(prey: Prey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup has been made, and the service has restarted once, as it does in its life."""
    backups.make(read_settings(prey.server.environ), now=clock.now())
    return prey.stolen(tmp_path_factory.mktemp("loot"))


def test_no_word_of_any_report_is_on_the_disk(prey: Prey, loot: Path, attempts: Attempts) -> None:
    """Every file searched for every secret in Latin, UTF-16, base64 and hexadecimal."""
    files = [file for file in loot.rglob("*") if file.is_file()]
    parts = {file.relative_to(loot).parts[0] for file in files}
    assert {"data", "backups", "intake-log", "serve.log"} <= parts, "there was something to steal"
    found = hits(loot, prey.canaries)
    for file in files:
        name = str(file.relative_to(loot))
        attempts.tried(name, got=[one for one in found if one.startswith(f"{name}:")])


def test_nothing_that_logs_in_is_on_the_disk(prey: Prey, loot: Path, attempts: Attempts) -> None:
    """Session cookies, the tablet's private key, and every private key of the service."""
    raw = b"".join(file.read_bytes() for file in loot.rglob("*") if file.is_file())
    for name, cookie in prey.cookies.items():
        attempts.tried(f"the cookie of {name}", got=cookie.encode() in raw)
    private = prey.tablet.sign_key.private_numbers().private_value.to_bytes(KEY_BYTES, "big")
    attempts.tried("the tablet's key", got=private in raw)
    for key in sorted((prey.folder / "keys").iterdir()):
        if key.suffix in {".pem", ".key"}:
            secret = b"".join(key.read_bytes().strip().splitlines()[:2][-1:])
            attempts.tried(f"the service's {key.name}", got=secret in raw)


def test_no_bytes_of_the_loot_are_a_key_to_it(prey: Prey, loot: Path, attempts: Attempts) -> None:
    """Every 32 bytes that a thief would try as the key of keys: columns, hashes, identifiers, file heads."""
    tables = _rows(loot / "data" / "waymark.db")
    locks = [(row["wrapped"], _place(row["report_id"], row["holder"])) for row in tables["report_key"]]
    assert len(locks) >= len(prey.reports), "there was something to open"
    right = open_vault(prey.folder / "keys")
    assert all(_opens(right.unwrap_for, *lock) for lock in locks), "the right keys open"
    kek_id = load_kek(prey.folder / "keys")[1]
    for candidate in sorted(_candidates(tables, loot)):
        vault = Vault(candidate, kek_id)
        key = _as_private(candidate)
        for wrapped, place in locks if LONG else locks[:1]:
            holder = {kid_of(wrapped): key} if key is not None else {}
            opens = [
                _opens(vault.unwrap_for, wrapped, place),
                _opens(Vault(candidate, kek_id, private=holder).unwrap_for, wrapped, place),
            ]
            attempts.tried(candidate.hex(), got=any(opens))


def _as_private(candidate: bytes) -> ec.EllipticCurvePrivateKey | None:
    """As a number on the curve; None where it is none."""
    try:
        return ec.derive_private_key(int.from_bytes(candidate, "big"), ec.SECP256R1())
    except ValueError:
        return None


def _opens(unwrap: Callable[[bytes, bytes], bytes], wrapped: bytes, place: bytes) -> bool:
    try:
        unwrap(wrapped, place)
    except CannotDecrypt:
        return False
    return True


def _candidates(tables: dict[str, list[dict[str, Any]]], loot: Path) -> set[bytes]:
    found = {bytes(KEY_BYTES), b"\xff" * KEY_BYTES, b"waymark".ljust(KEY_BYTES, b"\0")}
    for rows in tables.values():
        for row in rows[: None if LONG else 20]:
            for value in row.values():
                found |= set(_made_of(value if isinstance(value, bytes) else str(value).encode()))
    for file in loot.rglob("*"):
        if file.is_file():
            head = file.read_bytes()[:4_096]
            found |= {head[at : at + KEY_BYTES] for at in range(0, 256, 16)}
            found |= {one for text in TEXT.findall(head) for one in _made_of(text)}
    return {one for one in found if len(one) == KEY_BYTES}


def _made_of(raw: bytes) -> Iterator[bytes]:
    yield hashlib.sha256(raw).digest()
    yield raw[:KEY_BYTES]
    yield raw[-KEY_BYTES:]
    if TEXT.fullmatch(raw):
        yield base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))[:KEY_BYTES]


def _rows(database: Path) -> dict[str, list[dict[str, Any]]]:
    with closing(dbapi2.connect(database)) as opened:
        opened.row_factory = dbapi2.Row
        names = [row["name"] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in opened.execute(f"SELECT * FROM {name}")] for name in names}  # noqa: S608


def test_the_loot_served_with_keys_of_the_thiefs_own(
    prey: Prey, loot: Path, attempts: Attempts, tmp_path: Path
) -> None:
    """The thief starts the real service on the stolen data with fresh keys, and a known session."""
    folder = tmp_path / "theirs"
    shutil.copytree(loot, folder)
    create_keys(folder / "keys", issued_at=prey.ring.issued_at)
    environ = {
        **{name: value.replace(str(prey.folder), str(folder)) for name, value in prey.server.environ.items()},
        "WAYMARK_PORT": str(free_port()),
        "WAYMARK_PWA": str(_pages_for(folder)),
    }
    server = Server(environ, folder / "log")
    try:
        server.start()
    except AssertionError as refused:
        attempts.tried("it does not even start", got=False, back=str(refused)[-200:])
        return
    met = "".join(_walk(server, prey)).lower()
    server.stop()
    for word in prey.canaries:
        attempts.tried(f"served with other keys: {word}", got=word in met)
    attempts.tried("its log", got=[word for word in prey.canaries if word in server.log_text.lower()])


def _pages_for(folder: Path) -> Path:
    """Pages that pin the thief's root, or the service would refuse them."""
    import json

    pages = folder / "pages"
    (pages / "assets").mkdir(parents=True)
    for name in ("index", "desk", "leaving"):
        (pages / f"{name}.html").write_text("<!doctype html>", encoding="utf-8")
    (pages / "sw.js").write_text("//", encoding="utf-8")
    raw = (folder / "keys" / "root.pub").read_bytes().strip()
    root = hashlib.sha256(base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))).hexdigest()
    (pages / "build.json").write_text(json.dumps({"version": "t", "root": root}), encoding="utf-8")
    return pages


def _walk(server: Server, prey: Prey) -> Iterator[str]:
    """With cookies that the thief knows: as whoever stole a session and a database has."""
    for name in ("harbour", "northshire", "dpo"):
        cookie = {"Cookie": f"__Host-waymark={prey.cookies[name]}"}
        with httpx.Client(base_url=server.origin, headers=cookie, timeout=30, trust_env=False) as client:
            yield client.get("/desk/api/reports?limit=100").text
            for key, report in prey.reports.items():
                yield client.get(f"/desk/api/reports/{report.item_id}").text
                photo = client.get(
                    f"/desk/api/reports/{report.item_id}/pictures/{prey.photos.get(key, NOBODYS)}"
                )
                yield "a picture: canaryanswerhazel" if photo.status_code == 200 else ""


def test_a_stolen_backup_opens_with_nothing_of_the_machine(
    prey: Prey, loot: Path, attempts: Attempts, tmp_path: Path
) -> None:
    """Restoring it with the service's own keys, and with a key of the thief's."""
    from waymark.custody import restoring
    from waymark.custody.records import Refused
    from waymark.kernel.backup_keys import BackupPrivate
    from waymark.kernel.keys import KeysRefused
    from waymark_sync.seal import new_key

    (backup,) = (loot / "backups").glob("*.backup")
    opener = next(iter(load_seal_keys(prey.folder / "keys").values()))
    for what, key in (("the service's own key", opener), ("a key of the thief's", new_key())):
        empty = tmp_path / secrets.token_hex(4)
        environ = {**prey.server.environ, "WAYMARK_DATA": str(empty), "WAYMARK_INTAKE_LOG": ""}
        environ["WAYMARK_BACKUPS"] = str(loot / "backups")
        private = BackupPrivate(seal=key, attest=key)
        try:
            restoring.restore(read_settings(environ), backup, private, now=clock.now())
            got: object = "restored"
        except (Refused, KeysRefused) as refused:
            got, back = "", str(refused)
        attempts.tried(what, got=got or hits(tmp_path, prey.canaries), back=back)
