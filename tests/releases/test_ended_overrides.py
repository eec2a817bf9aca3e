"""An override ends: from then on the force reads nothing of it. And what the page says of a release."""

from typing import Any

import pytest

from dialogue.conftest import Service
from releases.test_releases import PLACE, audited, desk, narrowed, overridden
from support.reports import Report


async def ended(service: Service, report: Report, *groups: str, status: int = 200, **more: Any) -> None:
    supervisor = await desk(service, "supervisor")
    page = (await supervisor.get(service.path(report))).json()
    body = {
        "version": page["report"]["version"],
        "groups": groups or page["report"]["endable"],
        "note": "They moved away. canary-note-3",
        "told": "no",
        **more,
    }
    answer = await supervisor.post(service.path(report, "end-override"), body)
    assert answer.status_code == status, answer.text


async def release(service: Service, person: str, report: Report) -> dict[str, Any]:
    found: dict[str, Any] = (await service.page(person, report))["report"]["release"]
    return found


@pytest.mark.parametrize("choice", ["U1", "P2"])
async def test_an_override_that_has_ended_opens_nothing(service: Service, choice: str) -> None:
    report = await service.report(sharing_choice=choice)
    await overridden(service, report, groups=["location", "contact", "identity"])
    force = service.desks["northshire"]
    assert "canary-phone" in (await force.get(service.path(report))).text

    await ended(service, report, "contact")
    page = await force.get(service.path(report))
    assert ("canary-phone" in page.text, PLACE in page.text) == (False, True)
    await ended(service, report)

    page = await force.get(service.path(report))
    listed = (await force.get("/desk/api/reports")).json()
    assert page.status_code == (404 if choice == "U1" else 200)
    assert "canary-name-91bd" not in page.text
    assert listed["counts"]["waiting"] == len(listed["reports"]) == (0 if choice == "U1" else 1)
    assert "end_override" not in (await (await desk(service, "supervisor")).get(service.path(report))).text
    told = await audited(service, "release.override_ended")
    last = ["identity", "location", "summary"] if choice == "U1" else ["identity"]
    assert [one["groups"] for one in told] == [["contact"], last]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_the_reporter_hears_of_the_end_where_that_is_safe(service: Service) -> None:
    report = await service.report(sharing_choice="U1")
    await overridden(service, report)
    await ended(service, report, status=400, told="unsafe", message="They no longer see it.")

    await ended(service, report, told="yes", message="They no longer see it.")

    kind, body = (await service.said(report.device))[-1]
    assert (kind, body.text) == ("message", "They no longer see it.")
    line = (await service.page("harbour", report))["history"][-1]
    assert (line["action"], line["told"], line["note"]) == (
        "override_ended",
        "reporter",
        "They moved away. canary-note-3",
    )


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("groups", [("identity",), ("summary",)])
async def test_only_what_is_open_can_be_ended(service: Service, groups: tuple[str, ...]) -> None:
    report = await service.report(sharing_choice="U1")
    await overridden(service, report)

    await ended(service, report, *groups, status=400)

    assert (await service.desks["northshire"].get(service.path(report))).status_code == 200


async def test_the_page_says_who_may_see_what_and_since_when(service: Service) -> None:
    report = await service.acknowledged("northshire", sharing_choice="P3")
    await narrowed(service, report, "narrative")
    await overridden(service, report, groups=["contact"], told="unsafe")
    await ended(service, report)
    await overridden(service, report, groups=["narrative"], told="unsafe")

    centre, force = await release(service, "harbour", report), await release(service, "northshire", report)

    assert [(one["version"], one["basis"], one["groups"]) for one in centre["versions"][1:]] == [
        (2, "narrowed", ["narrative"]),
        (3, "override", ["contact"]),
        (4, "override_ended", ["contact"]),
        (5, "override", ["narrative"]),
    ]
    assert centre["now"][-1]["ground_label"] == "Somebody's life is in danger"
    seen = {one["group"]: (one["basis"], one["told"]) for one in force["now"]}
    assert seen["narrative"] == ("override", "unsafe")
    assert seen["location"] == ("choice", None)
    assert ("contact" in seen, force["versions"]) == (False, [])
