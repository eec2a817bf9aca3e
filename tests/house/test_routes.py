"""Every route shows who may call it and that what it does is written down."""

import pytest
from litestar.handlers import HTTPRouteHandler

from house.mentions import reaches
from waymark.app import ROUTES
from waymark.kernel.web.guards import same_origin

AUDIT = ("waymark.audit.actions", "append")
REASON_WORDS_MIN = 3
HANDLERS = [
    pytest.param(handler, id=f"{min(handler.paths)} {name}")
    for handler in ROUTES
    for name in handler.http_methods
]


def test_there_are_routes() -> None:
    assert len(HANDLERS) > 5


@pytest.mark.parametrize("handler", HANDLERS)
def test_has_a_guard_or_says_why_it_is_public(handler: HTTPRouteHandler) -> None:
    guards = [guard for guard in handler.guards or () if guard is not same_origin]
    reason = handler.opt.get("public", "")

    assert bool(guards) != bool(reason), "a guard that knows who asks, or public=<reason>, and not both"
    assert guards or len(reason.split()) >= REASON_WORDS_MIN


@pytest.mark.parametrize("handler", HANDLERS)
def test_is_audited_or_says_why_not(handler: HTTPRouteHandler) -> None:
    function = (handler.fn.__module__, handler.fn.__name__)
    reason = handler.opt.get("unaudited", "")

    assert reaches(function, AUDIT) != bool(reason), "an audit entry, or unaudited=<reason>, and not both"
    assert not reason or len(reason.split()) >= REASON_WORDS_MIN


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_change_by_cookie_needs_our_own_page(handler: HTTPRouteHandler) -> None:
    by_cookie = any(path.startswith("/desk/") for path in handler.paths)
    changes = not handler.http_methods <= {"GET", "HEAD"}

    assert (same_origin in (handler.guards or ())) == (by_cookie and changes)


def test_the_search_for_audit_entries_is_not_blind() -> None:
    assert reaches(("waymark.identity.actions", "log_in"), AUDIT)
    assert not reaches(("waymark.kernel.web.health", "live"), AUDIT)
