"""The demonstration: the database holds what the ledger of truth says, and a second start adds nothing."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from io import BytesIO

import pytest
from msgspec.structs import replace
from PIL import ExifTags, Image

from support.server import Server
from waymark.attachments import actions as attachments
from waymark.attachments.jobs import Developer
from waymark.attachments.records import Picture
from waymark.attachments.rules import open_picture
from waymark.attachments.shelf import Shelf
from waymark.cli.demo_plan import COUNT, MARK, OVERDUE_DAYS, PLANTED_FROM, plan
from waymark.cli.demo_truth import Truth, codes, kept_truth, truth_of
from waymark.intake.report_keys import open_keys
from waymark.kernel import clock
from waymark.kernel.db import Connection, Sql, open_database
from waymark.kernel.keys import KeyRing
from waymark.kernel.settings import SettingsRefused, read_settings
from waymark.kernel.vault import Vault
from waymark.triage import store as triage
from waymark.triage.records import TriageReport
from waymark.triage.rules import open_body
from waymark_sync.answers import Failure
from waymark_sync.codec import from_base64url
from waymark_sync.files import open_file
from waymark_sync.keyring import Keyring
from waymark_sync.outbox import Outbox
from waymark_sync.policy import load_pack
from waymark_sync.report import ReportBody, placed_at
from waymark_sync.return_code import derive, normalise
from waymark_sync.returning import open_mailbox
from waymark_sync.transport import HttpTransport

REPLIES = Sql("SELECT COUNT(*) FROM opened_message")
IDS = Sql("SELECT id FROM opened_report ORDER BY number")
SEEDED = PLANTED_FROM + 20

Found = list[tuple[TriageReport, ReportBody]]


async def test_the_database_agrees_with_the_ledger_of_truth(
    server: Callable[..., Server], vault: Vault
) -> None:
    served = server()
    served.waymark("demo", "--reports", str(SEEDED))
    truth = kept_truth(served.data)
    assert truth is not None

    found = await everything(f"sqlite:///{served.data / 'waymark.db'}", vault)

    assert counted(found, truth) == truth
    assert all(body.answers.narrative_original.startswith(MARK) for _, body in found)
    late = [
        report.report_id
        for report, _ in found
        if report.acknowledged_at is None and age_days(report, truth) > OVERDUE_DAYS
    ]
    assert late == [truth.overdue]
    assert await replies(f"sqlite:///{served.data / 'waymark.db'}") == truth.replies


async def test_pictures_at_the_desk_tell_nothing_that_the_photos_hid(
    server: Callable[..., Server], vault: Vault
) -> None:
    served = server()
    served.waymark("demo", "--reports", str(PLANTED_FROM))
    url, files = f"sqlite:///{served.data / 'waymark.db'}", Shelf(served.data / "attachments")
    database = await open_database(url)
    developer = Developer(database, vault, files)
    while await developer.step():
        pass

    with_place = shown = 0
    for report, body in await everything(url, vault):
        for file in body.attachments:
            sealed = files.read(file.att_id)
            original = b"".join(open_file(sealed, key=from_base64url(file.key), att_id=file.att_id))
            assert bool(place_in(original)) == (file.hidden_details == "kept")
            with_place += bool(place_in(original))
            picture = await database.read(attachments.picture, report.report_id, file.att_id)
            assert isinstance(picture, Picture), "it is not shown"
            assert not place_in(open_picture(open_keys(vault, report.lock), picture))
            shown += 1
    await database.close()

    truth = kept_truth(served.data)
    assert truth is not None
    assert (shown, with_place) == (truth.photos, truth.details_kept)
    assert truth.details_kept > 0


def place_in(photo: bytes) -> dict[int, object]:
    with Image.open(BytesIO(photo)) as image:
        return dict(image.getexif().get_ifd(ExifTags.IFD.GPSInfo))


def test_each_return_code_leads_to_a_conversation(server: Callable[..., Server], ring: KeyRing) -> None:
    served = server()
    printed = served.waymark("demo", "--reports", str(PLANTED_FROM))
    served.start()
    truth = kept_truth(served.data)
    assert truth is not None

    wire, outbox = HttpTransport(served.origin), Outbox(":memory:")
    keyring = Keyring(outbox=outbox, transport=wire, root=ring.root_public, pinned=ring.signed_key_set())
    kinds = {}
    for coded in truth.return_codes:
        assert f"open {served.origin}/return with: {coded.code}\n" in printed
        code = derive(normalise(coded.code), instance=ring.instance)
        mailbox = open_mailbox(code, transport=wire, keyring=keyring)
        assert not isinstance(mailbox, Failure), mailbox
        assert mailbox.proof.item_id == coded.item_id
        kinds[coded.item_id] = {message.kind for message, _ in mailbox.opened(code)}
    wire.close()
    outbox.close()

    assert len(kinds) == 4
    assert all("ack" in heard for heard in kinds.values())
    assert {"ack", "message", "status", "signpost", "attachment", "receipt"} <= set().union(*kinds.values())
    assert truth.needs_info in kinds


async def everything(url: str, vault: Vault) -> Found:
    def read(db: Connection) -> list[TriageReport]:
        found = [triage.report(db, report_id) for report_id in db.many(IDS, str)]
        return [report for report in found if report is not None]

    database = await open_database(url)
    try:
        return [(report, open_body(vault, report)) for report in await database.read(read)]
    finally:
        await database.close()


async def replies(url: str) -> int:
    database = await open_database(url)
    try:
        return await database.read(lambda db: db.one(REPLIES, int) or 0)
    finally:
        await database.close()


def counted(found: Found, truth: Truth) -> Truth:
    """As the database has it. What was planted is looked for by what makes it what it is."""
    reports, bodies = [r for r, _ in found], [b for _, b in found]
    return replace(
        truth,
        count=len(found),
        acknowledged=sum(r.acknowledged_at is not None for r in reports),
        decided=sum(r.decided is not None for r in reports),
        photos=sum(len(b.attachments) for b in bodies),
        with_photos=sum(r.has_pictures for r in reports),
        details_kept=sum(file.hidden_details == "kept" for b in bodies for file in b.attachments),
        needs_info=next((r.report_id for r in reports if r.state == "needs_info"), None),
        forces=_counts(r.force_id for r in reports),
        areas=_counts(r.area for r in reports),
        centres=_counts(r.centre_id for r in reports),
        strands=_counts(code for b in bodies for code in codes(b.answers.strands)),
        sharing=_counts(r.sharing_choice for r in reports),
        channels=_counts(r.channel for r in reports),
        languages=_counts(b.answers.preferred_language or "en" for b in bodies),
        repeat_victim=tuple(
            r.report_id for r, b in found if (b.answers.name_known_as or "").endswith("(Robin)")
        ),
        duplicates=_clusters(found),
    )


def _clusters(found: Found) -> tuple[tuple[str, ...], ...]:
    """Three who name one postcode: chance alone gives no such thing."""
    at: dict[str, list[str]] = {}
    for report, body in found:
        postcode = placed_at(body.answers)
        if postcode in {"QX6 2LM", "ZZ4 7TR", "JX5 3HB"}:
            at.setdefault(postcode, []).append(report.report_id)
    return tuple(tuple(at[code]) for code in ("QX6 2LM", "ZZ4 7TR", "JX5 3HB"))


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def age_days(report: TriageReport, truth: Truth) -> float:
    between = datetime.fromisoformat(truth.made_at) - datetime.fromisoformat(report.received_at)
    return between.total_seconds() / 86_400


def test_the_same_seed_tells_the_same_story() -> None:
    now, pack = clock.now(), load_pack()
    first, again = (plan(pack, seed=1, count=COUNT, now=now) for _ in range(2))
    other = plan(pack, seed=2, count=COUNT, now=now)
    truth = truth_of(first, pack, seed=1, made_at=now)

    assert first == again != other
    assert len({report.item_id for report in first}) == COUNT
    assert set(truth.centres) == pack.centre_ids
    assert {force.id for force in pack.forces} <= set(truth.forces)
    assert len(truth.languages) >= 6
    assert truth.surge is not None
    assert truth.areas[truth.surge.area] >= len(truth.surge.reports)
    assert max(report.at for report in first) < now
    assert 15 <= truth.with_photos <= 25
    assert all(1 <= len(report.photos) <= 3 for report in first if report.photos)
    assert max(step.at for report in first for step in report.steps) < now
    assert len({coded.code for coded in truth.return_codes}) == 4
    assert sum(coded.code[0].isdigit() for coded in truth.return_codes) == 1


def test_a_second_start_adds_nothing_and_keeps_the_dates(server: Callable[..., Server]) -> None:
    served = server()
    served.waymark("demo", "--reports", str(PLANTED_FROM))
    before = kept_truth(served.data)
    files = sorted((served.data / "attachments").rglob("*"))
    served.waymark("demo", "--reports", str(PLANTED_FROM))

    assert kept_truth(served.data) == before
    assert sorted((served.data / "attachments").rglob("*")) == files != []


def test_a_run_that_was_cut_short_goes_on_with_its_dates(server: Callable[..., Server]) -> None:
    served = server()
    served.waymark("demo", "--reports", "8")
    before = kept_truth(served.data)
    served.waymark("demo", "--reports", "12")
    after = kept_truth(served.data)

    assert before is not None
    assert after is not None
    assert (after.count, after.made_at) == (12, before.made_at)


@pytest.mark.parametrize(
    ("environ", "advice"),
    [
        (
            {"WAYMARK_PROFILE": "production", "WAYMARK_ORIGIN": "https://reports.example.org"},
            "demonstrations",
        ),
        ({"WAYMARK_PROFILE": "test"}, "WAYMARK_PROFILE=demo"),
        ({"WAYMARK_PORT": "9001"}, "may be WAYMARK_PORT"),
        ({"WAYMARK_PORT": "9002"}, "may be WAYMARK_PORT"),
        ({"WAYMARK_STAGE_PORT": "x"}, "must be a port"),
        ({"WAYMARK_ORIGIN": "https://demo.example.org"}, "needs WAYMARK_ORIGIN"),
    ],
)
def test_the_split_page_is_refused_elsewhere(environ: dict[str, str], advice: str) -> None:
    with pytest.raises(SettingsRefused, match=advice):
        read_settings({"WAYMARK_STAGE_PORT": "9000", **environ})


def test_without_the_split_page_nothing_is_loosened() -> None:
    plain, staged = read_settings({}), read_settings({"WAYMARK_STAGE_PORT": "8001"})

    assert (plain.stage_origin, plain.host_names) == (None, {"localhost:8000"})
    assert staged.stage_origin == "http://localhost:8001"
    assert staged.host_names == {"localhost:8000", "localhost:8002", "localhost:8003"}
