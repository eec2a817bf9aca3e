"""How long a report is kept, in a real browser: held, looked at when it is due, and erased by two people."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from journeys.people import ARRIVES_MS, Story, acknowledge, log_in, press, tell, visit
from journeys.phone import DESK, Phone
from journeys.test_accessible import Eye
from journeys.test_who_may_see import choose
from support.apart import apart
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD
from waymark.kernel.db import Sql, open_database

DUE = Sql("UPDATE retention_case SET review_at = '2026-01-02T03:04:05.678Z'")


def a_year_later(served: Server) -> None:
    """The time of everything that is closed is over."""

    async def age() -> None:
        database = await open_database(f"sqlite:///{served.data / 'waymark.db'}")
        await database.write(lambda db: db.execute(DUE))
        await database.close()

    apart(age())


def close(page: Page) -> None:
    choose(page, "Close this report")
    page.get_by_label("The same as another report").check()
    page.get_by_label("Yes, send them this message").check()
    press(page, "Close this report")
    expect(page.get_by_text("The report is closed.")).to_be_visible(timeout=ARRIVES_MS)


def test_a_closed_report_is_held_kept_and_erased_by_two(demo: Server, phone: Callable[..., Phone]) -> None:
    mobile = phone(demo.origin).start()
    visit(mobile, demo.origin)
    reference = tell(mobile, Story(sharing="U1"))
    worker = phone(demo.origin, viewport=DESK).start()
    log_in(worker, demo.origin, "harbour")
    acknowledge(worker, reference, "We are here.")
    close(worker)
    with Staff(demo.origin, "harbour-lead", PASSWORD) as lead:
        report_id = worker.url.split("/reports/")[1].split("/")[0]
        page = lead.get(f"/desk/api/reports/{report_id}")
        asked = {"version": page["report"]["version"], "reason": "pattern", "months": 12}
        assert lead.answer("POST", f"/desk/api/reports/{report_id}/keep", asked)[0] == 200
    a_year_later(demo)

    supervisor = phone(demo.origin, viewport=DESK).start()
    look = Eye(supervisor, "keeping")
    log_in(supervisor, demo.origin, "harbour-lead")
    supervisor.get_by_role("link", name="Due for review").click()
    expect(supervisor.get_by_text("Kept before: It is part of a pattern")).to_be_visible(timeout=ARRIVES_MS)
    look("due")
    supervisor.get_by_role("link", name=reference).click()
    choose(supervisor, "Put a hold on it")
    press(supervisor, "Put the hold on")
    expect(supervisor.get_by_text("Choose why it must not be erased").first).to_be_visible()
    look("hold")
    supervisor.get_by_label("Court or other proceedings").check()
    supervisor.get_by_label("What is it about, and who knows more?").fill("Court in May.")
    press(supervisor, "Put the hold on")
    expect(supervisor.get_by_text("The hold stands.")).to_be_visible(timeout=ARRIVES_MS)
    expect(supervisor.get_by_role("link", name="Ask to erase it")).to_have_count(0)
    choose(supervisor, "Lift the hold")
    supervisor.get_by_label("Why is it not needed any more?").fill("It is over.")
    press(supervisor, "Lift the hold")
    expect(supervisor.get_by_text("The hold is lifted.")).to_be_visible(timeout=ARRIVES_MS)
    look("lifted")

    worker.reload()
    choose(worker, "Ask to erase it")
    worker.get_by_label("The reporter has asked for it").check()
    worker.get_by_label("For the person who confirms it").fill("They rang on Monday.")
    press(worker, "Ask another person to confirm")
    expect(worker.get_by_text("Another person of your centre can confirm it now.")).to_be_visible()
    expect(worker.get_by_role("link", name="Erase it")).to_have_count(0)
    supervisor.reload()
    choose(supervisor, "Erase it")
    look("erase")
    press(supervisor, "Erase this report")
    expect(supervisor.get_by_text("The report is erased, in every copy.")).to_be_visible(timeout=ARRIVES_MS)
    look("erased")
    assert report_id not in supervisor.url
    worker.reload()
    heading = worker.get_by_role("heading", level=1)
    expect(heading).to_have_text("There is no such report here", timeout=ARRIVES_MS)
    assert look.wrong == []
