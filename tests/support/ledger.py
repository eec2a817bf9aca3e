"""Every look at a report has its line in the audit trail, and every refusal: compared after each test.

All that the application answers is counted as it goes out, whoever asked. Reports of which more was asked
than is named here are left out.
"""

import re
from collections import Counter
from typing import Final

from litestar import Litestar
from litestar.types import Message, Receive, Scope, Send

from waymark.audit.records import SERVICE
from waymark.kernel.db import Sql, open_database

ID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ABOUT: Final = re.compile(rf"/desk/api/reports/({ID})(?:/([^/]+))?(?:/(.+))?")
AUDITED: Final = {
    ("GET", None): "report.viewed",
    ("GET", "suggestions"): "report.viewed",
    ("GET", "pictures"): "picture.viewed",
    ("GET", "originals"): "original.taken",
    ("POST", "unmask"): "report.unmasked",
    ("POST", "acknowledge"): "report.acknowledged",
    ("POST", "take"): "report.taken",
    ("POST", "ask"): "report.asked",
    ("POST", "update"): "report.updated",
    ("POST", "signpost"): "report.signposted",
    ("POST", "decide"): "report.decided",
    ("POST", "close"): "report.closed",
    ("POST", "reopen"): "report.reopened",
    ("POST", "forward"): "report.forwarded",
    ("POST", "accept"): "report.accepted",
    ("POST", "send-back"): "report.sent_back",
    ("POST", "reply-read"): "report.reply_read",
    ("POST", "narrow"): "release.narrowed",
    ("POST", "override"): "release.overridden",
    ("POST", "end-override"): "release.override_ended",
    ("POST", "erasure"): "erasure.asked",
    ("POST", "confirm-erasure"): "report.erased",
}
"""By method and the part of the address behind the report's id."""
TAKEN: Final = "original.taken"
REFUSED: Final = "report.refused"
TRAIL: Final = Sql("""
    SELECT subject_id || ' ' || action AS line
    FROM audit_entry
    WHERE subject_kind = 'report' AND actor_id <> :service
""")
Line = tuple[str, str]


class Ledger:
    """What one application answered about reports, to whoever was logged in."""

    def __init__(self, app: Litestar) -> None:
        self.answered: Counter[Line] = Counter()
        self.unnamed: set[str] = set()
        """Reports about which something was asked that has tests of its own for its trace."""
        inner = app.asgi_handler

        async def handler(scope: Scope, receive: Receive, send: Send) -> None:
            async def noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._note(str(scope.get("method", "")), scope["path"], message["status"])
                await send(message)

            await inner(scope, receive, noted)

        app.asgi_handler = handler

    async def compare(self, database_url: str) -> None:
        """Raises AssertionError where an answer has no line, or two, or a line no answer."""
        if not self.answered:
            return
        database = await open_database(database_url)
        lines = await database.read(lambda db: db.many(TRAIL, str, service=SERVICE.id))
        await database.close()
        for line in [line for line in self.answered if line[0] in self.unnamed]:
            del self.answered[line]
        asked = {report_id for report_id, _ in self.answered}
        written = Counter((found[0], found[1]) for found in map(str.split, lines) if found[0] in asked)
        for report_id, _ in list(written - self.answered):
            # A file that is damaged on the disk was taken, as far as anybody can tell, and is answered 404.
            if (written - self.answered)[report_id, TAKEN] == (self.answered - written)[report_id, REFUSED]:
                written[report_id, REFUSED] += written[report_id, TAKEN] - self.answered[report_id, TAKEN]
                written[report_id, TAKEN] = self.answered[report_id, TAKEN]
        assert written == self.answered, (written - self.answered, self.answered - written)

    def _note(self, method: str, path: str, status: int) -> None:
        found = ABOUT.fullmatch(path)
        if found is None or not (status < 300 or status == 404):
            return
        report_id, part, of = found.groups()
        if (method, part) not in AUDITED:
            self.unnamed.add(report_id)
        elif of is None or re.fullmatch(ID, of):
            self.answered[report_id, AUDITED[method, part] if status < 300 else REFUSED] += 1
