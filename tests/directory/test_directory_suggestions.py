"""What the desk suggests is what the reporter's device would, and it travels without loose ends."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from waymark.directory import actions
from waymark_sync.policy import UNKNOWN, load_pack
from waymark_sync.report import Answers

TUESDAY_NOON = datetime(2026, 1, 6, 12, tzinfo=UTC)
FIVE = {
    "confidentiality_limits_ack": {"at": "2026-01-06T11:00:00.000Z", "text_version": "limits-1"},
    "reporter_role": "victim",
    "narrative_original": "He shouted at me.",
    "when": {"precision": "dont_know"},
    "sharing_choice": "U1",
}


def shown(postcode: str = "", **more: Any) -> list[str]:
    place = load_pack().place(postcode)
    found = actions.suggestions(
        load_pack(),
        msgspec.convert(FIVE | more, Answers),
        area_id=place.area_id,
        force_id=place.force_id,
        at=TUESDAY_NOON,
    )
    return [each.service.id for each in found]


def test_somebody_in_westvale_who_speaks_welsh() -> None:
    assert shown("JX7 1AA", preferred_language="cy")[0] == "demo-west-casework"


def test_an_autistic_person_who_wants_a_text() -> None:
    found = shown(
        "QX1 1AA",
        strands=["disability"],
        sub_strands=["disability.autism"],
        safe_contact={"methods": ["text"]},
    )

    assert found[0] == "demo-plain-words"


def test_race_alone_is_no_traveller_service() -> None:
    found = shown("JX5 1AA", strands=["race"])

    assert "demo-west-heath" not in found
    assert shown("JX5 1AA", sub_strands=["race.gypsy_roma_traveller"])[0] == "demo-west-heath"


@pytest.mark.parametrize("choice", ["U1", "A1", "A2", "P3"])
def test_no_police_team_for_who_keeps_the_name_from_them(choice: str) -> None:
    assert "demo-north-police-care" not in shown(
        "QX1 1AA", sharing_choice=choice, support_needs=["practical_security"]
    )


def test_without_a_place_there_is_still_somebody() -> None:
    services = {service.id: service for service in actions.all_services()}

    found = shown()

    assert len(found) >= 3
    assert all(services[each].national for each in found)


def test_an_unknown_force_has_no_nation() -> None:
    pack = load_pack()

    query = actions.query(pack, msgspec.convert(FIVE, Answers), area_id=UNKNOWN, force_id=UNKNOWN)

    assert query.nation == ""
    assert pack.nation("demo-westvale") == "wales"


def test_a_suggestion_travels_as_it_was() -> None:
    found = actions.suggestions(
        load_pack(),
        msgspec.convert(FIVE, Answers),
        area_id=UNKNOWN,
        force_id=UNKNOWN,
        at=TUESDAY_NOON,
    )

    sent = [actions.signposted(each) for each in found]

    assert [each.id for each in sent] == [each.service.id for each in found]
    assert "open_always" in sent[0].why
    assert all(not each.phone and "unchecked" in each.why for each in sent if not each.id.startswith("demo"))


def test_chosen_by_hand() -> None:
    demo = actions.signposted_by_hand("demo-night-line")
    real = actions.signposted_by_hand("samaritans")

    assert demo is not None
    assert demo.phone == "01632 960103"
    assert real is not None
    assert (real.phone, real.url, real.why) == ("", "", ("unchecked",))
    assert actions.signposted_by_hand("no-such-service") is None


def test_the_desk_names_the_version_of_the_file(tmp_path: Path) -> None:
    assert actions.version() == actions.build(tmp_path / "d.sqlite")
