"""Who there is to be in a demonstration: one desk for each force and each centre, and the custodian."""

from typing import Final

import msgspec
from msgspec import Struct

from waymark.identity.records import DemoPerson, Role

PASSWORD: Final = "waymark-demonstration"  # noqa: S105 - printed for everyone; refused in production


class Login(Struct, frozen=True):
    """Somebody to be. Everybody has the same password."""

    username: str
    name: str
    role: Role
    force_id: str | None = None
    centre_id: str | None = None


LOGINS: Final = (
    Login("northshire", "Police triage, Northshire", "police_triage", force_id="demo-northshire"),
    Login("southmere", "Police triage, Southmere", "police_triage", force_id="demo-southmere"),
    Login("westvale", "Police triage, Westvale", "police_triage", force_id="demo-westvale"),
    # Before its volunteer, who is the one to be for whatever asks for somebody of the centre.
    Login(
        "harbour-lead", "Supervisor, Harbour Library", "centre_supervisor", centre_id="demo-harbour-library"
    ),
    Login("harbour", "Volunteer, Harbour Library", "centre_worker", centre_id="demo-harbour-library"),
    Login("lantern", "Volunteer, Lantern Centre", "centre_worker", centre_id="demo-lantern-centre"),
    Login("crescent", "Volunteer, Crescent Road Mosque", "centre_worker", centre_id="demo-crescent-mosque"),
    Login("beacon", "Volunteer, Beacon LGBT+ Group", "centre_worker", centre_id="demo-beacon-group"),
    Login("quayside", "Volunteer, Quayside Students", "centre_worker", centre_id="demo-quay-students"),
    Login(
        "voice", "Volunteer, Southmere Disability Voice", "centre_worker", centre_id="demo-southmere-voice"
    ),
    Login("riverside", "Volunteer, Riverside Gurdwara", "centre_worker", centre_id="demo-riverside-gurdwara"),
    Login("tidewell", "Volunteer, Tidewell Centre", "centre_worker", centre_id="demo-tidewell-centre"),
    Login(
        "university", "Volunteer, Westvale University", "centre_worker", centre_id="demo-westvale-university"
    ),
    Login("orchard", "Volunteer, Orchard Street", "centre_worker", centre_id="demo-orchard-synagogue"),
    Login("heath", "Volunteer, Heath Travellers", "centre_worker", centre_id="demo-heath-travellers"),
    Login("mill", "Volunteer, Mill Lane Library", "centre_worker", centre_id="demo-mill-library"),
    Login("custodian", "Intake custodian", "intake_custodian"),
)
USERNAME_OF: Final = {login.force_id or login.centre_id: login.username for login in LOGINS}
"""By the id of a force or a centre."""


def people(password_hash: str) -> list[DemoPerson]:
    """One hash serves them all: each takes a tenth of a second, and the password is printed anyway."""
    return [DemoPerson(**msgspec.structs.asdict(login), password_hash=password_hash) for login in LOGINS]
