"""A pass of the client's core, told what came and remembering what it asks for."""

from typing import Any

from msgspec.structs import replace

from waymark_sync import core_parts as core
from waymark_sync.answers import Failure
from waymark_sync.core import State, step
from waymark_sync.intake_rules import manifest_leaves, merkle_proofs, merkle_root
from waymark_sync.outbox_rows import Held, Row
from waymark_sync.protocol import (
    Header,
    ItemResult,
    Leaf,
    ManifestResponse,
    PushResponse,
    Receipt,
    leaf_bytes,
)
from waymark_sync.simulate.faults import Chance
from waymark_sync.simulate.stand_ins import envelope

HERE, THERE = (f"00000000-0000-4000-8000-0000000000{end}" for end in ("aa", "bb"))
OLD, NEW = (f"00000000-0000-4000-8000-0000000000{end}" for end in ("01", "02"))
NOW = 1_000_000
HOUR_MS = 3_600_000


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def row(number: int, **changed: Any) -> Row:
    header = Header(kid="s1", device_id=HERE, epoch="0" * 16, seq=number, item_id=uuid(number))
    sealed = envelope(header, Chance(number).draw)
    made = Row(
        item_id=uuid(number),
        device_id=HERE,
        epoch="0" * 16,
        seq=number,
        created_at="",
        header=sealed.header,
        sealed=sealed.sealed,
        sha256=sealed.sha256,
        sig=sealed.sig,
        state="queued",
        attempts=0,
        companions=64,
        solo_failures=0,
        next_try_at=None,
        last_error=None,
        receipt=None,
        incarnation=None,
        pos=None,
    )
    return replace(made, **changed)


def receipt(leaves: list[bytes], *, floor: int = 0, incarnation: str = OLD) -> Receipt:
    return Receipt(
        incarnation=incarnation,
        restore_floor=floor,
        at=1,
        kid="r1",
        root=merkle_root(leaves),
        sig=bytes(64),
    )


def answer(rows: tuple[Row, ...], verdicts: list[str], *, floor: int = 0, **changed: Any) -> PushResponse:
    """Positions count from 1. Only what is stored has a leaf."""
    stored = [(at, said) for at, said in enumerate(verdicts) if said in ("accepted", "duplicate", "conflict")]
    leaves = [
        leaf_bytes(rows[at].item_id, rows[at].sha256, at + 1, said, rows[at].sig) for at, said in stored
    ]
    paths = merkle_proofs(leaves)[1] if leaves else []
    results = [
        ItemResult(item_id=rows[at].item_id, index=at, verdict=said)
        if (at, said) not in stored
        else ItemResult(
            item_id=rows[at].item_id,
            index=at,
            verdict=said,
            pos=at + 1,
            leaf=Leaf(index=stored.index((at, said)), size=len(leaves), path=paths[stored.index((at, said))]),
        )
        for at, said in enumerate(verdicts)
    ]
    response = PushResponse(
        incarnation=OLD,
        server_time=1,
        restore_floor=floor,
        downstream=False,
        challenge="c",
        results=tuple(results),
        receipt=receipt(leaves, floor=floor) if leaves else None,
    )
    return replace(response, **changed)


class Pass:
    """Feeds events and remembers what was asked for last."""

    def __init__(self, reason: core.Wake = "timer") -> None:
        self.state = State()
        self.effects: tuple[core.Effect, ...] = ()
        self.tell(core.Woken(now_ms=NOW, reason=reason))

    def tell(self, event: core.Event) -> tuple[core.Effect, ...]:
        self.state, self.effects = step(self.state, event)
        return self.effects

    def due(self, *rows: Row, not_before: int = 0) -> core.Effect:
        return self.tell(core.DueRead(now_ms=NOW, rows=rows, incarnation=OLD, not_before=not_before))[0]

    def pushing(self, *rows: Row) -> core.SendPush:
        sent = self.due(*rows)
        assert isinstance(sent, core.SendPush)
        return sent

    def answered(self, sent: core.SendPush, response: PushResponse) -> core.Apply:
        event = core.PushAnswered(now_ms=NOW, luck=0.5, request=sent, response=response)
        applied = self.tell(event)[0]
        assert isinstance(applied, core.Apply)
        return applied

    def failed(self, sent: core.Request, failure: Failure) -> core.Effect:
        return self.tell(core.Failed(now_ms=NOW, luck=0.5, request=sent, failure=failure))[0]

    def applied(self, **changed: Any) -> core.Effect:
        return self.tell(core.Applied(now_ms=NOW, number=self.state.number, **changed))[0]

    def timer(
        self, next_try_ms: int | None, *, holding: bool = False, not_before: int = 0
    ) -> tuple[int | None, core.Rest]:
        assert self.effects == (core.ReadQueue(),)
        timer, rest = self.tell(
            core.QueueRead(now_ms=NOW, next_try_ms=next_try_ms, holding=holding, not_before=not_before)
        )
        assert isinstance(timer, core.SetTimer) and isinstance(rest, core.Rest)
        return timer.at_ms, rest


def writes(effect: core.Effect, kind: type[Any]) -> list[Any]:
    assert isinstance(effect, core.Apply)
    return [write for write in effect.writes if isinstance(write, kind)]


def held(*numbers: int) -> tuple[Held, ...]:
    return tuple(
        Held(device_id=HERE, item_id=uuid(number), sha256=bytes([number]) * 32, pos=number)
        for number in numbers
    )


def asking(*numbers: int) -> tuple[Pass, core.SendManifest]:
    """A pass whose queue is empty, and which holds these."""
    story = Pass()
    story.answered(story.pushing(), answer((), []))
    story.applied()
    assert isinstance(story.due(), core.ReadRetained)
    [sent] = story.tell(core.RetainedRead(now_ms=NOW, held=held(*numbers), incarnation=OLD))
    assert isinstance(sent, core.SendManifest)
    return story, sent


def told(
    sent: core.SendManifest, missing: tuple[str, ...], *, floor: int, incarnation: str = OLD
) -> core.ManifestAnswered:
    leaves = manifest_leaves(sent.retained, missing)
    response = ManifestResponse(
        incarnation=incarnation, missing=missing, receipt=receipt(leaves, floor=floor) if leaves else None
    )
    return core.ManifestAnswered(now_ms=NOW, luck=0.5, request=sent, response=response)
