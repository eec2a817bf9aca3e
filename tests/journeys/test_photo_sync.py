"""A photo follows its report: through a dead battery, lost answers and a closed page, whole or not at all."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from journeys.canaries import hits
from journeys.knocking import Worker, prepare, wait_for
from journeys.people import (
    ARRIVES_MS,
    Shot,
    Story,
    back_online,
    card,
    choose_photos,
    open_list,
    press,
    tell,
    visit,
)
from journeys.phone import Phone
from journeys.wire import LossyWire, Piece
from support.apart import apart
from support.server import Server
from waymark.kernel.db import Connection, Sql, open_database
from waymark.kernel.vault import Vault
from waymark.triage import store as triage
from waymark.triage.records import TriageReport
from waymark.triage.rules import open_body
from waymark_sync.codec import from_base64url
from waymark_sync.files import open_file
from waymark_sync.report import SealedFile

MAKES = Callable[..., Phone]
IDS = Sql("SELECT id FROM opened_report ORDER BY number")
SECRET = "canaryphoto6maple"
SIDE = 1_100
"""Of a picture of nothing but noise, which no encoder makes small: a megabyte."""

OK = 200
LEFT_HERE = """async () => {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle('.waymark-files').catch(() => null)
  const found = []
  if (folder !== null) for await (const name of folder.keys()) found.push(name)
  return found
}"""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    folder = tmp_path / "gallery"
    folder.mkdir()
    file = folder / "photo.jpg"
    noise = Image.frombytes("RGB", (SIDE, SIDE), os.urandom(3 * SIDE * SIDE))
    noise.save(file, "JPEG", quality=80, comment=SECRET.encode())
    return file


def as_it_is(page: Page) -> Callable[[str], None]:
    """Keeps the hidden details, so that the very file goes along."""

    def on(step: str) -> None:
        if step != "pictures":
            return
        page.get_by_text("Keep the hidden details as evidence").click()
        page.get_by_label("Keep the hidden details of my photos").check()
        expect(page.get_by_text("Hidden details: kept")).to_be_visible(timeout=ARRIVES_MS)

    return on


def arrived_at(served: Server, vault: Vault) -> list[tuple[SealedFile, bytes]]:
    """Every file that the service holds whole, opened with the key inside its report."""

    def read(db: Connection) -> list[TriageReport]:
        found = [triage.report(db, report_id) for report_id in db.many(IDS, str)]
        return [report for report in found if report is not None]

    async def files() -> list[SealedFile]:
        database = await open_database(f"sqlite:///{served.data / 'waymark.db'}")
        try:
            reports = await database.read(read)
            return [file for report in reports for file in open_body(vault, report).attachments]
        finally:
            await database.close()

    return [(file, plain_of(served, file)) for file in apart(files())]


def plain_of(served: Server, file: SealedFile) -> bytes:
    sealed = (served.data / "attachments" / file.att_id[:2] / file.att_id).read_bytes()
    return b"".join(open_file([sealed], key=from_base64url(file.key), att_id=file.att_id))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def arrives(page: Page) -> None:
    expect(page.get_by_text("The file has arrived, too.")).to_be_visible(timeout=ARRIVES_MS)


def test_a_photo_outlives_a_dead_battery_and_arrives_as_it_was(
    demo: Server, phone: MAKES, photo: Path, vault: Vault, tmp_path: Path
) -> None:
    mobile = phone(demo.origin)
    page = mobile.start()
    visit(page, demo.origin)
    demo.kill()
    tell(page, Story(photos=(Shot(file=photo, caption="the door"),)), each=as_it_is(page))
    mobile.kill()
    content = photo.read_bytes()
    photo.unlink()
    readable = hits(tmp_path, [SECRET])

    page = mobile.start()
    page.goto(demo.origin)
    demo.start()
    open_list(page)
    back_online(page)
    arrives(page)

    assert readable == [], "what lies on the phone opens to nobody"
    [(named, arrived)] = arrived_at(demo, vault)
    assert digest(arrived) == digest(content)
    assert (named.caption, named.hidden_details, named.media_type) == ("the door", "kept", "image/jpeg")


def test_a_copy_goes_without_hidden_details(demo: Server, phone: MAKES, photo: Path, vault: Vault) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    tell(page, Story(photos=(Shot(file=photo), Shot(file=photo))))
    open_list(page)
    expect(page.get_by_text("2 of 2 files have arrived.")).to_be_visible(timeout=ARRIVES_MS)

    found = arrived_at(demo, vault)
    assert [named.hidden_details for named, _ in found] == ["removed", "removed"]
    assert all(SECRET.encode() not in content for _, content in found)
    assert all(content[:3] == b"\xff\xd8\xff" for _, content in found)


def test_lost_answers_in_the_middle_send_no_byte_twice(
    wired: tuple[Server, LossyWire], phone: MAKES, photo: Path, vault: Vault
) -> None:
    served, wire = wired
    origin = f"http://localhost:{wire.port}"
    page = phone(origin).start()
    visit(page, origin)
    lost: list[Piece] = []

    def every_second(piece: Piece) -> bool:
        if len(wire.pieces) % 2 == 0:
            lost.append(piece)
        return len(wire.pieces) % 2 == 0

    wire.loses_piece = every_second
    tell(page, Story(photos=(Shot(file=photo),)), each=as_it_is(page))
    open_list(page)
    arrives(page)

    [(_, arrived)] = arrived_at(served, vault)
    assert digest(arrived) == digest(photo.read_bytes())
    assert any(not piece.completes for piece in lost), "the answer was lost in the middle"
    whole_at = next(at for at, piece in enumerate(wire.pieces) if piece.completes)
    stored = [piece for piece in wire.pieces[: whole_at + 1] if piece.status == OK]
    ends = [0, *(piece.offset + piece.length for piece in stored)]
    assert [piece.offset for piece in stored] == ends[:-1], "each begins where the one before has ended"


def test_the_proof_comes_by_the_feed_when_the_last_answer_is_lost(
    wired: tuple[Server, LossyWire], phone: MAKES, photo: Path
) -> None:
    _, wire = wired
    origin = f"http://localhost:{wire.port}"
    page = phone(origin).start()
    visit(page, origin)
    wire.loses_piece = lambda piece: piece.completes
    page.context.route("**/sync/v1/att", lambda route: route.abort() if whole(wire) else route.continue_())

    tell(page, Story(photos=(Shot(file=photo),)))
    open_list(page)
    wait_for(page, lambda: whole(wire))
    page.reload()
    open_list(page)

    arrives(page)


def whole(wire: LossyWire) -> bool:
    return any(piece.completes for piece in wire.pieces)


def test_a_photo_is_sent_with_no_page_open(demo: Server, phone: MAKES, photo: Path, vault: Vault) -> None:
    page = phone(demo.origin).start()
    prepare(page.context, demo.origin, None)
    visit(page, demo.origin)
    demo.kill()
    reference = tell(page, Story(photos=(Shot(file=photo),)), each=as_it_is(page))
    worker = Worker(page, demo.origin)
    page.goto("about:blank")
    demo.start()
    before = demo.log_text.count("PATCH")

    worker.sync("drain")
    wait_for(page, lambda: page.context.service_workers != [] and completed(demo, photo))

    assert before == 0
    [(_, arrived)] = arrived_at(demo, vault)
    assert digest(arrived) == digest(photo.read_bytes())
    demo.stop()  # it says what it was asked first
    page.goto(demo.origin)
    open_list(page)
    expect(card(page, reference)).to_contain_text("The file has arrived, too.")


def completed(served: Server, photo: Path) -> bool:
    held = [file.stat().st_size for file in (served.data / "attachments").rglob("*") if file.is_file()]
    return any(size > photo.stat().st_size for size in held)


def test_leaving_takes_a_sealed_photo_away_at_once(demo: Server, phone: MAKES, photo: Path) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)

    def leave(step: str) -> None:
        if step == "pictures":
            raise Left

    with pytest.raises(Left):
        tell(page, Story(photos=(Shot(file=photo),)), each=leave)
    wait_for(page, lambda: len(page.evaluate(LEFT_HERE)) == 1)
    press(page, "Exit this page")
    page.wait_for_url("**/leaving")

    assert page.evaluate(LEFT_HERE) == []


class Left(Exception):
    """The person has had enough, on the page for photos."""


def test_a_photo_that_is_taken_out_again_leaves_nothing(demo: Server, phone: MAKES, photo: Path) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    with pytest.raises(Left):
        tell(page, Story(), each=lambda step: stop_at(step, "place"))
    press(page, "Skip this question")
    choose_photos(page, photo, photo)
    wait_for(page, lambda: len(page.evaluate(LEFT_HERE)) == 2)

    page.get_by_role("button", name="Remove File 1 of 2", exact=True).click()
    page.get_by_role("button", name="Yes, remove File 1 of 2").click()

    wait_for(page, lambda: len(page.evaluate(LEFT_HERE)) == 1)


def stop_at(step: str, wanted: str) -> None:
    if step == wanted:
        raise Left
