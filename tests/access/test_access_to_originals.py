"""Files as they were sent: for the same people as pictures, one by one, as bytes that nothing runs."""

import os
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec import Struct

from access.conftest import PLACES
from support.desk import PEOPLE, Desk, seed
from support.files import a_photo, prepared, push, report_with, upload
from support.kinds import PDF, a_sound
from waymark.attachments.jobs import Developer
from waymark.attachments.shelf import Shelf
from waymark.audit import store as audit_store
from waymark.intake.jobs import Opener, open_waiting
from waymark.kernel.db import Database
from waymark.kernel.settings import Settings
from waymark.triage.jobs import Screener

SOUND = a_sound(20.0)  # more than one chunk
FILES = {"sound": SOUND, "paper": PDF, "words": b"<b> is only words? No: markup", "photo": a_photo(80, 60)}

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class Cabinet(Struct, kw_only=True):
    database: Database
    desks: dict[str, Desk]
    report_id: str
    ids: dict[str, str]
    folder: Shelf

    def path(self, name: str, kind: str = "originals") -> str:
        return f"/desk/api/reports/{self.report_id}/{kind}/{self.ids[name]}"


@pytest.fixture
async def cabinet(
    client: AsyncTestClient[Litestar], settings: Settings, database: Database
) -> AsyncIterator[Cabinet]:
    state = client.app.state
    await seed(database, state.pack)
    state.pictures.stop()
    postcode, centre_id = PLACES["northshire"]
    files = {name: prepared(plain) for name, plain in FILES.items()}
    body = {"centre_id": centre_id}
    report = report_with(state.ring, *files.values(), body=body, sharing_choice="P1", postcode=postcode)
    await push(client, report)
    for file in files.values():
        await upload(client, report, file)
    await open_waiting(Opener(database, state.ring, state.vault, state.pack))
    while await Screener(database, state.vault).step():
        pass
    shelf = Shelf(settings.data / "attachments")
    while await Developer(database, state.vault, shelf).step():
        pass
    desks = {name: await Desk(client, settings.origin).enter(database, name) for name in PEOPLE}
    ids = {name: file.attachment.att_id for name, file in files.items()}
    yield Cabinet(database=database, desks=desks, report_id=report.item_id, ids=ids, folder=shelf)


async def test_an_original_is_there_for_those_who_may_see_the_report(cabinet: Cabinet) -> None:
    seen = {name: (await desk.get(cabinet.path("sound"))).status_code for name, desk in cabinet.desks.items()}

    assert seen == {"northshire": 200, "southmere": 404, "harbour": 200, "quay": 404, "custodian": 404}


async def test_photos_and_what_is_on_no_list_have_none(cabinet: Cabinet) -> None:
    desk = cabinet.desks["northshire"]
    unknown = await desk.get(f"/desk/api/reports/{cabinet.report_id}/originals/{uuid4()}")

    for name in ("photo", "words"):
        answer = await desk.get(cabinet.path(name))
        assert (answer.status_code, answer.content) == (404, unknown.content)


async def test_it_comes_as_it_was_sent_and_becomes_no_page(cabinet: Cabinet) -> None:
    desk = cabinet.desks["northshire"]
    sound, paper = await desk.get(cabinet.path("sound")), await desk.get(cabinet.path("paper"))

    assert (sound.content, paper.content) == (SOUND, PDF)
    assert (sound.headers["content-type"], paper.headers["content-type"]) == (
        "audio/wav",
        "application/octet-stream",
    )
    for answer, ending in ((sound, "wav"), (paper, "pdf")):
        disposition = answer.headers["content-disposition"]
        assert disposition.startswith('attachment; filename="original-') and disposition.endswith(
            f'.{ending}"'
        )
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert int(answer.headers["content-length"]) == len(answer.content)


async def test_each_one_taken_is_in_the_trail(cabinet: Cabinet) -> None:
    await cabinet.desks["northshire"].get(cabinet.path("paper"))
    await cabinet.desks["southmere"].get(cabinet.path("paper"))

    trail = await cabinet.database.read(audit_store.after, 0, limit=10_000)
    taken = [entry for entry in trail if entry.action == "original.taken"]

    assert [entry.subject_id for entry in taken] == [cabinet.report_id]
    assert cabinet.ids["paper"] in taken[0].detail


async def test_bytes_that_were_altered_on_the_disk_go_to_nobody(cabinet: Cabinet) -> None:
    with cabinet.folder.locked(cabinet.ids["sound"]) as file:
        os.pwrite(file, b"x", 300_000)  # in the second chunk

    assert (await cabinet.desks["northshire"].get(cabinet.path("sound"))).status_code == 404


async def test_nobody_takes_one_without_logging_in(cabinet: Cabinet) -> None:
    desk = cabinet.desks["harbour"]
    desk.cookie = None

    assert (await desk.get(cabinet.path("sound"))).status_code == 401
