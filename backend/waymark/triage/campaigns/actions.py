"""Verbs of floods: look at what lies apart, and put it back into the lists."""

from collections.abc import Sequence
from datetime import datetime

from waymark.agencies.rules import decide
from waymark.audit import actions as audit
from waymark.audit.records import Subject
from waymark.identity.records import User
from waymark.kernel.db import Connection
from waymark.kernel.problems import problem
from waymark.triage import actions as triage
from waymark.triage.campaigns import store
from waymark.triage.campaigns.records import CampaignView, Hour, HourCount
from waymark.triage.campaigns.rules import PRESSED, areas_of, by_hour
from waymark.triage.store import changed


def list_campaigns(db: Connection, user: User, *, now: datetime) -> list[CampaignView]:
    """Those of which anything lies apart in this person's lists, newest first. Raises Problem not_found."""
    if not decide(user, "list_reports", now=now).allowed:
        raise problem("not_found")
    found: dict[str, list[HourCount]] = {}
    for hour in store.hours(db, force_id=user.force_id, centre_id=user.centre_id):
        found.setdefault(hour.campaign_id, []).append(hour)
    subject = Subject(kind="list", id="campaigns")
    detail = {"count": len(found)}
    audit.append(db, actor=user.actor, action="campaigns.listed", subject=subject, detail=detail, now=now)
    views = [_view(db, campaign_id, hours) for campaign_id, hours in found.items()]
    return sorted(views, key=lambda view: view.last_at, reverse=True)


def flooded(db: Connection, *, now: datetime) -> bool:
    """Was anything laid apart of late?"""
    last = store.last_flooded(db)
    return last is not None and now - datetime.fromisoformat(last) < PRESSED


def return_reports(
    db: Connection, user: User, campaign_id: str, report_ids: Sequence[str], *, now: datetime
) -> int:
    """Into the ordinary lists: these, or all that this person could see apart. Returns how many.

    Raises Problem not_found, also when one of them is not theirs to see.
    """
    if not decide(user, "return_to_list", now=now).allowed:
        raise problem("not_found")
    for report_id in report_ids:
        triage.asked_for(db, user, "view_report", report_id, now=now)
    if report_ids:
        returned = len(store.return_some(db, campaign_id, report_ids))
    else:
        returned = store.return_all(db, campaign_id, force_id=user.force_id, centre_id=user.centre_id)
    if not returned and store.campaign(db, campaign_id) is None:
        raise problem("not_found")
    subject = Subject(kind="campaign", id=campaign_id)
    detail = {"count": returned, "all": not report_ids}
    audit.append(db, actor=user.actor, action="campaign.returned", subject=subject, detail=detail, now=now)
    centre = {f"centre:{user.centre_id}"}
    changed(db, {f"force:{user.force_id}", triage.NOBODYS} if user.force_id else centre)
    return returned


def _view(db: Connection, campaign_id: str, hours: Sequence[HourCount]) -> CampaignView:
    known = store.campaign(db, campaign_id)
    if known is None:
        raise AssertionError("a report refers to a campaign that there is")
    return CampaignView(
        id=campaign_id,
        areas=areas_of(hours),
        began_at=known.began_at,
        last_at=known.last_at,
        count=sum(hour.count for hour in hours),
        hours=tuple(Hour(at=at, count=count) for at, count in by_hour(hours).items()),
    )
