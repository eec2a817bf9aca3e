"""Write matching.json beside this file: `python sync/vectors/make_matching.py`. Seeded: the same bytes again.

The directory's twin functions are held by it. A table for each rule says what must come out and why; the
drawn cases hold the two against each other where nobody thought of looking.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, get_args

import msgspec
from matching_tables import ANSWERS, TABLES

from waymark_sync.directory import Need, Query, Service, Way
from waymark_sync.matching import Suggestion, query_of, suggest
from waymark_sync.policy import load_strands
from waymark_sync.report import Answers

HERE = Path(__file__).parent
DRAWN = 200
SEED = 20261125
STRANDS = {strand.code: tuple(f"{strand.code}.{sub}" for sub in strand.sub) for strand in load_strands()}
AREAS = ("harbour", "hill", "quay")
FORCES = ("north", "south")
NATIONS = ("england", "wales", "scotland", "northern-ireland")
LANGUAGES = ("cy", "pl", "ar", "pa-Guru", "pa", "zh-Hans", "bfi")
TIMES = ("00:00", "06:30", "09:00", "12:15", "17:00", "20:00", "23:59")
MOMENTS = (
    datetime(2026, 3, 29, 0, 59, tzinfo=UTC),  # a minute before summer time
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # the hour that comes twice
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
)


def matching() -> dict[str, Any]:
    return {
        "about": "The same services, query and UTC time give the same suggestions, reasons and scores.",
        "queries": [_asked(name, answers) for name, answers in ANSWERS],
        "tables": [_table(case) for case in TABLES],
        "drawn": [_drawn(Random(SEED + number)) for number in range(DRAWN)],  # noqa: S311 - cases, no secrets
    }


def _asked(name: str, answers: dict[str, Any]) -> dict[str, Any]:
    read = msgspec.convert(answers, Answers)
    return {"name": name, "answers": answers, "query": msgspec.to_builtins(query_of(read))}


def _table(case: dict[str, Any]) -> dict[str, Any]:
    """`expects` is written by hand and must be what comes out: no rule is read off its own code."""
    services, query = _read(case["services"], case["query"])
    found = suggest(services, query, at=_at(case["at"]))
    shown = [suggestion.service.id for suggestion in found]
    if shown != case["expects"]:
        raise ValueError(f"{case['name']}: {shown} instead of {case['expects']}")
    for service_id, reason in case.get("because", ()):
        reasons = next(_flat(each) for each in found if each.service.id == service_id)
        if reason not in reasons:
            raise ValueError(f"{case['name']}: {service_id} has {reasons}, not {reason}")
    return case | {"found": _found(found)}


def _drawn(random: Random) -> dict[str, Any]:
    services = [_service(random, number) for number in range(random.randint(0, 12))]
    random.shuffle(services)
    query, at = _query(random), _moment(random)
    read, asked = _read(services, query)
    told = {name: value for name, value in query.items() if value}
    return {"services": services, "query": told, "at": at, "found": _found(suggest(read, asked, at=_at(at)))}


def _service(random: Random, number: int) -> dict[str, Any]:
    national = random.random() < 0.4
    places = (*NATIONS, "uk", "uk") if national else (*AREAS, *FORCES)
    strands, subs = _group(random)
    drawn: dict[str, Any] = {
        "id": f"s-{number:02d}",
        "name": f"Service {number} (demonstration)",
        "coverage": random.sample(places, random.randint(1, 2)),
        "national": national,
        "verified": random.random() < 0.6,
        "demo": random.random() < 0.4,
        "assured_on": _perhaps(random, 0.8, _day(random)),
        "status": "active" if random.random() < 0.92 else "temporarily_closed",
        "phone": _perhaps(random, 0.8, f"01632 9601{number:02d}"),
        "url": random.choice(("", "https://service.example")),
        "hours": [_hours(random) for _ in range(random.choice((0, 1, 1, 2, 3)))],
        "strands": strands,
        "sub_strands": subs,
        "languages": random.sample(LANGUAGES, random.choice((0, 0, 1, 2))),
        "interpreter": random.random() < 0.3,
        "channels": random.sample(get_args(Way), random.randint(0, 3)),
        "needs": random.sample(get_args(Need), random.randint(0, 3)),
        "led_by_and_for": random.random() < 0.4,
        "community_run": random.random() < 0.4,
        "police_run": random.random() < 0.2,
        "shares_with_police": random.choice(("never", "with_consent", "with_consent", "always")),
        "reported_required": random.random() < 0.1,
        "min_age": _perhaps(random, 0.2, random.choice((11, 16, 18))),
        "max_age": _perhaps(random, 0.2, random.choice((17, 19, 25))),
        "waiting_days": _perhaps(random, 0.3, random.choice((0, 14, 15, 40))),
    }
    told = {name: value for name, value in drawn.items() if value or name in ("national", "verified", "demo")}
    return {"description": "", **told}


def _query(random: Random) -> dict[str, Any]:
    strands, subs = _group(random)
    youngest = random.choice((None, None, None, 13, 16, 18, 40))
    force = random.choice(FORCES)
    return {
        "strands": strands,
        "sub_strands": subs,
        "area_ids": random.choice(((), (random.choice(AREAS), force))),
        "nation": random.choice(("", "", *NATIONS)),
        "languages": random.sample((*LANGUAGES, "other"), random.choice((0, 0, 1))),
        "needs": random.sample(get_args(Need), random.randint(0, 2)),
        "channels": random.sample(("call", "text", "chat", "email"), random.choice((0, 0, 1, 2))),
        "age_from": youngest,
        "age_to": None if youngest is None else youngest + random.choice((0, 2, 20)),
        "sharing_choice": random.choice(("", "P1", "P2", "P3", "U1", "A1", "A2")),
        "must_not_know": random.choice(("", "", "", "my family", "anybody at SERVICE 3, please!")),
        "danger": random.random() < 0.02,
        "self_harm": random.random() < 0.15,
    }


def _group(random: Random) -> tuple[list[str], list[str]]:
    """Few strands, so that services and queries meet."""
    strands = random.sample(("race", "religion", "disability", "homelessness"), random.choice((0, 1, 1, 2)))
    subs = [code for strand in strands for code in STRANDS[strand][:4] if random.random() < 0.3]
    return (strands if random.random() < 0.7 else []), subs


def _hours(random: Random) -> dict[str, Any]:
    days = sorted(random.sample(range(1, 8), random.choice((1, 2, 5, 7))))
    return {"days": days, "opens": random.choice(TIMES), "closes": random.choice(TIMES)}


def _moment(random: Random) -> str:
    at = random.choice(MOMENTS) if random.random() < 0.2 else _some_time(random)
    return at.isoformat().replace("+00:00", "Z")


def _some_time(random: Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=random.randrange(2 * 525_600))


def _day(random: Random) -> str:
    return (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=random.randrange(1000))).date().isoformat()


def _perhaps(random: Random, chance: float, value: object) -> object:
    return value if random.random() < chance else None


def _read(services: list[dict[str, Any]], query: dict[str, Any]) -> tuple[tuple[Service, ...], Query]:
    return msgspec.convert(services, tuple[Service, ...]), msgspec.convert(query, Query)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _found(found: tuple[Suggestion, ...]) -> list[dict[str, Any]]:
    return [
        {
            "id": each.service.id,
            "score": each.score,
            "reasons": _flat(each),
            **({"phone": each.service.phone} if each.service.phone else {}),
            **({"url": each.service.url} if each.service.url else {}),
        }
        for each in found
    ]


def _flat(suggestion: Suggestion) -> list[str]:
    return [f"{why.code}:{why.value}" if why.value else why.code for why in suggestion.reasons]


def written() -> str:
    """One case a line: a change can be read."""
    parts = []
    for name, value in matching().items():
        if isinstance(value, str):
            parts.append(f" {json.dumps(name)}: {json.dumps(value)}")
            continue
        cases = ",\n".join(
            f"  {json.dumps(case, ensure_ascii=False, separators=(',', ':'))}" for case in value
        )
        parts.append(f" {json.dumps(name)}: [\n{cases}\n ]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    (HERE / "matching.json").write_text(written(), encoding="utf-8")
