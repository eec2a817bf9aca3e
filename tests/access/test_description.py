"""The service keeps to its own description, whoever asks and whatever is sent.

Schemathesis makes the requests from `waymark openapi`, as the description allows them and as it does not.
"""

import os
import random
from collections import Counter
from typing import Final
from uuid import uuid4

import pytest
from schemathesis import Case, GenerationMode

from access.askers import Nobody, Staff, Tablet
from access.conftest import World
from access.described import Operation, cases, judge_by_description, operations, request_of, send, wound
from fuzz.target import REFUSED, Found, judge
from support.desk import enrol_device
from support.reports import Device
from waymark.triage.campaigns import store as campaigns
from waymark.triage.campaigns.records import Campaign

PROVE: Final = bool(os.environ.get("WAYMARK_PROVE"))
MODES: Final = {GenerationMode.POSITIVE: 60 if PROVE else 3, GenerationMode.NEGATIVE: 40 if PROVE else 1}
"""As the description allows, and not."""
WOUNDED: Final = 0.2
ENGINES: Final = ["sqlite", "postgres"] if PROVE else ["sqlite"]
ROLES: Final = ("northshire", "harbour", "custodian")
SLOW: Final = 2
"""Cases of logging in, of each mode, by one person: a quarter of a second goes into each password."""
STORY: Final = (
    ("northshire", "ShowSession"),
    ("northshire", "ShowAccount"),
    ("northshire", "ListReports"),
    ("northshire", "ListChoices"),
    ("northshire", "ListCampaigns"),
    ("northshire", "ReturnFromCampaign"),
    ("northshire", "ViewReport"),
    ("northshire", "AcknowledgeReport"),
    ("supervisor", "UnmaskReport"),  # once it was acknowledged, and until another force has it
    ("northshire", "SuggestServices"),
    ("northshire", "AskReporter"),
    ("northshire", "UpdateReporter"),
    ("northshire", "SignpostReporter"),
    ("northshire", "DecideReport"),
    ("northshire", "CloseReport"),
    ("supervisor", "ListReviews"),
    ("harbour", "AskErasure"),
    ("northshire", "ReopenReport"),
    ("northshire", "ForwardReport"),
    ("southmere", "SendBackReport"),
    ("northshire", "ForwardReport"),
    ("southmere", "AcceptReport"),
    ("harbour", "NarrowRelease"),
    ("supervisor", "ListPeople"),
    ("supervisor", "OverrideRelease"),
    ("supervisor", "EndOverride"),
    ("northshire", "TakeReport"),
    ("northshire", "MarkReplyRead"),
    ("quay", "LogIn"),
    ("harbour", "MakeDeviceCode"),
    ("harbour", "ListDevices"),
    ("harbour", "ExplainGap"),
    ("harbour", "RevokeDevice"),
    ("custodian", "ListQuarantine"),
    ("custodian", "ReopenQuarantine"),
    ("custodian", "LockSession"),
    ("custodian", "LogOut"),
    ("nobody", "CheckLive"),
    ("nobody", "CheckReady"),
    ("nobody", "CountViolation"),
    ("nobody", "ListKeys"),
    ("nobody", "GetKnockKey"),
    ("tablet", "TakeItems"),
    ("tablet", "AskManifest"),
    ("tablet", "StartAttachment"),
    ("tablet", "FindAttachment"),
    ("tablet", "AppendToAttachment"),
    ("tablet", "PullMessages"),
    ("tablet", "OpenReturn"),
    ("tablet", "Subscribe"),
    ("tablet", "EndSubscription"),
    ("tablet", "EnrolDevice"),
)
"""Everybody does what they are there for; each is answered as the description says of a success."""
TOLD_ELSEWHERE: Final = {
    "ViewPicture",
    "TakeOriginal",
    "WaitForNews",
    "ConfirmErasure",
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
    "InvitePerson",
    "CancelInvitation",
    "EndMembership",
    "HoldReport",
    "LiftHold",
    "KeepReport",
}
"""What they answer when all is well is no JSON, the end of a report, or needs a key: see their own tests."""


FLOOD: Final = Campaign(
    id=str(uuid4()),
    series="area demo-harbour released",
    began_at="2026-01-02T03:04:05.678Z",
    last_at="2026-01-02T03:04:05.678Z",
)
"""Nothing lies apart any more, and asking for it is allowed."""


class Everybody:
    """All who ask, and what they were told."""

    def __init__(self, world: World, tablet: Tablet, lost: Device) -> None:
        self._client = world.client
        self._luck = random.Random(20)
        known = {
            "report_id": list(world.reports.values()),
            "att_id": [lost.id],
            "passkey_id": [lost.id],
            "invitation_id": [lost.id],
            "person_id": [lost.id],
            "device_id": [lost.id],
            "campaign_id": [FLOOD.id],
        }
        staff = {name: Staff(world, name, known, self._luck) for name in world.desks}
        self._by_name: dict[str, Nobody] = {"nobody": Nobody(), "tablet": tablet, **staff}
        self._places = {
            "TakeReport": {"report_id": world.reports["P1", "nowhere"]},
            "OverrideRelease": {"report_id": world.reports["U1", "northshire"]},
            "EndOverride": {"report_id": world.reports["U1", "northshire"]},
            "MarkReplyRead": {"report_id": tablet.answered},
            "ReturnFromCampaign": {"campaign_id": FLOOD.id},
            "ExplainGap": {"device_id": tablet.id},
            "RevokeDevice": {"device_id": lost.id},
        }
        self._first = {"report_id": world.reports["P1", "northshire"]}
        self.told = Counter[int]()

    async def act(self, who: str, operation: Operation) -> int:
        """As it is meant."""
        (case,) = cases(operation, GenerationMode.POSITIVE, 1, always=True)
        await self._by_name[who].makes_theirs(case, self._places.get(name_of(operation), self._first))
        return await self._send(case, wounded=0.0)

    async def ask(self, who: str, case: Case) -> int:
        await self._by_name[who].makes_theirs(case)
        return await self._send(case, wounded=WOUNDED)

    async def _send(self, case: Case, *, wounded: float) -> int:
        request = request_of(case, origin=str(self._client.base_url).rstrip("/"))
        if self._luck.random() < wounded:
            wound(request, self._luck)
        answer = await send(self._client, request)
        try:
            judge(answer.status_code, answer.headers, answer.content, method=case.method)
        except Found as found:
            raise Found(f"{found}: {request.method} {request.url} {request.body!r}") from None
        judge_by_description(case, request, answer)
        self.told[answer.status_code] += 1
        return answer.status_code


@pytest.fixture
async def everybody(world: World) -> Everybody:
    lost = Device(visitor=False)
    await world.database.write(enrol_device, lost)
    await world.database.write(campaigns.keep, FLOOD)
    world.desks["supervisor"] = await world.desks["harbour"].like().enter(world.database, "supervisor")
    return Everybody(world, await Tablet.enrolled(world), lost)


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
async def test_every_answer_is_one_that_the_description_declares(everybody: Everybody) -> None:
    by_name = {name_of(operation): operation for operation in operations()}
    assert {name for _, name in STORY} == set(by_name) - TOLD_ELSEWHERE

    for who, name in STORY:
        assert await everybody.act(who, by_name[name]) < REFUSED, (who, name)

    for operation in operations():
        for mode, count in MODES.items():
            few = min(count, SLOW) if name_of(operation) == "LogIn" else count
            for case in cases(operation, mode, few, always=not PROVE):
                for who in askers(operation):
                    await everybody.ask(who, case)

    assert set(everybody.told) >= {200, 204, 400, 401, 403, 404, 409, 415}


def name_of(operation: Operation) -> str:
    return str(operation.definition.raw["operationId"])


def askers(operation: Operation) -> tuple[str, ...]:
    """Nobody first. The stream of news is for nobody else: it has no end."""
    if name_of(operation) == "WaitForNews" or operation.path.startswith(("/health", "/csp")):
        return ("nobody",)
    if name_of(operation) == "LogIn":
        return ("quay",)
    return ("nobody", *ROLES) if operation.path.startswith("/desk/") else ("nobody", "tablet")
