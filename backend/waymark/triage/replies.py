"""What reporters send about a report made before: words, what they take back, the question who saw it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from waymark.agencies import actions as agencies
from waymark.agencies.records import ALL_GROUPS, NO_GROUPS, OF_THE_PERSON, REPORTER, FieldGroup
from waymark.agencies.rules import narrowable
from waymark.audit.actions import Detail
from waymark.intake import actions as intake
from waymark.intake.records import Keys, OpenedMessage
from waymark.intake.report_keys import open_keys
from waymark.intake.rules import open_message
from waymark.kernel.db import Connection
from waymark.kernel.ids import new_id
from waymark.kernel.vault import Vault
from waymark.triage import store
from waymark.triage.actions import finish, move, note, rekey
from waymark.triage.records import Event, TriageReport
from waymark.triage.rules import facts, next_state, seal_text
from waymark_sync.report import MessageBody

TAKES_BACK: Final[Mapping[str, frozenset[FieldGroup]]] = MappingProxyType(
    {"person": OF_THE_PERSON, "all": ALL_GROUPS}
)
"""By the code in the message. Of any other, a newer app's, a person reads the words."""


def screen_replies(db: Connection, *, limit: int, vault: Vault, now: datetime) -> int:
    """Put what reporters have added into the history of their reports. Returns how many that were."""
    db.serialise("screening")
    replies = intake.messages_after(db, store.last_message(db), limit=limit)
    for number, reply in enumerate(replies):
        report = store.report(db, reply.report_id)
        if report is None:
            return number  # its report has not been looked through yet, and replies go in order
        keys = open_keys(vault, report.lock)
        body = open_message(keys, reply)
        if body.asks_who or body.takes_back in TAKES_BACK:
            store.ask_access(db, report.report_id, at=reply.received_at)
        if body.asks_who and not body.takes_back:
            _add_line(db, report, reply, body, "asked_who_saw", keys)
            note(db, None, "report.access_asked", report.report_id, now)
        else:
            _add_reply(db, report, reply, body, keys=keys, vault=vault, now=now)
    return len(replies)


def _add_reply(
    db: Connection,
    report: TriageReport,
    reply: OpenedMessage,
    body: MessageBody,
    *,
    keys: Keys,
    vault: Vault,
    now: datetime,
) -> None:
    """Whoever waited for an answer goes on at once; what is closed stays so until a person reopens it."""
    state = report.state
    if report.asked_at is not None:
        state = next_state(state, "resume", report.sharing_choice)
    after = move(db, report, vault=vault, state=state, asked_at=None, reply_waiting=True)
    action, detail = "report.reply_came", None
    if body.takes_back in TAKES_BACK:
        action, detail = "release.narrowed", _take_back(db, report, body.takes_back, vault=vault, now=now)
    _add_line(db, report, reply, body, _line_of(body), keys)
    finish(db, None, action, (report, after), detail=detail, now=now)


def _line_of(body: MessageBody) -> str:
    return f"took_back_{body.takes_back}" if body.takes_back in TAKES_BACK else "reporter_wrote"


def _take_back(db: Connection, report: TriageReport, code: str, *, vault: Vault, now: datetime) -> Detail:
    """Nothing is asked: it is theirs. Where the police read nothing of it, nothing is written down."""
    groups = TAKES_BACK.get(code, NO_GROUPS) & narrowable(facts(report))
    detail: Detail = {"by": REPORTER.role, "groups": sorted(groups)}
    if not groups:
        return detail
    version = agencies.narrow(db, report.report_id, groups, actor=REPORTER, now=now)
    rekey(db, report, vault)
    return {**detail, "release": version}


def _add_line(
    db: Connection, report: TriageReport, reply: OpenedMessage, body: MessageBody, action: str, keys: Keys
) -> None:
    event_id = new_id()
    event = Event(
        id=event_id,
        report_id=report.report_id,
        number=0,
        at=reply.received_at,
        who="",
        side="reporter",
        action=action,
        text=seal_text(keys, event_id, body.text),
        message_number=reply.number,
    )
    store.add_event(db, event)
