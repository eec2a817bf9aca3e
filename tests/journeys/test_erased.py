"""A report is erased at the desk before the phone that made it has heard that it arrived."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from journeys.people import ARRIVES_MS, Shot, Story, back_online, card, open_list, press, tell, visit
from journeys.phone import Phone
from journeys.test_accessible import Eye
from journeys.test_lock_by_time import arrived
from journeys.test_out_of_service import in_arabic
from journeys.test_photo_sync import LEFT_HERE
from journeys.wire import LossyWire
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD

ERASED = "Those who had this report have erased it."


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.new("RGB", (320, 240), "teal").save(tmp_path / "photo.jpg", "JPEG")
    return tmp_path / "photo.jpg"


def test_its_photo_goes_too_and_the_phone_says_so(
    wired: tuple[Server, LossyWire], phone: Callable[..., Phone], photo: Path
) -> None:
    served, wire = wired
    origin = f"http://localhost:{wire.port}"
    page = phone(origin).start()
    visit(page, origin)
    wire.lose_answers, wire.pulls_cut = 1_000, True
    reference = tell(page, Story(sharing="U1", photos=(Shot(file=photo),)))
    press(page, "Make another report")
    open_list(page)
    assert len(page.evaluate(LEFT_HERE)) == 1

    def staff(person: str) -> Staff:
        return Staff(served.origin, person, PASSWORD, opened_as=origin)

    with staff("harbour") as centre, staff("harbour-lead") as supervisor:
        report_id = arrived(page, centre, reference)
        act(centre, report_id, "acknowledge", message="Read.")
        act(centre, report_id, "close", code="duplicate", message="Done.")
        act(centre, report_id, "erasure", ground="reporter_asked", note="They rang.")
        act(supervisor, report_id, "confirm-erasure")
    wire.lose_answers = 0
    back_online(page)

    expect(card(page, reference)).to_contain_text(ERASED, timeout=ARRIVES_MS)
    look = Eye(page, "erased")
    look("card")
    in_arabic(page, look)
    expect(page.get_by_role("button", name="Send now")).to_have_count(0)
    page.wait_for_function(f"async () => (await ({LEFT_HERE})()).length === 0")
    page.reload()
    open_list(page)
    expect(card(page, reference)).to_contain_text(ERASED, timeout=ARRIVES_MS)
    assert (page.evaluate(LEFT_HERE), look.wrong) == ([], [])


def act(staff: Staff, report_id: str, what: str, **body: Any) -> None:
    path = f"/desk/api/reports/{report_id}"
    version = staff.get(path)["report"]["version"]
    staff.post(f"{path}/{what}", {"version": version, **body})
