"""What a story came to, once everything has healed; and what many stories came to together."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from waymark_sync.simulate.faults import Ablation
from waymark_sync.simulate.story import take_step
from waymark_sync.simulate.world import STEPS, World

FAILING_MAX: Final = 20
"""Numbers of bad stories that are kept: enough to look into."""


class Told(Struct, frozen=True, kw_only=True):
    """One seed."""

    seed: int
    lost: int
    duplicated: int
    stuck: int
    missed: int
    conflicts: int
    violations: dict[str, int]
    faults: dict[str, int]
    trace: str

    @property
    def good(self) -> bool:
        kinds = (self.lost, self.duplicated, self.stuck, self.missed, self.conflicts)
        return not any(kinds) and not self.violations


class Figures(Struct, kw_only=True):
    """Runs in which each kind of failure was seen; `violations`: broken promises in all, by invariant."""

    runs: int = 0
    steps: int = 0
    lost: int = 0
    duplicated: int = 0
    stuck: int = 0
    missed: int = 0
    conflicts: int = 0
    violations: int = 0
    broken: dict[str, int] = {}
    failing_seeds: list[int] = []
    faults: dict[str, int] = {}


def tell(seed: int, ablation: Ablation | None = None) -> Told:
    """One story from beginning to end. The same seed gives the same."""
    world = World(seed, ablation)
    for _ in range(STEPS):
        take_step(world, world.chance.next_step())
        world.pass_time()
    world.heal()
    _judge_custody(world)
    _judge_leaving(world)
    lost, missed = _lost(world) + _files_lost(world), _missed(world)
    for _ in range(lost):
        world.ledger.broken("I1 durability")
    for _ in range(missed):
        world.ledger.broken("I9 downstream")
    told = Told(
        seed=seed,
        lost=lost,
        duplicated=_duplicated(world),
        stuck=int(world.stuck),
        missed=missed,
        conflicts=world.ledger.conflicts,
        violations=dict(world.ledger.violations),
        faults=dict(world.chance.counts),
        trace=world.trace,
    )
    for phone in (*world.phones, *world.gone):
        phone.store.close()
    return told


def sum_up(stories: Iterable[Told]) -> Figures:
    figures, broken, faults = Figures(), Counter[str](), Counter[str]()
    for told in stories:
        figures.runs += 1
        figures.steps += STEPS
        figures.lost += told.lost > 0
        figures.duplicated += told.duplicated > 0
        figures.stuck += told.stuck > 0
        figures.missed += told.missed > 0
        figures.conflicts += told.conflicts > 0
        broken.update(told.violations)
        faults.update(told.faults)
        if not told.good and len(figures.failing_seeds) < FAILING_MAX:
            figures.failing_seeds.append(told.seed)
    figures.violations = broken.total()
    figures.broken, figures.faults = dict(sorted(broken.items())), dict(sorted(faults.items()))
    return figures


def add_up(told: Figures, more: Figures) -> Figures:
    """Of two parts of one run."""
    counts = ("runs", "steps", "lost", "duplicated", "stuck", "missed", "conflicts", "violations")
    return Figures(
        **{count: getattr(told, count) + getattr(more, count) for count in counts},
        broken=dict(sorted((Counter(told.broken) + Counter(more.broken)).items())),
        faults=dict(sorted((Counter(told.faults) + Counter(more.faults)).items())),
        failing_seeds=[*told.failing_seeds, *more.failing_seeds][:FAILING_MAX],
    )


def _lost(world: World) -> int:
    """Reports that somebody was told are saved, and that are neither stored nor held up for a person to see.

    What was lost with a store that the browser threw away, before the service had it for good, no protocol
    brings back; what a device let go of is owed for ever.
    """
    owed, aside = set(world.ledger.let_go), set[str]()
    for phone in world.phones:
        for row in phone.store.items():
            owed.add(row.item_id)
            if row.state == "quarantined":
                aside.add(row.item_id)
    if world.service.ablation == "remove_before_send":
        owed |= {item_id for item_id in world.ledger.saved if not _on_lost_phone(world, item_id)}
    disk = world.service.disk
    return sum(
        not any(known.sha256 == saved.sha256 for known in disk.known_under(item_id))
        for item_id, saved in world.ledger.saved.items()
        if item_id in owed and item_id not in aside
    )


def _files_lost(world: World) -> int:
    """Of the files whose report arrived from a device that is still there, or that a device let go of."""
    owed, disk = set(world.ledger.let_go), world.service.disk
    for phone in world.phones:
        owed |= {name for name, file in phone.files.items() if disk.by_id.get(file.item_id)}
    lost = 0
    for att_id, saved in world.ledger.files.items():
        upload = disk.uploads.get(att_id)
        if upload is not None and upload.pos is not None:
            if hashlib.sha256(upload.held).digest() != saved.sha256:
                world.ledger.broken("I13 attachments")
        elif att_id in owed:
            lost += 1
    return lost


def _on_lost_phone(world: World, item_id: str) -> bool:
    number = world.ledger.saved[item_id].number
    return number is not None and any(
        number[0] in (phone.device_id, *phone.identities) for phone in world.gone
    )


def _duplicated(world: World) -> int:
    """I2: no report twice, by its id or by its number."""
    disk = world.service.disk
    stored = [known for known in disk.entries if disk.by_id.get(known.item_id) == known]
    twice = len(stored) - len({known.item_id for known in stored})
    twice += len(disk.by_id) - len(disk.by_number)
    for _ in range(twice):
        world.ledger.broken("I2 no duplicates")
    return twice


def _missed(world: World) -> int:
    """I9: every message that now stands in a feed is held by the device that reads it."""
    missed = 0
    for phone in world.phones:
        for feed_id in phone.identities:
            feed = world.service.disk.feeds.get(feed_id)
            if feed is None or feed_id in world.service.revoked:
                continue
            held = {message.id for message in phone.store.messages(feed_id)}
            missed += sum(one.message.id not in held for one in feed.posted)
    return missed


def _judge_leaving(world: World) -> None:
    """I15: who was taken out of service, and could be told, has let go of its keys; nobody else has."""
    for phone in world.phones:
        order = phone.store.order()
        out = phone.device_id in world.service.revoked and not phone.visitor
        done = order is not None and (order.gone == "keys" or phone.draining)
        if out != done:
            world.ledger.broken("I15 revocation")


def _judge_custody(world: World) -> None:
    """I7: every number of an epoch is in one state. I8: bytes are those that were saved."""
    for phone in world.phones:
        for device_id in phone.identities:
            entries = phone.store.custody(device_id)
            if not all(e.whole or (device_id, e.epoch) in world.ledger.cloned for e in entries):
                world.ledger.broken("I7 numbers")
        for row in phone.store.items():
            saved = world.ledger.saved.get(row.item_id)
            if saved is not None and row.sha256 != saved.sha256:
                world.ledger.broken("I8 immutability")
