"""How a kiosk stands, as a function of what its disk holds: nothing here is remembered."""

import shutil

from msgspec import Struct

from waymark_sync.contact import end_of_life, reached_at
from waymark_sync.kiosk import files
from waymark_sync.kiosk.clock import age_h
from waymark_sync.kiosk.home import Home
from waymark_sync.kiosk.reports import APP_BUILD
from waymark_sync.kiosk.sending import OutOfService, count, out_of_service
from waymark_sync.lock import LockState
from waymark_sync.protocol import Alert
from waymark_sync.reference import reference

DAY_MS = 86_400_000


class Waiting(Struct, frozen=True, kw_only=True):
    """One report that has not gone. The reference tells nothing of it."""

    reference: str
    made_at: str
    attempts: int
    problem: str
    held_for_a_person: bool


class Standing(Struct, frozen=True, kw_only=True):
    service: str
    centre: str
    made: int
    """Every report that this kiosk holds or ever held, carried ones too."""
    waiting: int
    sent: int
    """The service has given a signed receipt."""
    let_go: int
    """Of those sent: no backup that may be restored lacks them, so their bytes are gone from here."""
    held_for_a_person: int
    erased: tuple[str, ...]
    """References of those that the service has erased: nothing else of them is here."""
    files_waiting: int
    oldest_waiting_h: float | None
    reached_at: str | None
    """When the service last took part in a whole pass, by this machine's clock."""
    room_mb: int
    """Left on the disk that the queue lies on."""
    build: str
    end_of_life: Alert | None
    out_of_service: OutOfService | None
    lock: LockState
    """By time without its service. `locked`: what came back is closed until the service has answered."""
    locks_in_days: int | None
    """None: no time runs, as its service has not said yet that it is in service."""
    orders_passed_over: int
    """Orders that came and bound nobody here: not signed by the service, or for another device."""
    whole: bool
    """Each number that was ever given out is accounted for. False: tell those who run the service."""
    reports: tuple[Waiting, ...]


def standing_of(home: Home) -> Standing:
    rows, lock = home.outbox.items(), home.lock()
    left = [row for row in rows if row.state in ("queued", "quarantined")]
    return Standing(
        service=home.settings.service,
        centre=home.device.centre_name,
        made=len(rows),
        waiting=count(rows, "queued"),
        sent=count(rows, "receipted") + count(rows, "tombstone"),
        let_go=sum(row.state == "tombstone" and not row.erased for row in rows),
        held_for_a_person=count(rows, "quarantined"),
        erased=tuple(reference(row.item_id) for row in rows if row.erased),
        files_waiting=files.waiting(home, rows),
        oldest_waiting_h=max((age_h(row.created_at) for row in left), default=None),
        reached_at=reached_at(home.outbox),
        room_mb=shutil.disk_usage(home.folder).free // 1_000_000,
        build=APP_BUILD,
        end_of_life=end_of_life(home.outbox, build=APP_BUILD),
        out_of_service=out_of_service(home),
        lock=lock.state,
        locks_in_days=None if lock.left_ms is None else lock.left_ms // DAY_MS,
        orders_passed_over=home.outbox.orders_passed_over(),
        whole=all(epoch.whole for epoch in home.outbox.custody(home.device.device_id)),
        reports=tuple(
            Waiting(
                reference=reference(row.item_id),
                made_at=row.created_at,
                attempts=row.attempts,
                problem=row.last_error or "",
                held_for_a_person=row.state == "quarantined",
            )
            for row in left
        ),
    )
