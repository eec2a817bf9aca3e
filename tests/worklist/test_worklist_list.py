"""The list on both engines: pages, queues, filters, counts, and what they cost."""

from support.opened import Receive
from support.reports import CANARY
from waymark.identity.records import User
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark.triage.actions import acknowledge
from waymark.triage.rules import open_body
from waymark.worklist import actions
from waymark.worklist.records import Cursor, Filter, Queue


async def test_pages_hold_every_report_once_newest_first(
    database: Database, people: dict[str, User], receive: Receive, vault: Vault, ring: KeyRing
) -> None:
    reports = [await receive() for _ in range(5)]
    user, seen, after = people["northshire"], [], None

    while True:
        page, counts = await database.write(
            actions.list_reports, user, Filter(), after=after, limit=2, now=clock.now()
        )
        seen += [report for report, _ in page[:2]]
        if len(page) <= 2:
            break
        last = page[1][0]
        after = Cursor(received_at=last.received_at, report_id=last.report_id)

    assert sorted(r.report_id for r in seen) == sorted(r.item_id for r in reports)
    assert [r.received_at for r in seen] == sorted((r.received_at for r in seen), reverse=True)
    assert (counts.waiting, counts.acknowledged) == (5, 0)
    assert open_body(vault, seen[0]).answers.narrative_original == CANARY


async def test_acknowledged_reports_leave_the_waiting_queue(
    database: Database, people: dict[str, User], receive: Receive, vault: Vault, ring: KeyRing
) -> None:
    done, open_ = await receive(), await receive()
    user = people["northshire"]
    await database.write(acknowledge, user, done.item_id, "x", vault=vault, keys=ring, now=clock.now())

    async def ids(queue: Queue) -> list[str]:
        page, counts = await database.write(
            actions.list_reports, user, Filter(queue=queue), after=None, limit=9, now=clock.now()
        )
        assert (counts.waiting, counts.acknowledged) == (1, 1)
        return [report.report_id for report, _ in page]

    assert await ids("waiting") == [open_.item_id]
    assert await ids("acknowledged") == [done.item_id]
    assert sorted(await ids("all")) == sorted([done.item_id, open_.item_id])
