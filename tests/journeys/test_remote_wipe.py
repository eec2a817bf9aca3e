"""A tablet taken out of service from afar: what its disk still says, and what becomes of its sealed queue."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import expect
from pysqlite3 import dbapi2

from attacks.residue import readable
from journeys.canaries import hits
from journeys.people import (
    ARRIVES_MS,
    Story,
    answer_briefly,
    card,
    open_list,
    press,
    tell_briefly,
)
from journeys.phone import TABLET, Phone
from journeys.test_lock_by_time import answered_tablet
from journeys.test_out_of_service import KEYS, OUT
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD

SENT: Final = "canarysent1oak"
ANSWERED: Final = "canaryanswered6elm"
WAITING: Final = "canarywaiting3ash"
DRAFT: Final = "canarydraft8yew"
ALL: Final = [SENT, ANSWERED, WAITING, DRAFT]
ANSWERS: Final = "SELECT sealed FROM mailbox_message"
FEED_KEY: Final = """async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('.waymark-feed')
  const file = await (await folder.getFileHandle('key')).getFile()
  return [...new Uint8Array(await file.arrayBuffer())]
}"""
LAST: Final = "SELECT item_id FROM intake_item ORDER BY pos DESC LIMIT 2"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """Of the first device that a test makes."""
    return tmp_path / "profile-0"


@pytest.mark.parametrize("scope", ["keys", "all"])
def test_keys_messages_and_the_draft_go_and_the_sealed_queue_arrives(
    demo: Server, phone: Callable[..., Phone], profile: Path, scope: str
) -> None:
    """Killed as it stands before and after, and its whole disk searched."""
    tablet = phone(demo.origin, viewport=TABLET, durable=True)
    page = tablet.start()
    answered = answered_tablet(page, demo, ANSWERED, SENT)
    demo.stop()
    press(page, "Back")
    waiting = tell_briefly(page, Story(narrative=WAITING))
    press(page, "Make another report")
    answer_briefly(page, Story(narrative=DRAFT))
    feed_key = bytes(page.evaluate(FEED_KEY))
    tablet.kill()
    assert hits(profile, ALL) == []
    assert (len(feed_key), in_files(profile, feed_key)) == (32, True)

    demo.start()
    revoke(demo, scope)
    page = tablet.start()
    page.goto(demo.origin)
    expect(page.get_by_role("heading", level=1)).to_have_text(OUT, timeout=ARRIVES_MS)
    expect(page.get_by_text("Everything that could be sent has arrived.")).to_be_visible(timeout=ARRIVES_MS)

    held = readable(page)
    assert page.evaluate(KEYS) == 0
    assert [text for text in held if "key private" in text or "feedId" in text] == []
    assert len([text for text in held if '"state":"receipted"' in text]) == 2, "what is sealed stays"
    open_list(page)
    for reference in (answered, waiting):
        expect(card(page, reference)).to_contain_text("We have the proof that it arrived")
    assert [word for word in ALL if word in page.content()] == []
    tablet.kill()
    assert hits(profile, ALL) == []
    with closing(dbapi2.connect(demo.data / "waymark.db")) as opened:
        arrived = [item_id for (item_id,) in opened.execute(LAST)]
        answers = [sealed for (sealed,) in opened.execute(ANSWERS)]
    # Its own key may still lie in the browser's files. Answers lie under one that was a file and is gone.
    assert answers and not any(in_files(profile, sealed[:64]) for sealed in answers)
    assert not in_files(profile, feed_key)
    assert all(hits(profile, [item_id]) for item_id in arrived), "the search is not blind"


def in_files(profile: Path, wanted: bytes) -> bool:
    return any(
        wanted in file.read_bytes() for file in profile.rglob("*") if file.is_file() and not file.is_symlink()
    )


def revoke(demo: Server, scope: str) -> None:
    with Staff(demo.origin, "harbour", PASSWORD) as staff:
        [device] = staff.get("/desk/api/devices")["devices"]
        assert staff.status("POST", f"/desk/api/devices/{device['id']}/revoke", {"scope": scope}) == 204
