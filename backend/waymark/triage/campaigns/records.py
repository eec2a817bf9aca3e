"""Nouns of floods, and the shapes that the desk is answered with."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from waymark_sync.protocol import Uuid

AT_ONCE_MAX = 100


class Pace(Struct, frozen=True, kw_only=True):
    """What of one series still lies in the ordinary lists."""

    per_day: float
    at_once: float


class Series(Struct, frozen=True, kw_only=True):
    series: str
    empty_at: datetime
    known_since: str
    """A day."""


class DayCount(Struct, frozen=True, kw_only=True):
    on_day: str
    count: int


class Campaign(Struct, frozen=True, kw_only=True):
    id: str
    series: str
    began_at: str
    last_at: str


class HourCount(Struct, frozen=True, kw_only=True):
    campaign_id: str
    area: str
    hour: str
    count: int


class Hour(Struct, frozen=True, kw_only=True):
    at: str
    """`2026-04-01T09`, of UTC."""
    count: int


class CampaignView(Struct, frozen=True, kw_only=True):
    """What of one flood lies apart in the lists of whoever asks."""

    id: str
    areas: tuple[str, ...]
    began_at: str
    last_at: str
    count: int
    hours: tuple[Hour, ...]
    """Of those that lie apart still, each hour that has any."""


class CampaignsAnswer(Struct, frozen=True, kw_only=True):
    campaigns: tuple[CampaignView, ...]
    usual_factor: float
    """So many times what is usual in a day came before anything was laid apart."""


class ReturnRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    report_ids: Annotated[tuple[Uuid, ...], Meta(max_length=AT_ONCE_MAX)] = ()
    """None: all of it."""


class ReturnedAnswer(Struct, frozen=True, kw_only=True):
    returned: int
