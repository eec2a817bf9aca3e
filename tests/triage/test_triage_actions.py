"""Acknowledging, taking, viewing and listing on both engines: one winner, one audit entry, one message."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from support.reports import Report
from waymark.audit import actions as audit
from waymark.audit import store as audit_store
from waymark.identity.records import User
from waymark.intake.report_keys import open_keys
from waymark.kernel import clock
from waymark.kernel.db import Database, Sql
from waymark.kernel.keys import KeyRing
from waymark.kernel.problems import Problem
from waymark.kernel.vault import Vault
from waymark.triage import actions, store
from waymark.triage.actions import Tools
from waymark.triage.jobs import Screener
from waymark.triage.rules import open_text
from waymark_sync.messages import AckBody
from waymark_sync.protocol import Message

Receive = Callable[..., Awaitable[Report]]
MESSAGES = Sql(
    "SELECT id, pos, kind, sealed, kid, sig FROM mailbox_message WHERE feed_id = :feed_id ORDER BY pos"
)
WORDS = Sql("SELECT text FROM triage_event WHERE text IS NOT NULL")


def tools(vault: Vault, ring: KeyRing) -> Tools:
    return Tools(vault=vault, keys=ring, now=clock.now())


async def entries(database: Database, report: Report) -> list[str]:
    found = await database.read(audit_store.about, kind="report", id=report.item_id)
    return [entry.action for entry in found]


async def test_an_acknowledgement_reaches_the_device_and_stays_encrypted_here(
    database: Database, people: dict[str, User], receive: Receive, vault: Vault, ring: KeyRing
) -> None:
    report = await receive(sharing_choice="P2")
    user = people["northshire"]

    done = await database.write(
        actions.acknowledge, user, report.item_id, "We have read it.", vault=vault, keys=ring, now=clock.now()
    )

    assert done.delivered_to == "device"
    messages = await database.read(lambda db: db.many(MESSAGES, Message, feed_id=report.device.id))
    assert [m.kind for m in messages] == ["receipt", "ack"]
    ack = report.device.read(messages[1], AckBody)
    assert (ack.item_id, ack.text, ack.at) == (report.item_id, "We have read it.", done.acknowledged_at)
    viewed = await database.write(actions.view, user, report.item_id, now=clock.now())
    found, events = viewed.report, viewed.events
    assert (found.state, found.acknowledged_at) == ("in_triage", done.acknowledged_at)
    assert [(e.action, open_text(open_keys(vault, found.lock), e)) for e in events] == [
        ("received", ""),
        ("acknowledged", "We have read it."),
    ]
    assert b"read it" not in b"".join(await database.read(lambda db: db.many(WORDS, bytes)))


async def test_of_two_who_acknowledge_at_once_one_wins(
    database: Database, people: dict[str, User], receive: Receive, vault: Vault, ring: KeyRing
) -> None:
    report = await receive()
    user = people["northshire"]

    answers = await asyncio.gather(
        *(
            database.write(
                actions.acknowledge,
                user,
                report.item_id,
                f"From {n}",
                vault=vault,
                keys=ring,
                now=clock.now(),
            )
            for n in range(4)
        ),
        return_exceptions=True,
    )

    refused = [answer for answer in answers if isinstance(answer, Problem)]
    assert [problem.kind.code for problem in refused] == ["already_acknowledged"] * 3
    messages = await database.read(lambda db: db.many(MESSAGES, Message, feed_id=report.device.id))
    assert [m.kind for m in messages] == ["receipt", "ack"]
    assert (await entries(database, report)).count("report.acknowledged") == 1


async def test_without_a_way_to_answer_nobody_is_told_and_the_desk_knows(
    database: Database, people: dict[str, User], receive: Receive, vault: Vault, ring: KeyRing
) -> None:
    report = await receive(sharing_choice="A2", header={"reply_key": None})

    done = await database.write(
        actions.acknowledge,
        people["harbour"],
        report.item_id,
        "Noted.",
        vault=vault,
        keys=ring,
        now=clock.now(),
    )

    assert done.delivered_to == "nobody"


async def test_each_act_leaves_one_entry_and_the_chain_holds(
    database: Database, people: dict[str, User], receive: Receive, vault: Vault, ring: KeyRing
) -> None:
    report = await receive(postcode=None)
    user = people["southmere"]

    await database.write(actions.view, user, report.item_id, now=clock.now())
    await database.write(actions.take, user, report.item_id, tools=tools(vault, ring))
    await database.write(
        actions.acknowledge, user, report.item_id, "Hello.", vault=vault, keys=ring, now=clock.now()
    )

    assert await entries(database, report) == [
        "item.opened",
        "report.screened",
        "report.viewed",
        "report.taken",
        "report.acknowledged",
    ]
    assert await database.read(audit.verify) is None


async def test_what_is_refused_changes_nothing(
    database: Database, people: dict[str, User], receive: Receive, vault: Vault, ring: KeyRing
) -> None:
    report = await receive(sharing_choice="U1")

    for name in ("northshire", "quay", "custodian"):
        with pytest.raises(Problem) as refused:
            await database.write(
                actions.acknowledge,
                people[name],
                report.item_id,
                "x",
                vault=vault,
                keys=ring,
                now=clock.now(),
            )
        assert refused.value.kind.code == "not_found"

    found = await database.read(store.report, report.item_id)
    assert found is not None
    assert (found.state, found.acknowledged_at) == ("centre_only", None)


async def test_of_two_forces_that_take_a_report_one_gets_it(
    database: Database, people: dict[str, User], receive: Receive, vault: Vault, ring: KeyRing
) -> None:
    report = await receive(postcode=None)

    answers = await asyncio.gather(
        *(
            database.write(actions.take, people[name], report.item_id, tools=tools(vault, ring))
            for name in ("northshire", "southmere")
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, Problem) for answer in answers) == 1


async def test_screening_twice_does_nothing_twice(
    database: Database, people: dict[str, User], receive: Receive, vault: Vault
) -> None:
    report = await receive()

    assert await Screener(database, vault).step() == 0
    assert (await entries(database, report)).count("report.screened") == 1
