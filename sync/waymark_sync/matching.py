"""Which services to suggest: the same question over the same directory has the same answer everywhere.

Pure and made of integers; `pwa/src/sync/matching.ts` is its twin and `vectors/matching.json` holds both.
What would do harm is left out first; what is left is ordered; then a few that differ are chosen.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from waymark_sync.directory import Hours, Query, Reason, Service, Suggestion, load_services
from waymark_sync.opening import (
    DAY,
    Opening,
    clock_of,
    day_and_clock_of,
    is_night,
    london,
    opening,
    week_minute,
)
from waymark_sync.report import NOT_ANSWERED, Answers, SafeContact

__all__ = ["Hours", "Query", "Reason", "Service", "Suggestion", "load_services", "query_of", "suggest"]

SHOWN_MAX: Final = 5  # more than five is a list to search, not a suggestion
SHOWN_MIN: Final = 3  # below this, what fits less well or was not checked may fill up
ASSURED_DAYS_MAX: Final = 365
FRESH_DAYS: Final = 73  # a fifth of the year that a check lasts
WAITING_DAYS_LONG: Final = 14
CHILD_AGE: Final = 18
YOUTH_AGE_MAX: Final = 25  # a service that ends here is for young people
SCORE_MAX: Final = 100
WITHOUT_POLICE: Final = frozenset({"U1", "A1", "A2"})
TO_POLICE: Final = frozenset({"P1", "P2", "P3"})
KNOWN_TO_POLICE: Final = frozenset({"P1", "P2"})
"""Only these bear a service that always tells the police: P3 keeps the name from them."""

WHOM: Final = {"sub_strand": 35, "strand": 25, "all_strands": 12, "part_of_strand": 0}
WHERE: Final = {"local": 10, "regional": 6, "national": 3}
BY_AND_FOR, LANGUAGE, INTERPRETER, CHANNEL, NEED = 8, 15, 6, 12, 10
OPEN, OPENS_SOON, LONG_WAIT, OTHER_AGES = 10, 5, -5, -10

ANSWERS_TO_CHANNELS: Final = {"call": ("call",), "text": ("text", "chat"), "email": ("email",)}


class _Found(Struct, frozen=True, kw_only=True):
    """A service that may be suggested, with what decides its place."""

    suggestion: Suggestion
    whom: str
    checked: bool
    tier: int
    """0 in a crisis or for a child, 1 what fits, 2 part of a named strand."""
    closed_at_night: bool
    reachable: bool
    """By a way that the person asked for."""

    @property
    def service(self) -> Service:
        return self.suggestion.service

    @property
    def place(self) -> tuple[int, bool, bool, int, str]:
        return (
            self.tier,
            not self.checked,
            self.closed_at_night,
            -self.suggestion.score,
            self.service.id,
        )


def suggest(services: Iterable[Service], query: Query, *, at: datetime) -> tuple[Suggestion, ...]:
    """At most five, best first. None in danger: the emergency call then stands alone."""
    if query.danger:
        return ()
    local = london(at)
    found = (_found(service, query, local) for service in services)
    ranked = sorted((each for each in found if each is not None), key=lambda each: each.place)
    chosen = _varied(_enough(ranked, query), query)
    return tuple(each.suggestion for each in _placed(chosen, query))


def query_of(answers: Answers, *, area_ids: tuple[str, ...] = (), nation: str = "") -> Query:
    """What a report asks of the directory."""
    contact = answers.safe_contact if isinstance(answers.safe_contact, SafeContact) else SafeContact()
    language = answers.preferred_language
    spoken = (language,) if language and language not in (NOT_ANSWERED, "en") else ()
    return Query(
        strands=_codes(answers.strands),
        sub_strands=_codes(answers.sub_strands),
        area_ids=area_ids,
        nation=nation,
        languages=spoken,
        needs=_codes(answers.support_needs),
        channels=tuple(way for method in contact.methods for way in ANSWERS_TO_CHANNELS.get(method, ())),
        sharing_choice=answers.sharing_choice,
        must_not_know=contact.must_not_know,
    )


def _codes(answer: tuple[str, ...] | str | None) -> tuple[str, ...]:
    return answer if isinstance(answer, tuple) else ()


def _found(service: Service, query: Query, local: datetime) -> _Found | None:
    whom = _whom(service, query)
    where = _where(service, query)
    if whom is None or where is None or not _harmless(service, query, local.date()):
        return None
    minute = week_minute(local)
    hours = opening(service.hours, minute)
    channel = next((way for way in query.channels if way in service.channels), "")
    reasons = tuple(_reasons(service, query, (whom, where, channel), hours, minute))
    checked = service.demo or service.verified
    shown = service if checked else replace(service, phone=None, url="")
    score = _score(service, (whom.code, where.code, channel), reasons, hours, local.date(), query)
    return _Found(
        suggestion=Suggestion(service=shown, score=score, reasons=reasons),
        whom=whom.code,
        checked=checked,
        tier=_tier(service, query, whom.code),
        closed_at_night=is_night(minute) and not (hours is not None and hours.open),
        reachable=channel != "",
    )


# What is left out


def _harmless(service: Service, query: Query, today: date) -> bool:
    return (
        service.status == "active"
        and not _expired(service, today)
        and _of_age(service, query)
        and (service.shares_with_police != "always" or query.sharing_choice in KNOWN_TO_POLICE)
        and (not service.reported_required or query.sharing_choice in TO_POLICE)
        and not _named_in(service, query.must_not_know)
    )


def _expired(service: Service, today: date) -> bool:
    """What was checked once and not since may be wrong in a way that looks right."""
    if service.demo or not service.verified:
        return False
    return service.assured_on is None or _age_days(service, today) > ASSURED_DAYS_MAX


def _age_days(service: Service, today: date) -> int:
    assured = today if service.assured_on is None else date.fromisoformat(service.assured_on)
    return max(0, (today - assured).days)


def _of_age(service: Service, query: Query) -> bool:
    youngest, oldest = query.age_from, query.age_to
    if youngest is not None and youngest < CHILD_AGE and (service.min_age or 0) >= CHILD_AGE:
        return False
    too_young = oldest is not None and service.min_age is not None and oldest < service.min_age
    too_old = youngest is not None and service.max_age is not None and youngest > service.max_age
    return not (too_young or too_old)


def _named_in(service: Service, text: str) -> bool:
    said = _plain(text)
    names = (service.name.replace("(demonstration)", ""), service.discreet_name)
    return any(f" {name} " in f" {said} " for name in map(_plain, names) if name)


def _plain(text: str) -> str:
    """Words of ASCII letters in lower case and digits: other lower cases differ between languages."""
    lower = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)
    return " ".join("".join(c if "a" <= c <= "z" or "0" <= c <= "9" else " " for c in lower).split())


# For whom and where


def _whom(service: Service, query: Query) -> Reason | None:
    for code in query.sub_strands:
        if code in service.sub_strands:
            return Reason(code="sub_strand", value=code)
    named = (*query.strands, *(code.partition(".")[0] for code in query.sub_strands))
    for strand in named:
        if strand in service.strands:
            return Reason(code="strand", value=strand)
    if not service.strands and not service.sub_strands:
        return Reason(code="all_strands")
    for strand in named:
        if _unspecified(strand, query) and any(_is_of(code, strand) for code in service.sub_strands):
            return Reason(code="part_of_strand", value=strand)
    return None


def _unspecified(strand: str, query: Query) -> bool:
    """Named without saying which part of it."""
    return not any(_is_of(code, strand) and code != f"{strand}.unknown" for code in query.sub_strands)


def _is_of(sub_strand: str, strand: str) -> bool:
    return sub_strand.partition(".")[0] == strand


def _where(service: Service, query: Query) -> Reason | None:
    if not service.national:
        for place, area in enumerate(query.area_ids):
            if area in service.coverage:
                return Reason(code="regional" if place else "local", value=area)
        return None
    if "uk" in service.coverage:
        return Reason(code="national", value="uk")
    if query.nation:
        return Reason(code="national", value=query.nation) if query.nation in service.coverage else None
    return Reason(code="national", value=" ".join(service.coverage))


# Score and reasons


def _score(
    service: Service,
    fits: tuple[str, str, str],
    reasons: tuple[Reason, ...],
    hours: Opening | None,
    today: date,
    query: Query,
) -> int:
    whom, where, channel = fits
    given = {reason.code for reason in reasons}
    fresh = 0 if service.assured_on is None else max(0, 5 - _age_days(service, today) // FRESH_DAYS)
    points = (
        WHOM[whom]
        + WHERE[where]
        + (BY_AND_FOR if "by_and_for" in given else 0)
        + (LANGUAGE if "language" in given else INTERPRETER if "interpreter" in given else 0)
        + (CHANNEL if channel else 0)
        + (NEED if "need" in given else 0)
        + _open_points(hours)
        + fresh
        + (LONG_WAIT if "waiting" in given else 0)
        + (OTHER_AGES if "ages" in given and query.age_from is None else 0)
    )
    return min(SCORE_MAX, max(0, points))


def _open_points(hours: Opening | None) -> int:
    if hours is None:
        return 0
    if hours.open:
        return OPEN
    return OPENS_SOON if hours.change_in is not None and hours.change_in <= DAY else 0


def _reasons(
    service: Service,
    query: Query,
    fits: tuple[Reason, Reason, str],
    hours: Opening | None,
    minute: int,
) -> Iterator[Reason]:
    whom, where, channel = fits
    if not (service.demo or service.verified):
        yield Reason(code="unchecked")
    yield whom
    if service.led_by_and_for and whom.code in ("sub_strand", "strand"):
        yield Reason(code="by_and_for")
    yield from _spoken(service, query)
    if channel:
        yield Reason(code="channel", value=channel)
    yield from (Reason(code="need", value=need) for need in query.needs if need in service.needs)
    yield where
    if hours is not None:
        yield _open_reason(hours, minute)
    if service.min_age is not None or service.max_age is not None:
        yield Reason(code="ages", value=_ages(service))
    if (service.waiting_days or 0) > WAITING_DAYS_LONG:
        yield Reason(code="waiting", value=str(service.waiting_days))
    if query.sharing_choice in WITHOUT_POLICE and service.shares_with_police == "never":
        yield Reason(code="never_tells_police")


def _spoken(service: Service, query: Query) -> Iterator[Reason]:
    for wanted in query.languages:
        for spoken in service.languages:
            if wanted == spoken or wanted.startswith(f"{spoken}-") or spoken.startswith(f"{wanted}-"):
                yield Reason(code="language", value=wanted)
                return
    if query.languages and service.interpreter:
        yield Reason(code="interpreter")


def _open_reason(hours: Opening, minute: int) -> Reason:
    if hours.change_in is None:
        return Reason(code="open_always")
    if hours.open:
        return Reason(code="open_until", value=clock_of(minute + hours.change_in))
    return Reason(code="opens", value=day_and_clock_of(minute + hours.change_in))


def _ages(service: Service) -> str:
    """`11-25`, `-17`, `18-`."""
    bounds = (service.min_age, service.max_age)
    return "-".join("" if bound is None else str(bound) for bound in bounds)


# Order and choice


def _tier(service: Service, query: Query, whom: str) -> int:
    if query.self_harm and "crisis" in service.needs:
        return 0
    if whom == "part_of_strand":
        return 2
    child = query.age_to is not None and query.age_to < CHILD_AGE
    youth = service.max_age is not None and service.max_age <= YOUTH_AGE_MAX
    return 0 if child and youth and not query.self_harm else 1


def _enough(ranked: list[_Found], query: Query) -> list[_Found]:
    """What fits and was checked; below three also parts of a strand, then what nobody checked."""
    pool = [each for each in ranked if each.checked and each.tier < 2]
    if query.self_harm and not any(each.tier == 0 for each in pool):
        pool = [each for each in ranked if each.tier == 0] + pool
    for weaker in (
        [each for each in ranked if each.checked and each.tier == 2],
        [each for each in ranked if not each.checked and each.tier < 2 and each not in pool],
    ):
        pool += weaker[: max(0, SHOWN_MIN - len(pool))]
    return pool


def _varied(pool: list[_Found], query: Query) -> list[_Found]:
    """The best five, and among them one of each kind that the directory has."""
    chosen, spare = pool[:SHOWN_MAX], pool[SHOWN_MAX:]
    met: list[Callable[[_Found], bool]] = []
    for kind in _kinds(query):
        best = next((each for each in spare if kind(each)), None)
        if best is not None and not any(kind(each) for each in chosen):
            chosen.remove(_spared(chosen, met))
            chosen.append(best)
        met.append(kind)
    return [each for each in pool if each in chosen]


def _kinds(query: Query) -> Iterator[Callable[[_Found], bool]]:
    if query.must_not_know:
        yield _from_outside
    yield lambda each: each.service.national
    yield lambda each: not each.service.police_run
    yield lambda each: not each.service.community_run
    yield lambda each: "text" in each.service.channels or "chat" in each.service.channels


def _spared(chosen: list[_Found], met: list[Callable[[_Found], bool]]) -> _Found:
    """The last that no kind depends on, and never the first."""
    for each in reversed(chosen[1:]):
        others = [other for other in chosen if other is not each]
        if all(any(map(kind, others)) or not kind(each) for kind in met):
            return each
    return chosen[-1]


def _placed(chosen: list[_Found], query: Query) -> list[_Found]:
    """Somebody who can be reached in the way that was asked for comes first; one from outside comes early."""
    if chosen:
        group = [each for each in chosen if each.place[:3] == chosen[0].place[:3]]
        best = next((each for each in group if each.reachable), chosen[0])
        chosen = [best, *(each for each in chosen if each is not best)]
    if query.must_not_know:
        at = next((place for place, each in enumerate(chosen) if _from_outside(each)), 0)
        if at > 2:
            chosen.insert(2, chosen.pop(at))
    return chosen


def _from_outside(each: _Found) -> bool:
    """For everybody, not of one community, not of the police, and silent unless told otherwise."""
    service = each.service
    inside = service.community_run or service.police_run or service.shares_with_police == "always"
    return each.whom == "all_strands" and not inside
