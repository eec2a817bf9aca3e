"""Pictures, every role, every sharing choice: who may not see the report finds no picture either."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Final
from uuid import uuid4

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient
from msgspec import Struct
from PIL import Image

from access.conftest import CHOICES, PLACES, Key
from support.desk import PEOPLE, Desk, seed
from support.files import a_photo, prepared, push, report_with, upload
from waymark.attachments.jobs import Developer
from waymark.attachments.shelf import Shelf
from waymark.audit import store as audit_store
from waymark.intake.jobs import Opener, open_waiting
from waymark.kernel.db import Database
from waymark.kernel.settings import Settings
from waymark.triage.jobs import Screener

RELEASED: Final = {"P1", "P2", "P3"}
EVERYTHING: Final = {(choice, place) for choice in CHOICES for place in PLACES}
# Written out here from the rulings, not computed by the rule that is tested.
VISIBLE: Final[dict[str, set[Key]]] = {
    "northshire": {k for k in EVERYTHING if k[0] in RELEASED and k[1] in ("northshire", "nowhere")},
    "southmere": {k for k in EVERYTHING if k[0] in RELEASED and k[1] in ("southmere", "nowhere")},
    "harbour": {k for k in EVERYTHING if k[1] in ("northshire", "nowhere")},
    "quay": {k for k in EVERYTHING if k[1] == "southmere"},
    "custodian": set(),
}
PHOTO: Final = a_photo(80, 60, comment=b"canary-comment-44b1")

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class Gallery(Struct, kw_only=True):
    database: Database
    desks: dict[str, Desk]
    pictures: dict[Key, tuple[str, str]]
    """Report and attachment by sharing choice and place."""

    def path(self, key: Key) -> str:
        report_id, att_id = self.pictures[key]
        return f"/desk/api/reports/{report_id}/pictures/{att_id}"


@pytest.fixture
async def gallery(
    client: AsyncTestClient[Litestar], settings: Settings, database: Database
) -> AsyncIterator[Gallery]:
    state = client.app.state
    await seed(database, state.pack)
    state.pictures.stop()
    pictures = {}
    for choice in CHOICES:
        for place, (postcode, centre_id) in PLACES.items():
            file = prepared(PHOTO, caption="canary-caption-70e2")
            body = {"centre_id": centre_id}
            report = report_with(state.ring, file, body=body, sharing_choice=choice, postcode=postcode)
            await push(client, report)
            await upload(client, report, file)
            pictures[choice, place] = (report.item_id, file.attachment.att_id)
    await open_waiting(Opener(database, state.ring, state.vault, state.pack))
    while await Screener(database, state.vault).step():
        pass
    developer = Developer(database, state.vault, Shelf(settings.data / "attachments"))
    while await developer.step():
        pass
    desks = {name: await Desk(client, settings.origin).enter(database, name) for name in PEOPLE}
    yield Gallery(database=database, desks=desks, pictures=pictures)


async def test_a_picture_is_there_exactly_for_those_who_may_see_it(gallery: Gallery) -> None:
    for person, visible in VISIBLE.items():
        desk = gallery.desks[person]
        seen = {key: (await desk.get(gallery.path(key))).status_code for key in EVERYTHING}
        assert seen == {key: 200 if key in visible else 404 for key in EVERYTHING}, person


async def test_a_hidden_picture_answers_like_one_that_never_was(gallery: Gallery) -> None:
    desk = gallery.desks["northshire"]
    report_id, _ = gallery.pictures["P1", "northshire"]
    _, elsewhere = gallery.pictures["P1", "southmere"]
    unknown = await desk.get(f"/desk/api/reports/{report_id}/pictures/{uuid4()}")
    hidden = [
        gallery.path(("U1", "northshire")),
        f"/desk/api/reports/{report_id}/pictures/{elsewhere}",
        f"/desk/api/reports/{uuid4()}/pictures/{elsewhere}",
        f"/desk/api/reports/{report_id}/pictures/..%2f..%2fx",
    ]

    for path in hidden:
        answer = await desk.get(path)
        assert (answer.status_code, answer.content) == (404, unknown.content), path
        assert dict(answer.headers) == dict(unknown.headers)


async def test_a_picture_is_shown_and_nothing_of_it_is_run(gallery: Gallery) -> None:
    answer = await gallery.desks["harbour"].get(gallery.path(("A1", "northshire")))

    assert Image.open(BytesIO(answer.content)).size == (80, 60)
    assert b"canary" not in answer.content
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == "inline"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_each_look_is_in_the_trail(gallery: Gallery) -> None:
    report_id, att_id = gallery.pictures["P2", "northshire"]
    await gallery.desks["northshire"].get(gallery.path(("P2", "northshire")))
    await gallery.desks["southmere"].get(gallery.path(("P2", "northshire")))

    trail = await gallery.database.read(audit_store.after, 0, limit=10_000)
    looks = [entry for entry in trail if entry.action == "picture.viewed"]

    assert [entry.subject_id for entry in looks] == [report_id]
    assert att_id in looks[0].detail


async def test_nobody_sees_a_picture_without_logging_in(gallery: Gallery) -> None:
    desk = gallery.desks["harbour"]
    desk.cookie = None

    assert (await desk.get(gallery.path(("P1", "northshire")))).status_code == 401


async def test_the_page_tells_of_files_that_whoever_looks_may_see(gallery: Gallery) -> None:
    report_id, att_id = gallery.pictures["P3", "northshire"]

    page = (await gallery.desks["northshire"].get(f"/desk/api/reports/{report_id}")).json()["report"]

    (told,) = page["attachments"]
    assert (told["att_id"], told["state"], told["caption"]) == (att_id, "shown", "canary-caption-70e2")
