"""Reporters take back what the police may read, and hear who may read it and who has."""

from typing import Any

import pytest

from dialogue.conftest import Service
from releases.test_ended_overrides import ended, release
from releases.test_releases import NAME, PLACE, audited, desk, overridden
from support.reports import CANARY, Report
from waymark.agencies.records import Change, FieldGroup, Grant, Release, Told
from waymark.agencies.shown import may_hear_of, tellable
from waymark.audit.records import Look
from waymark.releases.jobs import Answerer
from waymark_sync.messages import AccessBody


async def told(service: Service, report: Report, **asked: Any) -> AccessBody:
    """What the reporter hears when they send this."""
    await service.reply(report, "canary-words-44c1", **asked)
    state = service.state
    answerer = Answerer(service.database, state.ring, state.vault)
    await answerer.step()  # unless the service's own was quicker
    assert await answerer.step() == 0
    heard = [body for kind, body in await service.said(report.device) if kind == "access"]
    assert len(heard) == 1, "each question is answered once"
    assert isinstance(heard[0], AccessBody)
    return heard[0]


def lines(body: AccessBody) -> list[tuple[str, str]]:
    return [(seen.role, seen.organisation) for seen in body.seen]


async def test_a_reporter_takes_back_who_they_are(service: Service) -> None:
    report = await service.acknowledged("northshire", sharing_choice="P1")
    assert NAME in (await service.desks["northshire"].get(service.path(report))).text

    heard = await told(service, report, takes_back="person")

    page = await service.desks["northshire"].get(service.path(report))
    assert (NAME in page.text, "canary-phone" in page.text, CANARY in page.text) == (False, False, True)
    history = page.json()["history"]
    assert [line["action"] for line in history[-2:]] == ["took_back_person", "access_told"]
    assert page.json()["report"]["reply_waiting"], "somebody at the force is told"
    assert not {"identity", "contact"} & set(heard.police)
    version = (await release(service, "harbour", report))["versions"][-1]
    assert (version["basis"], version["by"], version["groups"]) == (
        "narrowed",
        "reporter",
        ["contact", "identity"],
    )
    assert (await audited(service, "release.narrowed")) == [
        {"by": "reporter", "groups": ["contact", "identity"], "release": 2}
    ]


async def test_a_reporter_takes_back_everything(service: Service) -> None:
    report = await service.acknowledged("northshire", sharing_choice="P2")

    heard = await told(service, report, takes_back="all")

    page = await service.desks["northshire"].get(service.path(report))
    assert heard.police == ("summary",)
    assert set(page.json()["report"]["groups"]) == {"summary"}
    assert [line["action"] for line in page.json()["history"]][-2] == "took_back_all"
    assert not [word for word in (CANARY, PLACE, "canary-words-44c1") if word in page.text]
    assert "canary-words-44c1" in (await service.desks["harbour"].get(service.path(report))).text


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("choice", "code"), [("U1", "all"), ("P3", "person"), ("A1", "person")])
async def test_where_there_is_nothing_to_take_back_it_is_heard_all_the_same(
    service: Service, choice: str, code: str
) -> None:
    report = await service.report(sharing_choice=choice)
    before = (await release(service, "harbour", report))["versions"]

    await told(service, report, takes_back=code)

    assert (await release(service, "harbour", report))["versions"] == before
    assert (await service.page("harbour", report))["history"][-2]["action"] == f"took_back_{code}"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_what_a_newer_app_takes_back_is_read_by_a_person(service: Service) -> None:
    report = await service.report(sharing_choice="P1")

    await service.reply(report, "I take back the place.", takes_back="place")

    page = await service.page("northshire", report)
    assert (page["history"][-1]["action"], page["history"][-1]["text"]) == (
        "reporter_wrote",
        "I take back the place.",
    )
    assert "location" in page["report"]["groups"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_nobody_else_takes_anything_back(service: Service) -> None:
    """A centre's tablet signs for whoever stands before it; what it says of a report proves nothing."""
    report = await service.acknowledged("northshire", sharing_choice="P1")
    stranger = (await service.report(sharing_choice="P3")).device

    await service.take_in(stranger.reply(service.state.ring, report.item_id, "x", takes_back="all"))

    assert CANARY in (await service.desks["northshire"].get(service.path(report))).text
    assert await audited(service, "release.narrowed") == []


async def test_a_reporter_hears_who_has_opened_the_report(service: Service) -> None:
    report = await service.acknowledged("northshire", sharing_choice="P1")
    await service.page("northshire", report)
    await service.page("northshire", report)
    await (await desk(service, "supervisor")).get(service.path(report))

    heard = await told(service, report, asks_who=True)

    assert lines(heard) == [
        ("centre_supervisor", "Harbour Library (demonstration)"),
        ("police_triage", "Northshire Police (demonstration)"),
    ]
    assert {seen.on for seen in heard.seen} == {heard.at[:10]}
    assert "contact" in heard.police
    page = await service.page("harbour", report)
    assert not page["report"]["reply_waiting"], "nobody has to answer what the service has answered"
    assert page["history"][-2]["action"] == "asked_who_saw"
    assert page["report"]["seen"] == [
        {"role": role, "on": heard.at[:10]} for role in ("centre_worker", "centre_supervisor")
    ]
    assert (await service.page("northshire", report))["report"]["seen"] == []


@pytest.mark.parametrize("tells", ["no", "yes", "unsafe"])
async def test_what_is_unsafe_to_tell_is_never_told(service: Service, tells: str) -> None:
    report = await service.report(sharing_choice="U1")
    await overridden(service, report, told=tells)
    await service.page("northshire", report)
    await ended(service, report)
    await service.page("harbour", report)

    heard = await told(service, report, asks_who=True)

    seen = [] if tells == "unsafe" else [("police_triage", "Northshire Police (demonstration)")]
    assert [line for line in lines(heard) if line[0] == "police_triage"] == seen
    assert ("centre_worker", "Harbour Library (demonstration)") in lines(heard)
    assert heard.police == ()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_tablet_hears_nothing_of_who_saw_it(service: Service) -> None:
    tablet = await service.tablet()
    report = await service.report(tablet, sharing_choice="P1")

    await service.reply(report, "x", asks_who=True)

    answerer = Answerer(service.database, service.state.ring, service.state.vault)
    assert await answerer.step() == 0
    assert [kind for kind, _ in await service.said(tablet)] == []


def history(*parts: tuple[int, str, str | None, Told | None]) -> Release:
    """Each: version, since, until, told. None at the end: by choice."""
    return Release(
        changes=tuple(
            Change(
                version=version,
                basis="override" if tells else "choice",
                at=since,
                actor_id="x",
                actor_role="x",
                told=tells,
            )
            for version, since, _, tells in parts
        ),
        grants=tuple(
            Grant(
                field_group="location",
                basis="override" if tells else "choice",
                from_version=version,
                valid_from=since,
                valid_to=until,
            )
            for version, since, until, tells in parts
        ),
    )


OPEN: FieldGroup = "location"


@pytest.mark.parametrize(
    ("release", "hears", "reads"),
    [
        (history((1, "09:00", None, None)), True, {OPEN}),
        (history((1, "11:00", None, None)), False, {OPEN}),
        (history((1, "09:00", "09:30", None)), False, set()),
        (history((1, "09:00", None, "unsafe")), False, set()),
        (history((1, "09:00", None, "no")), True, {OPEN}),
        (history((1, "09:00", "10:30", "unsafe"), (2, "10:30", None, "yes")), False, {OPEN}),
        (history((1, "08:00", None, None), (2, "09:00", None, "unsafe")), True, {OPEN}),
    ],
)
def test_whether_a_look_of_the_police_is_told(release: Release, hears: bool, reads: set[FieldGroup]) -> None:
    look = Look(actor_id="p", role="police_triage", at="10:00")

    assert may_hear_of(look, release) == hears
    assert may_hear_of(Look(actor_id="v", role="centre_worker", at="10:00"), release)
    assert tellable(release) == reads
