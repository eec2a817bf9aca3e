"""What is written down of a release, as people at desks read it. Pure."""

from collections.abc import Mapping

from waymark.agencies.records import (
    Change,
    Decision,
    FieldGroup,
    Grant,
    Release,
    ReleaseShown,
    Seeable,
    Version,
)
from waymark.audit.records import Look
from waymark.identity.records import POLICE
from waymark_sync.policy.access import load_access


def shown(release: Release, decision: Decision, *, centre: bool) -> ReleaseShown:
    """centre: its own centre reads all of it. The police read of what they see, and why they do."""
    by_version = {change.version: change for change in release.changes}
    going_on = [grant for grant in release.grants if grant.valid_to is None]
    return ReleaseShown(
        now=tuple(
            _seeable(grant, by_version)
            for grant in going_on
            if centre or grant.field_group in decision.groups
        ),
        versions=tuple(_version(change, release) for change in release.changes) if centre else (),
    )


def tellable(release: Release) -> frozenset[FieldGroup]:
    """What the reporter may hear that the police can read now."""
    return frozenset(
        grant.field_group for grant in release.grants if grant.valid_to is None and _safe(grant, release)
    )


def may_hear_of(look: Look, release: Release) -> bool:
    """Is it safe to tell the reporter that somebody looked?

    Police who could read it then only by an override that is unsafe to tell were, for them, never there.
    """
    return look.role not in POLICE or any(
        grant.valid_from <= look.at and (grant.valid_to is None or look.at <= grant.valid_to)
        for grant in release.grants
        if _safe(grant, release)
    )


def _safe(grant: Grant, release: Release) -> bool:
    by = next(change for change in release.changes if change.version == grant.from_version)
    return by.told != "unsafe"


def _seeable(grant: Grant, changes: Mapping[int, Change]) -> Seeable:
    change = changes[grant.from_version]
    return Seeable(
        group=grant.field_group,
        basis=grant.basis,
        since=grant.valid_from,
        ground_label=_label(change.ground),
        told=change.told,
    )


def _version(change: Change, release: Release) -> Version:
    groups = [
        grant.field_group
        for grant in release.grants
        if change.version in (grant.from_version, grant.until_version)
    ]
    return Version(
        version=change.version,
        basis=change.basis,
        at=change.at,
        by=change.actor_role,
        groups=tuple(sorted(groups)),
        ground_label=_label(change.ground),
        told=change.told,
    )


def _label(code: str | None) -> str:
    """The code itself where the policy no longer holds it."""
    grounds = load_access().override_grounds
    return next((ground.label for ground in grounds if ground.code == code), code or "")
