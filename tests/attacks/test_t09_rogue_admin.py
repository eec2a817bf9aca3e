"""T9, somebody who runs the machine: changes roles, keys and the trail behind its back."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from pysqlite3 import dbapi2

from attacks.attempts import LONG, Attempts
from attacks.prey import NOBODYS, Prey, answers_of
from support.apart import apart
from support.reports import HARBOUR, Device
from support.server import Server, free_port
from waymark.audit.records import GENESIS, Entry
from waymark.audit.rules import entry_hash
from waymark.audit.store import ENTRIES_AFTER, add
from waymark.cli import group
from waymark.kernel.db import Connection, Sql, open_database
from waymark.kernel.keys import KeysRefused, base64url, load_keys, load_seal_keys, unbase64
from waymark_sync.seal import new_key, raw_public, sign

LOCKS: Final = tuple(
    Sql(f"DROP TRIGGER IF EXISTS audit_{table}_never_{what}")
    for table in ("entry", "checkpoint")
    for what in ("changes", "goes")
)
EMPTY: Final = Sql("DELETE FROM audit_entry")
FORGET: Final = Sql("DELETE FROM audit_checkpoint")
OPENED: Final = (
    "UPDATE opened_report SET sharing_choice = 'P1' WHERE id = :id",
    "UPDATE triage_report SET released = 1, sharing_choice = 'P1' WHERE report_id = :id",
    "INSERT INTO report_release (report_id, from_version, field_group, basis, valid_from)"
    " SELECT :id, 1, value, 'choice', '2026-01-01T00:00:00.000Z'"
    """ FROM json_each('["summary", "incident", "narrative", "location", "identity", "contact"]')""",
)
PAST_THE_SERVICE: Final = {
    "an administrator made a supervisor": (
        "admin",
        "UPDATE membership SET role = 'centre_supervisor', centre_id = 'demo-harbour-library'"
        " WHERE person_id = (SELECT id FROM person WHERE username = :who)",
    ),
    "a volunteer of another centre": (
        "quay",
        "UPDATE membership SET centre_id = 'demo-harbour-library'"
        " WHERE person_id = (SELECT id FROM person WHERE username = :who)",
    ),
    "a second membership, which begins later": (
        "admin",
        "INSERT INTO membership (id, person_id, role, centre_id, valid_from, valid_to)"
        " SELECT 'x', id, 'dpo', 'demo-harbour-library', '2026-01-02', '2999-01-01'"
        " FROM person WHERE username = :who",
    ),
    "somebody nobody knows": (
        "ghost",
        "INSERT INTO person (id, username, name, password_hash) VALUES ('x', 'ghost', 'Ghost', '$argon2id$')",
    ),
    "a password of the administrator's choice": (
        "supervisor",
        "UPDATE person SET password_hash = (SELECT password_hash FROM person WHERE username = 'admin')"
        " || ' ' WHERE username = 'supervisor'",
    ),
    "a passkey of the administrator's own": (
        "supervisor",
        "INSERT INTO passkey (id, person_id, public_key, sign_count, name, backed_up, made_at)"
        " SELECT 'x', id, x'00', 0, 'x', 0, '2026-01-01T00:00:00.000Z'"
        " FROM person WHERE username = :who",
    ),
    "a session of the administrator's own": (
        "supervisor",
        "INSERT INTO session (token_hash, person_id, created_at, last_seen_at, expires_at)"
        " SELECT printf('%064d', 7), id, '2026-01-01T00:00:00.000Z', '2999', '2999'"
        " FROM person WHERE username = :who",
    ),
    "an app of the administrator's own": (
        "supervisor",
        "INSERT INTO totp (id, person_id, wrapped_key, sealed, made_at, last_step, confirmed_at)"
        " SELECT 'x', id, x'00', x'00', '2026-01-01T00:00:00.000Z', 0, '2026'"
        " FROM person WHERE username = :who",
    ),
}
Trail = list[Entry]


@pytest.fixture(scope="session")
def kept(prey: Prey, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A copy of the machine that the administrator may alter, and a checkpoint that lies elsewhere."""
    folder = tmp_path_factory.mktemp("altered")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "one.checkpoint"
    prey.stolen(folder)
    shutil.copytree(prey.folder / "keys", folder / "keys")
    signed = _run(prey, folder, "audit", "checkpoint").output
    elsewhere.write_text(signed, encoding="utf-8")
    return folder, elsewhere


def _run(prey: Prey, folder: Path, *arguments: str) -> Any:
    environ = {
        name: value.replace(str(prey.folder), str(folder))
        for name, value in prey.server.environ.items()
        if name.startswith("WAYMARK_") or name == "PATH"
    }
    return CliRunner().invoke(group, list(arguments), env=environ)


def test_the_trail_altered_in_the_database(
    prey: Prey, kept: tuple[Path, Path], attempts: Attempts, tmp_path: Path
) -> None:
    """Its locks taken off first: edited, cut, swapped, emptied, hashed anew. The command is asked."""
    folder, elsewhere = kept
    assert _verify(prey, folder, elsewhere) == 0, "untouched it holds"
    for number, (name, tamper) in enumerate(_tamperings()):
        copy = tmp_path / str(number)
        (copy / "data").mkdir(parents=True)
        for part in folder.joinpath("data").glob("waymark.db*"):
            shutil.copy(part, copy / "data")
        (copy / "keys").symlink_to(folder / "keys")
        apart(_altered(copy / "data" / "waymark.db", tamper))
        attempts.tried(name, got=_verify(prey, copy, elsewhere) == 0)


def _verify(prey: Prey, folder: Path, elsewhere: Path) -> int:
    return int(_run(prey, folder, "audit", "verify", "--checkpoints", str(elsewhere)).exit_code)


async def _altered(path: Path, tamper: Callable[[Trail], Trail]) -> None:
    database = await open_database(f"sqlite:///{path}")

    def alter(db: Connection) -> None:
        trail = db.many(ENTRIES_AFTER, Entry, after=0, limit=1_000_000)
        for statement in (*LOCKS, EMPTY, FORGET):
            db.execute(statement)
        for one in tamper(trail):
            add(db, one)

    await database.write(alter)
    await database.close()


def _tamperings() -> Iterator[tuple[str, Callable[[Trail], Trail]]]:
    places = (0.1, 0.5, 0.9) if LONG else (0.5,)
    for share in places:

        def at(trail: Trail, share: float = share) -> int:
            return int(len(trail) * share)

        yield f"a reader renamed at {share}", lambda t, at=at: _edit(t, at(t), actor_id="nobody")
        yield (
            f"a reader renamed and all hashed anew at {share}",
            lambda t, at=at: _hashed(_edit(t, at(t), actor_id="nobody")),
        )
        yield f"a read left out at {share}", lambda t, at=at: [*t[: at(t)], *t[at(t) + 1 :]]
        yield (
            f"a read left out and hashed anew at {share}",
            lambda t, at=at: _hashed([*t[: at(t)], *t[at(t) + 1 :]]),
        )
        yield f"the end cut at {share}", lambda t, at=at: t[: at(t)]
        yield (
            f"two swapped and hashed anew at {share}",
            lambda t, at=at: _hashed([*t[: at(t)], t[at(t) + 1], t[at(t)], *t[at(t) + 2 :]]),
        )
    yield "emptied", lambda t: []
    yield "times moved", lambda t: _hashed([replace(one, at=one.at[:-4] + "000Z") for one in t])


def _edit(trail: Trail, at: int, **changes: Any) -> Trail:
    return [*trail[:at], replace(trail[at], **changes), *trail[at + 1 :]]


def _hashed(trail: Trail) -> Trail:
    found: Trail = []
    for pos, one in enumerate(trail, start=1):
        linked = replace(one, pos=pos, prev_hash=found[-1].hash if found else GENESIS, hash=b"")
        found.append(replace(linked, hash=entry_hash(linked)))
    return found


def test_the_trail_is_locked_while_the_service_runs(prey: Prey, attempts: Attempts) -> None:
    """An UPDATE or a DELETE by the service's own account, without taking the locks off, as a bug would."""
    prey.server.waymark("audit", "checkpoint")
    for text in (
        "UPDATE audit_entry SET actor_id = 'nobody'",
        "UPDATE audit_entry SET hash = hash WHERE pos = 1",
        "DELETE FROM audit_entry WHERE pos = 1",
        "DELETE FROM audit_entry",
        "UPDATE audit_checkpoint SET signed = x'00'",
        "DELETE FROM audit_checkpoint",
    ):
        attempts.tried(text, got=apart(_try(prey.database_url, Sql(text))))


async def _try(url: str, statement: Sql) -> bool:
    database = await open_database(url)
    try:
        await database.write(lambda db: db.execute(statement))
    except Exception:  # noqa: BLE001 - however the database says no
        return False
    else:
        return True
    finally:
        await database.close()


def test_keys_put_in_place_of_others(prey: Prey, attempts: Attempts, tmp_path: Path) -> None:
    """A key set signed by another root, one key swapped, modes opened: it will not start."""
    for name, swap in (
        ("a key set of another root", _another_root),
        ("a seal key of the administrator's", _another_seal),
        ("a set that names another key", _another_list),
        ("keys that everybody can read", lambda keys: (keys / "challenge.key").chmod(0o644)),
        ("a folder that everybody can enter", lambda keys: keys.chmod(0o755)),
    ):
        keys = tmp_path / name.replace(" ", "-")
        shutil.copytree(prey.folder / "keys", keys)
        swap(keys)
        try:
            load_keys(keys)
            load_seal_keys(keys)
            got, back = True, ""
        except KeysRefused as refused:
            got, back = False, str(refused)
        attempts.tried(name, got=got, back=back)


def _another_root(keys: Path) -> None:
    file = json.loads((keys / "keyset.json").read_text())
    file["sig"] = base64url(sign(new_key(), b"waymark-keys/1\n" + unbase64(file["payload"])))
    (keys / "keyset.json").write_text(json.dumps(file))


def _another_seal(keys: Path) -> None:
    from waymark.kernel.keys import pem

    (path,) = list(keys.glob("seal-*.pem"))[:1]
    path.write_bytes(pem(new_key()))


def _another_list(keys: Path) -> None:
    file = json.loads((keys / "keyset.json").read_text())
    raw = bytearray(unbase64(file["payload"]))
    public = raw_public(new_key())
    raw[-len(public) :] = public
    file["payload"] = base64url(bytes(raw))
    (keys / "keyset.json").write_text(json.dumps(file))


def test_the_administrators_own_account_reads_nothing(prey: Prey, attempts: Attempts) -> None:
    """The role at the desk: every report by id, every list, and roles it would like to have."""
    client = prey.person("admin")
    for key, report in prey.reports.items():
        answer = client.get(f"/desk/api/reports/{report.item_id}")
        attempts.tried(f"opens {key}", got=answer.status_code != 404, back=answer.text)
        photo = client.get(f"/desk/api/reports/{report.item_id}/pictures/{prey.photos.get(key, NOBODYS)}")
        attempts.tried(f"looks at the picture of {key}", got=photo.status_code != 404)
    for path in ("reports", "choices", "devices", "quarantine", "live", "people", "roles", "audit", "keys"):
        answer = client.get(f"/desk/api/{path}")
        attempts.tried(f"opens {path}", got=answer.status_code == 200, back=answer.text)
    for head in ({"Waymark-Role": "dpo"}, {"X-Role": "dpo"}, {"X-Original-URL": "/desk/api/reports"}):
        answer = client.get("/desk/api/reports", headers=head)
        attempts.tried(f"says {head}", got=answer.status_code == 200)
    attempts.tried("its session says", got='"role":"dpo"' in client.get("/desk/api/session?role=dpo").text)


def test_a_release_written_past_the_service(prey: Prey, attempts: Attempts) -> None:
    """Rows of a support-only report altered while the service runs, so that it looks released."""
    for choice in ("U1", "A2"):
        made = Device().report(prey.ring, body={"centre_id": HARBOUR}, **answers_of(choice, "harbour"))
        prey.results(made)
        prey.settled()
        with closing(dbapi2.connect(prey.server.data / "waymark.db")) as opened:
            for statement in OPENED:
                assert opened.execute(statement, {"id": made.item_id}).rowcount, "it was altered"
            opened.commit()
        for name in ("northshire", "coordinator", "southmere", "partner", "admin"):
            for path in (f"/desk/api/reports/{made.item_id}", "/desk/api/reports?limit=100"):
                answer = prey.person(name).get(path)
                words = [word for word in prey.canaries if word.startswith(f"canary{choice.lower()}")]
                met = [word for word in words if word in answer.text.lower()]
                attempts.tried(f"{name} reads {choice}", got=met, back=answer.status_code)


def test_a_role_or_a_way_in_written_past_the_service(
    prey: Prey, kept: tuple[Path, Path], attempts: Attempts, tmp_path: Path
) -> None:
    """Memberships, people, passwords, passkeys, apps, sessions: the doctor is asked, the service started."""
    folder, _ = kept
    untouched = _run(prey, folder, "doctor")
    assert untouched.exit_code == 0, untouched.output
    for number, (what, (whose, statement)) in enumerate(PAST_THE_SERVICE.items()):
        copy = _copied(folder, tmp_path / str(number))
        _write(copy, statement, whose)
        asked = _run(prey, copy, "doctor")
        noticed = asked.exit_code == 1 and f"wrong: {whose} stands otherwise" in asked.output
        attempts.tried(what, got=not noticed, back=asked.output)
        if LONG or not number:
            server = _served(prey, copy)
            health = httpx.get(f"{server.origin}/health/ready", trust_env=False)
            server.stop()
            attempts.tried(f"{what}, in health", got=health.json()["people"] != "failing", back=health.text)
            attempts.tried(f"{what}, in the log", got='"standing_astray"' not in server.log_text)
            assert health.status_code == 200, "reports are taken all the same"


def _copied(folder: Path, into: Path) -> Path:
    """With keys and a database of its own, so that each alteration is alone."""
    shutil.copytree(folder, into)
    return into


def _write(folder: Path, statement: str, who: str) -> None:
    with closing(dbapi2.connect(folder / "data" / "waymark.db")) as opened:
        assert opened.execute(statement, {"who": who}).rowcount == 1, statement
        opened.commit()


def _served(prey: Prey, folder: Path) -> Server:
    environ = {
        name: value.replace(str(prey.folder), str(folder)) for name, value in prey.server.environ.items()
    }
    environ |= {"WAYMARK_PORT": str(free_port()), "TMPDIR": tempfile.gettempdir()}  # a socket's name is short
    return Server(environ, folder / "again.log").start()
