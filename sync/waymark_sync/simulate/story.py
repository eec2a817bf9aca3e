"""The steps of a story: what people, machines and bad luck do. Each name is a key of `faults.STORY`."""

from collections.abc import Callable
from typing import Final

from waymark_sync.core_parts import Wake
from waymark_sync.outbox_rows import NotSaved
from waymark_sync.simulate.clockwork import DAY_MS
from waymark_sync.simulate.phone import Phone
from waymark_sync.simulate.world import PHONES_MAX, STEP_MS, World

YEARS_MS: Final = 10 * 365 * DAY_MS
ORDINARY: Final = ("capture", "capture_file", "wake", "say", "back_up", "verify")
"""No faults: not counted as such."""


def take_step(world: World, name: str) -> None:
    if STEPS[name](world) is not False and name not in ORDINARY:
        world.chance.counts[name] += 1
    world.note(name)


def capture(world: World) -> None:
    """Now and then many at once, as after a day without network."""
    phone = world.some_phone()
    count = world.chance.draw.choice((1, 1, 1, 1, 2, 7))
    for _ in range(count):
        phone.capture()
    _after_capture(world, phone)


def capture_file(world: World) -> None:
    phone = world.some_phone()
    phone.capture(world.chance.draw.randbytes(world.chance.draw.randint(1, 200)))
    _after_capture(world, phone)


def _after_capture(world: World, phone: Phone) -> None:
    if world.chance.draw.random() < 0.8:
        world.some_drainer(phone).wake("sealed")


def wake(world: World) -> None:
    reasons: tuple[Wake, ...] = ("online", "visible", "asked", "knock")
    world.some_drainer(world.some_phone()).wake(world.chance.draw.choice(reasons))


def say(world: World) -> None:
    for _ in range(world.chance.draw.choice((1, 2, 4))):
        world.say()


def back_up(world: World) -> None:
    world.operator.back_up()
    world.service.checkpoint = world.service.disk.copy()


def verify(world: World) -> None:
    world.operator.verify()


def second_drainer(world: World) -> bool:
    """A second tab, or the service worker; two passes at once."""
    phone = world.some_phone()
    drainers = world.drainers[phone.name]
    if len(drainers) < 3:
        world.add_drainer(phone)
    for drainer in drainers:
        drainer.wake("visible")
    return True


def tab_frozen(world: World) -> None:
    drainer = world.some_drainer(world.some_phone())
    drainer.wake("visible")
    drainer.frozen = True
    world.clock.after(round(world.chance.draw.random() * 20 * STEP_MS), drainer.thaw)


def clock_jump(world: World) -> None:
    phone = world.some_phone()
    reach = world.chance.draw.choice((60_000, DAY_MS, YEARS_MS))
    phone.clock_offset_ms = round(world.chance.draw.uniform(-reach, reach))


def process_killed(world: World) -> None:
    drainer = world.some_drainer(world.some_phone())
    drainer.die()
    world.clock.after(round(world.chance.draw.random() * STEP_MS), lambda: drainer.wake("start"))


def restore_oldest(world: World) -> bool:
    world.operator.restore("oldest")
    return bool(world.operator.backups)


def restore_newest(world: World) -> bool:
    world.operator.restore("newest")
    return bool(world.operator.backups)


def restore_by_hand(world: World) -> bool:
    world.operator.copy_back()
    return bool(world.operator.backups)


def restored_twice(world: World) -> bool:
    for _ in range(2):
        if world.chance.draw.random() < 0.5:
            world.operator.restore("any")
        else:
            world.operator.copy_back()
        world.pass_time(STEP_MS // 2)
    return bool(world.operator.backups)


def wal_missing(world: World) -> None:
    world.operator.lose_log()


def key_rotated(world: World) -> None:
    world.service.rotate()


def device_cloned(world: World) -> bool:
    """A store copied with its keys: two devices under one name and epoch."""
    phone = world.some_phone()
    if len(world.phones) >= PHONES_MAX or phone.visitor:
        return False
    world.join(phone.cloned(f"{phone.name} again, {len(world.phones)}"))
    return True


def store_evicted(world: World) -> bool:
    """The browser throws everything away; what follows is a new epoch."""
    phone = world.some_phone()
    if len(world.phones) < 2:
        return False
    for drainer in world.drainers[phone.name]:
        drainer.die()
    world.phones.remove(phone)
    world.gone.append(phone)
    world.add_phone(visitor=phone.visitor)
    return True


def switched_off(world: World) -> None:
    """For hours or days; a report is made as soon as it is on again."""
    phone = world.some_phone()
    for drainer in world.drainers[phone.name]:
        drainer.die()
        drainer.off = True

    def on() -> None:
        for drainer in world.drainers[phone.name]:
            drainer.off = False
        phone.capture()
        world.some_drainer(phone).wake("start")

    world.clock.after(round(world.chance.draw.random() * DAY_MS), on)


def device_revoked(world: World) -> bool:
    """It is told nothing more; its queue still drains."""
    phone = world.some_phone()
    if phone.visitor:
        return False
    world.service.revoked.add(phone.device_id)
    return True


def app_upgraded(world: World) -> None:
    """With a full queue: the process ends, the store is opened again by a newer one."""
    phone = world.some_phone()
    for drainer in world.drainers[phone.name]:
        drainer.die()
    phone.store.reopen()
    world.some_drainer(phone).wake("start")


def queue_carried(world: World) -> bool:
    """Exported on one device, imported on another: both send it."""
    here, there = world.some_phone(), world.some_phone()
    if here is there:
        return False
    try:
        there.store.import_queue(here.store.export(), created_at="carried")
    except NotSaved:
        return False
    world.some_drainer(there).wake("sealed")
    return True


def poison_report(world: World) -> bool:
    """The service fails on it, until somebody mends the service."""
    queued = [row for row in world.some_phone().store.items() if row.state == "queued"]
    item_id = world.chance.draw.choice(queued).item_id if queued else world.some_phone().capture()
    if item_id is not None:
        world.service.poison.add(item_id)
    return item_id is not None


def bytes_rotted(world: World) -> bool:
    phone = world.some_phone()
    item_id = phone.capture()
    row = phone.store.item(item_id) if item_id else None
    if row is not None:
        phone.rot(row)
    return row is not None


def database_moved(world: World) -> None:
    world.operator.move()


def upload_expired(world: World) -> bool:
    return world.service.expire_uploads()


STEPS: Final[dict[str, Callable[[World], bool | None]]] = {
    step.__name__: step
    for step in (
        capture,
        capture_file,
        wake,
        say,
        back_up,
        verify,
        second_drainer,
        tab_frozen,
        clock_jump,
        process_killed,
        restore_oldest,
        restore_newest,
        restore_by_hand,
        restored_twice,
        wal_missing,
        key_rotated,
        device_cloned,
        store_evicted,
        switched_off,
        device_revoked,
        app_upgraded,
        queue_carried,
        poison_report,
        bytes_rotted,
        database_moved,
        upload_expired,
    )
}
STEPS["app_downgraded"] = app_upgraded
