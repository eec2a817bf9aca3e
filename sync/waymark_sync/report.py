"""What is inside the seal: the report's body, every version ever shipped, with up-converters.

A device cannot convert what it has sealed, so a version once shipped is read for ever. Unknown fields
are kept by keeping the opened bytes; unknown codes are kept as they came.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from waymark_sync.codec import UNREADABLE, safe_place
from waymark_sync.protocol import ATT_COUNT_MAX, Natural, Uuid
from waymark_sync.report_versions import CONVERTERS

SCHEMA_VERSION = 2
MESSAGE_SCHEMA_VERSION = 1
NOT_ANSWERED: Literal["not_answered"] = "not_answered"
"""Recorded where a question was asked and skipped. An absent field was never asked."""

DEPTH_MAX = 32  # lists and objects inside each other: whoever reads it again may have less of a stack left
NARRATIVE_MAX = 20_000  # characters; more is asked for as a second report rather than cut
TEXT_MAX = 2_000
LINE_MAX = 200

ReporterRole = Literal[
    "victim",
    "witness",
    "third_party_friend_family",
    "third_party_professional",
    "organisation_victim",
]
SharingChoice = Literal["P1", "P2", "P3", "U1", "A1", "A2"]
"""P1 police with my details; P2 police, the centre stays between; P3 police, no details; U1 support only,
no police; A1 anonymous with return code; A2 anonymous, for the figures only."""
RELEASED_TO_POLICE: frozenset[SharingChoice] = frozenset({"P1", "P2", "P3"})

Channel = Literal["self_phone", "centre_tablet"]
FormatUsed = Literal["standard", "easy_read", "audio", "bsl", "large"]
Line = Annotated[str, Meta(max_length=LINE_MAX)]
Text = Annotated[str, Meta(max_length=TEXT_MAX)]
Codes = Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=64)]
Skipped = Literal["not_answered"]


class When(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When it happened. `start` and `end` are local dates `YYYY-MM-DD`; nothing finer than was said."""

    precision: Literal["exact", "day", "week", "month", "ongoing", "dont_know"]
    start: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")] | None = None
    end: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")] | None = None
    text: Line = ""
    """The reporter's own words, for example "after evening prayer"."""


class Where(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where it happened. A field that was asked by itself may be `not_answered`."""

    place_type: Line | None = None
    postcode: Line | None = None
    """As typed; upper case with one space where it is a UK postcode."""
    text: Text | None = None
    """In the reporter's own words."""


class SafeContact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How this person may be reached without harm. Shown as an instruction, never as a bare number."""

    methods: Codes = ()
    """Of call, text, email, letter, via_centre, no_contact."""
    phone: Line = ""
    email: Line = ""
    times: Line = ""
    voicemail_ok: bool = False
    say_who_calling: Literal["nothing", "first_name", "organisation"] = "nothing"
    code_word: Line = ""
    must_not_know: Text = ""
    """People or groups who must not learn of the report."""


class LimitsAcknowledged(Struct, frozen=True, kw_only=True):
    """The reporter has read when confidentiality ends. `text_version` names the words that were shown."""

    at: str
    text_version: Line


class Answers(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field per question. The five without which a report cannot be finished have no default."""

    confidentiality_limits_ack: LimitsAcknowledged
    reporter_role: ReporterRole
    narrative_original: Annotated[str, Meta(min_length=1, max_length=NARRATIVE_MAX)]
    """Verbatim, in any language."""
    when: When
    sharing_choice: SharingChoice
    event_types: Codes | Skipped | None = None
    strands: Codes | Skipped | None = None
    sub_strands: Codes | Skipped | None = None
    """`strand.sub_strand`, for example `race.gypsy_roma_traveller`."""
    where: Where | Skipped | None = None
    name_known_as: Line | None = None
    safe_contact: SafeContact | Skipped | None = None
    support_needs: Codes | Skipped | None = None
    """What help is wanted, by the directory's codes of need."""
    preferred_language: Line | None = None
    """BCP 47 tag in which help is wanted, `other` for one that the form does not list, or `not_answered`."""


class Capture(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the report was taken down."""

    channel: Channel
    format_used: FormatUsed = "standard"
    """Of the form: the same questions read, heard or signed."""


class ReportBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report as a device seals it: JSON, padded to a bucket."""

    item_id: Uuid
    """Repeats the header's, so that a body cannot be moved under another header."""
    form_version: Line
    policy_version: Line
    app_build: Line
    capture: Capture
    centre_id: Line
    """The receiving centre, which the reporter was shown by name."""
    ui_language: Annotated[str, Meta(max_length=35)]
    started_at: str
    """Device clock, UTC. Data, never a decision."""
    completed_at: str
    answers: Answers
    attachments: Annotated[tuple["SealedFile", ...], Meta(max_length=ATT_COUNT_MAX)] = ()
    signposts_shown: Codes = ()
    """Directory ids, in the order shown."""
    directory_version: Line = ""


class SealedFile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What opens one attachment of the header's `att`. The key travels nowhere else."""

    att_id: Uuid
    key: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]
    """32 bytes, base64url: used for this one attachment alone."""
    media_type: Line
    """As the device believes it to be. The service looks for itself."""
    size: Natural
    """Of the file before sealing, in bytes."""
    caption: Line = ""
    hidden_details: Literal["removed", "kept"] = "removed"
    """A photo may carry place, time and camera: taken out on the device unless the reporter keeps them."""


class MessageBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reporter says about a report already made: the body of an item of kind `message`."""

    item_id: Uuid
    """Repeats the header's."""
    about: Uuid
    """The report's item id."""
    text: Annotated[str, Meta(min_length=1, max_length=NARRATIVE_MAX)]
    app_build: Line
    ui_language: Annotated[str, Meta(max_length=35)]
    written_at: str
    in_reply_to: Uuid | None = None
    """The message that asked."""
    authenticator: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")] | None = None
    """The return code's, base64url, when written with the code. None: signed by the report's own key."""
    takes_back: Annotated[str, Meta(max_length=64)] = ""
    """What the police may not read from now on: `person` or `all`. Of another code the text counts."""
    asks_who: bool = False
    """Who may read the report, and who has? Answered by a message of kind `access`."""


class UnreadableReport(Exception):
    """The bytes inside the seal are no report of a known version. `reason` names a place, never a value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_report(plaintext: bytes, *, schema_v: int) -> ReportBody:
    """Parse an opened body of any shipped version. Raises UnreadableReport."""
    body = _parsed(plaintext, schema_v, newest=SCHEMA_VERSION)
    try:
        return msgspec.convert(converted(body, schema_v), ReportBody)
    except UNREADABLE as error:
        raise UnreadableReport(safe_place(str(error))) from None


def converted(body: Any, schema_v: int) -> Any:
    """A parsed body in the newest shape. What is no object is left for that shape to judge."""
    for version in range(schema_v, SCHEMA_VERSION):
        body = CONVERTERS[version](body) if isinstance(body, dict) else body
    return body


def placed_at(answers: Answers) -> str | None:
    """The postcode of where it happened, as far as it was said."""
    return answers.where.postcode if isinstance(answers.where, Where) else None


def read_message(plaintext: bytes, *, schema_v: int) -> MessageBody:
    """Parse an opened body of kind `message`. Raises UnreadableReport."""
    body = _parsed(plaintext, schema_v, newest=MESSAGE_SCHEMA_VERSION)
    try:
        return msgspec.convert(body, MessageBody)
    except UNREADABLE as error:
        raise UnreadableReport(safe_place(str(error))) from None


def _parsed(plaintext: bytes, schema_v: int, *, newest: int) -> Any:
    if not 1 <= schema_v <= newest:
        raise UnreadableReport(f"schema version {schema_v} is not known here")
    try:
        body = msgspec.json.decode(plaintext)
    except UNREADABLE:
        raise UnreadableReport("not JSON") from None
    if _deeper_than(DEPTH_MAX, body):
        raise UnreadableReport("nested too deep")
    return body


def _deeper_than(depth: int, tree: Any) -> bool:
    level = [tree]
    for _ in range(depth):
        level = [child for node in level for child in _children(node)]
    return bool(level)


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()
