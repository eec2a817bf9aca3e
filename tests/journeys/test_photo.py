"""Photos go the whole way with a report made offline, show no more than is seen, and hold nothing up."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from journeys.canaries import hits
from journeys.people import (
    ARRIVES_MS,
    Shot,
    Story,
    acknowledge,
    answer_briefly,
    back_online,
    card,
    choose_photos,
    finish,
    log_in,
    open_list,
    press,
    tell,
    visit,
)
from journeys.phone import DESK, TABLET, Phone
from journeys.shots import BLUE, RED, looks, on_its_side, see_through
from support.files import noise
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD
from waymark_sync.protocol import ATT_CHUNK_BYTES, ATT_TAG_BYTES

MAKES = Callable[..., Phone]
WHITE = (255, 255, 255)
SECRET = "canarycomment6sorrel"
CAPTION = "canarycaption4hazel"


@pytest.fixture
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the person's own photos lie: no part of the device's profile."""
    return tmp_path_factory.mktemp("gallery")


def test_two_photos_made_offline_survive_a_kill_and_arrive(demo: Server, phone: MAKES, gallery: Path) -> None:
    mobile = phone(demo.origin)
    page = mobile.start()
    visit(page, demo.origin)
    demo.kill()
    door = Shot(file=on_its_side(gallery / "door.jpg"), caption="The door of my flat")
    note = Shot(file=see_through(gallery / "note.png"), caption="What they wrote")

    reference = tell(page, Story(photos=(door, note)))
    expect(page.locator("main")).to_contain_text("2 files are locked on this device, too.")
    mobile.kill()

    page = mobile.start()
    page.goto(demo.origin)
    open_list(page)
    expect(card(page, reference)).to_contain_text("They are sent after the report.")
    demo.start()
    back_online(page)
    expect(card(page, reference)).to_contain_text("2 of 2 files have arrived.", timeout=ARRIVES_MS)

    officer = phone(demo.origin, viewport=DESK).start()
    log_in(officer, demo.origin, "northshire")
    officer.get_by_role("link", name=reference).click(timeout=ARRIVES_MS)
    first, second = _shown(officer, 1, 2, door.caption), _shown(officer, 2, 2, note.caption)
    assert first.size == (600, 800)
    assert looks(first, (0.5, 0.25), RED) and looks(first, (0.5, 0.75), BLUE)
    assert looks(second, (0.25, 0.5), RED) and looks(second, (0.75, 0.5), WHITE)
    for picture in (first, second):
        assert not picture.getexif() and "comment" not in picture.info
    officer.go_back()
    acknowledge(officer, reference, "We have seen your photos.")
    expect(card(page, reference)).to_contain_text("We have seen your photos.", timeout=ARRIVES_MS)


def test_a_tablet_keeps_the_hidden_details_that_were_asked_for(
    demo: Server, phone: MAKES, gallery: Path
) -> None:
    tablet = phone(demo.origin, viewport=TABLET, durable=True)
    page = tablet.start()
    visit(page, demo.origin)
    _enrol(page, demo.origin)
    demo.kill()
    door = Shot(file=on_its_side(gallery / "door.jpg", secret=SECRET))
    seen: list[str] = []

    def each(step: str) -> None:
        if step == "pictures":
            seen.append(page.locator("main").inner_text())

    reference = tell(page, Story(sharing="U1", photos=(door,), keep_details=True), each=each)
    assert "Do not take photos of people’s documents." in seen[0]
    assert "Hidden details: kept" in seen[0]
    tablet.kill()

    page = tablet.start()
    page.goto(demo.origin)
    open_list(page)
    expect(card(page, reference)).to_contain_text("1 file is locked on this device, too.")
    demo.start()
    back_online(page)
    expect(card(page, reference)).to_contain_text("The file has arrived, too.", timeout=ARRIVES_MS)
    with Staff(demo.origin, "lantern", PASSWORD) as worker:
        report_id = worker.get("/desk/api/reports?limit=100")["reports"][0]["id"]
        (kept,) = worker.get(f"/desk/api/reports/{report_id}")["report"]["attachments"]
    assert kept["hidden_details"] == "kept"
    assert kept["size"] == _sealed_size(door.file)  # the very file, not a copy
    desk = phone(demo.origin, viewport=DESK).start()
    log_in(desk, demo.origin, "lantern")
    desk.get_by_role("link", name=reference).click(timeout=ARRIVES_MS)
    picture = _shown(desk, 1, 1, "File 1 of 1, without a caption")
    assert looks(picture, (0.5, 0.25), RED) and not picture.getexif()


def test_what_a_photo_hides_is_found_nowhere(
    demo: Server, phone: MAKES, gallery: Path, tmp_path: Path
) -> None:
    mobile = phone(demo.origin)
    page = mobile.start()
    visit(page, demo.origin)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    shot = Shot(file=on_its_side(gallery / f"{SECRET}.jpg", secret=SECRET), caption=CAPTION)
    assert hits(gallery, [SECRET]), "there is something to find"
    demo.kill()

    reference = tell(page, Story(photos=(shot,), keep_details=True))
    mobile.kill()
    assert hits(tmp_path, [SECRET, CAPTION]) == [], "after a kill with the photo still here"

    page = mobile.start()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(demo.origin)
    demo.start()
    open_list(page)
    back_online(page)
    expect(card(page, reference)).to_contain_text("The file has arrived, too.", timeout=ARRIVES_MS)
    officer = phone(demo.origin, viewport=DESK)
    desk = officer.start()
    log_in(desk, demo.origin, "northshire")
    desk.get_by_role("link", name=reference).click(timeout=ARRIVES_MS)
    _shown(desk, 1, 1, CAPTION)
    mobile.off()
    officer.off()
    demo.stop()

    assert hits(tmp_path, [SECRET, CAPTION]) == [], "after it was looked at"
    assert not [url for url in asked if SECRET in url or CAPTION in url]


def test_photos_that_are_not_sent_leave_no_trace(
    demo: Server, phone: MAKES, gallery: Path, tmp_path: Path
) -> None:
    mobile = phone(demo.origin)
    page = mobile.start()
    visit(page, demo.origin)
    answer_briefly(page, Story(sharing="P3"))
    press(page, "Change Photos and other files")
    page.get_by_text("Keep the hidden details as evidence").click()
    page.get_by_label("Keep the hidden details of my photos").check()
    choose_photos(page, on_its_side(gallery / "a.jpg", secret=SECRET), see_through(gallery / "b.png"))

    page.wait_for_function(f"async () => (await {COUNT_SEALED}) === 2")

    press(page, "Remove File 1 of 2")
    press(page, "Yes, remove File 1 of 2")
    expect(page.get_by_role("heading", name="File 1 of 1")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Removed. 1 file is left")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url("**/leaving")
    page.goto(demo.origin)
    press(page, "Start")
    page.wait_for_function(f"async () => (await {COUNT_SEALED}) === 0")
    mobile.kill()

    assert hits(tmp_path, [SECRET]) == []


def test_a_report_whose_photos_do_not_fit_is_saved_without_them(
    demo: Server, phone: MAKES, gallery: Path
) -> None:
    mobile = phone(demo.origin)
    page = mobile.start()
    visit(page, demo.origin)
    answer_briefly(page, Story(sharing="P3"))
    large = gallery / "large.png"
    Image.frombytes("RGB", (2_000, 2_000), noise(12_000_000)).save(large)
    press(page, "Change Photos and other files")
    page.get_by_text("Keep the hidden details as evidence").click()
    page.get_by_label("Keep the hidden details of my photos").check()
    _leave_room(mobile, page, 4_000_000)
    choose_photos(page, large)
    press(page, "Continue")

    page.get_by_role("button", name="Finish and send").click()
    expect(page.get_by_text("This device has no room for the files.")).to_be_visible(timeout=ARRIVES_MS)
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("main")).to_contain_text("Two men shouted at me")
    press(page, "Save the report without the files")

    expect(page.get_by_text("Your reference is")).to_be_visible(timeout=ARRIVES_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent", timeout=ARRIVES_MS)
    with Staff(demo.origin, "northshire", PASSWORD) as staff:
        report_id = staff.get("/desk/api/reports?limit=100")["reports"][0]["id"]
        report = staff.get(f"/desk/api/reports/{report_id}")["report"]
    assert report["attachments"] == []


def test_one_photo_added_from_the_check_page_arrives(demo: Server, phone: MAKES, gallery: Path) -> None:
    mobile = phone(demo.origin)
    page = mobile.start()
    visit(page, demo.origin)
    answer_briefly(page, Story(sharing="P3"))
    press(page, "Change Photos and other files")
    choose_photos(page, on_its_side(gallery / "a.jpg"))
    press(page, "Continue")

    reference = finish(page)

    expect(page.locator("main")).to_contain_text("The file has arrived, too.", timeout=ARRIVES_MS)
    expect(page.get_by_text("You can close this page.")).to_be_visible()
    open_list(page)
    expect(card(page, reference)).to_contain_text("The file has arrived, too.")


COUNT_SEALED = """(async () => {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle('.waymark-files').catch(() => null)
  let count = 0
  if (folder !== null) for await (const _ of folder.keys()) count += 1
  return count
})()"""


def _shown(desk: Page, number: int, count: int, alt: str) -> Image.Image:
    """The picture that the desk loads, as the browser gets it."""
    name = f"File {number} of {count}"
    button = desk.get_by_role("button", name=f"Show {name}")
    expect(button).to_be_visible(timeout=ARRIVES_MS)
    with desk.expect_response("**/pictures/*") as loading:
        button.click()
    expect(desk.get_by_role("img", name=alt, exact=True)).to_be_visible()
    return Image.open(BytesIO(loading.value.body()))


def _enrol(page: Page, origin: str) -> None:
    with Staff(origin, "lantern", PASSWORD) as worker:
        code = worker.code("Front desk")
    press(page, "This is a centre’s tablet")
    page.get_by_label("One-time code").fill(code)
    press(page, "Set up this tablet")
    press(page, "Go to the start")


def _sealed_size(file: Path) -> int:
    size = file.stat().st_size
    return size + ATT_TAG_BYTES * max(1, -(-size // ATT_CHUNK_BYTES))


def _leave_room(mobile: Phone, page: Page, room: int) -> None:
    session = mobile.context.new_cdp_session(page)
    used = page.evaluate("async () => (await navigator.storage.estimate()).usage")
    origin = page.evaluate("() => location.origin")
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": used + room})
