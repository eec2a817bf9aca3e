"""T4, somebody at a partner agency or another desk: reads in bulk, guesses ids, and counts what is hidden."""

import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import httpx

from attacks.attempts import LONG, Attempts
from attacks.prey import CHOICES, EVERYBODY, NOBODYS, Prey, canary

ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
POLICE: Final = {"northshire": "harbour", "coordinator": "harbour", "southmere": "quay"}
"""Of which place's force."""
CENTRES: Final = {"harbour": "harbour", "supervisor": "harbour", "dpo": "harbour", "quay": "quay"}
RELEASED: Final = ("P1", "P2", "P3")
SPOKEN: Final = ("narrative", "place", "caption")
PERSONAL: Final = ("name", "phone", "codeword")
DESKS: Final = ("northshire", "southmere", "quay")
PEOPLE: Final = EVERYBODY if LONG else (*POLICE, *CENTRES, "custodian", "partner", "admin")
ACTS: Final = (
    *("acknowledge", "take", "ask", "update", "signpost", "decide", "close", "reopen", "forward", "accept"),
    *("send-back", "reply-read", "narrow", "override", "unmask"),
)


def allowed(name: str, choice: str, place: str) -> bool:
    """Is this report there at all for them? Written down here again, not asked of the service."""
    if name in POLICE:
        return POLICE[name] == place and choice in RELEASED
    return CENTRES.get(name) == place


def readable(name: str, choice: str, place: str) -> set[str]:
    """Fields whose words they may meet without having given a reason."""
    if not allowed(name, choice, place):
        return set()
    if name == "dpo":
        return set()
    handed_over = (choice, place) == ("P1", "harbour")
    if name in POLICE:
        return {*SPOKEN, *(PERSONAL if choice == "P1" else ())}
    return {*SPOKEN, *(() if handed_over else PERSONAL)}


def hidden(prey: Prey) -> Iterator[tuple[str, str, str, str]]:
    """Who, and choice, place and id of each report that is not there for them."""
    for name in PEOPLE:
        for (choice, place), report in prey.reports.items():
            if not allowed(name, choice, place):
                yield name, choice, place, report.item_id


def bare(answer: httpx.Response, report_id: str) -> tuple[int, str, list[tuple[str, str]]]:
    """All that can be seen of an answer but what names the request or the time."""
    heads = sorted((n, v) for n, v in answer.headers.items() if n not in ("date", "waymark-request-id"))
    body = ID.sub("ID", answer.text.replace(report_id, "ID"))
    return answer.status_code, body, heads


def test_every_word_that_everybody_can_reach(prey: Prey, attempts: Attempts) -> None:
    """Bulk reading: everybody walks every list and page, and what they met is searched."""
    for name in PEOPLE:
        met = "".join(_all_answers(prey, name)).lower()
        for choice, place in prey.reports:
            meant = canary(choice, place, "narrative") in met
            assert meant == ("narrative" in readable(name, choice, place)), f"{name}: the walk is blind"
            for field in (*SPOKEN, *PERSONAL):
                word = canary(choice, place, field)
                attempts.tried(
                    f"{name} reads {field} of {choice} at {place}",
                    got=word in met and field not in readable(name, choice, place),
                )
            attempts.tried(
                f"{name} meets the id of {choice} at {place}",
                got=prey.reports[choice, place].item_id in met and not allowed(name, choice, place),
            )


def _all_answers(prey: Prey, name: str) -> Iterator[str]:
    client = prey.person(name)
    for path in ("/desk/api/session", "/desk/api/choices", "/desk/api/devices", "/desk/api/quarantine"):
        yield client.get(path).text
    for query in ("", "?queue=waiting", "?overdue=true", "?with_pictures=true", "?limit=1"):
        yield client.get(f"/desk/api/reports{query}").text
    for report in prey.reports.values():
        path = f"/desk/api/reports/{report.item_id}"
        yield client.get(path).text
        yield client.get(f"{path}/suggestions").text


def test_a_hidden_report_answers_like_one_that_never_was(prey: Prey, attempts: Attempts) -> None:
    """Every route with an id, for everybody and all that is hidden: status, body, headers, length."""
    few = [one for number, one in enumerate(hidden(prey)) if LONG or number % 7 == 0]
    for name, choice, place, report_id in few:
        client, photo = prey.person(name), prey.photos.get((choice, place), NOBODYS)
        for method, path, body in _requests(report_id, photo):
            there = client.request(method, path, json=body)
            never = client.request(method, path.replace(report_id, NOBODYS), json=body)
            attempts.tried(
                f"{name}: {method} {path.replace(report_id, choice)}",
                got=bare(there, report_id) != bare(never, NOBODYS) or there.status_code == 200,
                back=f"{there.status_code} and {never.status_code}: {there.text}",
            )


def _requests(report_id: str, photo: str) -> Iterator[tuple[str, str, Any]]:
    path = f"/desk/api/reports/{report_id}"
    for end in ("", "/suggestions", f"/pictures/{photo}", f"/originals/{photo}"):
        yield "GET", path + end, None
    yield "HEAD", path, None
    yield "OPTIONS", path, None
    for act in ACTS if LONG else ACTS[::4]:
        yield "POST", f"{path}/{act}", {"version": 1, "message": "x", "groups": ["contact"], "reason": "x"}


def test_caches_and_ranges_tell_nothing(prey: Prey, attempts: Attempts) -> None:
    """Conditional and partial requests: an ETag or a 206 would tell that something is there."""
    heads = (
        {"If-None-Match": "*"},
        {"If-Match": "*"},
        {"If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"},
        {"Range": "bytes=0-10"},
        {"Accept": "text/html"},
        {"Accept-Encoding": "br"},
    )
    report_id = prey.reports["U1", "harbour"].item_id
    for name in ("northshire", "quay", "partner", "admin"):
        for head in heads:
            there = prey.person(name).get(f"/desk/api/reports/{report_id}", headers=head)
            never = prey.person(name).get(f"/desk/api/reports/{NOBODYS}", headers=head)
            attempts.tried(f"{name} with {head}", got=bare(there, report_id) != bare(never, NOBODYS))


def test_ids_written_in_odd_ways(prey: Prey, attempts: Attempts) -> None:
    """Upper case, braces, dots, slashes, NUL, other people's addresses: none leads to a hidden report."""
    there = prey.reports["A2", "harbour"].item_id
    own = prey.reports["P1", "harbour"].item_id
    for odd in (
        *(there.upper(), f"{{{there}}}", f"urn:uuid:{there}", there.replace("-", "")),
        *(f"{there}%00",),
        *(
            f"{own}/../{there}",
            f"{own}%2f..%2f{there}",
            f"./{there}",
            f"{there};a=b",
            f"{there}/",
            f"%20{there}",
        ),
        *(
            f"{there}.json",
            f"{there}?as=harbour",
            f"{there}#x",
            f"{own},{there}",
            f"{own}%0d%0a{there}",
            "*",
            "%",
        ),
    ):
        for name in ("northshire", "quay", "partner"):
            answer = prey.person(name).get(f"/desk/api/reports/{odd}")
            attempts.tried(
                f"{name}: {odd}",
                got=answer.status_code == 200 and canary("A2", "harbour", "narrative") in answer.text,
                back=answer.status_code,
            )
            attempts.tried(f"{name}: {odd}, a bug", got=answer.status_code >= 500, back=answer.text)


def test_a_picture_is_not_reached_through_another_report(prey: Prey, attempts: Attempts) -> None:
    """A report that may be read, and the photo of one that may not."""
    for name, choice, place in (
        ("northshire", "P1", "harbour"),
        ("quay", "P1", "quay"),
        ("harbour", "U1", "harbour"),
    ):
        own = prey.reports[choice, place].item_id
        for (other, elsewhere), photo in prey.photos.items():
            if allowed(name, other, elsewhere) and (other, elsewhere) != (choice, place):
                continue
            for kind in ("pictures", "originals"):
                answer = prey.person(name).get(f"/desk/api/reports/{own}/{kind}/{photo}")
                mine = (other, elsewhere) == (choice, place)
                attempts.tried(
                    f"{name}: {kind} of {other} at {elsewhere}", got=answer.status_code == 200 and not mine
                )


def test_no_filter_order_or_page_counts_what_is_hidden(prey: Prey, attempts: Attempts) -> None:
    """Every filter alone and each page size: only reports that may be seen, and counts of those."""
    filters: list[dict[str, Any]] = [
        *({"sharing": choice} for choice in CHOICES),
        *(
            {"queue": queue}
            for queue in ("all", "waiting", "acknowledged", "needs_info", "decided", "closed")
        ),
        *(
            {"area": area}
            for area in ("demo-northshire", "demo-southmere", "unknown", "quayside", "' OR 1=1 --")
        ),
        *({"centre": centre} for centre in ("demo-harbour-library", "demo-quay-students", "%")),
        *({"channel": channel} for channel in ("self_phone", "centre_tablet")),
        {"received_from": "2000-01-01"},
        {"received_to": "2099-01-01"},
        {"overdue": "true"},
        {"with_pictures": "true"},
        *({"limit": limit} for limit in (1, 2, 3, 100)),
    ]
    ids = {report.item_id: key for key, report in prey.reports.items()}
    for name in PEOPLE:
        for one in filters if LONG or name in DESKS else filters[:1]:
            answer = prey.person(name).get("/desk/api/reports", params=one)
            if answer.status_code != 200:
                continue
            found = [ids[r["id"]] for r in answer.json()["reports"] if r["id"] in ids]
            shown = [key for key in found if not allowed(name, *key)]
            attempts.tried(f"{name} filters by {one}", got=shown)
        whole = prey.person(name).get("/desk/api/reports", params={"limit": 100})
        if whole.status_code == 200:
            attempts.tried(
                f"{name} counts", got=_too_many(name, whole.json(), prey), back=whole.json()["counts"]
            )


def _too_many(name: str, answer: dict[str, Any], prey: Prey) -> bool:
    """More in any count than there is to be seen."""
    listed = len(answer["reports"])
    return any(isinstance(n, int) and n > listed for n in answer["counts"].values())


def test_a_cursor_of_somebody_else_turns_no_page(prey: Prey, attempts: Attempts) -> None:
    """Cursors name a place in a list: one taken from a desk that sees more shows no more here."""
    page = prey.person("harbour").get("/desk/api/reports", params={"limit": 1}).json()
    while (cursor := page["next"]) is not None:
        for name in ("northshire", "quay", "southmere"):
            answer = prey.person(name).get("/desk/api/reports", params={"limit": 100, "cursor": cursor})
            ids = {report.item_id: key for key, report in prey.reports.items()}
            keys = [ids[r["id"]] for r in answer.json()["reports"] if r["id"] in ids]
            attempts.tried(f"{name} with a cursor of harbour", got=[k for k in keys if not allowed(name, *k)])
        page = prey.person("harbour").get("/desk/api/reports", params={"limit": 1, "cursor": cursor}).json()


def test_the_stream_of_news_is_silent_about_what_is_hidden(prey: Prey, attempts: Attempts) -> None:
    """The event stream before and after support-only reports came: numbers and counts do not move."""
    watchers = ("northshire", "southmere", "coordinator", "quay")
    before = {name: news(prey.person(name)) for name in watchers}
    for choice in ("U1", "A1", "A2"):
        _arrive(prey, choice)
    for name in watchers:
        after = news(prey.person(name))
        attempts.tried(
            f"{name} watches the stream", got=after != before[name], back=f"{before[name]} then {after}"
        )
    for name in ("partner", "admin", "analyst", "custodian"):
        answer = prey.person(name).get("/desk/api/live")
        attempts.tried(f"{name} opens the stream", got=answer.status_code == 200, back=answer.status_code)


def _arrive(prey: Prey, choice: str) -> None:
    """A report nobody else counts on, until its centre sees it."""
    from attacks.prey import answers_of
    from support.reports import HARBOUR, Device

    made = Device().report(prey.ring, body={"centre_id": HARBOUR}, **answers_of(choice, "harbour"))
    prey.results(made)
    while prey.person("harbour").get(f"/desk/api/reports/{made.item_id}").status_code != 200:
        pass


def news(client: httpx.Client) -> tuple[str, str]:
    """The first event: its id, and what it says."""
    with client.stream("GET", "/desk/api/live") as stream:
        assert stream.status_code == 200
        said: dict[str, str] = {}
        for line in stream.iter_lines():
            name, _, value = line.partition(":")
            said[name] = value.strip()
            if not line and "data" in said:
                break
    return said.get("id", ""), said["data"]


def test_each_read_of_an_insider_leaves_its_row(prey: Prey, attempts: Attempts) -> None:
    """Reading quietly, as a browser that only prefetches: the trail has a row for each, with who."""
    for name, choice in (("northshire", "P1"), ("harbour", "U1"), ("southmere", "P2")):
        place = "quay" if name == "southmere" else "harbour"
        report_id = prey.reports[choice, place].item_id
        before = len(prey.trail(report_id))
        answer = prey.person(name).get(f"/desk/api/reports/{report_id}", headers={"Purpose": "prefetch"})
        rows = prey.trail(report_id)[before:]
        assert answer.status_code == 200
        attempts.tried(f"{name} reads {choice} unseen", got=len(rows) != 1, back=rows)
        attempts.tried(
            f"{name}'s row tells who", got=[r for r in rows if r.action != "report.viewed"], back=rows
        )


def test_the_trail_holds_no_word_of_a_report(prey: Prey, attempts: Attempts) -> None:
    """Whoever may read the trail of a report reads codes there, not what was said."""
    for key, report in prey.reports.items():
        told = "".join(entry.detail for entry in prey.trail(report.item_id)).lower()
        attempts.tried(f"words of {key}", got=[word for word in prey.canaries if word in told], back=told)


def test_roles_without_a_task_find_nothing(prey: Prey, attempts: Attempts) -> None:
    """Whoever has no task yet: every route of the desk, with ids that exist and with ones that do not."""
    for name in (
        "partner",
        "chair",
        "member",
        "community",
        "adviser",
        "panellist",
        "analyst",
        "gold",
        "admin",
    ):
        _finds_nothing(prey, attempts, name)


def _finds_nothing(prey: Prey, attempts: Attempts, name: str) -> None:
    client = prey.person(name)
    for report in list(prey.reports.values())[: None if LONG else 3]:
        for path in ("", "/suggestions"):
            answer = client.get(f"/desk/api/reports/{report.item_id}{path}")
            attempts.tried(f"{name} opens a report", got=answer.status_code != 404, back=answer.status_code)
    for path in ("reports", "choices", "devices", "quarantine", "live"):
        answer = client.get(f"/desk/api/{path}")
        attempts.tried(f"{name} opens {path}", got=answer.status_code == 200, back=answer.text)
    for path, body in (
        ("devices/codes", {"label": "x"}),
        (f"devices/{uuid4()}/revoke", {}),
        ("quarantine/reopen", {"ids": [NOBODYS]}),
    ):
        answer = client.post(f"/desk/api/{path}", json=body)
        attempts.tried(f"{name} posts {path}", got=answer.status_code < 400, back=answer.status_code)
