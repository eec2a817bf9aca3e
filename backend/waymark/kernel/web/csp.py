"""Counts what the content security policy stopped. In a sound build the count stays at nought.

A browser's report quotes addresses and scripts; only the directive's name is kept.
"""

import logging
from collections import Counter
from typing import Any, Final

import msgspec
from litestar import Request, post
from msgspec import Struct, field

from waymark.kernel import logs
from waymark.kernel.web.bodies import Body
from waymark.kernel.web.headers import DIRECTIVES
from waymark.kernel.web.limits import Limits, caller_of
from waymark_sync.codec import UNREADABLE

BODY_BYTES_MAX: Final = 16_384  # a report with a long script sample is about 4 kB


class Violation(Struct, frozen=True):
    directive: str = field(name="effective-directive", default="")
    violated: str = field(name="violated-directive", default="")


class PolicyReport(Struct, frozen=True):
    """`application/csp-report`, what `report-uri` sends."""

    violation: Violation = field(name="csp-report", default=Violation())


@post(
    "/csp-report",
    operation_id="CountViolation",
    status_code=204,
    request_max_body_size=BODY_BYTES_MAX,
    public="browsers send these without credentials",
    unaudited="touches no report",
    takes=Body(shape=PolicyReport, media_types=("application/csp-report",)),
)
async def count_violation(request: Request[Any, Any, Any]) -> None:
    """A browser stopped something on a page of ours."""
    directive = _directive(await request.body())
    limits: Limits = request.app.state.limits
    if limits.wait_s("policy_reports", caller_of(request)):
        return  # nobody fills our log; a browser is told nothing, because it would do nothing
    violations: Counter[str] = request.app.state.csp_violations
    violations[directive] += 1
    logs.event("csp_violation", level=logging.WARNING, directive=directive, total=violations.total())


def _directive(body: bytes) -> str:
    """One we sent, or `other`: the field is a stranger's text."""
    try:
        violation = msgspec.json.decode(body, type=PolicyReport).violation
    except UNREADABLE:
        return "other"
    named = (violation.directive or violation.violated).partition(" ")[0]
    # Browsers refine "script-src" to "script-src-elem".
    known = named if named in DIRECTIVES else named.removesuffix("-elem").removesuffix("-attr")
    return known if known in DIRECTIVES else "other"
