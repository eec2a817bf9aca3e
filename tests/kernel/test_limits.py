"""One bucket for each purpose and network: what fits, what comes back, who waits for whom."""

from typing import get_args

import pytest
from litestar.testing import RequestFactory
from msgspec.structs import replace

from waymark.app import create_app
from waymark.kernel.settings import Settings
from waymark.kernel.web import limits as limiting
from waymark.kernel.web.limits import (
    ALLOWANCES,
    KEY_LIFE_S,
    NOWHERE,
    Limits,
    Purpose,
    address_of,
    network_of,
    seconds,
)

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> Limits:
    return Limits(clock)


def test_every_purpose_has_its_allowance() -> None:
    assert set(ALLOWANCES) == set(PURPOSES)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_burst_is_taken_and_one_more_is_not(limits: Limits, purpose: Purpose) -> None:
    allowed = ALLOWANCES[purpose]
    unit = allowed.burst / 5

    waits = [limits.wait_s(purpose, b"a", unit) for _ in range(6)]

    assert waits == pytest.approx([0, 0, 0, 0, 0, unit * 60 / allowed.per_minute])


@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_was_told_to_wait_is_taken_after_that_time(
    limits: Limits, clock: Clock, purpose: Purpose
) -> None:
    burst = ALLOWANCES[purpose].burst
    limits.wait_s(purpose, b"a", burst)
    wait = limits.wait_s(purpose, b"a", burst / 5)

    clock.now += wait * 0.99
    early = limits.wait_s(purpose, b"a", burst / 5)
    clock.now += wait * 0.02

    assert early > 0
    assert limits.wait_s(purpose, b"a", burst / 5) == 0


def test_networks_and_purposes_do_not_count_for_each_other(limits: Limits) -> None:
    limits.wait_s("subscriptions", b"a", 60)

    assert limits.wait_s("subscriptions", b"a") > 0
    assert limits.wait_s("subscriptions", b"b") == 0
    assert limits.wait_s("enrolments", b"a") == 0


def test_what_is_refused_takes_nothing(limits: Limits) -> None:
    limits.wait_s("return_misses", b"a", 5)
    first = limits.wait_s("return_misses", b"a")

    assert [limits.wait_s("return_misses", b"a") for _ in range(50)] == [first] * 50


def test_what_is_given_back_does_not_count(limits: Limits) -> None:
    for _ in range(500):
        assert limits.wait_s("return_misses", b"a") == 0
        limits.give_back("return_misses", b"a")
    limits.give_back("return_misses", b"never came")


def test_more_than_a_burst_goes_after_a_rest_and_is_paid_for(limits: Limits, clock: Clock) -> None:
    burst = ALLOWANCES["visitor_items"].burst

    assert limits.wait_s("visitor_items", b"a", burst * 2) == 0
    assert limits.wait_s("visitor_items", b"a") > burst
    clock.now += burst * 2
    assert limits.wait_s("visitor_items", b"a", burst * 2) == 0


def test_many_networks_cannot_lock_out_who_has_done_nothing(limits: Limits) -> None:
    for n in range(60):
        assert limits.wait_s("return_misses", f"network {n}".encode()) == 0

    assert limits.wait_s("return_misses", b"network 1") > 0
    assert limits.wait_s("return_misses", b"somebody else") == 0


def test_those_of_no_known_network_share_what_everybody_has(limits: Limits) -> None:
    tries = [limits.wait_s("return_misses", NOWHERE) for _ in range(61)]

    assert [wait == 0 for wait in tries] == [True] * 60 + [False]


@pytest.mark.parametrize("purpose", ["visitor_items", "claimed_items", "upload_bytes", "enrolments"])
def test_where_no_network_is_known_nobody_is_held_up_for_all_the_others(
    limits: Limits, purpose: Purpose
) -> None:
    assert not any(limits.wait_s(purpose, NOWHERE, 10_000_000_000) for _ in range(100))


def test_buckets_take_bounded_room(limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiting, "KEPT", 500)
    for n in range(1_500):
        limits.wait_s("subscriptions", n.to_bytes(4, "big"), 60)

    assert len(limits) <= 500
    assert limits.wait_s("subscriptions", (1_499).to_bytes(4, "big")) > 0, "the newest are kept"


def test_an_address_is_known_by_a_hash_that_changes_every_day(limits: Limits, clock: Clock) -> None:
    one, neighbour, other = (limits.caller(a) for a in ("203.0.113.7", "203.0.113.99", "203.0.114.7"))
    limits.wait_s("subscriptions", one, 60)
    clock.now += KEY_LIFE_S
    tomorrow = limits.caller("203.0.113.7")

    assert one == neighbour != other
    assert b"203" not in one
    assert tomorrow != one
    assert len(limits) == 0, "what was counted under the key of yesterday is gone with it"
    assert limits.caller("203.0.113.7") == tomorrow
    assert Limits(clock).caller("203.0.113.7") != tomorrow, "no other process can look it up"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/56"),
        ("2001:db8:1:1ff::4", "2001:db8:1:100::/56"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
        ("testclient", ""),
        ("203.0.113.7, 10.0.0.1", ""),
    ],
)
def test_networks(address: str, network: str) -> None:
    assert network_of(address) == network
    assert (Limits().caller(address) == NOWHERE) == (not network)


def test_a_header_is_in_whole_seconds_and_never_nought() -> None:
    assert [seconds(wait) for wait in (0.001, 1.0, 1.2)] == ["1", "1", "2"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("named", "address"),
    [
        ([b"203.0.113.7"], "203.0.113.7"),
        ([b" 203.0.113.7 "], "203.0.113.7"),
        ([b"203.0.113.7", b"198.51.100.1"], ""),
        ([b"203.0.113.7", b"203.0.113.7"], ""),
        ([], ""),
    ],
)
def test_a_proxy_that_adds_its_header_to_the_clients_own_is_not_believed(
    settings: Settings, named: list[bytes], address: str
) -> None:
    app = create_app(replace(settings, client_header="x-real-ip"))
    request = RequestFactory(app=app).get("/")
    request.scope["headers"] = [(b"x-real-ip", value) for value in named]

    assert address_of(request) == address
