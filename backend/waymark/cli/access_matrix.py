"""The matrix of who may see what: the function that every desk route asks, asked about everything."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, get_args

from waymark.agencies.records import NO_GROUPS, Act, FieldGroup, ReportFacts
from waymark.agencies.rules import POWERS, TO_POLICE, may
from waymark.identity.records import Role, User
from waymark_sync.policy import UNKNOWN
from waymark_sync.policy.access import Ground, load_access
from waymark_sync.report import SharingChoice

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Any moment: nobody's membership in the matrix ends."""
CHOICES: Final[tuple[SharingChoice, ...]] = get_args(SharingChoice)
NAMES: Final[Mapping[Role, str]] = {
    "centre_worker": "volunteer",
    "centre_supervisor": "supervisor",
    "police_triage": "police triage",
    "hate_crime_coordinator": "hate crime coordinator",
    "dpo": "data protection officer of a centre",
    "intake_custodian": "intake custodian",
}
SIGNS: Final = {"yes": "yes", "masked": "masked", "no": "-"}
INTRODUCTION: Final = """# Who may see what

This page is printed by `waymark access matrix` from the function that every desk route asks
(`backend/waymark/agencies/rules.py`); a test compares them. What is not allowed here is answered exactly
like what never was: 404, on pages, lists, counts and the live feed.

* **Own** is a report of one's own force or centre. **Open** is a report of a force that nobody knows yet.
  **Offered** is one that another force has asked this one to take.
* Roles belong to people for a time: a membership, or a force, centre or agency, that has ended sees nothing
  at the next request. What was the own of a force that was merged passes to its successor.
* What the reporter chose is written down for each group of answers when the report arrives. The
  reporter can narrow it from the phone that made the report or with its return code, and the centre on their
  word. Nobody can widen it; the police cannot change it at all.
* A reporter who asks is told who has opened the report: role, organisation and day, never a name. What the
  police could read only by an override that is unsafe to tell is left out, with every look at it.
* A *supervisor* of the report's centre, or the centre's data protection officer, can open groups to the
  report's own force for a ground that the policy names. It is written down who decided, why, and whether the
  person who was harmed knows. That force can then read what was opened, and no more. They can end it, too:
  from then on the force may not read it.
* A *masked* group is there and covered. Where the table says so, a person sees it once for a reason that
  the policy names, and the reason is in the audit trail.

What stands behind the function is in the last part: who holds which key.
"""
KEYS: Final = """## Who holds which key

A device seals a report to the key of its receiving centre. Opened, it is encrypted again under two keys of
its own: one for what happened, one for name and contact. Those two are wrapped to whoever may read it, and to
nobody else; each act that changes who may read it wraps them anew, in the same transaction.
"""
HELD: Final = (
    (
        "`seal-*.pem` of a centre",
        "what devices have sealed for it",
        "the centre, or the intake custodian for it",
    ),
    (
        "`seal-*.pem` of the service",
        "what was sealed for a centre without a key, and what reporters add",
        "the intake custodian",
    ),
    ("`hold-*.pem` of a centre", "its own reports", "the centre, or the intake custodian for it"),
    (
        "`hold-*.pem` of a force",
        "reports released or opened to it: what happened; name and contact only where those are released",
        "the force",
    ),
    (
        "`hold-*.pem` of the service",
        "reports that no force has taken yet; stands in for whoever has no key",
        "the intake custodian",
    ),
    ("`index-*.key`", "nothing: finds a telephone or address again", "with the `hold-*.pem` of its holder"),
    ("`vault-*.key`", "devices' addresses for notices; the second copy of what comes in", "the operator"),
)
WHAT_FOLLOWS: Final = """
A report that its reporter gave to no police has one row of wrapped keys, its centre's: nothing that a force
holds opens it, with the whole database at hand. `holders.json` says who has which key. The groups of what
happened are one compartment: that a force sees of it only what was released is this function's word, not
cryptography's. Where one operator keeps all the keys, as in the demonstration, these are walls between
processes; they are walls between organisations once each keeps its own.
"""


def page() -> Iterator[str]:
    """Line by line."""
    yield INTRODUCTION
    yield "## Without a report\n"
    yield from _table(["act", *(NAMES[role] for role in POWERS)], _general())
    yield "\n## Answers of a report, by what its reporter chose\n"
    yield "Of an own report, as its page shows it. *after* is once the police have acknowledged it.\n"
    for role in _with_reports():
        yield f"### {NAMES[role].capitalize()}\n"
        yield from _table(["group", *CHOICES, "P1 after", "P2 after", "P3 after"], _groups(role))
        yield ""
    yield "## Acts on a report\n"
    yield "Where each may be done. *opened*: of an own report, once an override has opened it.\n"
    for role in _with_reports():
        yield f"### {NAMES[role].capitalize()}\n"
        yield from _table(["act", *CHOICES], _acts(role))
        yield ""
    yield "## Nothing yet\n"
    others = [role.replace("_", " ") for role in get_args(Role) if role not in POWERS]
    yield f"No route is for these roles, so they find nothing: {', '.join(others)}.\n"
    yield "## Reasons\n"
    policy = load_access()
    yield from _table(["to open answers without the reporter", ""], _coded(policy.override_grounds))
    yield ""
    yield from _table(["to look at what is masked", ""], _coded(policy.unmask_reasons))
    yield ""
    yield KEYS
    yield from _table(["key", "opens", "whose it is to keep"], (list(row) for row in HELD))
    yield WHAT_FOLLOWS.rstrip()


def _with_reports() -> list[Role]:
    return [role for role, powers in POWERS.items() if powers.on_report]


def _general() -> Iterator[list[str]]:
    for act in get_args(Act):
        answers = [may(_somebody(role), act, None, None, NOW).answer for role in POWERS]
        if "yes" in answers:
            yield [_words(act), *(SIGNS[answer] for answer in answers)]


def _groups(role: Role) -> Iterator[list[str]]:
    reports = [_report(choice) for choice in CHOICES]
    after = [_report(choice, handed_over=True) for choice in CHOICES if choice.startswith("P")]
    for group in get_args(FieldGroup):
        answers = [
            may(_somebody(role), "view_report", report, group, NOW).answer for report in [*reports, *after]
        ]
        yield [group, *(SIGNS[answer] for answer in answers)]


def _acts(role: Role) -> Iterator[list[str]]:
    for act in get_args(Act):
        cells = [_where(role, act, choice) for choice in CHOICES]
        if any(cells):
            yield [_words(act), *(cell or "-" for cell in cells)]


def _where(role: Role, act: Act, choice: SharingChoice) -> str:
    places = {
        "own": _report(choice),
        "open": _report(choice, force_id=UNKNOWN, centre_id="other"),
        "offered": _report(choice, force_id="other", offered_force_id="own", centre_id="other"),
        "elsewhere": _report(choice, force_id="other", centre_id="other"),
    }
    found = [
        name
        for name, report in places.items()
        if may(_somebody(role), act, report, None, NOW).answer == "yes"
    ]
    if not found:
        opened = _report(choice, opened=frozenset({"summary", "narrative"}))
        return "opened" if may(_somebody(role), act, opened, None, NOW).answer == "yes" else ""
    return ", ".join(found)


def _report(
    choice: SharingChoice,
    *,
    force_id: str = "own",
    centre_id: str = "own",
    offered_force_id: str | None = None,
    opened: frozenset[FieldGroup] = NO_GROUPS,
    handed_over: bool = False,
) -> ReportFacts:
    return ReportFacts(
        sharing_choice=choice,
        centre_id=centre_id,
        force_id=force_id,
        offered_force_id=offered_force_id,
        released=TO_POLICE[choice],
        opened=opened,
        handed_over=handed_over,
    )


def _somebody(role: Role) -> User:
    centre = POWERS[role].side == "centre"
    return User(
        id="somebody",
        name="Somebody",
        role=role,
        force_id=None if centre else "own",
        force_name=None,
        centre_id="own" if centre else None,
        centre_name=None,
    )


def _coded(grounds: tuple[Ground, ...]) -> Iterator[list[str]]:
    for ground in grounds:
        yield [f"`{ground.code}`", ground.label]


def _words(act: str) -> str:
    return act.replace("_", " ")


def _table(head: list[str], rows: Iterator[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
