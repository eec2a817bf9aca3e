"""What has been opened gets its place: a state, a queue, and the lists, or apart from them in a flood."""

from datetime import datetime

from waymark.agencies import actions as agencies
from waymark.agencies.rules import released
from waymark.attachments import actions as attachments
from waymark.identity import actions as identity
from waymark.intake import actions as intake
from waymark.kernel.db import Connection
from waymark.kernel.ids import new_id
from waymark.triage import actions as triage
from waymark.triage import store
from waymark.triage.actions import scopes_of
from waymark.triage.campaigns.watch import Watch
from waymark.triage.records import Event
from waymark.triage.rules import due, first_state
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
