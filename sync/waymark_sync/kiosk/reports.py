"""What a person or another system hands over, made into the body of a report."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from waymark_sync.device import Device
from waymark_sync.file_sender import KeptFile
from waymark_sync.kiosk.clock import utc_now
from waymark_sync.kiosk.home import KioskFault
from waymark_sync.policy import load_pack
from waymark_sync.report import Answers, Capture, LimitsAcknowledged, ReportBody, When
from waymark_sync.report_versions import answers_from_v1, flat_place

FORM_VERSION: Final = "kiosk-1"
APP_BUILD: Final = "waymark-sync/1"


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The JSON that `add` reads. `answers` as `report.Answers` has them; times are UTC, now unless given."""

    answers: Answers
    ui_language: Annotated[str, Meta(max_length=35)] = "en"
    started_at: str = ""
    completed_at: str = ""


EXAMPLE: Final = Told(
    answers=Answers(
        confidentiality_limits_ack=LimitsAcknowledged(at="2026-01-31T09:30:00.000Z", text_version="2026-01"),
        reporter_role="victim",
        narrative_original="In their own words, in any language.",
        when=When(precision="day", start="2026-01-30"),
        sharing_choice="U1",
        event_types=("verbal_abuse",),
        strands=("religion",),
    )
)


def read_told(raw: bytes) -> Told:
    """Raises KioskFault. Nothing of what was told is repeated in it but the name of a field.

    Answers of version 1 are taken as well: who hands them over may have been written before this version.
    """
    try:
        told = msgspec.json.decode(raw)
        if isinstance(told, dict) and isinstance(answers := told.get("answers"), dict):
            told["answers"] = answers_from_v1(answers) if flat_place(answers) else answers
            _nothing_unknown(told["answers"])
        return msgspec.convert(told, Told)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise KioskFault(
            f"This is no report that can be sent: {error}. Nothing was saved. "
            "`waymark-sync example` shows what a report looks like."
        ) from error


def _nothing_unknown(answers: dict[str, object]) -> None:
    """An answer that no field takes would be left behind without a word."""
    if unknown := sorted(set(answers) - set(Answers.__struct_fields__)):
        raise msgspec.ValidationError(f"there is no answer called {unknown[0][:64]!r}")


def body_of(told: Told, device: Device, files: Sequence[KeptFile]) -> Callable[[str], ReportBody]:
    """The body, once its item id is known."""
    now = utc_now()

    def body(item_id: str) -> ReportBody:
        return ReportBody(
            item_id=item_id,
            form_version=FORM_VERSION,
            policy_version=load_pack().version,
            app_build=APP_BUILD,
            capture=Capture(channel="centre_tablet"),
            centre_id=device.centre_id,
            ui_language=told.ui_language,
            started_at=told.started_at or now,
            completed_at=told.completed_at or now,
            answers=told.answers,
            attachments=tuple(file.inside for file in files),
        )

    return body
