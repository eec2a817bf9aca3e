"""The command line of a kiosk: offline first, once only, and nothing readable on its disk."""

import json
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image

from kiosk.conftest import CANARY, Centre, Kiosk, told
from waymark_sync.kiosk.adding import add_report
from waymark_sync.kiosk.home import opened
from waymark_sync.kiosk.reports import read_told
from waymark_sync.outbox import Outbox
from waymark_sync.protocol import decode_header
from waymark_sync.return_code import derive, normalise

LESS_THAN_A_REPORT: Final = 4_000  # bytes


def test_a_report_waits_for_the_service_and_its_answer_comes_back(own_centre: Centre) -> None:
    kiosk = own_centre.kiosk()
    own_centre.served.kill()

    added = kiosk.add()
    assert added.code == 0, added.err
    reference = added.json["reference"]
    off = kiosk.run("send", "--json")
    assert (off.code, off.json["waiting"], off.json["problem"]) == (3, 1, "no_connection")
    waits = kiosk.run("status")
    assert waits.code == 3
    assert reference in waits.out

    own_centre.served.start()
    sent = kiosk.run("send", "--json")
    assert (sent.code, sent.json["sent"], sent.json["waiting"]) == (0, 1, 0), sent.err
    wait_until(lambda: reference in own_centre.references())
    [row] = own_centre.staff.get("/desk/api/reports")["reports"]
    own_centre.staff.post(f"/desk/api/reports/{row['id']}/acknowledge", {"message": "A person has read it."})

    assert kiosk.run("send", "--json").json["messages"] >= 1
    [letter] = kiosk.run("inbox", "--json").json["messages"]
    assert (letter["reference"], letter["kind"], letter["text"]) == (
        reference,
        "ack",
        "A person has read it.",
    )
    assert "A person has read it." in kiosk.run("inbox").out


def test_what_is_carried_by_hand_arrives_once(own_centre: Centre, tmp_path: Path) -> None:
    here, there = own_centre.kiosk("here"), own_centre.kiosk("there")
    references = [here.add().json["reference"] for _ in range(2)]
    carried = tmp_path / "stick" / "queue.json"
    carried.parent.mkdir()

    assert here.run("export", str(carried)).code == 0
    again = here.run("export", str(carried))
    assert (again.code, again.err.count("Error:")) == (1, 1), "an exported queue is not written over"
    assert "2 of them new" in there.run("import", str(carried)).out
    assert "0 of them new" in there.run("import", str(carried)).out

    assert there.run("send", "--json").json["sent"] == 2
    assert here.run("send", "--json").json["sent"] == 2
    wait_until(lambda: sorted(own_centre.references()) == sorted(references))
    assert here.status()["sent"] == there.status()["sent"] == 2


def test_a_damaged_queue_is_not_taken_over(centre: Centre, tmp_path: Path) -> None:
    here, there, carried = centre.kiosk("here"), centre.kiosk("there"), tmp_path / "queue.json"
    here.add()
    here.run("export", str(carried))
    queue = json.loads(carried.read_text())
    sealed = queue["items"][0]["sealed"]
    queue["items"][0]["sealed"] = ("A" if sealed[100] != "A" else "B").join((sealed[:100], sealed[101:]))
    carried.write_text(json.dumps(queue))

    refused = there.run("import", str(carried))

    assert refused.code == 1
    assert "damaged" in refused.err
    assert there.status()["made"] == 0


def test_nothing_that_was_told_is_on_the_disk_or_said_again(centre: Centre) -> None:
    kiosk = centre.kiosk()
    picture = kiosk.folder.parent / "wall.jpg"
    Image.effect_noise((64, 64), 90).convert("RGB").save(picture, comment=CANARY.encode())

    outputs = [
        kiosk.add(place_text=CANARY, name_known_as=CANARY),
        kiosk.run("add", "--attach", str(picture), "--keep-details", stdin=told()),
        kiosk.run("send"),
        kiosk.run("status"),
        kiosk.run("add", stdin=told(sharing_choice=CANARY)),
        kiosk.run("add", stdin=told()[:-9]),
    ]

    assert [ran.code for ran in outputs[:4]] == [0, 0, 0, 0], [ran.err for ran in outputs]
    assert [ran.code for ran in outputs[4:]] == [1, 1]
    for ran in outputs[:4]:
        assert CANARY not in ran.out + ran.err
    for ran in outputs:
        assert "Traceback" not in ran.err
    left = [path for path in kiosk.folder.rglob("*") if path.is_file()]
    assert len(left) >= 3
    assert [path for path in left if CANARY.encode() in path.read_bytes()] == []
    for path in left:
        assert path.stat().st_mode & 0o077 == 0, path
    assert kiosk.folder.stat().st_mode & 0o077 == 0


def test_a_photo_follows_its_report(own_centre: Centre) -> None:
    kiosk = own_centre.kiosk()
    picture = kiosk.folder.parent / "wall.jpg"
    Image.effect_noise((640, 480), 90).convert("RGB").save(picture)

    asked = kiosk.add("--attach", str(picture))
    assert (asked.code, kiosk.status()["made"]) == (1, 0), "a photo with its details is not taken by itself"
    assert "--keep-details" in asked.err

    kiosk.add("--attach", str(picture), "--keep-details")
    assert kiosk.status()["files_waiting"] == 1
    assert kiosk.run("send").code == 0
    assert kiosk.status()["files_waiting"] == 0
    wait_until(lambda: len(own_centre.references()) == 1)
    [row] = own_centre.staff.get("/desk/api/reports")["reports"]
    wait_until(lambda: _pictures(own_centre, row["id"]) == ["shown"])


def _pictures(centre: Centre, report_id: str) -> list[str]:
    report = centre.staff.get(f"/desk/api/reports/{report_id}")
    return [picture["state"] for picture in report["report"]["attachments"]]


def test_the_return_code_is_the_one_in_the_header(centre: Centre) -> None:
    kiosk = centre.kiosk()

    shown = kiosk.run("add", "--json", stdin=told()).json["return_code"]
    said = kiosk.run("add", "--code", "digits", stdin=told()).out

    with opened(kiosk.folder) as home:
        first, second = home.outbox.items()
        instance = home.settings.trust.instance_id
    digits = said.partition("reported: ")[2].splitlines()[0]
    assert len(shown.split()) == 7
    for code, row in ((shown, first), (digits, second)):
        assert decode_header(row.header).return_keys == derive(normalise(code), instance=instance).keys


def test_killed_again_and_again_while_it_sends(own_centre: Centre) -> None:
    """Each kill falls somewhere between reading the queue and keeping the receipts."""
    kiosk = own_centre.kiosk()
    with opened(kiosk.folder) as home:
        made = {add_report(home, read_told(told()), [], form=None).item_id for _ in range(150)}

    for wait_s in (0.9, 1.1, 1.3, 1.5):
        process = kiosk.begin("send")
        time.sleep(wait_s)  # where the kill falls is the test; nothing is awaited
        process.send_signal(signal.SIGKILL)
        process.wait()
    last = kiosk.run("send", "--json")

    assert (last.code, last.json["waiting"]) == (0, 0), last.err
    standing = kiosk.status()
    assert (standing["made"], standing["sent"], standing["whole"]) == (150, 150, True)
    wait_until(lambda: own_centre.staff.get("/desk/api/reports")["counts"]["waiting"] == len(made))


def test_a_full_disk_says_that_nothing_was_saved(centre: Centre) -> None:
    kiosk = centre.kiosk()
    kept = kiosk.add()
    assert kept.code == 0

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LESS_THAN_A_REPORT, LESS_THAN_A_REPORT))

    refused = kiosk.run("add", "--code", "none", stdin=told(), before=no_room)

    assert refused.code == 1
    assert "Make room" in refused.err
    assert "Saved" not in refused.out
    standing = kiosk.status()
    assert (standing["made"], standing["waiting"], standing["whole"]) == (1, 1, True)


@pytest.mark.parametrize(
    ("call", "stdin", "says"),
    [
        (("add",), b"", "waymark-sync example"),
        (("add",), b"[]", "waymark-sync example"),
        (("add",), told(narrative_original=""), "waymark-sync example"),
        (("add",), told(when=None), "waymark-sync example"),
        (("add",), told().replace(b"{", b'{"surprise": 1, ', 1), "surprise"),
        (("import", "{folder}/kiosk.json"), b"", "Carry it again"),
        (("enrol", "ABCD-EFGH", "--service", "http://x", "--trust", "{trust}"), b"", "--home"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    centre: Centre, call: tuple[str, ...], stdin: bytes, says: str
) -> None:
    kiosk = centre.kiosk()

    ran = kiosk.run(*(part.format(folder=kiosk.folder, trust=centre.trust) for part in call), stdin=stdin)

    assert ran.code == 1
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert kiosk.status()["made"] == 0


def test_what_is_missing_says_how_to_begin(tmp_path: Path, centre: Centre) -> None:
    stranger = Kiosk(tmp_path / "nothing")
    for call in (("send",), ("status",), ("inbox",)):
        ran = stranger.run(*call)
        assert (ran.code, "waymark-sync enrol CODE" in ran.err) == (1, True)
    forged = tmp_path / "forged.json"
    trust = json.loads(centre.trust.read_text())
    forged.write_text(json.dumps({**trust, "root": trust["instance"] * 4}))
    ran = stranger.run("enrol", "A", "--service", centre.served.origin, "--trust", str(forged))
    assert (ran.code, "waymark keys trust" in ran.err) == (1, True)
    used = stranger.run("enrol", "ABCD-EFGH", "--service", centre.served.origin, "--trust", str(centre.trust))
    assert (used.code, "make a new one at the desk" in used.err) == (1, True)


def test_the_example_can_be_sent(centre: Centre) -> None:
    kiosk = centre.kiosk()

    assert kiosk.run("add", stdin=kiosk.run("example").out.encode()).code == 0
    assert kiosk.run("send", "--json").json["sent"] == 1


def test_the_program_in_the_documentation_runs(centre: Centre) -> None:
    kiosk = centre.kiosk()
    text = (Path(__file__).parents[2] / "docs" / "kiosk.md").read_text(encoding="utf-8")
    program: dict[str, Any] = {}
    exec(text.partition("```python\n")[2].partition("```")[0], program)  # noqa: S102 - our own page

    assert program["hand_on"](kiosk.folder, told()) is True

    assert kiosk.status()["sent"] == 1


def test_an_outbox_with_a_hole_is_told(centre: Centre) -> None:
    kiosk = centre.kiosk()
    kiosk.add()
    outbox = Outbox(kiosk.folder / "outbox.db")
    outbox._db.execute("DROP TRIGGER outbox_frozen")
    outbox._db.execute("UPDATE outbox SET seq = 2")
    outbox.close()

    told_of = kiosk.run("status")

    assert told_of.code == 4
    assert "missing" in told_of.out


def wait_until(holds: Callable[[], bool], *, s_max: float = 30.0) -> None:
    end = time.monotonic() + s_max
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)
