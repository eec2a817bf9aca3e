"""What of a person is hashed, and what differs."""

import hashlib
from collections.abc import Iterable

import msgspec

from waymark.identity.standing.records import MembershipRow, Part, PersonRow, Standing, WayRow

LABEL = b"waymark-standing/1\n"


def standing_of(person: PersonRow, memberships: Iterable[MembershipRow], ways: Iterable[WayRow]) -> Standing:
    """memberships, ways: each in one order, whichever engine they come from."""
    return Standing(
        roles=_hashed([msgspec.structs.astuple(one) for one in memberships]),
        ways_in=_hashed([person.username, person.password_hash, *map(msgspec.structs.astuple, ways)]),
    )


def differing(noted: Standing | None, found: Standing) -> tuple[Part, ...]:
    """noted: None of somebody whom the trail does not know."""
    parts: list[Part] = []
    if noted is None or noted.roles != found.roles:
        parts.append("roles")
    if noted is None or noted.ways_in != found.ways_in:
        parts.append("ways_in")
    return tuple(parts)


def _hashed(rows: list[object]) -> str:
    return hashlib.sha256(LABEL + msgspec.json.encode(rows)).hexdigest()
