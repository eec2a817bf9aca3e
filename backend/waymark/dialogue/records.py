"""What an act on a report is asked with. Every one names the version that its page showed."""

from typing import Annotated

from msgspec import Meta, Struct

from waymark_sync.messages import SignpostedService
from waymark_sync.report import TEXT_MAX

SERVICES_MAX = 12
"""More would help nobody to choose."""
REFERENCE_MAX = 64

Words = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=r"\S")]
MaybeWords = Annotated[str, Meta(max_length=TEXT_MAX)]
Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9_-]+\Z")]
MaybeCode = Annotated[str, Meta(max_length=64, pattern=r"^[a-z0-9_-]*\Z")]
CrimeReference = Annotated[str, Meta(max_length=REFERENCE_MAX, pattern=r"^[^\x00-\x1f]*\Z")]


class Versioned(Struct, frozen=True, kw_only=True):
    version: int


class Say(Versioned, frozen=True, kw_only=True):
    message: Words


class Signpost(Versioned, frozen=True, kw_only=True):
    services: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=SERVICES_MAX)]
    message: MaybeWords = ""


class Decide(Versioned, frozen=True, kw_only=True):
    code: Code
    rationale: Words
    reason: MaybeCode = ""
    crime_reference: CrimeReference = ""
    message: MaybeWords = ""
    """To the reporter."""
    not_told_reason: MaybeCode = ""


class Close(Versioned, frozen=True, kw_only=True):
    code: Code
    note: MaybeWords = ""
    message: MaybeWords = ""
    not_told_reason: MaybeCode = ""


class Reopen(Versioned, frozen=True, kw_only=True):
    reason: Code
    note: MaybeWords = ""
    message: MaybeWords = ""


class Forward(Versioned, frozen=True, kw_only=True):
    force_id: Code
    reason: Words
    message: MaybeWords = ""


class SendBack(Versioned, frozen=True, kw_only=True):
    reason: Words


class SuggestionsAnswer(Struct, frozen=True, kw_only=True):
    services: tuple[SignpostedService, ...]
