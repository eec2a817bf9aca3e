"""Desk and reporter speak with each other: through the real application, reading what was sealed."""

from typing import Any
from uuid import uuid4

import pytest

from dialogue.conftest import Service
from support.reports import CANARY
from waymark.kernel.db import Sql
from waymark_sync.protocol import Attachment

WORDS = Sql("""
    SELECT text FROM triage_event WHERE text IS NOT NULL
    UNION ALL
    SELECT detail FROM triage_event WHERE detail IS NOT NULL
""")
DECISION: dict[str, Any] = {"rationale": "canary-rationale-b0b0", "message": "We looked with care."}


def actions(page: dict[str, Any]) -> list[str]:
    return [line["action"] for line in page["history"]]


async def test_a_question_is_answered_and_the_answer_is_in_the_history(service: Service) -> None:
    report = await service.acknowledged("northshire")

    asked = await service.act("northshire", report, "ask", message="Was anybody with you?")

    assert (asked["state"], asked["queue"], asked["told"]) == ("needs_info", "needs_info", "reporter")
    kind, body = (await service.said(report.device))[-1]
    assert (kind, body.text, body.asks, body.item_id) == (
        "message",
        "Was anybody with you?",
        True,
        report.item_id,
    )
    assert body.from_name == "Northshire Police (demonstration)"

    await service.reply(report, "My sister was. canary-reply-77")

    page = await service.page("northshire", report)
    assert (page["report"]["state"], page["report"]["reply_waiting"]) == ("in_triage", True)
    assert page["report"]["queue"] == "acknowledged"
    line = page["history"][-1]
    assert (line["side"], line["action"], line["text"]) == (
        "reporter",
        "reporter_wrote",
        "My sister was. canary-reply-77",
    )
    kept = await service.database.read(lambda db: b"".join(db.many(WORDS, bytes)))
    assert b"canary-reply-77" not in kept
    assert b"anybody" not in kept


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_reply_waits_until_somebody_acts_on_it(service: Service) -> None:
    report, other = await service.acknowledged("northshire"), await service.acknowledged("northshire")
    await service.reply(report, "One more thing.")
    await service.reply(other, "And another.")
    desk = service.desks["northshire"]

    waiting = (await desk.get("/desk/api/reports?queue=reply_waiting")).json()
    assert {r["id"] for r in waiting["reports"]} == {report.item_id, other.item_id}
    assert waiting["counts"]["reply_waiting"] == 2

    await service.act("northshire", report, "reply-read")
    await service.act("northshire", other, "update", message="Thank you, we have it.")

    left = (await desk.get("/desk/api/reports?queue=reply_waiting")).json()
    assert (left["reports"], left["counts"]["reply_waiting"]) == ([], 0)
    await service.act("northshire", report, "reply-read", status=409)


async def test_silence_ends_after_a_week_and_closes_nothing(service: Service) -> None:
    report = await service.acknowledged("northshire")
    await service.act("northshire", report, "ask", message="Where was it?")

    await service.pass_time(days=6, hours=23)
    assert (await service.page("northshire", report))["report"]["state"] == "needs_info"

    await service.pass_time(days=7, minutes=1)
    page = await service.page("northshire", report)
    assert (page["report"]["state"], page["report"]["queue"]) == ("in_triage", "acknowledged")
    assert actions(page)[-1] == "silence_ended"
    assert len(await service.said(report.device)) == 2  # the acknowledgement and the question


async def test_a_decision_is_told_kept_and_revised(service: Service) -> None:
    report = await service.acknowledged("northshire")
    options = {d["code"]: d for d in (await service.page("northshire", report))["report"]["decisions"]}
    assert options["crime_not_recorded"]["explainer"]
    first = {"code": "crime_not_recorded", "reason": "not_a_crime_in_law", **DECISION}

    await service.act("northshire", report, "decide", **first)
    second = {"code": "crime_recorded", "crime_reference": "canary-crime-42", **DECISION}
    done = await service.act("northshire", report, "decide", **{**second, "message": "It is 42."})

    assert (done["state"], done["queue"]) == ("crime_recorded", "decided")
    told = [(body.code, body.text) for kind, body in await service.said(report.device) if kind == "status"]
    assert told == [("crime_not_recorded", "We looked with care."), ("crime_recorded", "It is 42.")]
    page = await service.page("northshire", report)
    assert actions(page)[-2:] == ["decided", "decided"]
    assert page["report"]["decided"] == "crime_recorded"
    assert page["history"][-1]["crime_reference"] == "canary-crime-42"
    assert page["history"][-1]["note"] == "canary-rationale-b0b0"
    assert page["history"][-2]["reason_label"] == "What happened is not a crime in law"
    centre = await service.desks["harbour"].get(service.path(report))
    assert "canary-rationale-b0b0" not in centre.text
    assert "canary-crime-42" not in centre.text


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "no_such_code"}, "code"),
        ({"code": "non_crime_recorded", "reason": "clear_hostility"}, "code"),
        ({"reason": ""}, "reason"),
        ({"reason": "made_up"}, "reason"),
        ({"crime_reference": "X1"}, "crime_reference"),
        ({"code": "crime_recorded", "reason": ""}, "crime_reference"),
        ({"message": ""}, "message, not_told_reason"),
        ({"not_told_reason": "unsafe_contact"}, "message, not_told_reason"),
        ({"message": "", "not_told_reason": "made_up"}, "not_told_reason"),
    ],
)
async def test_a_decision_that_lacks_something_changes_nothing(
    service: Service, changes: dict[str, str], field: str
) -> None:
    report = await service.acknowledged("northshire")
    before = await service.page("northshire", report)
    asked = {"code": "crime_not_recorded", "reason": "not_a_crime_in_law", **DECISION, **changes}

    refused = await service.act("northshire", report, "decide", status=400, **asked)

    assert (refused["code"], refused["detail"]) == ("invalid", field)
    assert await service.page("northshire", report) == {
        **before,
        "report": {
            **before["report"],
            "age_s": (await service.page("northshire", report))["report"]["age_s"],
        },
    }


async def test_who_cannot_be_told_safely_is_not_told_and_it_says_why(service: Service) -> None:
    report = await service.acknowledged("northshire")

    await service.act(
        "northshire",
        report,
        "decide",
        code="not_hate_referred",
        reason="other_service",
        rationale="x",
        not_told_reason="unsafe_contact",
    )

    assert [kind for kind, _ in await service.said(report.device)] == ["ack"]
    line = (await service.page("northshire", report))["history"][-1]
    assert (line["told"], line["code"]) == ("nobody", "not_hate_referred")
    await service.act("northshire", report, "close", status=400, code="all_done")
    closed = await service.act(
        "northshire", report, "close", code="all_done", not_told_reason="unsafe_contact"
    )
    assert closed["state"] == "closed"


async def test_a_report_is_closed_reopened_and_heard_of_in_between(service: Service) -> None:
    report = await service.acknowledged("northshire")
    await service.act("northshire", report, "close", status=409, code="all_done", message="x")
    await service.act("northshire", report, "decide", code="intelligence_only", rationale="x")
    await service.act("northshire", report, "close", code="all_done", message="Closed.")
    assert (await service.said(report.device))[-1][1].code == "closed.all_done"

    await service.reply(report, "It happened again.")

    page = await service.page("northshire", report)
    assert (page["report"]["state"], page["report"]["reply_waiting"]) == ("closed", True)
    assert set(page["report"]["acts"]) == {"reopen_report", "mark_reply_read"}
    await service.act("northshire", report, "update", status=409, message="x")
    done = await service.act(
        "northshire", report, "reopen", reason="new_information", message="We look again."
    )
    assert (done["state"], done["queue"]) == ("in_triage", "acknowledged")
    texts = [body.text for _, body in await service.said(report.device)]
    assert texts[-2:] == ["Closed.", "We look again."]


async def test_of_two_who_saw_the_same_page_the_second_is_told(service: Service) -> None:
    report = await service.acknowledged("northshire")
    version = (await service.page("northshire", report))["report"]["version"]

    await service.act("northshire", report, "update", version=version, message="First.")
    refused = await service.act(
        "northshire", report, "update", status=409, version=version, message="Second."
    )

    assert refused["code"] == "changed_meanwhile"
    assert [body.text for _, body in await service.said(report.device)] == ["Read.", "First."]


async def test_services_are_suggested_chosen_sent_and_kept_as_they_were(service: Service) -> None:
    report = await service.acknowledged("northshire", body={"signposts_shown": ("victim-support",)})
    answer = await service.desks["northshire"].get(service.path(report, "suggestions"))
    suggested = [s["id"] for s in answer.json()["services"]]
    assert suggested
    by_hand = "victim-support" if "victim-support" not in suggested[:1] else suggested[1]

    await service.act(
        "northshire", report, "signpost", services=[by_hand, suggested[0]], message="These may help."
    )

    kind, body = (await service.said(report.device))[-1]
    assert (kind, [s.id for s in body.services], body.text) == (
        "signpost",
        [by_hand, suggested[0]],
        "These may help.",
    )
    page = (await service.page("northshire", report))["report"]
    assert page["signposts_shown"] == ["victim-support"]
    assert [s["id"] for s in page["signposted"]] == [by_hand, suggested[0]]
    refused = await service.act("northshire", report, "signpost", status=400, services=["no-such"])
    assert refused["detail"] == "services"


async def test_a_tablet_is_spoken_to_through_its_own_feed(service: Service) -> None:
    tablet = await service.tablet()
    report = await service.report(tablet, sharing_choice="U1")

    await service.act("harbour", report, "ask", message="Shall we call you?")

    kind, body = (await service.said(tablet))[-1]
    assert (kind, body.asks, body.item_id) == ("message", True, report.item_id)
    page = (await service.page("harbour", report))["report"]
    assert (page["state"], page["queue"]) == ("centre_only", "needs_info")
    await service.pass_time(days=8)
    page = (await service.page("harbour", report))["report"]
    assert (page["state"], page["queue"]) == ("centre_only", "acknowledged")
    done = await service.act("harbour", report, "close", code="support_completed", message="Take care.")
    assert (done["state"], done["told"]) == ("closed", "reporter")


async def test_without_a_way_to_reach_somebody_nothing_pretends_to(service: Service) -> None:
    report = await service.report(header={"reply_key": None}, sharing_choice="A2")

    page = (await service.page("harbour", report))["report"]
    assert page["can_reach"] is False
    assert not {"ask_reporter", "update_reporter", "signpost"} & set(page["acts"])
    refused = await service.act("harbour", report, "update", status=409, message="x")
    assert refused["code"] == "no_safe_route"
    await service.act("harbour", report, "close", status=409, code="counted_only", message="x")
    await service.act("harbour", report, "close", code="counted_only", not_told_reason="no_way_to_reach")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_no_act_and_no_refusal_repeats_the_report(service: Service) -> None:
    report = await service.acknowledged("northshire")

    for act in ("ask", "update"):
        answer = await service.desks["northshire"].post(service.path(report, act), {"message": CANARY})
        assert (answer.status_code, CANARY in answer.text) == (400, False)


async def test_a_report_that_announces_pictures_is_found_by_them(service: Service) -> None:
    announced = Attachment(att_id=str(uuid4()), size=100, sha256=bytes(32))
    with_one = await service.report(sharing_choice="P3", header={"att": (announced,)})
    await service.report()

    answer = await service.desks["northshire"].get("/desk/api/reports?with_pictures=true")

    assert [line["id"] for line in answer.json()["reports"]] == [with_one.item_id]
    page = (await service.page("northshire", with_one))["report"]
    assert [(each["att_id"], each["state"]) for each in page["attachments"]] == [
        (announced.att_id, "waiting")
    ]
