"""Whole conversations between clients and the real service, over a network that does what a script says.

A client is a command: the library's own, one in another language that was written from the page alone, and
the app's sync modules as one program (`pwa/tests/conversations`).
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from conversations.cast import Client, InHere, Living, Service
from conversations.proxy import Proxy
from conversations.script import Conversation, Expected, Step, conversations
from support.server import Server, free_port
from waymark_sync.codec import from_base64url

ROOT: Final = Path(__file__).parents[2]
CLIENTS: Final = {
    "library": [str(Path(sys.executable).parent / "waymark-sync")],
    "perl": ["/usr/bin/perl", str(ROOT / "clients" / "perl" / "waymark-sync")],
    "app": ["node", str(ROOT / "build" / "test" / "client" / "client.mjs")],
}
LACKS: Final[dict[str, set[str]]] = {"app": {"import"}}
"""What a kind of device does not do, and why, is in the README beside the stories."""
PROVE: Final = os.environ.get("WAYMARK_PROVE") == "1"
KINDS: Final[dict[str, type[Client]]] = {
    "library": Client if PROVE else InHere,
    "perl": Client,
    "app": Living,
}
EVERY_DAY: Final = {
    "app": {
        "a-floor-nobody-signed",
        "a-manifest-that-lies",
        "a-message-by-a-stranger",
        "a-person-answers",
        "captive-portal",
        "delivered-twice",
        "paths-of-each-other",
        "refused-by-a-stranger",
        "slow-down",
        "wrong-signature",
    },
    "perl": {
        "a-person-answers",
        "all-goes-well",
        "captive-portal",
        "carried-by-hand",
        "paths-of-each-other",
        "the-proof-comes-by-the-feed",
        "wrong-signature",
    },
    "library": {
        "a-floor-nobody-signed",
        "a-manifest-that-lies",
        "a-message-by-a-stranger",
        "a-person-answers",
        "all-goes-well",
        "an-old-answer-again",
        "answer-lost-five-times",
        "captive-portal",
        "carried-to-the-service",
        "cut-request",
        "delivered-twice",
        "maintenance",
        "one-is-missing",
        "paths-of-each-other",
        "poison",
        "refused-by-a-stranger",
        "restored-with-a-lost-answer",
        "slow-down",
        "the-proof-comes-by-the-feed",
        "too-large-together",
        "unknown-fields",
        "unknown-verdict",
        "wrong-signature",
    },
}
"""What tells most for its time; the long proofs tell all. Each command of the Perl client is a process."""
SCRIPTS: Final = conversations()


@pytest.fixture(scope="session")
def shared(
    staffed: Path, keys: Path, pages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """For every conversation that leaves the service alone."""
    folder = tmp_path_factory.mktemp("shared")
    served = Server(_environ(folder / "data", keys, pages), folder / "log")
    shutil.copytree(staffed, served.data)
    yield Service(served.start(), folder)
    served.stop()


@pytest.fixture
def own(staffed: Path, keys: Path, pages: Path, tmp_path: Path) -> Iterator[Callable[[], Service]]:
    """A service that may be killed, and set back."""
    made: list[Server] = []

    def make() -> Service:
        environ = _environ(tmp_path / "data", Path(shutil.copytree(keys, tmp_path / "keys")), pages)
        made.append(Server({**environ, "WAYMARK_BACKUPS": str(tmp_path / "backups")}, tmp_path / "log"))
        shutil.copytree(staffed, made[0].data)
        return Service(made[0].start(), tmp_path)

    yield make
    for served in made:
        served.stop()


def _environ(data: Path, keys: Path, pages: Path) -> dict[str, str]:
    return {
        "WAYMARK_PROFILE": "test",
        "WAYMARK_PORT": str(free_port()),
        "WAYMARK_DATA": str(data),
        "WAYMARK_KEYS": str(keys),
        "WAYMARK_PWA": str(pages),
    }


@pytest.mark.parametrize(
    ("client", "name"),
    [
        (client, name)
        for client in CLIENTS
        for name, script in SCRIPTS.items()
        if (PROVE or name in EVERY_DAY[client]) and not script.needs & LACKS.get(client, set())
    ],
)
def test_conversation(
    name: str, client: str, own: Callable[[], Service], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    script = SCRIPTS[name]
    service = own() if script.moves_the_service else request.getfixturevalue("shared")
    with Proxy(service.served.port) as proxy:
        play = Play(script, client, service, proxy, tmp_path)
        try:
            play.tell(name)
        finally:
            for device in play.clients.values():
                device.close()


class Play:
    """One conversation under way."""

    def __init__(
        self, script: Conversation, client: str, service: Service, proxy: Proxy, folder: Path
    ) -> None:
        self._script, self._kind = script, client
        self._service, self._proxy, self._folder = service, proxy, folder
        self.clients: dict[str, Client] = {}
        self._sent: tuple[int, dict[str, Any], float] | None = None

    def _enrol(self, name: str, code: str) -> None:
        client = KINDS[self._kind](CLIENTS[self._kind], self._folder / f"client-{name}")
        self.clients[name] = client
        client.run("enrol", code, "--service", self._proxy.origin, "--trust", str(self._service.trust))

    def tell(self, name: str) -> None:
        with self._service.staff() as staff:
            for device in sorted({step.client for step in self._script.steps}):
                self._enrol(device, staff.code(device))
        for number, step in enumerate(self._script.steps, start=1):
            try:
                self._take(step)
            except AssertionError as error:
                raise AssertionError(f"{name}, step {number} ({self._kind}): {error}") from error
        self._ends()

    def _take(self, step: Step) -> None:
        client, carried = self.clients[step.client], self._folder / f"{step.file}.json"
        if step.expect:
            return self._look(step.expect, client)
        if step.service:
            item_id = self._proxy.added[step.item - 1] if self._proxy.added else ""
            return self._service.act(step.service, item_id=item_id, file=carried)
        match step.do:
            case "add":
                for _ in range(step.count):
                    self._proxy.added.append(client.add(step.words))
            case "send":
                self._send(step, client)
            case "export" | "import":
                client.run(step.do, str(carried))
            case unknown:
                raise AssertionError(f"no such step: {unknown}")
        return None

    def _send(self, step: Step, client: Client) -> None:
        self._proxy.script(step.network)
        self._proxy.passed.requests.clear()
        self._proxy.passed.sizes.clear()
        for _ in range(step.times):
            code, told = client.run("send", "--json")
            self._sent = code, told, time.time() * 1000
        assert not self._proxy.unused, f"it did not come that far: {self._proxy.unused}"
        self._proxy.script(())

    def _look(self, expected: Expected, client: Client) -> None:
        _, status = client.run("status", "--json")
        for name in ("made", "waiting", "sent", "let_go", "held_for_a_person", "whole"):
            wanted = getattr(expected, name)
            assert wanted is None or status[name] == wanted, f"{name} is {status[name]}: {status}"
        if expected.inbox is not None:
            letters = client.run("inbox", "--json")[1]["messages"]
            assert sorted(letter["kind"] for letter in letters) == sorted(expected.inbox)
        self._look_at_last_send(expected)
        self._look_at_service(expected)

    def _look_at_last_send(self, expected: Expected) -> None:
        if self._sent is None:
            return
        code, told, at_ms = self._sent
        assert expected.exit is None or code == expected.exit, f"send ended with {code}: {told}"
        assert expected.problem is None or bool(told["problem"]) == expected.problem, told
        if expected.again_in_s is not None:
            least, most = expected.again_in_s
            assert least <= (told["again_at_ms"] - at_ms) / 1000 <= most, f"{told} at {at_ms}"
        passed = self._proxy.passed
        for name, count in expected.requests.items():
            assert passed.requests.count(name) == count, f"requests were {passed.requests}"
        assert expected.largest_push is None or max(passed.sizes) == expected.largest_push, passed.sizes

    def _look_at_service(self, expected: Expected) -> None:
        if expected.service_has is not None:
            made = set(self._proxy.added)
            found = [row for row in self._service.stored() if row.item_id in made]
            assert len(found) == expected.service_has, f"it has {len(found)}"
            for row in found:
                assert {row.envelope} >= self._proxy.passed.sealed.get(row.item_id, set())
        if expected.readable is not None:
            assert expected.readable == self._service.readable(self._proxy.added[: expected.readable])

    def _ends(self) -> None:
        """What must hold after every conversation, whatever happened in it."""
        for item_id, spellings in self._proxy.passed.sealed.items():
            assert len(spellings) == 1, f"{item_id} was sealed twice"
        for client in self.clients.values():
            client.tells_nothing()
        for body in self._proxy.passed.bodies:
            assert b"QZCANARY" not in body
        for carried in self._folder.glob("*.json"):
            assert carried.name == "trust.json" or _only_sealed(carried)


def _only_sealed(carried: Path) -> bool:
    told = json.loads(carried.read_text())
    return b"QZCANARY" not in carried.read_bytes() and all(
        from_base64url(item["sealed"]) for item in told["items"]
    )


def test_the_client_in_another_language_holds_to_the_vectors() -> None:
    done = subprocess.run(
        ["/usr/bin/perl", str(ROOT / "clients" / "perl" / "t" / "vectors.t")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "\nok 1 " in f"\n{done.stdout}"


def test_every_story_that_is_told_each_day_is_there() -> None:
    assert set().union(*EVERY_DAY.values()) <= set(SCRIPTS)


def test_what_a_kind_of_device_does_not_do_is_asked_by_few_stories() -> None:
    lacking = {name for name, script in SCRIPTS.items() if script.needs & LACKS["app"]}

    assert lacking == {"carried-by-hand"}


def test_there_are_enough_conversations_and_each_looks_at_what_came_of_it() -> None:
    assert len(SCRIPTS) >= 20
    for name, script in SCRIPTS.items():
        assert any(step.expect for step in script.steps), name
