"""Challenges that need no storage."""

from datetime import timedelta

import pytest

from waymark.kernel import clock
from waymark.mailbox.rules import challenge_good, new_challenge


@pytest.mark.parametrize(("age_s", "good"), [(0, True), (299, True), (300, True), (301, False), (-1, False)])
def test_a_challenge_lives_five_minutes_of_server_time(age_s: int, good: bool) -> None:
    now = clock.now()
    challenge = new_challenge(b"k" * 32, now=now - timedelta(seconds=age_s))

    assert challenge_good(b"k" * 32, challenge, now=now) == good
