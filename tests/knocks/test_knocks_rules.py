"""Where may be knocked, and what follows from an answer."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from waymark.kernel import clock
from waymark.kernel.settings import PUSH_HOSTS
from waymark.knocks.records import Delivered, Gone, Knock, Later, Outcome, Refused
from waymark.knocks.rules import (
    FAILURES_MAX,
    PAYLOAD,
    REFUSALS_MAX,
    WAIT_S_MAX,
    next_try,
    outcome_of,
    public,
    target,
)

HOSTILE: list[dict[str, str]] = json.loads(
    (Path(__file__).parent / "hostile_endpoints.json").read_text(encoding="utf-8")
)
LOOPBACK = "localhost:9123"
NOW = clock.now()


def test_the_corpus_is_large() -> None:
    assert len({row["endpoint"] for row in HOSTILE}) >= 60


@pytest.mark.parametrize(
    "endpoint", [pytest.param(row["endpoint"], id=f"{row['why']} {n}") for n, row in enumerate(HOSTILE)]
)
def test_a_hostile_endpoint_is_no_target(endpoint: str) -> None:
    assert target(endpoint, PUSH_HOSTS) is None
    assert target(endpoint, (*PUSH_HOSTS, LOOPBACK)) is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/dQw4w9WgXcQ:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABm-x_Y=",
        "https://web.push.apple.com/QGuQyavXutnMH_y",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAB%2f%2bqZ",
    ],
)
def test_what_browsers_give_is_a_target(endpoint: str) -> None:
    found = target(endpoint, PUSH_HOSTS)

    assert found is not None
    assert (found.scheme, found.port, found.loopback) == ("https", 443, False)
    assert f"https://{found.host}{found.path}" == endpoint


def test_this_machine_is_a_target_only_by_the_very_name_and_port_that_are_set() -> None:
    found = target(f"http://{LOOPBACK}/push/1", (LOOPBACK,))

    assert found is not None
    assert found.loopback
    assert target(f"http://{LOOPBACK}/push/1", PUSH_HOSTS) is None
    assert target("http://localhost:9124/push/1", (LOOPBACK,)) is None
    assert target("http://127.0.0.1:9123/push/1", (LOOPBACK,)) is None
    assert target(f"https://{LOOPBACK}/push/1", (LOOPBACK,)) is None
    assert target("http://fcm.googleapis.com:9123/push/1", ("fcm.googleapis.com",)) is None


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1",  # noqa: S104
        "169.254.169.254", "100.64.0.1", "100.127.255.254", "192.0.0.1", "192.0.2.1", "198.18.0.1",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::", "", "localhost", "1.2.3",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_open_internet(address: str) -> None:
    assert not public(address)


@pytest.mark.parametrize("address", ["142.250.72.10", "17.188.143.1", "2a00:1450:4009:81f::200a"])
def test_an_address_of_the_open_internet(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize(
    ("status", "retry_after", "outcome"),
    [
        (200, None, Delivered()),
        (201, None, Delivered()),
        (202, None, Delivered()),
        (404, None, Gone()),
        (410, "60", Gone()),
        (429, "120", Later(after_s=120)),
        (429, None, Later()),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", Later()),
        (429, "-5", Later()),
        (429, "9" * 40, Later()),
        (429, "\u0665", Later()),
        (503, "999999", Later(after_s=WAIT_S_MAX)),
        (500, None, Later()),
        (400, None, Refused()),
        (401, None, Refused()),
        (403, None, Refused()),
        (413, None, Refused()),
        (301, None, Refused()),
        (307, None, Refused()),
        (304, None, Refused()),
        (102, None, Refused()),
    ],
)
def test_what_an_answer_means(status: int, retry_after: str | None, outcome: Outcome) -> None:
    assert outcome_of(status, retry_after) == outcome


def knock(*, failures: int = 0, refusals: int = 0) -> Knock:
    return Knock(
        id="-",
        feed_id="-",
        wrapped_key=b"",
        sealed=b"",
        knocked_pos=0,
        failures=failures,
        refusals=refusals,
    )


@pytest.mark.parametrize(
    ("failures", "after_s", "wait_s"),
    [(0, 0, 60), (1, 0, 120), (5, 0, 1_920), (0, 600, 600), (3, 60, 480), (30, 0, WAIT_S_MAX)],
)
def test_each_failure_doubles_the_wait_and_the_push_service_may_ask_for_more(
    failures: int, after_s: int, wait_s: int
) -> None:
    moment = next_try(knock(failures=failures), Later(after_s=after_s), now=NOW)

    assert moment == NOW + timedelta(seconds=wait_s)


def test_refused_often_enough_or_silent_for_long_is_given_up() -> None:
    assert next_try(knock(refusals=REFUSALS_MAX - 2), Refused(), now=NOW) is not None
    assert next_try(knock(refusals=REFUSALS_MAX - 1), Refused(), now=NOW) is None
    assert next_try(knock(failures=FAILURES_MAX - 2), Later(), now=NOW) is not None
    assert next_try(knock(failures=FAILURES_MAX - 1), Later(), now=NOW) is None


def test_a_knock_says_nothing() -> None:
    assert len(PAYLOAD) == 1_024
    assert json.loads(PAYLOAD) == {"v": 1}
