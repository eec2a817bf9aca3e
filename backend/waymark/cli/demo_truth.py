"""The ledger of truth of a demonstration: what was planted, and how many of what, before anything is sent.

Whatever later counts, links or warns can be held to it. It is kept beside the data as `demo-truth.json`.
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from waymark.cli.demo_plan import SURGE, Planned, by_plant
from waymark.kernel.clock import stamp
from waymark_sync.policy import Pack
from waymark_sync.return_code import shown

FILE: Final = "demo-truth.json"

Counts = dict[str, int]


class Surge(Struct, frozen=True, kw_only=True):
    """More than usual, in one area in one week."""

    area: str
    first_at: str
    last_at: str
    reports: tuple[str, ...]


class Coded(Struct, frozen=True, kw_only=True):
    """A report with a return code that anybody may try."""

    item_id: str
    code: str
    """As it is shown."""
    about: str


class Truth(Struct, frozen=True, kw_only=True):
    """Made from the plan alone; the database must agree."""

    seed: int
    made_at: str
    """Every date in it is counted back from here."""
    count: int
    acknowledged: int
    decided: int
    replies: int = 0
    """What reporters have added."""
    photos: int = 0
    with_photos: int = 0
    """Reports."""
    details_kept: int = 0
    """Photos that still say where they were taken, inside their seal."""
    return_codes: tuple[Coded, ...] = ()
    """The newest report first."""
    forces: Counts
    areas: Counts
    centres: Counts
    strands: Counts
    sharing: Counts
    channels: Counts
    languages: Counts
    surge: Surge | None = None
    duplicates: tuple[tuple[str, ...], ...] = ()
    repeat_victim: tuple[str, ...] = ()
    overdue: str | None = None
    needs_info: str | None = None


def truth_of(reports: Sequence[Planned], pack: Pack, *, seed: int, made_at: datetime) -> Truth:
    planted = by_plant(reports)
    places = [pack.place(report.postcode) for report in reports]
    clusters = [ids for plant, ids in sorted(planted.items()) if plant.startswith("cluster-")]
    return Truth(
        seed=seed,
        made_at=stamp(made_at),
        count=len(reports),
        acknowledged=sum(report.acknowledged_at is not None for report in reports),
        decided=sum(report.decided_at is not None for report in reports),
        replies=sum(step.says == "reply" for report in reports for step in report.steps),
        photos=sum(len(report.photos) for report in reports),
        with_photos=sum(bool(report.photos) for report in reports),
        details_kept=sum(photo.details_kept for report in reports for photo in report.photos),
        return_codes=tuple(_coded(report) for report in reversed(reports) if report.code),
        forces=_counts(place.force_id for place in places),
        areas=_counts(place.area_id for place in places),
        centres=_counts(report.centre_id for report in reports),
        strands=_counts(code for report in reports for code in codes(report.answers.get("strands"))),
        sharing=_counts(report.answers["sharing_choice"] for report in reports),
        channels=_counts(report.channel for report in reports),
        languages=_counts(report.language for report in reports),
        surge=_surge(reports, pack),
        duplicates=tuple(tuple(ids) for ids in clusters),
        repeat_victim=tuple(planted.get("repeat_victim", ())),
        overdue=next(iter(planted.get("overdue", ())), None),
        needs_info=next(iter(planted.get("needs_info", ())), None),
    )


def kept_truth(folder: Path) -> Truth | None:
    """None where there is none, or none of this version."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Truth)
    except (OSError, msgspec.DecodeError):
        return None


def keep_truth(folder: Path, truth: Truth) -> None:
    """On the disk before the first report is: a run that was cut short goes on from it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{FILE}.draft"
    with draft.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(truth), indent=1) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / FILE)


def codes(answer: Any) -> tuple[str, ...]:
    """Nothing for what was skipped."""
    return tuple(answer) if isinstance(answer, (list, tuple)) else ()


def _coded(report: Planned) -> Coded:
    return Coded(item_id=report.item_id, code=shown(report.code), about=report.about)


def _surge(reports: Sequence[Planned], pack: Pack) -> Surge | None:
    found = [report for report in reports if report.plant == "surge"]
    if not found:
        return None
    if len(found) != SURGE:
        raise AssertionError("a surge is planted whole")
    return Surge(
        area=pack.place(found[0].postcode).area_id,
        first_at=stamp(found[0].at),
        last_at=stamp(found[-1].at),
        reports=tuple(report.item_id for report in found),
    )


def _counts(values: Iterable[str]) -> Counts:
    return dict(sorted(Counter(values).items()))
