"""What has been opened gets its place: a state, a queue, and the lists, or apart from them in a flood."""

from datetime import datetime

from waymark.agencies import actions as agencies
from waymark.agencies.rules import released
from waymark.attachments import actions as attachments
from waymark.identity import actions as identity
from waymark.intake import actions as intake
from waymark.intake.records import OpenedMessage
from waymark.intake.report_keys import open_keys
from waymark.intake.rules import open_message
from waymark.kernel.db import Connection
from waymark.kernel.ids import new_id
from waymark.kernel.vault import Vault
from waymark.triage import actions as triage
from waymark.triage import store
from waymark.triage.actions import scopes_of
from waymark.triage.campaigns.watch import Watch
from waymark.triage.records import Event, TriageReport
from waymark.triage.rules import due, first_state, next_state, seal_text
from waymark_sync.policy.timers import load_timers


def screen(db: Connection, *, limit: int, now: datetime) -> int:
    """Look through what has been opened since the last time. Returns how many reports that were."""
    db.serialise("screening")
    opened_since = intake.opened_after(db, store.last_screened(db), limit=limit)
    visitors = intake.of_visitors(db, [opened.id for opened in opened_since])
    scopes, watch = set(), Watch(db)
    for opened in opened_since:
        state, is_released = first_state(opened.sharing_choice), released(opened.sharing_choice)
        due_at, due_for = due(state, received_at=opened.received_at, acknowledged=False, timers=load_timers())
        campaign_id = None
        if opened.id in visitors:
            campaign_id = watch.place(opened, released=is_released, worked=visitors[opened.id])
        store.add_report(
            db,
            opened,
            state=state,
            released=is_released,
            has_pictures=bool(attachments.of_report(db, opened.id)),
            due_at=due_at,
            due_for=due_for,
            campaign_id=campaign_id,
        )
        agencies.begin_release(db, opened.id, opened.sharing_choice, at=opened.received_at)
        received = Event(
            id=new_id(),
            report_id=opened.id,
            number=1,
            at=opened.received_at,
            who=identity.centre_name(db, opened.centre_id),
            side="centre",
            action="received",
        )
        store.add_event(db, received)
        triage.note(
            db, None, "report.screened", opened.id, now, {"state": state, "apart": campaign_id is not None}
        )
        scopes |= scopes_of(opened.force_id if is_released else None, opened.centre_id)
    watch.write()
    store.changed(db, scopes)
    return len(opened_since)


def screen_replies(db: Connection, *, limit: int, vault: Vault, now: datetime) -> int:
    """Put what reporters have added into the history of their reports. Returns how many that were."""
    db.serialise("screening")
    replies = intake.messages_after(db, store.last_message(db), limit=limit)
    for number, reply in enumerate(replies):
        report = store.report(db, reply.report_id)
        if report is None:
            return number  # its report has not been looked through yet, and replies go in order
        _add_reply(db, report, reply, vault=vault, now=now)
    return len(replies)


def _add_reply(
    db: Connection, report: TriageReport, reply: OpenedMessage, *, vault: Vault, now: datetime
) -> None:
    """Whoever waited for an answer goes on at once; what is closed stays so until a person reopens it."""
    state = report.state
    if report.asked_at is not None:
        state = next_state(state, "resume", report.sharing_choice)
    after = triage.move(db, report, state=state, asked_at=None, reply_waiting=True, vault=vault)
    event_id, report_keys = new_id(), open_keys(vault, report.lock)
    text = open_message(report_keys, reply).text
    event = Event(
        id=event_id,
        report_id=report.report_id,
        number=0,
        at=reply.received_at,
        who="",
        side="reporter",
        action="reporter_wrote",
        text=seal_text(report_keys, event_id, text),
        message_number=reply.number,
    )
    store.add_event(db, event)
    triage.finish(db, None, "report.reply_came", (report, after), now=now)
