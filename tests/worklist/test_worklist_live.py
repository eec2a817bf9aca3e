"""News as it comes: a stream that two processes feed, that tells numbers alone and ends with its session."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

import httpx
import msgspec
import psycopg
import pytest
from pysqlite3 import dbapi2

from support.apart import apart
from support.desk import PASSWORD, PEOPLE
from support.reports import Device, push_of
from support.server import Server
from support.staff import Staff
from waymark.cli.serve import GRACE_S
from waymark.identity import actions as identity
from waymark.kernel import clock
from waymark.kernel.db import open_database
from waymark.kernel.keys import KeyRing
from waymark.worklist.jobs import STREAMS_MAX
from waymark_sync.codec import MSGPACK, encode
from waymark_sync.policy import load_pack

HEARTBEATS_MAX: Final = 2
Start = Callable[..., Server]
TOLD_S_MAX: Final = 20.0  # seconds until somebody is told, on a busy machine


class Stream:
    """An open page, read in a thread of its own. `next` waits for an event; comments are not events."""

    def __init__(self, staff: Staff, origin: str, *, last_id: str = "") -> None:
        headers = {**dict(staff._http.headers), **({"Last-Event-ID": last_id} if last_id else {})}
        self._http = httpx.Client(base_url=origin, headers=headers, timeout=TOLD_S_MAX, trust_env=False)
        self._response = self._http.send(self._http.build_request("GET", "/desk/api/live"), stream=True)
        self.status = self._response.status_code
        self.type = self._response.headers["content-type"]
        self._lines = self._response.iter_lines()

    def next(self) -> tuple[str, str, Any] | None:
        """Event, id and data; None at the end of the stream. A second heartbeat is too long a wait."""
        found: dict[str, str] = {}
        heartbeats = 0
        for line in self._lines:
            heartbeats += line.startswith(":")
            assert heartbeats < HEARTBEATS_MAX, "nothing was told"
            if not line and "event" in found:
                return found["event"], found.get("id", ""), msgspec.json.decode(found["data"])
            name, colon, value = line.partition(":")
            if colon and name:
                found[name] = value.strip()
        return None

    def close(self) -> None:
        self._response.close()
        self._http.close()


class Served:
    """Two processes on one PostgreSQL, one on a SQLite: whichever takes a report, both tell of it."""

    def __init__(self, servers: list[Server], url: str, ring: KeyRing) -> None:
        self.servers = servers
        self.url = url
        self._ring = ring
        self._open: list[Stream] = []

    def staff(self, person: str) -> Staff:
        return Staff(self.servers[0].origin, person, PASSWORD)

    def stream(self, staff: Staff, *, last_id: str = "") -> "Stream":
        self._open.append(Stream(staff, self.servers[0].origin, last_id=last_id))
        return self._open[-1]

    def report(self, **answers: Any) -> None:
        push(self.servers[-1].origin, self._ring, **answers)

    def run(self, statement: str, *values: str) -> None:
        """As another process might."""
        if self.url.startswith("sqlite"):
            connection = dbapi2.connect(self.url.removeprefix("sqlite:///"), timeout=10)
            connection.execute(statement, values)
            connection.commit()
            connection.close()
            return
        with psycopg.connect(self.url) as postgres:
            postgres.execute(statement.replace("?", "%s"), values)

    def close(self) -> None:
        for stream in self._open:
            stream.close()


@pytest.fixture
def served(server: Start, database_url: str, ring: KeyRing) -> Iterator[Served]:
    count = 1 if database_url.startswith("sqlite") else 2
    servers = [server(WAYMARK_DATABASE_URL=database_url) for _ in range(count)]
    apart(_people(database_url))
    found = Served([each.start() for each in servers], database_url, ring)
    yield found
    found.close()


async def _people(url: str) -> None:
    database = await open_database(url)
    await database.write(identity.seed_demo, load_pack(), PEOPLE.values(), now=clock.now())
    await database.close()


def push(origin: str, ring: KeyRing, **answers: Any) -> None:
    report = Device().report(ring, **answers)
    answer = httpx.post(
        f"{origin}/sync/v1/push",
        content=encode(push_of(report), MSGPACK),
        headers={"Content-Type": MSGPACK},
        trust_env=False,
    )
    assert answer.status_code == 200


def test_a_report_that_any_process_took_is_told_at_once_and_in_numbers(served: Served) -> None:
    stream = served.stream(served.staff("northshire"))
    assert (stream.status, stream.type.partition(";")[0]) == (200, "text/event-stream")
    first = stream.next()
    assert first is not None and first[2] == {"newest": None, "counts": dict.fromkeys(first[2]["counts"], 0)}

    served.report()

    told = stream.next()
    assert told is not None
    event, id, news = told
    assert (event, news["counts"]["waiting"]) == ("reports", 1)
    assert id != first[1]
    assert set(news) == {"newest", "counts"}
    assert all(isinstance(count, int) for count in news["counts"].values())


def test_nobody_is_told_of_what_they_may_not_see(served: Served) -> None:
    streams = {name: served.stream(served.staff(name)) for name in ("northshire", "southmere", "harbour")}
    for stream in streams.values():
        assert stream.next() is not None

    served.report(sharing_choice="U1")
    served.report(sharing_choice="P1")

    # Of two reports the force is told of one, and the other force of none.
    centre = [streams["harbour"].next()]
    while centre[-1] is not None and centre[-1][2]["counts"]["waiting"] < 2:
        centre.append(streams["harbour"].next())
    force = streams["northshire"].next()
    assert force is not None and force[2]["counts"]["waiting"] == 1
    served.report(postcode="ZZ1 1AA")
    other = streams["southmere"].next()
    assert other is not None and other[2]["counts"]["waiting"] == 1


def test_a_page_that_comes_back_is_told_only_what_is_new(served: Served) -> None:
    staff = served.staff("northshire")
    first = served.stream(staff).next()
    assert first is not None
    again = served.stream(staff, last_id=first[1])

    served.report()

    told = again.next()
    assert told is not None and told[2]["counts"]["waiting"] == 1
    late = served.stream(staff, last_id=first[1]).next()
    assert late is not None and late[1] == told[1]


@pytest.mark.parametrize("how", ["logged out", "expired", "ended elsewhere"])
def test_a_stream_ends_with_its_session(served: Served, how: str) -> None:
    staff = served.staff("northshire")
    soon = clock.stamp(clock.now() + timedelta(seconds=3))
    if how == "expired":
        served.run("UPDATE session SET expires_at = ?", soon)
    stream = served.stream(staff)
    assert stream.next() is not None

    if how == "logged out":
        assert staff.status("DELETE", "/desk/api/session") == 204
    elif how == "ended elsewhere":
        served.run("UPDATE session SET revoked_at = ?", clock.stamp(clock.now()))

    assert stream.next() == ("ended", "", {})
    assert stream.next() is None
    assert served.stream(staff).status == 401


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_an_open_stream_keeps_no_session_alive(served: Served) -> None:
    staff = served.staff("northshire")
    nearly = clock.stamp(clock.now() - timedelta(minutes=15) + timedelta(seconds=3))
    served.run("UPDATE session SET last_seen_at = ?", nearly)
    stream = served.stream(staff)
    assert stream.next() is not None

    assert stream.next() == ("ended", "", {})


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_one_session_opens_only_so_many(served: Served) -> None:
    staff = served.staff("northshire")
    streams = [served.stream(staff) for _ in range(STREAMS_MAX)]
    for stream in streams:
        assert stream.next() is not None

    assert served.stream(staff).status == 429
    assert served.stream(served.staff("northshire")).status == 200


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_service_stops_while_pages_wait(served: Served) -> None:
    stream = served.stream(served.staff("northshire"))
    assert stream.next() is not None

    began = time.monotonic()
    served.servers[0].stop()

    assert time.monotonic() - began < GRACE_S
    assert "arrivals_failed" not in served.servers[0].log_text
