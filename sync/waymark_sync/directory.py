"""Nouns of the directory: a service that may help, what is asked of the directory, and what it answers.

The directory holds nothing of anybody's. A question is put on the device that asks it, or at the desk
by somebody who has read the report; it never travels.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from waymark_sync.policy import read_data

Time = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z")]
Day = Annotated[int, Meta(ge=1, le=7)]
"""1 is Monday."""
Years = Annotated[int, Meta(ge=0, le=120)]
PoliceSharing = Literal["never", "with_consent", "always"]
Need = Literal[
    "emotional",
    "practical_security",
    "housing",
    "legal",
    "immigration_language",
    "online_removal",
    "school_work",
    "faith_security",
    "crisis",
]
Way = Literal["call", "text", "whatsapp", "chat", "email", "bsl", "face", "outreach"]
"""How a service can be reached. `face` is at its own place, `outreach` at the person's."""


class Hours(Struct, frozen=True, kw_only=True):
    """Local time in London. `closes` at or before `opens` runs past midnight; 00:00 to 00:00 is all day."""

    days: tuple[Day, ...]
    opens: Time
    closes: Time


class Service(Struct, frozen=True, kw_only=True):
    """A place that helps. No strands and no sub-strands means: for everybody."""

    id: str
    """Lower case letters, digits and hyphens: ties are decided by it."""
    name: str
    description: str
    coverage: tuple[str, ...]
    """Nations of a national service, or `uk`; ids of areas or forces of a local one."""
    national: bool
    verified: bool
    """Has somebody who answers for this installation checked that the row is right?"""
    demo: bool
    """Invented: its number is one that is never given to anybody."""
    assured_on: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")] | None = None
    """Local date of the last check. None: nobody has checked."""
    status: Literal["active", "inactive", "defunct", "temporarily_closed"] = "active"
    phone: str | None = None
    url: str = ""
    discreet_name: str = ""
    """What may stand on a screen or a note that others see."""
    hours: tuple[Hours, ...] = ()
    """None given: not known. Bank holidays are not told apart."""
    strands: tuple[str, ...] = ()
    sub_strands: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    """BCP 47, spoken by those who answer; `bfi` is British Sign Language."""
    interpreter: bool = False
    channels: tuple[Way, ...] = ()
    needs: tuple[Need, ...] = ()
    led_by_and_for: bool = False
    community_run: bool = False
    """Run from inside one community, where somebody may know somebody."""
    police_run: bool = False
    shares_with_police: PoliceSharing = "with_consent"
    reported_required: bool = False
    """Helps only with what has been reported to the police."""
    anonymous_ok: bool = False
    min_age: Years | None = None
    max_age: Years | None = None
    waiting_days: Annotated[int, Meta(ge=0, le=1000)] | None = None


class Query(Struct, frozen=True, kw_only=True):
    """What matters of a report for finding help. Every field may stay empty; nothing is guessed from it."""

    strands: tuple[str, ...] = ()
    sub_strands: tuple[str, ...] = ()
    area_ids: tuple[str, ...] = ()
    """Where it happened or where help is wanted, narrow to wide: area, force."""
    nation: str = ""
    """Empty when unknown: national services of every part of the country then say which part."""
    languages: tuple[str, ...] = ()
    """BCP 47, other than English. `other` is one that the form does not list: an interpreter helps."""
    needs: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    """Ways that are safe for this person, dearest first."""
    age_from: Years | None = None
    age_to: Years | None = None
    sharing_choice: str = ""
    must_not_know: str = ""
    """As typed. A service named in it is left out; any text asks for one from outside the community."""
    danger: bool = False
    """In danger now: nothing is suggested beside the emergency call."""
    self_harm: bool = False


class Reason(Struct, frozen=True, kw_only=True):
    """Why a service is suggested, or what to know first. Words are the screen's."""

    code: str
    value: str = ""


class Suggestion(Struct, frozen=True, kw_only=True):
    service: Service
    """Without telephone number and address when nobody has checked it."""
    score: int
    """0 to 100; orders, and means nothing by itself."""
    reasons: tuple[Reason, ...]


class _DirectoryFile(Struct, frozen=True, kw_only=True):
    services: tuple[Service, ...]


def load_services() -> tuple[Service, ...]:
    """The services that lie beside the policy pack."""
    return msgspec.json.decode(read_data("directory.json"), type=_DirectoryFile).services
