"""Cases of the matching, a few for each rule, with what must come out written by hand."""

from typing import Any

Case = dict[str, Any]

TUESDAY_NOON = "2026-01-06T12:00:00Z"
SUNDAY_NIGHT = "2026-01-11T03:00:00Z"
ALWAYS = [{"days": [1, 2, 3, 4, 5, 6, 7], "opens": "00:00", "closes": "00:00"}]
WEEKDAYS = [{"days": [1, 2, 3, 4, 5], "opens": "09:00", "closes": "17:00"}]
AUTISM, TRAVELLER, MUSLIM = "disability.autism", "race.gypsy_roma_traveller", "religion.muslim"
LEEDS = ["leeds", "west-yorkshire"]


def s(service_id: str, **more: Any) -> Case:
    """A service for everybody, in the whole country, invented and therefore shown."""
    name = f"{service_id.replace('-', ' ').title()} (demonstration)"
    base = {"id": service_id, "name": name, "description": "", "coverage": ["uk"], "national": True}
    return base | {"verified": False, "demo": True, "phone": "01632 960100"} | more


def local(service_id: str, *areas: str, **more: Any) -> Case:
    return s(service_id, coverage=list(areas or ("leeds",)), national=False, **more)


def real(service_id: str, assured_on: str | None, **more: Any) -> Case:
    """One that somebody has checked on that day."""
    return s(service_id, name=service_id.title(), demo=False, verified=True, **more, assured_on=assured_on)


def unchecked(service_id: str, **more: Any) -> Case:
    return s(service_id, name=service_id.title(), demo=False, url="https://service.example", **more)


def case(
    name: str,
    services: list[Case],
    expects: list[str],
    *,
    at: str = TUESDAY_NOON,
    because: list[list[str]] | None = None,
    **query: Any,
) -> Case:
    told = {"name": name, "services": services, "query": query, "at": at, "expects": expects}
    return told | ({"because": because} if because else {})


def acceptance() -> list[Case]:
    autism = local("autism-words", sub_strands=[AUTISM], channels=["text", "call"])
    disabled = local("disabled-people", strands=["disability"], channels=["call"])
    by_phone = local("autism-phone", sub_strands=[AUTISM], channels=["call"])
    mosque = local("mosque", strands=["religion"], sub_strands=[MUSLIM], community_run=True)
    sisters = [
        local(f"sisters-{n}", sub_strands=[MUSLIM], community_run=True, led_by_and_for=True, hours=ALWAYS)
        for n in range(4)
    ]
    outside = s("confidential", shares_with_police="never")
    youth = local("young-trans", sub_strands=["transgender.non_binary"], min_age=11, max_age=19)
    adults = local("adult-trans", strands=["transgender"], min_age=18)
    everyone = local("every-age", strands=["transgender"], hours=ALWAYS)
    night = s("night-line", hours=ALWAYS)
    day = local("day-desk", strands=["race"], hours=WEEKDAYS)
    verified = [real("old", "2024-12-02"), real("fresh", "2026-01-01")]
    english = s("english-only", coverage=["england", "wales"])
    northern = s("northern", coverage=["northern-ireland"])
    return [
        case(
            "(a) autism, Leeds, wants text: autism before disability, nobody by telephone alone first",
            [disabled, by_phone, autism],
            ["autism-words", "autism-phone", "disabled-people"],
            area_ids=LEEDS,
            strands=["disability"],
            sub_strands=[AUTISM],
            channels=["text", "chat"],
            because=[["autism-words", f"sub_strand:{AUTISM}"], ["autism-words", "channel:text"]],
        ),
        case(
            "(b) the community must not know: one of the first three is from outside and confidential",
            [mosque, *sisters, outside],
            ["sisters-0", "sisters-1", "confidential", "sisters-2", "sisters-3"],
            area_ids=LEEDS,
            strands=["religion"],
            sub_strands=[MUSLIM],
            must_not_know="my community",
        ),
        case(
            "(b) the fourth comes third",
            [*sisters[:3], outside],
            ["sisters-0", "sisters-1", "confidential", "sisters-2"],
            area_ids=LEEDS,
            sub_strands=[MUSLIM],
            must_not_know="my community",
        ),
        case(
            "(c) fifteen and trans: young people's services first, none for adults only",
            [adults, everyone, youth],
            ["young-trans", "every-age"],
            area_ids=LEEDS,
            strands=["transgender"],
            sub_strands=["transgender.non_binary"],
            age_from=15,
            age_to=15,
            because=[["young-trans", "ages:11-19"]],
        ),
        case(
            "(d) Sunday, three at night: who answers now first, the others say when they open",
            [day, night],
            ["night-line", "day-desk"],
            at=SUNDAY_NIGHT,
            area_ids=LEEDS,
            strands=["race"],
            because=[["night-line", "open_always"], ["day-desk", "opens:mon 09:00"]],
        ),
        case("(e) checked 400 days ago: absent", verified, ["fresh"]),
        case("(g) Northern Ireland never shows England and Wales", [english, northern], ["northern"],
             nation="northern-ireland"),
    ]  # fmt: skip


def whom() -> list[Case]:
    sub = s("travellers", sub_strands=[TRAVELLER])
    strand, other, all_of = s("race", strands=["race"]), s("faith", strands=["religion"]), s("everyone")
    four = [sub, strand, other, all_of]
    fits = [s("a"), s("b"), s("c")]
    return [
        case("the closest fit first, nothing made for others", four, ["travellers", "race", "everyone"],
             strands=["race"], sub_strands=[TRAVELLER]),
        case("a part of a strand that was named without saying more: after those that fit", four,
             ["race", "everyone", "travellers"], strands=["race"],
             because=[["travellers", "part_of_strand:race"]]),
        case("no part of a strand where three fit", [sub, *fits], ["a", "b", "c"], strands=["race"]),
        case("another part was chosen: not this one", four, ["race", "everyone"],
             strands=["race"], sub_strands=["race.mixed"]),
        case("unknown says nothing more", four, ["race", "everyone", "travellers"],
             strands=["race"], sub_strands=["race.unknown"]),
        case("a part names its strand", four, ["travellers", "race", "everyone"], sub_strands=[TRAVELLER]),
        case("no reason chosen: for everybody alone", four, ["everyone"]),
        case("not sure: for everybody alone", four, ["everyone"], strands=["not_sure"]),
        case("two strands, one each", four, ["faith", "race", "everyone"],
             strands=["race", "religion"], sub_strands=["race.mixed"]),
        case("a strand whose name begins another's", [s("sex", sub_strands=["sex.woman_girl"])], [],
             strands=["sexual_orientation"]),
        case("by and for counts where it fits", [s("a", strands=["race"]),
             s("b", strands=["race"], led_by_and_for=True)], ["b", "a"], strands=["race"],
             because=[["b", "by_and_for"]]),
        case("by and for counts for nothing where everybody is helped",
             [s("a"), s("b", led_by_and_for=True)], ["a", "b"], strands=["race"]),
        case("ties by id, whatever the order", [s("b"), s("a10"), s("a-1"), s("a1")],
             ["a-1", "a1", "a10", "b"]),
        case("an empty directory", [], [], strands=["race"]),
    ]  # fmt: skip


def where() -> list[Case]:
    near, wide = local("near"), local("wide", "west-yorkshire")
    far = local("far", "york")
    parts = s("two-nations", coverage=["england", "wales"])
    return [
        case("near, then wide, then national", [s("national"), wide, near, far], ["near", "wide", "national"],
             area_ids=LEEDS, because=[["near", "local:leeds"], ["wide", "regional:west-yorkshire"],
                                      ["national", "national:uk"]]),
        case("nothing local where the area is unknown", [near, wide, s("national")], ["national"]),
        case("unknown places lead nowhere", [near, s("national")], ["national"],
             area_ids=["unknown", "unknown"]),
        case("a service of two areas counts by the narrower", [local("both", "west-yorkshire", "leeds")],
             ["both"], area_ids=LEEDS, because=[["both", "local:leeds"]]),
        case("a nation named like an area covers no area", [local("odd", "england")], [], nation="england"),
        case("the nation is known", [parts], ["two-nations"], nation="wales",
             because=[["two-nations", "national:wales"]]),
        case("the nation is unknown: it says which parts", [parts], ["two-nations"],
             because=[["two-nations", "national:england wales"]]),
        case("Scotland", [parts, s("scots", coverage=["scotland"])], ["scots"], nation="scotland"),
    ]  # fmt: skip


def harm() -> list[Case]:
    teller, quiet = s("teller", shares_with_police="always"), s("quiet", shares_with_police="never")
    cases = [
        case(f"one that always tells the police, and {choice or 'no choice'}", [teller, quiet],
             ["quiet", "teller"] if choice in ("P1", "P2") else ["quiet"], sharing_choice=choice)
        for choice in ("", "P1", "P2", "P3", "U1", "A1", "A2")
    ]  # fmt: skip
    cases += [
        case(f"one that needs a police report, and {choice or 'no choice'}",
             [s("after-report", reported_required=True)],
             ["after-report"] if choice[:1] == "P" else [], sharing_choice=choice)
        for choice in ("", "P1", "P2", "P3", "U1", "A1", "A2")
    ]  # fmt: skip
    cases += [
        case(f"status {status}", [s("one", status=status)], ["one"] if status == "active" else [])
        for status in ("active", "inactive", "defunct", "temporarily_closed")
    ]
    named = s("harbour-room", discreet_name="The Room")
    cases += [
        case(f"must not know: {said!r}", [named, s("other")], expects, must_not_know=said)
        for said, expects in (
            ("people at HARBOUR ROOM, please", ["other"]),
            ("harbour-room", ["other"]),
            ("the   room", ["other"]),
            ("my harbour roommate", ["harbour-room", "other"]),
            ("my landlord", ["harbour-room", "other"]),
            ("  ", ["harbour-room", "other"]),
            ("عائلتي", ["harbour-room", "other"]),
        )
    ]
    silent = case("under support only, one says that it does not tell", [quiet], ["quiet"],
                  sharing_choice="U1", because=[["quiet", "never_tells_police"]])  # fmt: skip
    return [
        *cases,
        silent,
        case("in danger nothing stands beside the emergency call", [quiet], [], danger=True),
    ]


def checked() -> list[Case]:
    names = [unchecked(f"name-{n}") for n in range(4)]
    cases = [
        case(f"checked on {day}", [real("one", day)], ["one"] if shown else [])
        for day, shown in (
            ("2025-01-06", True),
            ("2025-01-05", False),
            ("2026-01-06", True),
            ("2026-02-01", True),
            (None, False),
        )
    ]
    return [
        *cases,
        case("in the local day, not that of UTC", [real("one", "2025-06-30")], [], at="2026-06-30T23:30:00Z"),
        case("a fresher check counts", [real("a", "2025-02-01"), real("b", "2025-12-24")], ["b", "a"]),
        case("unchecked names only up to three", names, ["name-0", "name-1", "name-2"],
             because=[["name-0", "unchecked"]]),
        case("unchecked names after what was checked", [*names, s("demo"), real("yes", "2026-01-01")],
             ["yes", "demo", "name-0"]),
        case("no unchecked names where three fit", [*names, s("a"), s("b"), s("c")], ["a", "b", "c"]),
        case("unchecked and for a part of a strand: never",
             [unchecked("part", sub_strands=[TRAVELLER])], [], strands=["race"]),
        case("a checked part of a strand before an unchecked name",
             [names[0], s("part", sub_strands=[TRAVELLER])], ["part", "name-0"], strands=["race"]),
    ]  # fmt: skip


def ages() -> list[Case]:
    all_ages = s("any")
    child, adult = s("child", max_age=17), s("adult", min_age=18)
    band = [child, adult, all_ages]
    return [
        case("age unknown: limits are said and count less", band, ["any", "adult", "child"],
             because=[["adult", "ages:18-"], ["child", "ages:-17"]]),
        case("a child", band, ["child", "any"], age_from=12, age_to=12),
        case("perhaps a child", band, ["any", "child"], age_from=16, age_to=24),
        case("an adult", band, ["adult", "any"], age_from=30, age_to=30),
        case("too old for one, too young for another", [s("a", max_age=25), s("b", min_age=60)], [],
             age_from=40, age_to=50),
        case("eighteen is no child", [s("young", max_age=25), all_ages], ["any", "young"],
             age_from=18, age_to=18),
    ]  # fmt: skip


def wishes() -> list[Case]:
    welsh, tongues = s("welsh", languages=["cy"]), s("interpreters", interpreter=True)
    three = [s("plain"), tongues, welsh]
    tags = [
        ("pa-Guru", "pa", True),
        ("pa", "pa-Arab", True),
        ("zh-Hans", "zh-Hant", False),
        ("p", "pa", False),
    ]
    cases = [
        case(f"asked for {wanted}, spoken is {spoken}", [s("a"), s("b", languages=[spoken])],
             ["b", "a"] if fits else ["a", "b"], languages=[wanted])
        for wanted, spoken, fits in tags
    ]  # fmt: skip
    slow = [s("now"), s("slow", waiting_days=15), s("soon", waiting_days=14)]
    home = s("z-home", needs=["housing"])
    return [
        *cases,
        case("the language, then an interpreter", three, ["welsh", "interpreters", "plain"], languages=["cy"],
             because=[["welsh", "language:cy"], ["interpreters", "interpreter"]]),
        case("a language that is not listed: an interpreter", three, ["interpreters", "plain", "welsh"],
             languages=["other"]),
        case("no language asked for", three, ["interpreters", "plain", "welsh"]),
        case("help that was asked for", [s("a"), home], ["z-home", "a"], needs=["legal", "housing"],
             because=[["z-home", "need:housing"]]),
        case("not now is no need", [s("a"), home], ["a", "z-home"], needs=["not_now"]),
        case("the way that was asked for, the dearest first", [s("a", channels=["call"]),
             s("b", channels=["call", "text"])], ["a", "b"], channels=["text", "call"],
             because=[["b", "channel:text"]]),
        case("who can be reached comes first, though another fits better",
             [s("closest", sub_strands=[AUTISM], channels=["call"], hours=ALWAYS),
              s("general", channels=["text"])], ["general", "closest"],
             sub_strands=[AUTISM], channels=["text"]),
        case("a long wait counts less and is said", slow, ["now", "soon", "slow"],
             because=[["slow", "waiting:15"]]),
    ]  # fmt: skip


def variety() -> list[Case]:
    five = [local(f"local-{n}", strands=["race"], community_run=True, police_run=True) for n in range(5)]
    first = ["local-0", "local-1", "local-2", "local-3", "local-4"]
    query = {"area_ids": LEEDS, "strands": ["race"]}
    asked = {
        "national": s("x"),
        "not of the police": local("x", community_run=True),
        "not of a community": local("x", police_run=True),
        "reached by chat": local("x", police_run=True, community_run=True, channels=["chat"]),
    }
    cases = [
        case(f"five of a kind make room for one that is {kind}", [*five, other], [*first[:4], "x"], **query)
        for kind, other in asked.items()
    ]
    each = [
        s("w-national", community_run=True, police_run=True),
        local("x-civil", community_run=True),
        local("y-other", police_run=True),
        local("z-text", community_run=True, police_run=True, channels=["text"]),
    ]
    crisis = s("crisis", needs=["crisis"])
    return [
        *cases,
        case("five that differ stay", [*five, local("y")], [*first[:4], "y"], **query),
        case("one of each kind, and the best stays", [*five, *each],
             ["local-0", "x-civil", "y-other", "z-text", "w-national"], **query),
        case("one that is two kinds leaves room", [*five, s("both", channels=["text"])],
             [*first[:4], "both"], **query),
        case("a crisis first", [*five, crisis], ["crisis", *first[:4]], **query, self_harm=True),
        case("a crisis first, even unchecked where nothing else is",
             [*five, unchecked("samaritan", needs=["crisis"])], ["samaritan", *first[:4]],
             **query, self_harm=True, because=[["samaritan", "unchecked"]]),
        case("no crisis: it has no special place", [*five, crisis], [*first[:4], "crisis"], **query),
    ]  # fmt: skip


def opening() -> list[Case]:
    late = [{"days": [5, 6], "opens": "22:00", "closes": "02:00"}]
    split = [
        {"days": [2], "opens": "09:00", "closes": "12:00"},
        {"days": [2], "opens": "13:00", "closes": "17:00"},
    ]
    joined = [
        {"days": [2], "opens": "20:00", "closes": "00:00"},
        {"days": [3], "opens": "00:00", "closes": "06:00"},
    ]
    sunday = [{"days": [7], "opens": "20:00", "closes": "06:00"}]
    rows = (
        ("weekdays, in the morning", WEEKDAYS, "2026-01-06T09:00:00Z", "open_until:17:00"),
        ("weekdays, a minute before", WEEKDAYS, "2026-01-06T08:59:59Z", "opens:tue 09:00"),
        ("weekdays, at closing time", WEEKDAYS, "2026-01-06T17:00:00Z", "opens:wed 09:00"),
        ("weekdays, on a Friday evening", WEEKDAYS, "2026-01-09T18:00:00Z", "opens:mon 09:00"),
        ("in summer an hour earlier by UTC", WEEKDAYS, "2026-07-07T08:00:00Z", "open_until:17:00"),
        ("summer time begins at one", WEEKDAYS, "2026-03-30T08:00:00Z", "open_until:17:00"),
        ("the Friday before it begins", WEEKDAYS, "2026-03-27T08:00:00Z", "opens:fri 09:00"),
        ("summer time ends", WEEKDAYS, "2026-10-26T08:00:00Z", "opens:mon 09:00"),
        ("the Friday before it ends", WEEKDAYS, "2026-10-23T08:00:00Z", "open_until:17:00"),
        ("past midnight", late, "2026-01-10T01:00:00Z", "open_until:02:00"),
        ("past midnight, closed", late, "2026-01-10T02:00:00Z", "opens:sat 22:00"),
        ("over the end of the week", sunday, "2026-01-12T05:00:00Z", "open_until:06:00"),
        ("once a week, just closed", sunday, "2026-01-12T06:00:00Z", "opens:sun 20:00"),
        ("between two", split, "2026-01-06T12:30:00Z", "opens:tue 13:00"),
        ("one after the other", joined, "2026-01-06T21:00:00Z", "open_until:06:00"),
        ("always", ALWAYS, "2026-01-06T21:00:00Z", "open_always"),
        ("the local day is the next", WEEKDAYS, "2026-07-05T23:30:00Z", "opens:mon 09:00"),
    )
    cases = [
        case(name, [s("one", hours=hours)], ["one"], at=at, because=[["one", reason]])
        for name, hours, at, reason in rows
    ]
    soon = [s("a"), s("b", hours=WEEKDAYS), s("c", hours=ALWAYS)]
    close = local("close", strands=["race"], hours=WEEKDAYS)
    return [
        *cases,
        case("open now, then soon, then unknown", soon, ["c", "b", "a"], at="2026-01-06T18:00:00Z"),
        case("more than a day away counts as unknown", soon, ["c", "a", "b"], at="2026-01-09T18:00:00Z"),
        case("by day a close fit comes first though closed", [close, s("always", hours=ALWAYS)],
             ["close", "always"], at="2026-01-11T12:00:00Z", area_ids=LEEDS, strands=["race"]),
    ]  # fmt: skip


TABLES = [
    *acceptance(), *whom(), *where(), *harm(), *checked(), *ages(), *wishes(), *variety(), *opening(),
]  # fmt: skip

_FIVE = {
    "confidentiality_limits_ack": {"at": "2026-01-06T11:00:00.000Z", "text_version": "limits-1"},
    "reporter_role": "victim",
    "narrative_original": "He shouted at me.",
    "when": {"precision": "dont_know"},
    "sharing_choice": "U1",
}
ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("the five alone", _FIVE),
    (
        "everything asked and skipped",
        _FIVE
        | dict.fromkeys(
            ("strands", "sub_strands", "safe_contact", "support_needs", "preferred_language"), "not_answered"
        ),
    ),
    (
        "everything answered",
        _FIVE
        | {
            "strands": ["disability"],
            "sub_strands": [AUTISM],
            "safe_contact": {"methods": ["call", "text", "email"], "must_not_know": "my landlord"},
            "support_needs": ["emotional", "legal"],
            "preferred_language": "cy",
        },
    ),
    ("English is no wish", _FIVE | {"preferred_language": "en"}),
    ("another language", _FIVE | {"preferred_language": "other"}),
    ("through the centre only", _FIVE | {"safe_contact": {"methods": ["via_centre"]}}),
    ("no contact", _FIVE | {"safe_contact": {"methods": ["no_contact"], "must_not_know": "everybody"}}),
]
