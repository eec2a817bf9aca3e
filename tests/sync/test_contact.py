"""What a kiosk tells of the service and of its own version."""

import pytest
from msgspec.structs import replace

from waymark_sync.contact import end_of_life, note_alert, note_contact, reached_at
from waymark_sync.kiosk.sending import Passed
from waymark_sync.kiosk.show import Output
from waymark_sync.outbox import Outbox
from waymark_sync.protocol import Alert

from .world import World

SOON = Alert(level="soft_eol", on="2027-06-30", url="https://example.org/update")
OLD = Alert(level="hard_eol", on="2027-01-31")


def test_an_end_of_life_is_kept_for_this_build_until_it_is_taken_back(outbox: Outbox) -> None:
    note_alert(outbox, SOON, build="b1")
    assert (end_of_life(outbox, build="b1"), end_of_life(outbox, build="b2")) == (SOON, None)
    note_alert(outbox, OLD, build="b1")
    assert end_of_life(outbox, build="b1") == OLD
    note_alert(outbox, None, build="b1")
    assert end_of_life(outbox, build="b1") is None


def test_when_the_service_answered_is_told_in_utc(outbox: Outbox) -> None:
    assert reached_at(outbox) is None
    note_contact(outbox, now_ms=1_767_323_045_678)
    assert reached_at(outbox) == "2026-01-02T03:04:05Z"


def test_the_answer_to_a_push_brings_it_and_its_queue_is_taken(world: World) -> None:
    world.service.alert = OLD
    world.report()

    assert world.client.drain().stored == 1

    assert end_of_life(world.outbox, build="") == OLD


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, ""),
        (SOON, "too old from 2027-06-30. Install a newer one: https://example.org/update\n"),
        (OLD, "too old since 2027-01-31. Install a newer one.\n"),
        (replace(OLD, level="later"), ""),
        (replace(OLD, on="\x1b[2J"), ""),
    ],
)
def test_the_terminal_says_it_in_plain_words(
    told: Alert | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    passed = Passed(
        sent=0, messages=0, waiting=0, files_waiting=0, held_for_a_person=0, erased=0, end_of_life=told
    )

    Output(json=False).passed(passed)

    out = capsys.readouterr().out
    assert said in out
    assert ("too old" in out) == bool(said)
