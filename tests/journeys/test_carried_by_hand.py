"""No network for days: a sealed copy is carried to the centre, taken in there, and the report stays one."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from journeys.people import (
    ARRIVES_MS,
    UNSENT,
    Story,
    back_online,
    card,
    open_list,
    press,
    tell_briefly,
    visit,
)
from journeys.phone import Phone
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD


def test_a_sealed_copy_is_taken_in_and_the_report_stays_one(
    demo: Server, phone: Callable[..., Phone], tmp_path: Path
) -> None:
    page = phone(demo.origin).start()
    visit(page, demo.origin)
    demo.kill()
    reference = tell_briefly(page, Story(sharing="P3"))
    open_list(page)
    expect(card(page, reference)).to_contain_text(UNSENT)

    with page.expect_download() as download:
        press(page, "Save a sealed copy")
    copy = tmp_path / "carried"
    download.value.save_as(copy)
    assert demo.waymark("import", str(copy)).split() == ["accepted:", "1"]
    assert demo.waymark("import", str(copy)).split() == ["duplicate:", "1"]
    demo.start()
    back_online(page)

    expect(card(page, reference)).to_contain_text("We have the proof that it arrived", timeout=ARRIVES_MS)
    with Staff(demo.origin, "northshire", PASSWORD) as staff:
        listed = [report["reference"] for report in staff.get("/desk/api/reports?limit=100")["reports"]]
    assert listed.count(reference) == 1
    assert "Two men shouted" not in copy.read_text(encoding="utf-8")
