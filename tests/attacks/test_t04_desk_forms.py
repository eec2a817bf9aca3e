"""T4, somebody at any desk, with the forms that open, close and uncover: in whose hands, and what shows."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from attacks.attempts import LONG, Attempts
from attacks.prey import EVERYBODY, PLACES, Prey, answers_of
from attacks.test_t04_insider import bare, news
from support.files import a_photo, prepared, report_with
from support.reports import Device, Report

AT_ONCE: Final = 50
EXCEPTIONS: Final = ("override", "end-override", "unmask")
FORMS: Final = (*EXCEPTIONS, "narrow", "erasure", "confirm-erasure")
WORD: Final = "canarydeskform"
"""In every answer of these reports, with the name of the answer behind it."""
FIELDS: Final = ("narrative", "place", "name", "phone", "caption")
POLICE: Final = ("northshire", "coordinator", "southmere")
PEOPLE: Final = EVERYBODY if LONG else (*POLICE, "harbour", "quay", "dpo", "force-dpo", "partner", "admin")


def made(prey: Prey, choice: str, place: str = "harbour") -> Report:
    """Opened and looked through. Nobody else's attack touches it."""
    report = Device().report(prey.ring, body={"centre_id": PLACES[place][1]}, **_answers(choice, place))
    assert prey.push(report).status_code == 200
    prey.settled()
    return report


def made_with_photo(prey: Prey, choice: str) -> tuple[Report, str]:
    """And the photo's id."""
    file = prepared(a_photo(64, 48), caption=f"{WORD}caption")
    report = report_with(
        prey.ring,
        file,
        device=Device(),
        body={"centre_id": PLACES["harbour"][1]},
        **_answers(choice, "harbour"),
    )
    assert prey.push(report).status_code == 200
    att_id = prey.upload(report, file)
    prey.settled()
    return report, att_id


def _answers(choice: str, place: str) -> dict[str, Any]:
    given = answers_of(choice, place)
    named = {"name_known_as": f"{WORD}name"} if given["name_known_as"] else {}
    return {**given, **named, "narrative_original": f"{WORD}narrative", "text": f"{WORD}place"}


def path_of(report: Report, act: str = "") -> str:
    return f"/desk/api/reports/{report.item_id}" + (f"/{act}" if act else "")


def version(prey: Prey, report: Report) -> int:
    return int(prey.person("supervisor").get(path_of(report)).json()["report"]["version"])


def form(act: str, seen: int = 1, **more: Any) -> dict[str, Any]:
    """As its page would send it. seen: the version that it shows."""
    opened: dict[str, Any] = {"version": seen, "groups": ["incident"], "note": "x"}
    forms: dict[str, dict[str, Any]] = {
        "override": {**opened, "ground": "life_at_risk", "told": "no"},
        "end-override": {**opened, "told": "no"},
        "narrow": opened,
        "unmask": {"groups": ["contact"], "reason": "safeguarding"},
        "erasure": {"version": seen, "ground": "not_needed", "note": "x"},
        "confirm-erasure": {"version": seen},
    }
    return {**forms[act], **more}


def send(prey: Prey, name: str, report: Report, act: str, **more: Any) -> httpx.Response:
    body = form(act, version(prey, report), **more)
    answer: httpx.Response = prey.person(name).post(path_of(report, act), json=body)
    return answer


def ok(answer: httpx.Response) -> httpx.Response:
    assert answer.status_code == 200, answer.text
    return answer


@pytest.fixture(autouse=True)
def fresh(prey: Prey) -> None:
    prey.fresh()


def entitled(name: str, act: str, choice: str, place: str) -> bool:
    """Might the form be theirs, of this report? Written down here again, not asked of the service."""
    if place != "harbour":
        return name == "quay" and act in ("narrow", "erasure")
    if act == "narrow":
        return name in ("harbour", "supervisor") and choice.startswith("P")
    if act == "erasure":
        return name in ("harbour", "supervisor", "dpo")
    return name in ("supervisor", "dpo")


def test_every_form_in_the_hands_of_everybody(prey: Prey, attempts: Attempts) -> None:
    """Each form, of reports of both centres, by every role: it is not there, like one of what never was."""
    for choice, place in (("P1", "harbour"), ("U1", "harbour"), ("P1", "quay"), ("A2", "quay")):
        report = made(prey, choice, place)
        never_was = str(uuid4())
        for name in PEOPLE:
            for act in FORMS:
                if entitled(name, act, choice, place):
                    continue
                there, never = (
                    prey.person(name).post(f"/desk/api/reports/{one}/{act}", json=form(act))
                    for one in (report.item_id, never_was)
                )
                same = bare(there, report.item_id) == bare(never, never_was)
                got = there.status_code != 404 or not same
                attempts.tried(f"{name}: {act} of {choice} at {place}", got=got, back=there.text)


def test_forms_that_say_more_than_their_page(prey: Prey, attempts: Attempts) -> None:
    """A supervisor's own forms, forged: other groups, forces, grounds, versions, shapes, fields beside."""
    report = made(prey, "U1")
    for what, act, said in _forged():
        answer = send(prey, "supervisor", report, act, **said)
        refused = 400 <= answer.status_code < 500
        attempts.tried(f"{act} with {what}", got=not refused, back=(answer.status_code, answer.text))
        for name in POLICE:
            seen = prey.person(name).get(path_of(report))
            attempts.tried(f"{name} after {act} with {what}", got=seen.status_code != 404)
    elsewhere = {"force_id": "demo-southmere", "centre_id": "demo-quay-students", "basis": "choice"}
    ok(send(prey, "supervisor", report, "override", **elsewhere, released=True, sharing_choice="P1"))
    for name, expected in (("southmere", 404), ("northshire", 200)):
        seen = prey.person(name).get(path_of(report))
        attempts.tried(f"opened to another force: {name}", got=seen.status_code != expected)
        met = [field for field in FIELDS if WORD + field in seen.text]
        attempts.tried(f"more than was named: {name}", got=met, back=seen.text)


def _forged() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for act in ("override", "end-override", "narrow"):
        for groups in (
            [],
            ["all"],
            ["*"],
            ["incident'--"],
            [["incident"]],
            "incident",
            None,
            {"incident": 1},
        ):
            yield f"the groups {groups}", act, {"groups": groups}
        yield "a thousand groups", act, {"groups": ["incident"] * 1_000}
        for number in (-1, 0, 99, 2**63, 1.5, "1", None, [1], True):
            yield f"the version {number}", act, {"version": number}
        for note in ("", "   ", None, 7, "x" * 1_000_000):
            yield f"a note of {str(note)[:8]!r}", act, {"note": note}
    for ground in ("", "because", "LIFE_AT_RISK", "life_at_risk\n", "reporter_asked", None, ["life_at_risk"]):
        yield f"the ground {ground!r}", "override", {"ground": ground}
    for told in ("", "maybe", None, True):
        yield f"told {told!r}", "override", {"told": told}
    yield "words to who must not know", "override", {"told": "unsafe", "message": "hello"}
    for reason in ("", "curiosity", None, ["safeguarding"]):
        yield f"the reason {reason!r}", "unmask", {"reason": reason}
    for group in ("all", "summary", ""):
        yield f"the group {group!r}", "unmask", {"groups": [group]}


def test_one_form_fifty_times_at_once(prey: Prey, attempts: Attempts) -> None:
    """The same page sent by fifty threads: it is done once, and once is in the trail."""
    report = made(prey, "U1")
    for act, action in (("override", "release.overridden"), ("end-override", "release.override_ended")):
        _once(prey, attempts, report, act, action, "supervisor")
    _once(prey, attempts, made(prey, "P1"), "narrow", "release.narrowed", "harbour")
    shown = made(prey, "U1")
    before = len(prey.trail(shown.item_id))
    answers = _fifty(prey, shown, "unmask", form("unmask"), "dpo")
    rows = [row for row in prey.trail(shown.item_id)[before:] if row.action == "report.unmasked"]
    attempts.tried("uncovered without a row", got=answers[200] > len(rows), back=(answers, len(rows)))


def _once(prey: Prey, attempts: Attempts, report: Report, act: str, action: str, who: str) -> None:
    answers = _fifty(prey, report, act, form(act, version(prey, report)), who)
    rows = [row for row in prey.trail(report.item_id) if row.action == action]
    attempts.tried(f"{act} more than once", got=answers[200] != 1 or len(rows) != 1, back=(answers, rows))
    odd = set(answers) - {200, 400, 404, 409, 503}
    attempts.tried(f"{act}: a bug", got=odd, back=answers)


def _fifty(prey: Prey, report: Report, act: str, body: dict[str, Any], who: str) -> Counter[int]:
    client = prey.person(who)
    with ThreadPoolExecutor(AT_ONCE) as together:
        sent = [together.submit(client.post, path_of(report, act), json=body) for _ in range(AT_ONCE)]
        return Counter(one.result().status_code for one in sent)


def test_different_forms_at_once(prey: Prey, attempts: Attempts) -> None:
    """Opened, narrowed and asked to be erased from one and the same page: one of them counts."""
    for _ in range(6 if LONG else 2):
        report = made(prey, "P2")
        seen = version(prey, report)
        acts = ("narrow", "override", "erasure", "narrow", "override", "erasure")
        bodies = {
            "narrow": form("narrow", seen, groups=["narrative"]),
            "override": form("override", seen, groups=["contact"]),
            "erasure": form("erasure", seen),
        }
        with ThreadPoolExecutor(len(acts)) as together:
            sent = [
                together.submit(prey.person("supervisor").post, path_of(report, act), json=bodies[act])
                for act in acts
            ]
            done = [act for act, one in zip(acts, sent, strict=True) if one.result().status_code == 200]
        attempts.tried("more than one", got=len(done) > 1, back=done)
        attempts.tried("none, and no other", got=version(prey, report) - seen != len(done), back=done)


def test_a_page_of_before(prey: Prey, attempts: Attempts) -> None:
    """Each form with every version that has been, after the report has gone on."""
    report = made(prey, "U1")
    ok(send(prey, "supervisor", report, "override"))
    ok(send(prey, "supervisor", report, "end-override"))
    now = version(prey, report)
    for act in ("override", "end-override", "erasure", "confirm-erasure"):
        for old in range(now):
            answer = prey.person("supervisor").post(path_of(report, act), json=form(act, old))
            attempts.tried(f"{act} of version {old}", got=answer.status_code == 200, back=answer.text)
    for name in POLICE:
        seen = prey.person(name).get(path_of(report)).status_code
        attempts.tried(f"{name} reads it afterwards", got=seen != 404)


def test_what_a_force_sees_before_during_and_after(prey: Prey, attempts: Attempts) -> None:
    """Lists, counts, stream, filters, suggestions, pictures: as if it were not, but for what was opened."""
    first = {name: _seen(prey, name) for name in POLICE}
    report, att_id = made_with_photo(prey, "U1")
    for name in POLICE:
        attempts.tried(f"{name}, when it came", got=_seen(prey, name) != first[name])
        _reads(prey, attempts, name, report, att_id, (), "when it came")

    ok(send(prey, "supervisor", report, "override", groups=["location"]))
    for name in POLICE:
        opened = ("place",) if name != "southmere" else ()
        _reads(prey, attempts, name, report, att_id, opened, "while it is open")
    attempts.tried("southmere, while it is open", got=_seen(prey, "southmere") != first["southmere"])
    for act, body in (
        *((act, form(act, version(prey, report))) for act in FORMS),
        *((act, {"version": 2, "message": "x"}) for act in ("acknowledge", "ask")),
        ("take", {"version": 2}),
    ):
        answer = prey.person("northshire").post(path_of(report, act), json=body)
        attempts.tried(f"northshire does more than read: {act}", got=answer.status_code != 404)

    ok(send(prey, "supervisor", report, "end-override", groups=["location"]))
    for name in POLICE:
        attempts.tried(f"{name}, afterwards", got=_seen(prey, name) != first[name], back=_seen(prey, name))
        _reads(prey, attempts, name, report, att_id, (), "afterwards")


def test_what_was_taken_back_is_nowhere(prey: Prey, attempts: Attempts) -> None:
    """A force that has had a report: some of it taken back, then all but that it was there."""
    report, att_id = made_with_photo(prey, "P1")
    before = prey.person("northshire").get(path_of(report))
    assert all(WORD + field in before.text for field in ("narrative", "place")), "there was something"
    rest = set(before.json()["report"]["groups"]) - {"summary"}
    for groups, left in ((["narrative", "pictures", "identity", "contact"], ("place",)), (None, ())):
        taken = groups or sorted(rest)
        ok(send(prey, "harbour", report, "narrow", groups=taken))
        rest -= set(taken)
        for name in ("northshire", "coordinator"):
            for path in ("", f"pictures/{att_id}", f"originals/{att_id}", "suggestions"):
                answer = prey.person(name).get(path_of(report, path))
                hidden = [WORD + field for field in FIELDS if field not in left]
                met = [word for word in hidden if word in answer.text]
                photo = att_id in path and answer.status_code != 404
                attempts.tried(f"{name}, of {path or 'the page'}", got=met or photo, back=answer.status_code)
            listed = prey.person(name).get("/desk/api/reports", params={"limit": 100}).text
            attempts.tried(f"{name}, in the list", got=WORD in listed)


def _seen(prey: Prey, name: str) -> tuple[Any, ...]:
    """Whatever a desk is told without opening a report."""
    client = prey.person(name)
    asked = [{}, {"queue": "waiting"}, {"sharing_choice": "U1"}, {"has_pictures": "true"}, {"limit": 1}]
    lists = [client.get("/desk/api/reports", params={"limit": 100, **one}).json() for one in asked]
    told = [([r["id"] for r in one.get("reports", ())], one.get("counts")) for one in lists]
    choices = client.get("/desk/api/choices")
    return told, choices.status_code, choices.text, news(client)[1]


def _reads(
    prey: Prey,
    attempts: Attempts,
    name: str,
    report: Report,
    att_id: str,
    opened: tuple[str, ...],
    when: str,
) -> None:
    """Every way to its words. opened: the fields that were."""
    client, hidden = prey.person(name), [WORD + field for field in FIELDS if field not in opened]
    paths = ("", "suggestions", f"pictures/{att_id}", f"originals/{att_id}")
    for path in paths:
        answer = client.get(path_of(report, path))
        met = [word for word in hidden if word in answer.text.lower()]
        beyond = bool(path) and answer.status_code != 404
        attempts.tried(f"{name} {when}: {path or 'the page'}", got=met or beyond, back=answer.status_code)
        attempts.tried(f"{name} {when}: is it there", got=not opened and answer.status_code != 404)
    listed = client.get("/desk/api/reports", params={"limit": 100})
    attempts.tried(f"{name} {when}: the list's words", got=[word for word in hidden if word in listed.text])
    attempts.tried(f"{name} {when}: in the list", got=not opened and report.item_id in listed.text)


def test_what_was_uncovered_is_covered_again(prey: Prey, attempts: Attempts) -> None:
    """A reason given once: the page, the list and suggestions afterwards; other groups than asked for."""
    report = made(prey, "U1")
    shown = ok(send(prey, "dpo", report, "unmask", groups=["contact"]))
    attempts.tried("more than was asked for", got=set(shown.json()["groups"]) - {"contact"}, back=shown.text)
    for path in (path_of(report), "/desk/api/reports?limit=100", path_of(report, "suggestions")):
        answer = prey.person("dpo").get(path)
        met = [field for field in ("name", "phone", "narrative") if WORD + field in answer.text]
        attempts.tried(f"afterwards: {path}", got=met, back=answer.status_code)
    rows = [row for row in prey.trail(report.item_id) if row.action == "report.unmasked"]
    attempts.tried("without a row", got=len(rows) != 1)
    prey.write("UPDATE session SET verified_at = '2026-01-01T00:00:00.000Z'")
    for act in ("override", "unmask", "confirm-erasure"):
        answer = send(prey, "supervisor", report, act)
        attempts.tried(f"{act} at a desk left open", got=answer.status_code != 403, back=answer.text)
    prey.fresh()
