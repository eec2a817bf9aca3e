"""Every route of the desk, for everybody, about every kind of report: what the matrix says, and no more.

The routes come from docs/openapi.json, and what is expected from the function that docs/access.md is printed
from. That table, and the one by hand in tests/agencies, keep the function itself honest.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, get_args
from uuid import uuid4

import pytest
from msgspec import Struct

from access.conftest import CHOICES, PLACES, World
from house.source import ROOT
from support.desk import OTHERS, PEOPLE, Desk, enrol_device
from support.reports import CANARY, HARBOUR, Device
from waymark.agencies.records import Act, FieldGroup, ReportFacts
from waymark.agencies.rules import POWERS, TO_POLICE, may
from waymark.identity.records import DemoPerson, User
from waymark_sync.report import SharingChoice

NOW: Final = datetime(2026, 11, 23, tzinfo=UTC)
EVERYBODY: Final = {**PEOPLE, **OTHERS}
STALE: Final = {"version": 99, "message": "x"}
"""Of no report: whoever may act is told so, and nothing changes."""


class Row(Struct, frozen=True, kw_only=True):
    """What a route is asked with, and the act that decides. None: it is about whoever asks."""

    act: Act | None
    body: Mapping[str, Any] | None = None
    success: int = 200
    needs: frozenset[FieldGroup] = frozenset()
    nothing_here: bool = False
    """In this world there is none of what it is about, so it is there for nobody."""


ROWS: Final[dict[str, Row]] = {
    "ListReports": Row(act="list_reports"),
    "ListChoices": Row(act="list_reports"),
    "WaitForNews": Row(act="list_reports"),
    "ListQuarantine": Row(act="list_quarantine"),
    "ReopenQuarantine": Row(act="reopen_quarantine", body={"ids": [str(uuid4())]}),
    "ListDevices": Row(act="list_devices"),
    "MakeDeviceCode": Row(act="make_device_code", body={"label": "Front desk"}),
    "RevokeDevice": Row(act="revoke_device", body={"scope": "keys"}, success=204),
    "ExplainGap": Row(
        act="explain_gap",
        body={"epoch": "0" * 16, "first_seq": 1, "count": 1, "why": "practice"},
        nothing_here=True,
    ),
    "ListCampaigns": Row(act="list_reports"),
    "ReturnFromCampaign": Row(act="return_to_list", body={}, nothing_here=True),
    "ViewReport": Row(act="view_report"),
    "SuggestServices": Row(act="view_report", needs=frozenset({"strand", "location", "support"})),
    "ViewPicture": Row(act="view_report", nothing_here=True),
    "TakeOriginal": Row(act="view_report", nothing_here=True),
    "AcknowledgeReport": Row(act="acknowledge_report", body=STALE, success=409),
    "TakeReport": Row(act="take_report", body=STALE, success=409),
    "AskReporter": Row(act="ask_reporter", body=STALE, success=409),
    "UpdateReporter": Row(act="update_reporter", body=STALE, success=409),
    "SignpostReporter": Row(act="signpost", body={**STALE, "services": ["victim-support"]}, success=409),
    "DecideReport": Row(
        act="decide_report", body={**STALE, "code": "intelligence_only", "rationale": "x"}, success=409
    ),
    "CloseReport": Row(act="close_report", body={**STALE, "code": "duplicate"}, success=409),
    "ReopenReport": Row(act="reopen_report", body={**STALE, "reason": "new_information"}, success=409),
    "ForwardReport": Row(
        act="forward_report", body={**STALE, "force_id": "demo-westvale", "reason": "x"}, success=409
    ),
    "AcceptReport": Row(act="accept_report", body=STALE, success=409),
    "SendBackReport": Row(act="send_back_report", body={**STALE, "reason": "x"}, success=409),
    "MarkReplyRead": Row(act="mark_reply_read", body=STALE, success=409),
    "NarrowRelease": Row(
        act="narrow_release", body={**STALE, "groups": ["identity"], "note": "x"}, success=409
    ),
    "AskErasure": Row(act="erase_report", body={**STALE, "ground": "not_needed", "note": "x"}, success=409),
    "HoldReport": Row(act="hold_report", body={**STALE, "reason": "proceedings", "note": "x"}, success=409),
    "LiftHold": Row(act="lift_hold", body={**STALE, "note": "x"}, success=409),
    "KeepReport": Row(act="keep_report", body={**STALE, "reason": "pattern", "months": 3}, success=409),
    "ListReviews": Row(act="list_reviews"),
    "ConfirmErasure": Row(act="confirm_erasure", body=STALE, success=409),
    "OverrideRelease": Row(
        act="override_release",
        body={**STALE, "groups": ["identity"], "ground": "life_at_risk", "note": "x", "told": "yes"},
        success=409,
    ),
    "EndOverride": Row(
        act="end_override", body={**STALE, "groups": ["identity"], "note": "x", "told": "no"}, success=409
    ),
    "UnmaskReport": Row(
        act="unmask", body={"groups": ["identity"], "reason": "safeguarding"}, needs=frozenset({"identity"})
    ),
    "ListPeople": Row(act="list_people"),
    "InvitePerson": Row(act="invite_person", body={"name": "New", "role": "gold"}, success=400),
    "CancelInvitation": Row(act="invite_person", success=404),
    "EndMembership": Row(act="end_membership", success=404),
    "ShowSession": Row(act=None),
    "LogIn": Row(act=None),
    "LogOut": Row(act=None),
    "LockSession": Row(act=None),
    "ShowAccount": Row(act=None),
    **dict.fromkeys(
        (
            "AddPasskey",
            "BeginAddPasskey",
            "BeginPasskeySignIn",
            "BeginVerify",
            "EndOtherSessions",
            "RemovePasskey",
            "SignInWithPasskey",
            "VerifySession",
            "BeginTotp",
            "ConfirmTotp",
            "RemoveTotp",
            "MakeRecoveryCodes",
            "ChangePassword",
            "ShowInvitation",
            "AcceptInvitation",
        ),
        Row(act=None),
    ),
}
CANARIES: Final[dict[str, FieldGroup]] = {
    CANARY: "narrative",
    "canary-place-77aa": "location",
    "canary-name-91bd": "identity",
    "canary-phone-07700900123": "contact",
}


def routes() -> dict[str, tuple[str, str]]:
    """Of the desk, by operation id: method and address."""
    described = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    return {
        told["operationId"]: (method.upper(), path)
        for path, by in described["paths"].items()
        for method, told in by.items()
        if path.startswith("/desk/")
    }


def user(person: DemoPerson) -> User:
    return User(
        id="u",
        name="U",
        role=person.role,
        force_id=person.force_id,
        force_name=None,
        centre_id=person.centre_id,
        centre_name=None,
    )


def facts(choice: SharingChoice, place: str) -> ReportFacts:
    force_id = "unknown" if place == "nowhere" else f"demo-{place}"
    return ReportFacts(
        sharing_choice=choice, centre_id=PLACES[place][1], force_id=force_id, released=TO_POLICE[choice]
    )


def expected(row: Row, person: DemoPerson, report: ReportFacts | None) -> int:
    if row.act is None:
        return row.success
    if row.nothing_here or may(user(person), row.act, report, None, NOW).answer != "yes":
        return 404
    kept = [group for group in row.needs if _sees(person, row.act, report, group) != "yes"]
    # Whoever may uncover and names what is not covered has asked for the wrong thing.
    return (400 if row.act == "unmask" else 404) if kept else row.success


def _sees(person: DemoPerson, act: Act, report: ReportFacts | None, group: FieldGroup) -> str:
    return may(user(person), act, report, group, NOW).answer


def leaks(text: str, person: DemoPerson, report: ReportFacts) -> list[str]:
    """Canaries and groups in a page that this person may not see."""
    kept = {group for group in get_args(FieldGroup) if _sees(person, "view_report", report, group) != "yes"}
    shown = set(json.loads(text)["report"]["groups"])
    return [*(word for word, group in CANARIES.items() if group in kept and word in text), *(shown & kept)]


def _works_with_reports(person: DemoPerson) -> bool:
    anywhere = [facts(choice, place) for choice in CHOICES for place in PLACES]
    return any(_sees(person, "view_report", report, "summary") == "yes" for report in anywhere)


async def ask(desk: Desk, method: str, path: str, row: Row) -> Any:
    return await (desk.get(path) if method == "GET" else desk.post(path, dict(row.body or {})))


def test_every_route_of_the_desk_has_a_row() -> None:
    assert set(ROWS) == set(routes())


def test_every_act_is_asked_for_by_a_route() -> None:
    assert {row.act for row in ROWS.values()} - {None} == set(get_args(Act))


def test_there_is_somebody_of_every_role() -> None:
    assert {person.role for person in EVERYBODY.values()} >= set(POWERS)
    assert len({person.role for person in EVERYBODY.values()}) == 15


PROVE: Final = bool(os.environ.get("WAYMARK_PROVE"))
NOTHING: Final = {name for name, person in EVERYBODY.items() if not _works_with_reports(person)}
"""Whom no report is for. They are asked about their own place alone; about each choice by `make prove`."""
PARTS: Final = {
    "police": ["northshire", *(["southmere"] if PROVE else [])],
    "coordinators": ["coordinator"],
    "volunteers": ["harbour", *(["quay"] if PROVE else [])],
    "supervisors": ["supervisor"],
    "officers": ["dpo"],
    "others": sorted(NOTHING),
}


def test_everybody_is_in_a_part() -> None:
    """The other force and the other centre are asked by `make prove`; here they are asked for pages alone."""
    assert set(EVERYBODY) - {name for names in PARTS.values() for name in names} <= {"southmere", "quay"}


@pytest.mark.parametrize("engine", ["sqlite", *(["postgres"] if PROVE else [])], indirect=True)
@pytest.mark.parametrize("part", sorted(PARTS))
async def test_every_route_about_a_report(world: World, part: str) -> None:
    wrong = await _about_reports(world, PARTS[part], set(ROWS))

    assert not wrong, wrong[:10]


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_every_page_of_a_report_on_the_other_engine(world: World) -> None:
    wrong = await _about_reports(world, list(EVERYBODY), {"ViewReport"})

    assert not wrong, wrong[:10]


async def _about_reports(world: World, names: list[str], operations: set[str]) -> list[object]:
    wrong: list[object] = []
    about = {op: at for op, at in routes().items() if "{report_id}" in at[1] and op in operations}
    for name in names:
        person, desk = EVERYBODY[name], await world.desks["quay"].like().enter(world.database, name)
        places = ("northshire",) if name in NOTHING else tuple(PLACES)
        choices = ("P1", "U1") if name in NOTHING and not PROVE else CHOICES
        for (operation, (method, path)), choice, place in (
            (route, choice, place) for route in about.items() for choice in choices for place in places
        ):
            row, report = ROWS[operation], facts(choice, place)
            address = path.replace("{report_id}", world.reports[choice, place])
            answer = await ask(desk, method, address.replace("{att_id}", str(uuid4())), row)
            if answer.status_code != expected(row, person, report):
                wrong.append((name, operation, choice, place, answer.status_code))
            elif operation == "ViewReport" and answer.status_code == 200:
                wrong += [(name, choice, place, leak) for leak in leaks(answer.text, person, report)]
    return wrong


async def test_every_route_about_no_single_report(world: World) -> None:
    device = Device()
    await world.database.write(enrol_device, device)
    for name, person in EVERYBODY.items():
        desk = await world.desks["quay"].like().enter(world.database, name)
        for operation, (method, path) in routes().items():
            row = ROWS[operation]
            if "{report_id}" in path or (row.act is None and method != "GET"):
                continue  # how somebody gets in and out is told in tests/identity
            told = expected(row, person, None)
            if operation == "WaitForNews" and told == 200:
                continue  # it has no end
            if operation == "RevokeDevice" and person.centre_id != HARBOUR:
                told = 404
            answer = await ask(desk, method, path.replace("{device_id}", device.id), row)
            assert answer.status_code == told, (name, operation)
            assert not [word for word in CANARIES if word in answer.text]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_lists_and_counts_hold_what_the_matrix_says(world: World) -> None:
    for name, person in EVERYBODY.items():
        visible = {
            key
            for key in world.reports
            if may(user(person), "list_reports", facts(*key), None, NOW).answer == "yes"
        }

        desk = await world.desks["quay"].like().enter(world.database, name)
        answer = await desk.get("/desk/api/reports?limit=100")

        if answer.status_code == 404:
            assert not visible, name
            continue
        listed = answer.json()
        assert world.keys([line["id"] for line in listed["reports"]]) == visible, name
        # Counts have no line that could be left out: what is counted is exactly what is shown.
        assert listed["counts"]["waiting"] == len(visible), name
