"""Verbs of release: begin one, narrow it, open more by override, end that. Callers audit, in one go."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from waymark.agencies import store
from waymark.agencies.records import Change, FieldGroup, Release, Told
from waymark.agencies.rules import TO_POLICE
from waymark.audit.records import SERVICE, Actor
from waymark.kernel.clock import stamp
from waymark.kernel.db import Connection
from waymark_sync.report import SharingChoice


def begin_release(db: Connection, report_id: str, choice: SharingChoice, *, at: str) -> None:
    """What the reporter chose to release. Nothing is written of a report that is not for the police."""
    groups = TO_POLICE[choice]
    if groups:
        change = Change(version=1, basis="choice", at=at, actor_id=SERVICE.id, actor_role=SERVICE.role)
        store.add_change(db, report_id, change)
        store.add_groups(db, report_id, groups, basis="choice", version=1, at=at)


def narrow(
    db: Connection, report_id: str, groups: Iterable[FieldGroup], *, actor: Actor, now: datetime
) -> int:
    """From now on these are not released. Returns the version."""
    change = _next(db, report_id, "narrowed", actor, now)
    store.add_change(db, report_id, change)
    store.end_groups(db, report_id, groups, basis="choice", version=change.version, at=now)
    return change.version


def open_by_override(
    db: Connection,
    report_id: str,
    groups: Iterable[FieldGroup],
    *,
    ground: str,
    told: Told,
    actor: Actor,
    now: datetime,
) -> int:
    """Open these to the report's force without the reporter. Returns the version."""
    change = replace(_next(db, report_id, "override", actor, now), ground=ground, told=told)
    store.add_change(db, report_id, change)
    store.add_groups(db, report_id, groups, basis="override", version=change.version, at=stamp(now))
    return change.version


def end_override(
    db: Connection, report_id: str, groups: Iterable[FieldGroup], *, actor: Actor, now: datetime
) -> int:
    """From now on no override opens these. Returns the version."""
    change = _next(db, report_id, "narrowed", actor, now)
    store.add_change(db, report_id, change)
    store.end_groups(db, report_id, groups, basis="override", version=change.version, at=now)
    return change.version


def release_of(db: Connection, report_id: str) -> Release:
    """Empty for a report that was never released."""
    return Release(changes=tuple(store.changes(db, report_id)), grants=tuple(store.grants(db, report_id)))


def _next(
    db: Connection, report_id: str, basis: Literal["narrowed", "override"], actor: Actor, now: datetime
) -> Change:
    before = store.changes(db, report_id)
    version = before[-1].version + 1 if before else 1
    return Change(version=version, basis=basis, at=stamp(now), actor_id=actor.id, actor_role=actor.role)
