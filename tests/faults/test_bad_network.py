"""Tablets send through a network that cuts, delays, doubles, garbles and wants a login: all arrives, once."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from conversations.proxy import Fault, Proxy, Reply
from faults.test_killed_under_load import DRAINED_S_MAX, Sender, stored
from support.figures import lost_and_doubled, record_fault
from support.server import Server
from support.staff import Staff
from waymark.cli.demo import PASSWORD
from waymark.kernel.keys import KeyRing
from waymark_sync.outbox import Outbox

PROVE = os.environ.get("WAYMARK_PROVE") == "1"
DEVICES = 10 if PROVE else 4
EACH_TIMES_MIN = 100 if PROVE else 1
LATE_S = 0.2
"""Longer than a device waits before it tries again here."""

FAULTS = {
    "drop": "a request never arrives",
    "cut_request": "a request cut half-way",
    "cut_answer": "an answer cut half-way",
    "lose_answer": "an answer never arrives",
    "late": "a request delayed past its retry",
    "twice": "a request delivered twice",
    "garbage": "an answer of garbage",
    "portal": "a captive portal's page for an answer",
    "login": "a captive portal's redirect for an answer",
    "old_answer": "an old answer again",
}


class BadNetwork(Proxy):
    """Half of the pushes meet one fault, and those that come least often come next."""

    def __init__(self, upstream: int) -> None:
        super().__init__(upstream)
        self.times = Counter(dict.fromkeys(FAULTS, 0))
        self.met: dict[str, set[str]] = {fault: set() for fault in FAULTS}
        self.healed = False

    def _fault_for(self, name: str, ids: Sequence[str]) -> Fault:
        if name != "push" or self.healed or random.random() < 0.5:
            return Fault()
        chosen = random.choice(sorted(FAULTS, key=self.times.__getitem__)[:4])
        if chosen == "old_answer" and self.passed.first_answer is None:
            return Fault()
        self.times[chosen] += 1
        self.met[chosen].update(ids)
        return Fault(do=chosen)

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes, fault: Fault) -> Reply | None:
        if fault.do != "late":
            return super()._answer(handler, body, fault)
        threading.Timer(LATE_S, self._arrive, (handler, body)).start()
        return None

    def _arrive(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self._forward(handler, body)


async def test_everything_arrives_once_through_a_bad_network(
    server: Callable[..., Server], staffed: Path, ring: KeyRing, tmp_path: Path
) -> None:
    served = server(staffed).start()
    with Staff(served.origin, "harbour", PASSWORD) as desk:
        codes = [desk.code(f"Tablet {number}") for number in range(DEVICES)]
    with BadNetwork(served.port) as network:
        network.healed = True
        devices = [
            Sender(tmp_path / f"outbox-{number}.db", network.origin, code, ring, number)
            for number, code in enumerate(codes)
        ]
        network.healed = False
        for device in devices:
            device.start()
        until_enough(network, devices)
        network.healed = True
        for device in devices:
            device.enough.set()
        for device in devices:
            device.join(DRAINED_S_MAX)

    assert [device.failure for device in devices] == [None] * DEVICES
    assert not any(device.is_alive() for device in devices), "the queues did not drain"
    made = {row.item_id: row.sha256 for path in tmp_path.glob("outbox-*.db") for row in Outbox(path).items()}
    found = await stored(f"sqlite:///{served.data / 'waymark.db'}")
    for fault, name in FAULTS.items():
        whole = [r.item_id for r in found if r.item_id in network.met[fault] and made[r.item_id] == r.sha256]
        lost, doubled = lost_and_doubled(network.met[fault], whole)
        count = len(network.met[fault])
        record_fault(name, times=network.times[fault], acknowledged=count, lost=lost, doubled=doubled)
    assert {row.item_id: row.sha256 for row in found} == made
    assert len(found) == len(made)


def until_enough(network: BadNetwork, devices: Sequence[Sender]) -> None:
    end = time.monotonic() + DRAINED_S_MAX
    while min(network.times.values()) < EACH_TIMES_MIN:
        assert time.monotonic() < end, f"not every fault came often enough: {network.times}"
        assert not any(device.failure for device in devices), devices[0].failure
        time.sleep(0.05)
