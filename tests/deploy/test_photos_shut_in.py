"""Photos under the unit's sandbox: the decoder, which shuts itself in, too, says what it says outside."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import msgspec
import pytest
from msgspec import Struct
from pillow_heif import register_heif_opener

from attachments.test_attachment_pictures import BOMBS
from deploy.conftest import DEPLOY
from deploy.looking import verdicts
from deploy.sandbox import namespaces
from house.source import ROOT
from support.apart import apart
from support.files import a_photo, prepared, report_with
from support.reports import push_of
from support.server import Server
from support.staff import Staff
from waymark.attachments.decoding import Decoder
from waymark.cli.demo_people import PASSWORD
from waymark.kernel.db import Sql, open_database
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.file_sender import PreparedFile, read_from, send_file
from waymark_sync.protocol import KeySet
from waymark_sync.transport import HttpTransport

FILES = Sql("SELECT att_id, state, reason FROM attachment")
DONE_S_MAX = 60.0
CLAIMS_MUCH = "a photo that claims 65500 by 65500"


class Looked(Struct, frozen=True, kw_only=True):
    att_id: str
    state: str
    reason: str | None


def shut_in(own: Path) -> Sequence[str]:
    """What a command goes behind; it writes below `own` alone where this machine has namespaces."""
    walls = ["--own", str(own)] if namespaces() else []
    sandbox = ROOT / "tests" / "deploy" / "sandbox.py"
    return [sys.executable, str(sandbox), str(DEPLOY / "waymark.service"), *walls]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good ones of each kind, and all that were made to hurt."""
    register_heif_opener()
    folder = tmp_path_factory.mktemp("files")
    for kind in ("JPEG", "PNG", "WEBP", "HEIF"):
        (folder / kind).write_bytes(a_photo(kind=kind))
    for name, plain in BOMBS.items():
        (folder / name).write_bytes(plain)
    (folder / "words").write_bytes(b"It happened at the bus stop.")
    (folder / "a page").write_bytes(b"%PDF-1.7\n" + bytes(100))
    return folder


def test_the_decoder_says_the_same_of_every_file(files: Path, tmp_path: Path) -> None:
    command = [*shut_in(tmp_path), sys.executable, str(ROOT / "tests" / "deploy" / "looking.py"), str(files)]
    within = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )

    outside = verdicts(files)

    assert json.loads(within.stdout) == outside
    assert {name for name in outside if len(outside[name]) == 64} >= {"JPEG", "PNG", "WEBP", "HEIF", "words"}
    assert outside[CLAIMS_MUCH] == "too_many_pixels"


@pytest.mark.parametrize("limit", ["CORE", "AS", "CPU"])
def test_a_decoder_lives_under_what_its_service_was_allowed(limit: str) -> None:
    """A unit's LimitCORE=0 cannot be raised again, by a service that has no right of root."""
    least = {"CORE": 0, "AS": 400 * 1_048_576, "CPU": 5}[limit]
    lowered = (
        "import resource; from waymark.attachments import derive; "
        f"resource.setrlimit(resource.RLIMIT_{limit}, ({least}, {least})); "
        "derive.main()"
    )

    made = Decoder(command=(sys.executable, "-I", "-B", "-c", lowered)).look([a_photo()])

    assert made.media_type == "image/jpeg"


def test_a_served_photo_is_shown_and_a_hostile_one_is_not(
    server: Callable[..., Server], staffed: Path, keys: Path, ring: KeyRing, tmp_path: Path
) -> None:
    shutil.copytree(keys, tmp_path / "keys")  # whoever opens writes a record beside them
    environ = {"WAYMARK_KEYS": str(tmp_path / "keys")}
    served = server(staffed, **environ)
    outside = sent(served.start(), ring)
    served.stop()

    shut = server(staffed, **environ)
    shut.within = shut_in(tmp_path)
    shut.start()
    status = Path(f"/proc/{shut.pid}/status").read_text(encoding="utf-8")
    within = sent(shut, ring)

    assert "CapBnd:\t0000000000000000" in status
    assert within == outside
    assert within["hostile"] == "too_many_pixels"
    assert len(within["good"]) == 64


def sent(served: Server, ring: KeyRing) -> dict[str, str]:
    """A report with two photos, and what the desk finds of each: a picture's digest, or why there is none."""
    by_name = {"good": prepared(a_photo()), "hostile": prepared(BOMBS[CLAIMS_MUCH])}
    report = report_with(ring, *by_name.values(), sharing_choice="P3")
    pushed = httpx.post(
        f"{served.origin}/sync/v1/push",
        content=encode(push_of(report), MSGPACK),
        headers={"Content-Type": MSGPACK},
        trust_env=False,
    )
    assert pushed.status_code == 200
    trusted = msgspec.msgpack.decode(ring.signed_key_set().payload, type=KeySet)
    for file in by_name.values():
        transport, read = HttpTransport(served.origin), read_from(file.sealed)
        done = send_file(transport, read, file.attachment, item_id=report.item_id, keys=trusted)
        assert done.complete is not None, done
    return {name: found(served, report.item_id, file) for name, file in by_name.items()}


def found(served: Server, report_id: str, file: PreparedFile) -> str:
    looked = wait_for(served, file.attachment.att_id)
    if looked.state == "unshown":
        return str(looked.reason)
    with Staff(served.origin, "northshire", PASSWORD) as staff:
        answer = staff._http.get(f"/desk/api/reports/{report_id}/pictures/{file.attachment.att_id}")
    assert answer.status_code == 200
    return hashlib.sha256(answer.content).hexdigest()


def wait_for(served: Server, att_id: str) -> Looked:
    ends = time.monotonic() + DONE_S_MAX
    while True:
        [looked] = [one for one in apart(looked_at(served)) if one.att_id == att_id]
        if looked.state in ("shown", "unshown"):
            return looked
        assert time.monotonic() < ends, f"nobody looked at it: {looked.state}\n{served.log_text[-2000:]}"
        time.sleep(0.1)


async def looked_at(served: Server) -> list[Looked]:
    database = await open_database(f"sqlite:///{served.data / 'waymark.db'}")
    try:
        return await database.read(lambda db: db.many(FILES, Looked))
    finally:
        await database.close()
