"""What a demonstration holds, worked out before anything is sealed: invented reports with a known truth.

Pure: the same seed, number and time give the same reports. Nothing in it is about anybody.
"""

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from importlib import resources
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from waymark.cli.demo_photos import Photo, photos_in, photos_of
from waymark.cli.demo_tales import Plant, Said, Tale, Talk, Told, tales
from waymark_sync.policy import Area, Pack
from waymark_sync.report import RELEASED_TO_POLICE, Channel
from waymark_sync.return_code import new_code

SEED: Final = 20_261_101
COUNT: Final = 300
DAYS: Final = 120
PLANTED_FROM: Final = 60
"""With fewer reports than that, nothing is planted: it would be all there is."""
OVERDUE_DAYS: Final = 7
SURGE: Final = 14
MARK: Final = "DEMONSTRATION – not a real report."
NOBODY: Final = "DEMONSTRATION – not a real person"

_SHARING: Final = {"P1": 34, "P2": 26, "P3": 16, "U1": 12, "A1": 8, "A2": 4}


class Step(Struct, frozen=True, kw_only=True):
    """Something that is said about a report once it was acknowledged."""

    at: datetime
    says: Said
    text: str


class Planned(Struct, frozen=True, kw_only=True):
    """One report to be. `answers` lacks what the device adds."""

    item_id: str
    at: datetime
    """When the service gets it."""
    centre_id: str
    answers: Mapping[str, Any]
    channel: Channel = "self_phone"
    language: str = "en"
    acknowledged_at: datetime | None = None
    steps: tuple[Step, ...] = ()
    decided_at: datetime | None = None
    photos: tuple[Photo, ...] = ()
    code: str = ""
    """The return code, normalised. Most have none that anybody knows."""
    about: str = ""
    """What the code leads to."""
    plant: Plant = ""

    @property
    def postcode(self) -> str | None:
        """Of where it happened. None where nobody was asked."""
        found: str | None = self.answers.get("where", {}).get("postcode")
        return found


class _Handmade(Struct, frozen=True, kw_only=True):
    hours_ago: int
    item_id: str
    centre_id: str
    answers: dict[str, Any]


def plan(pack: Pack, *, seed: int, count: int, now: datetime) -> list[Planned]:
    """`count` reports, oldest first. The few written by hand come before any that are generated."""
    made = [
        Planned(
            item_id=each.item_id,
            at=now - timedelta(hours=each.hours_ago),
            centre_id=each.centre_id,
            answers=each.answers,
        )
        for each in msgspec.json.decode(
            resources.files("waymark.cli").joinpath("demo_reports.json").read_bytes(), type=list[_Handmade]
        )
    ][:count]
    author = _Author(pack, random.Random(seed), now)  # noqa: S311 - a story, not a secret
    if count >= PLANTED_FROM:
        made += author.planted()
        made += _Author(pack, random.Random(f"{seed} talks"), now).talks()  # noqa: S311 - neither is this
    made += [author.ordinary() for _ in range(count - len(made))]
    return sorted(made, key=lambda each: each.at)


class _Author:
    def __init__(self, pack: Pack, chance: random.Random, now: datetime) -> None:
        self._pack, self._chance, self._now = pack, chance, now
        self._tales = tales()
        self._centre_force = {centre.id: centre.force_id for centre in pack.centres}

    def ordinary(self) -> Planned:
        chance = self._chance
        tale = chance.choice(self._tales.tales)
        area = chance.choice(self._pack.areas)
        at = self._moment(chance.uniform(0.2, DAYS))
        words = tale.text.format(
            where=chance.choice(self._tales.where[tale.language]),
            then=chance.choice(self._tales.then[tale.language]),
        )
        role = chance.choices(("victim", "witness", "third_party_friend_family"), (70, 20, 10))[0]
        return self._report(
            tale,
            words,
            at=at,
            role=role,
            postcode=self._postcode(area) if chance.random() > 0.04 else "not_answered",
            centre_id=area.default_centre_id if chance.random() < 0.75 else self._centre_of(area.force_id),
        )

    def planted(self) -> list[Planned]:
        return [*self._surge(), *self._clusters(), *self._repeated(), self._overdue()]

    def talks(self) -> list[Planned]:
        """Reports with a conversation, each with a return code that anybody may try."""
        return [self._talk(told) for told in self._tales.talks]

    def _surge(self) -> Iterator[Planned]:
        """One area in one week: as many as it else has in three months."""
        area = next(area for area in self._pack.areas if area.id == "demo-orchard")
        told = self._tales.surge
        for number in range(SURGE):
            telling = told.tellings[number % len(told.tellings)]
            tale = Tale(strands=told.strands, sub_strands=told.sub_strands, events=telling["events"])
            then = self._chance.choice(self._tales.then["en"])
            yield self._report(
                tale,
                f"{telling['text']} {then}",
                at=self._moment(29 + self._chance.uniform(0, 6)),
                role="victim",
                postcode=self._postcode(area),
                centre_id=area.default_centre_id,
                plant="surge",
            )

    def _clusters(self) -> Iterator[Planned]:
        """Three incidents, each told by three people within two days, to more than one centre."""
        plants: tuple[Plant, ...] = ("cluster-1", "cluster-2", "cluster-3")
        for number, (plant, told) in enumerate(zip(plants, self._tales.clusters, strict=True)):
            happened = self._moment(15 + 20 * number)
            place = self._pack.place(told.postcode)
            for hours, (role, words) in zip((3, 9, 31), told.tellings, strict=True):
                tale = _tale_of(told)
                centre_id = place.default_centre_id if hours < 30 else self._centre_of(place.force_id)
                yield self._report(
                    tale,
                    words,
                    at=happened + timedelta(hours=hours),
                    role=role,
                    postcode=told.postcode,
                    centre_id=centre_id,
                    day=happened,
                    plant=plant,
                )

    def _repeated(self) -> Iterator[Planned]:
        """One person, four reports, from the same stairs, getting worse."""
        told = self._tales.repeat
        for days, words in zip((84, 60, 33, 11), told.tellings, strict=True):
            person = {
                "name_known_as": f"{NOBODY} (Robin)",
                "safe_contact": {"methods": ["text"], "phone": "01632 960044", "say_who_calling": "nothing"},
            }
            yield self._report(
                _tale_of(told),
                words,
                at=self._moment(days),
                role="victim",
                postcode=told.postcode,
                centre_id=self._pack.place(told.postcode).default_centre_id,
                sharing="P1",
                person=person,
                plant="repeat_victim",
            )

    def _overdue(self) -> Planned:
        """The only one that nobody has answered for more than OVERDUE_DAYS."""
        tale = self._tales.overdue
        at = self._moment(OVERDUE_DAYS + 5)
        centre_id = self._pack.place(tale.postcode).default_centre_id
        return self._report(
            tale, tale.text, at=at, role="victim", postcode=tale.postcode, centre_id=centre_id,
            sharing="P1", plant="overdue",
        )  # fmt: skip

    def _talk(self, told: Talk) -> Planned:
        at = self._moment(told.days_ago)
        centre_id = self._pack.place(told.postcode).default_centre_id
        made = self._report(
            told, told.text, at=at, role="victim", postcode=told.postcode, centre_id=centre_id,
            sharing=told.sharing, plant=told.plant,
        )  # fmt: skip
        photos = (
            photos_in(told.photographed, made.item_id, count=2, details_kept=True)
            if told.photographed
            else ()
        )
        return replace(
            made,
            channel=told.channel,
            acknowledged_at=at + timedelta(hours=2),
            steps=tuple(
                Step(at=at + timedelta(hours=turn.hours), says=turn.says, text=turn.text)
                for turn in told.turns
            ),
            decided_at=at + timedelta(hours=told.decided_after) if told.decided_after else None,
            photos=photos,
            code=new_code(told.form, below=self._chance.randrange),
            about=told.about,
        )

    def _report(
        self,
        tale: Tale,
        words: str,
        *,
        at: datetime,
        role: str,
        postcode: str,
        centre_id: str,
        sharing: str = "",
        person: Mapping[str, Any] | None = None,
        day: datetime | None = None,
        plant: Plant = "",
    ) -> Planned:
        chance = self._chance
        sharing = sharing or chance.choices(tuple(_SHARING), tuple(_SHARING.values()))[0]
        answers: dict[str, Any] = {
            "reporter_role": role,
            "narrative_original": f"{MARK} {words}",
            "when": {"precision": "day", "start": f"{(day or at - timedelta(hours=20)):%Y-%m-%d}"},
            "sharing_choice": sharing,
            "event_types": list(tale.events),
            "strands": list(tale.strands),
            "sub_strands": list(tale.sub_strands) or "not_answered",
            "where": {"place_type": tale.place_type, "postcode": postcode},
            "preferred_language": tale.language,
            **(person or self._person(sharing)),
        }
        if chance.random() < 0.3:
            answers["when"] = {"precision": chance.choice(("ongoing", "dont_know"))}
        acknowledged_at = None if plant == "overdue" else self._acknowledged(at, plant)
        item_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        placed = postcode != "not_answered"
        return Planned(
            item_id=item_id,
            at=at,
            centre_id=centre_id,
            answers=answers,
            channel="centre_tablet" if chance.random() < 0.4 else "self_phone",
            language=tale.language,
            acknowledged_at=acknowledged_at,
            steps=self._steps(item_id, acknowledged_at) if placed and sharing != "A2" else (),
            decided_at=self._decided(acknowledged_at, sharing, postcode),
            photos=photos_of(item_id, tale.events, language=tale.language),
            plant=plant,
        )

    def _acknowledged(self, at: datetime, plant: Plant) -> datetime | None:
        """Within two days, if that time has come; of the last week, a part still waits."""
        answered = at + timedelta(hours=self._chance.uniform(1, 47))
        waits = self._chance.random() < 0.3 and at > self._now - timedelta(days=OVERDUE_DAYS - 1)
        if answered > self._now - timedelta(minutes=30) or (waits and not plant):
            return None
        return answered

    def _decided(self, acknowledged_at: datetime | None, sharing: str, postcode: str) -> datetime | None:
        """By the police, of two in three that are theirs to decide."""
        days, chosen = self._chance.uniform(1, 14), self._chance.random() < 0.66
        if acknowledged_at is None or sharing not in RELEASED_TO_POLICE or postcode == "not_answered":
            return None
        at = acknowledged_at + timedelta(days=days)
        return at if chosen and at < self._now else None

    def _steps(self, item_id: str, acknowledged_at: datetime | None) -> tuple[Step, ...]:
        """Of every fifth, something said on the next day: where to find help, or news."""
        chance = random.Random(f"steps {item_id}")  # noqa: S311 - a story, not a secret
        drawn, hours = chance.random(), chance.uniform(2, 20)
        if acknowledged_at is None or drawn >= 0.2:
            return ()
        at = acknowledged_at + timedelta(hours=hours)
        if at > self._now - timedelta(minutes=10):
            return ()
        if drawn < 0.12:
            return (Step(at=at, says="signpost", text=self._tales.signpost),)
        return (Step(at=at, says="update", text=chance.choice(self._tales.updates)),)

    def _person(self, sharing: str) -> dict[str, Any]:
        if sharing not in {"P1", "P2", "U1"} or self._chance.random() < 0.4:
            return {}
        number = f"01632 960{self._chance.randrange(100, 1000)}"
        contact = {
            "methods": ["call"],
            "phone": number,
            "times": "after six",
            "say_who_calling": "first_name",
        }
        return {"name_known_as": NOBODY, "safe_contact": contact}

    def _moment(self, days_ago: float) -> datetime:
        return self._now - timedelta(days=days_ago)

    def _postcode(self, area: Area) -> str:
        letters = "ABDEFGHJLNPQRSTUWXYZ"
        inward = f"{self._chance.randrange(1, 10)}{''.join(self._chance.choices(letters, k=2))}"
        return f"{self._chance.choice(area.outward)} {inward}"

    def _centre_of(self, force_id: str) -> str:
        return self._chance.choice([id for id, force in self._centre_force.items() if force == force_id])


def _tale_of(told: Told) -> Tale:
    return Tale(
        strands=told.strands, sub_strands=told.sub_strands, events=told.events, place_type=told.place_type
    )


def by_plant(reports: Sequence[Planned]) -> dict[str, list[str]]:
    """Ids of what was planted, by what it is."""
    found: dict[str, list[str]] = {}
    for report in reports:
        if report.plant:
            found.setdefault(report.plant, []).append(report.item_id)
    return found
