"""The jobs that settle attachments, done when a test says so."""

from pathlib import Path

from support.reports import Report
from waymark.attachments import actions, rules
from waymark.attachments.jobs import Developer, Teller
from waymark.attachments.records import AttachmentView
from waymark.attachments.shelf import Shelf
from waymark.intake import actions as intake
from waymark.intake.jobs import Opener, open_waiting
from waymark.intake.report_keys import open_keys
from waymark.kernel.db import Database
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import Vault
from waymark_sync.policy import load_pack


class Workshop:
    """The jobs, done here and now. The application opens and tells, too; who comes second finds nothing."""

    def __init__(self, database: Database, ring: KeyRing, vault: Vault, folder: Path) -> None:
        self.database = database
        self.vault = vault
        self.files = Shelf(folder)
        self.teller = Teller(database, ring)
        self.developer = Developer(database, vault, self.files)
        self.opener = Opener(database, ring, vault, load_pack())

    async def work(self) -> None:
        await open_waiting(self.opener)
        while await self.teller.step() or await self.developer.step():
            pass

    async def views(self, report: Report) -> tuple[AttachmentView, ...]:
        return await self.database.read(actions.of_report, report.item_id)

    async def shown(self, report: Report, att_id: str) -> bytes:
        picture = await self.database.read(actions.picture, report.item_id, att_id)
        opened = await self.database.read(intake.opened, report.item_id)
        assert picture is not None
        assert opened is not None
        return rules.open_picture(open_keys(self.vault, opened.lock), picture)
