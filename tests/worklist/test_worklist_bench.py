"""What the benchmark of the list is filled with is what the service would have stored."""

from support.desk import seed
from waymark.cli.bench_fill import fill, make_readable
from waymark.intake.actions import ensure_lineage
from waymark.kernel import clock
from waymark.kernel.db import Connection, Database, Sql
from waymark.kernel.vault import Vault
from waymark.triage import store
from waymark.triage.rules import open_body
from waymark_sync.policy import load_pack

IDS = Sql("SELECT report_id FROM triage_report ORDER BY number")


async def test_every_report_that_it_makes_readable_can_be_read(database: Database, vault: Vault) -> None:
    def made(db: Connection) -> list[str]:
        fill(db, 1, 8)
        make_readable(db, vault)
        found = [store.report(db, report_id) for report_id in db.many(IDS, str)]
        return [open_body(vault, each).capture.channel for each in found if each is not None]

    await seed(database, load_pack())
    await database.write(ensure_lineage, now=clock.now())
    assert await database.write(made) == ["centre_tablet"] * 8
