"""Six hundred ways of altering the trail, and what checkpoints that lie elsewhere say of each."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import pytest
from msgspec.structs import replace

from waymark.audit.records import GENESIS, LINEAGE_BEGUN, Checkpoint, Entry, Examined
from waymark.audit.rules import Examiner, entry_hash

TRIALS: Final = 600
LENGTH: Final = 90
EVERY: Final = 15
"""Entries between two checkpoints. What comes after the last one is not spoken for yet."""

Trail = list[Entry]
Tamper = Callable[[Trail, random.Random], Trail]


def hashed(entries: Sequence[Entry], *, after: int = 0) -> Trail:
    """The chain made anew behind `after` entries, as whoever can write the table would."""
    found = list(entries[:after])
    for pos, entry in enumerate(entries[after:], start=after + 1):
        linked = replace(entry, pos=pos, prev_hash=found[-1].hash if found else GENESIS, hash=b"")
        found.append(replace(linked, hash=entry_hash(linked)))
    return found


def entry(n: int, action: str = "report.viewed", subject_id: str = "") -> Entry:
    return Entry(
        pos=n,
        at=f"2026-01-02T03:{n // 60:02}:{n % 60:02}.000Z",
        actor_id=f"person-{n % 4}",
        actor_role="police_triage",
        action=action,
        subject_kind="report",
        subject_id=subject_id or f"report-{n % 7}",
        detail=f'{{"n":{n}}}',
        prev_hash=b"",
        hash=b"",
    )


TRUE: Final = hashed([entry(0, LINEAGE_BEGUN, "first"), *map(entry, range(1, LENGTH))])
ELSEWHERE: Final = [
    Checkpoint(incarnation="first", pos=one.pos, hash=one.hash.hex(), at=one.at)
    for one in TRUE
    if one.pos % EVERY == 0
]


def examined(trail: Trail, told: Sequence[Checkpoint]) -> Examined:
    examiner = Examiner(told)
    for start in range(0, len(trail), 40):  # in parts, as from a table
        examiner.take(trail[start : start + 40])
    return examiner.examined()


def altered(one: Entry, draw: random.Random) -> Entry:
    field = draw.choice(("at", "actor_id", "actor_role", "action", "subject_kind", "subject_id", "detail"))
    return replace(one, **{field: getattr(one, field) + "x"})


def edit(trail: Trail, draw: random.Random) -> Trail:
    at = draw.randrange(LENGTH)
    return [*trail[:at], altered(trail[at], draw), *trail[at + 1 :]]


def edit_and_hash_one(trail: Trail, draw: random.Random) -> Trail:
    found = edit(trail, draw)
    return [replace(one, hash=entry_hash(one)) for one in found]


def edit_and_hash_all(trail: Trail, draw: random.Random) -> Trail:
    at = draw.randrange(LENGTH)
    return hashed([*trail[:at], altered(trail[at], draw), *trail[at + 1 :]], after=at)


def leave_out(trail: Trail, draw: random.Random) -> Trail:
    at = draw.randrange(LENGTH - 1)
    return [*trail[:at], *trail[at + 1 :]]


def leave_out_and_hash_all(trail: Trail, draw: random.Random) -> Trail:
    at = draw.randrange(LENGTH)
    return hashed([*trail[:at], *trail[at + 1 :]], after=at)


def swap(trail: Trail, draw: random.Random) -> Trail:
    one, other = draw.sample(range(LENGTH), 2)
    found = list(trail)
    found[one], found[other] = found[other], found[one]
    return found


def put_in(trail: Trail, draw: random.Random) -> Trail:
    at = draw.randrange(LENGTH)
    return hashed([*trail[:at], entry(500), *trail[at:]], after=at)


def cut_the_end(trail: Trail, draw: random.Random) -> Trail:
    return trail[: draw.randrange(LENGTH)]


def begin_again(trail: Trail, draw: random.Random) -> Trail:
    return hashed([entry(0, LINEAGE_BEGUN, "first"), *(entry(draw.randrange(900)) for _ in range(LENGTH))])


def take_for_a_restore(trail: Trail, draw: random.Random) -> Trail:
    """Cut, and an entry that says that a backup was put back."""
    at = draw.randrange(1, LENGTH)
    return hashed([*trail[:at], entry(700, LINEAGE_BEGUN, "second")], after=at)


REHASHED: Final[tuple[Tamper, ...]] = (
    edit_and_hash_all,
    leave_out_and_hash_all,
    put_in,
    cut_the_end,
    begin_again,
    take_for_a_restore,
)
TAMPERS: Final[tuple[Tamper, ...]] = (edit, edit_and_hash_one, leave_out, swap, *REHASHED)


def noticed(found: Examined) -> bool:
    return not found.holds or bool(found.lost)


def test_six_hundred_tamperings_are_noticed() -> None:
    """All that reach behind a checkpoint. What is altered after the last one is spoken for by the next."""
    draw, missed, done = random.Random(7), Counter[str](), 0
    spoken_for = ELSEWHERE[-1].pos
    while done < TRIALS:
        tamper = TAMPERS[done % len(TAMPERS)]
        trail = tamper(list(TRUE), draw)
        if trail[:spoken_for] == TRUE[:spoken_for]:
            continue
        done += 1
        missed[tamper.__name__] += not noticed(examined(trail, ELSEWHERE))

    assert {name: count for name, count in missed.items() if count} == {}


def test_a_trail_that_nobody_has_altered_holds() -> None:
    found = examined(TRUE, ELSEWHERE)

    assert (noticed(found), found.agreed, found.agreed_upto) == (False, len(ELSEWHERE), ELSEWHERE[-1].pos)


@pytest.mark.parametrize("tamper", REHASHED)
def test_without_checkpoints_whoever_writes_all_anew_is_not_noticed(tamper: Tamper) -> None:
    """The control: it is the checkpoints that notice."""
    assert not noticed(examined(tamper(list(TRUE), random.Random(1)), []))


def test_what_a_restore_cut_off_is_told_and_is_no_alteration() -> None:
    """Restored twice: with 40 entries, and later with the backup of 20, from before the second lineage."""
    once = hashed([*TRUE[:40], entry(700, LINEAGE_BEGUN, "second"), *map(entry, range(100, 130))], after=40)
    second = Checkpoint(incarnation="second", pos=60, hash=once[59].hash.hex(), at=once[59].at)
    twice = hashed([*TRUE[:20], entry(800, LINEAGE_BEGUN, "third"), *map(entry, range(200, 230))], after=20)

    after_one, after_two = examined(once, [*ELSEWHERE, second]), examined(twice, [*ELSEWHERE, second])

    assert after_one.holds
    assert [(one.incarnation, one.reached) for one in after_one.lost] == [("first", 90)]
    assert (after_one.agreed, after_one.agreed_upto) == (3, 60)
    assert after_two.holds
    assert {one.incarnation: one.reached for one in after_two.lost} == {"first": 90, "second": 60}


def test_a_restore_explains_nothing_of_what_stood_before_it() -> None:
    changed = hashed([*TRUE[:10], altered(TRUE[10], random.Random(3)), *TRUE[11:40]], after=10)
    restored = hashed([*changed, entry(700, LINEAGE_BEGUN, "second")], after=40)

    found = examined(restored, ELSEWHERE)

    assert not found.holds
    assert [one.pos for one in found.contradicted] == [15, 30]
