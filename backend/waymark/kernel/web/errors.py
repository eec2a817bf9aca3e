"""Every refusal and every bug as `application/problem+json`: what to do next, nothing of the inside."""

import logging
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from waymark.kernel import logs
from waymark.kernel.db import DatabaseFault, Full, Unavailable
from waymark.kernel.problems import Problem, problem

PROBLEM_JSON: Final = "application/problem+json"
RETRY_AFTER_S: Final = "5"
_BY_STATUS: Final = {
    400: "malformed",
    401: "login_needed",
    403: "wrong_origin",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_type",
    429: "too_many_attempts",
    503: "busy",
}
_NOTHING_HERE: Final = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><title>Nothing here</title>'
    b'<h1>There is nothing here</h1><p><a href="/">Go to the first page</a></p></html>'
)


def problem_bytes(refusal: Problem) -> bytes:
    return msgspec.json.encode(refusal.body)


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The one exception handler of the application."""
    refusal = as_problem(error)
    if refusal.kind.status >= 500:
        level = logging.ERROR if refusal.kind.status == 500 else logging.WARNING
        logs.event(refusal.kind.code, level=level, error=error)
    if refusal.kind.code == "not_found" and _opened_by_a_person(request):
        return Response(_NOTHING_HERE, status_code=404, media_type="text/html; charset=utf-8")
    return Response(
        problem_bytes(refusal),
        status_code=refusal.kind.status,
        media_type=PROBLEM_JSON,
        headers=dict(refusal.headers),
    )


def as_problem(error: Exception) -> Problem:
    """A Problem as it is, known faults by their kind, and anything else as a bug of ours."""
    match error:
        case Problem():
            return error
        case Full():
            return problem("storage_full", headers={"Retry-After": RETRY_AFTER_S})
        case Unavailable():
            return problem("busy", headers={"Retry-After": RETRY_AFTER_S})
        case ValidationException():
            return problem("invalid", _fields(error))
        case HTTPException() if error.status_code in _BY_STATUS:
            allow = {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
            return problem(_BY_STATUS[error.status_code], headers=allow)
        case _:
            return problem("internal")


def _fields(error: ValidationException) -> str | None:
    """Names of fields only: a message may quote what somebody wrote."""
    extra = error.extra if isinstance(error.extra, list) else []
    names = {str(e["key"]) for e in extra if isinstance(e, dict) and e.get("key")}
    return ", ".join(sorted(names)) or None


def _opened_by_a_person(request: Request[Any, Any, Any]) -> bool:
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


HANDLERS: Final[ExceptionHandlersMap] = {
    Exception: answer_problem,
    DatabaseFault: answer_problem,
    HTTPException: answer_problem,
    Problem: answer_problem,
}
