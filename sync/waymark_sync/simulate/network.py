"""What is between a device and the service: it loses, delays, doubles, cuts and forges.

A request is answered once to whoever asks: by what came in time, or by silence. What comes later is
handed over too.
"""

from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct

from waymark_sync.codec import MSGPACK, encode
from waymark_sync.protocol import ItemResult, PushResponse
from waymark_sync.simulate import stand_ins
from waymark_sync.simulate.clockwork import HOUR_MS, Clockwork
from waymark_sync.simulate.faults import Chance
from waymark_sync.transport import Reply

TIMEOUT_MS: Final = 60_000
PORTAL: Final = Reply(status=200, headers={"content-type": "text/html"}, body=b"<title>Free Wi-Fi</title>")


class Asked(Struct, frozen=True, kw_only=True):
    """One request on its way. `answer` is the service's own doing; None when it was killed."""

    answer: Callable[[], Reply]
    stored: tuple[str, ...] = ()
    """Ids in a push: what a forger might refuse."""
    device_id: str = ""
    """Who asks, and might be told by a forger that it is out of service."""


class Asker(Protocol):
    def came(self, reply: Reply) -> None: ...

    def silent(self, *, sent: bool) -> None: ...


class Network:
    def __init__(self, clockwork: Clockwork, chance: Chance) -> None:
        self._clock, self._chance = clockwork, chance

    def send(self, asked: Asked, asker: Asker) -> None:
        fault = self._chance.on_the_way()
        call = _Call(asker)
        if fault == "unreachable":
            self._count(fault)
            self._clock.after(self._latency(), lambda: call.silent(sent=False))
            return
        self._clock.after(TIMEOUT_MS, lambda: call.silent(sent=True))
        if fault == "request_lost":
            self._count(fault)
            return
        delay = self._latency()
        if fault == "request_delayed":
            self._count(fault)
            delay += round(self._chance.draw.random() * HOUR_MS)
        self._clock.after(delay, lambda: self._arrive(asked, call, fault))
        if fault in ("duplicate_delivery", "late_duplicate"):
            self._count(fault)
            reach = HOUR_MS * 24 if fault == "late_duplicate" else TIMEOUT_MS
            again = delay + round(self._chance.draw.random() * reach)
            self._clock.after(again, lambda: self._arrive(asked, call, None))

    def _arrive(self, asked: Asked, call: "_Call", fault: str | None) -> None:
        if fault in ("killed_before_commit", "power_lost"):
            self._count(fault)
            return
        if fault == "server_disk_full":
            self._count(fault)
            self._back(call, Reply(status=507, headers={"retry-after": "120"}, body=b"{}"))
            return
        if fault is not None and fault.startswith("status_"):
            self._count(fault)
            self._back(call, self._refusal(int(fault.removeprefix("status_"))))
            return
        if fault == "captive_portal":
            self._count(fault)
            self._back(call, PORTAL)
            return
        if fault == "forged_answer":
            self._count(fault)
            self._back(call, self._forged(asked))
            return
        reply = asked.answer()
        if fault in ("killed_after_commit", "response_lost"):
            self._count(fault)
            return
        if fault == "body_truncated":
            self._count(fault)
            reply = Reply(status=reply.status, headers=reply.headers, body=reply.body[: len(reply.body) // 2])
        if fault == "response_delayed":
            self._count(fault)
            late = TIMEOUT_MS + round(self._chance.draw.random() * 6 * HOUR_MS)
            self._clock.after(late, lambda: call.came(reply))
            return
        self._back(call, reply)

    def _back(self, call: "_Call", reply: Reply) -> None:
        self._clock.after(self._latency(), lambda: call.came(reply))

    def _refusal(self, status: int) -> Reply:
        later = status in (429, 503, 507) and self._chance.draw.random() < 0.7
        wait_s = str(self._chance.draw.choice((5, 120, 3_600)))
        return Reply(status=status, headers={"retry-after": wait_s} if later else {}, body=b"{}")

    def _forged(self, asked: Asked) -> Reply:
        """As a service would answer, but for the signature: half of them refuse, which nobody signs."""
        refused = self._chance.draw.random() < 0.5
        results = tuple(
            ItemResult(item_id=item_id, index=index, verdict="rejected", reason="hash_wrong")
            for index, item_id in enumerate(asked.stored)
        )
        receipt = stand_ins.signed_receipt([b"x"], kid="r1", incarnation=NOBODY, restore_floor=2**40, at=1)
        forged = PushResponse(
            incarnation=NOBODY,
            server_time=1,
            restore_floor=2**40,
            downstream=False,
            challenge="f",
            results=results if refused else (),
            receipt=None if refused else stand_ins.spoilt(receipt),
            revoke=stand_ins.order(asked.device_id, kid="r1", genuine=False) if asked.device_id else None,
        )
        return Reply(status=200, headers={"content-type": MSGPACK}, body=encode(forged, MSGPACK))

    def _latency(self) -> int:
        return 50 + round(self._chance.draw.random() * 4_000)

    def _count(self, fault: str) -> None:
        self._chance.counts[fault] += 1


NOBODY: Final = "00000000-0000-4000-8000-00000000dead"


class _Call:
    """Silence is told once, and only while nothing has come."""

    def __init__(self, asker: Asker) -> None:
        self._asker, self._over = asker, False

    def came(self, reply: Reply) -> None:
        self._over = True
        self._asker.came(reply)

    def silent(self, *, sent: bool) -> None:
        if not self._over:
            self._over = True
            self._asker.silent(sent=sent)
