"""A date as people write it: `2`, `feb`, `2026`. A month may be a name, digits may be Arabic."""

import re
from datetime import date, timedelta
from typing import Literal

from waymark_sync.questions.graph import GRAPH, Filled, text_in

YEAR_MIN = 1900  # older is a slip of the finger, not a memory
NAME_LETTERS_MIN = 3  # "jan" is enough, "ju" is not

DateCode = Literal[
    "date_missing",
    "date_missing_day",
    "date_missing_month",
    "date_missing_year",
    "date_impossible",
    "date_year",
    "date_future",
]
_DIGITS = {0x660 + n: str(n) for n in range(10)} | {0x6F0 + n: str(n) for n in range(10)}


class WrongDate(Exception):
    """`field` is the part to mark."""

    def __init__(self, field: str, code: DateCode) -> None:
        super().__init__(code)
        self.field = field
        self.code = code


def span(filled: Filled) -> tuple[date, date] | None:
    """First and last day of what was said, or None where no date was. Raises WrongDate."""
    precision = filled.get("when_precision")
    if precision == "month":
        return _month_span(filled)
    if precision not in ("day", "week"):
        return None
    day = _one_day(filled)
    if precision == "day":
        return day, day
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def _one_day(filled: Filled) -> date:
    _all_there(filled, ("day", "month", "year"))
    day = _number(text_in(filled, "when_day"), digits_max=2)
    month = _month(filled)
    year = _year(filled)
    try:
        return date(year, month, day or 0)
    except ValueError as error:
        raise WrongDate("when_day", "date_impossible") from error


def _month_span(filled: Filled) -> tuple[date, date]:
    _all_there(filled, ("month", "year"))
    first = date(_year(filled), _month(filled), 1)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first, after - timedelta(days=1)


def _all_there(filled: Filled, parts: tuple[str, ...]) -> None:
    missing = [part for part in parts if not text_in(filled, f"when_{part}")]
    if len(missing) == len(parts):
        raise WrongDate(f"when_{parts[0]}", "date_missing")
    codes: dict[str, DateCode] = {
        "day": "date_missing_day",
        "month": "date_missing_month",
        "year": "date_missing_year",
    }
    for part in missing:
        raise WrongDate(f"when_{part}", codes[part])


def _number(text: str, *, digits_max: int) -> int | None:
    plain = text.translate(_DIGITS)
    return int(plain) if re.fullmatch(rf"[0-9]{{1,{digits_max}}}", plain) else None


def _month(filled: Filled) -> int:
    text = text_in(filled, "when_month")
    number = _number(text, digits_max=2)
    if number is None:
        number = _named_month(text.lower().removesuffix("."))
    if number is None or not 1 <= number <= 12:
        raise WrongDate("when_month", "date_impossible")
    return number


def _named_month(name: str) -> int | None:
    for names in GRAPH.months.values():
        if name in names:
            return names.index(name) + 1
    if len(name) < NAME_LETTERS_MIN:
        return None
    english = GRAPH.months["en"]
    return next((place + 1 for place, full in enumerate(english) if full.startswith(name)), None)


def _year(filled: Filled) -> int:
    year = _number(text_in(filled, "when_year"), digits_max=4)
    if year is None or not YEAR_MIN <= year <= 9998:  # 9999 has no day after its last month
        raise WrongDate("when_year", "date_year")
    return year
