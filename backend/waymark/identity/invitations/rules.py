"""Which invitation works, and what fits together."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from waymark.identity.invitations.records import Place
from waymark.identity.records import Role

LIFE: Final = timedelta(hours=72)
OF_A_FORCE: Final[frozenset[Role]] = frozenset({"police_triage", "hate_crime_coordinator", "gold"})
OF_A_CENTRE: Final[frozenset[Role]] = frozenset({"centre_worker", "centre_supervisor"})
OF_NOBODY: Final[frozenset[Role]] = frozenset({"intake_custodian", "sysadmin"})
LOOKING_AFTER: Final[Mapping[Role, frozenset[Role]]] = MappingProxyType(
    {
        "centre_supervisor": frozenset({"centre_worker", "centre_supervisor"}),
        "hate_crime_coordinator": frozenset({"police_triage", "hate_crime_coordinator"}),
    }
)
"""Whom of their own place somebody invites and lets go: nobody gives more than they have."""


def token_hash(token: str) -> str:
    return hashlib.sha256(b"waymark-invitation/1\n" + token.encode()).hexdigest()


def fits(place: Place) -> bool:
    """Is this a role of this kind of organisation?"""
    named = [one for one in (place.force_id, place.centre_id, place.agency_id) if one is not None]
    if place.role in OF_A_FORCE:
        return named == [place.force_id]
    if place.role in OF_A_CENTRE:
        return named == [place.centre_id]
    if place.role == "support_partner":
        return named == [place.agency_id]
    return not named if place.role in OF_NOBODY else len(named) <= 1
