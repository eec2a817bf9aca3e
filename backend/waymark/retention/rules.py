"""May a closed report go by itself? Never what is open, unread, unanswered, held, still coming or in use."""

from datetime import datetime, timedelta
from typing import Literal

from waymark.kernel.clock import stamp
from waymark.retention.records import Case

Kept = Literal["open", "unread", "unanswered", "held", "asked_for", "coming", "in_use", "not_yet"]


def kept_because(case: Case, *, notice: timedelta, now: datetime) -> Kept | None:
    """The first reason that it stays; None: it may go."""
    if case.queue != "closed":
        return "open"
    if case.acknowledged_at is None:
        return "unread"
    if case.reply_waiting:
        return "unanswered"
    if case.hold_side is not None:
        return "held"
    if case.erasure_by is not None:
        return "asked_for"  # two people are at it
    if case.files_coming:
        return "coming"
    if case.opened:
        return "in_use"
    return None if case.review_at <= stamp(now - notice) else "not_yet"
