"""The one catalogue of expected refusals: what went wrong, and what to do next (RFC 9457).

A Problem is for the person or program that asked; a bug is any other exception and is never shown.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct


class ProblemKind(Struct, frozen=True, kw_only=True):
    """One row of the catalogue. `next` is a sentence a person can follow."""

    code: str
    status: int
    title: str
    next: str


class ProblemBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`application/problem+json` as it travels."""

    type: str
    title: str
    status: int
    code: str
    next: str
    detail: str | None = None


class Problem(Exception):
    """An expected refusal. `detail` names fields and limits, never values."""

    def __init__(
        self, kind: ProblemKind, detail: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.detail = detail
        self.headers: Mapping[str, str] = MappingProxyType(dict(headers or {}))

    @property
    def body(self) -> ProblemBody:
        kind = self.kind
        return ProblemBody(
            type=f"urn:waymark:problem:{kind.code}",
            title=kind.title,
            status=kind.status,
            code=kind.code,
            next=kind.next,
            detail=self.detail,
        )


def _kinds(*rows: tuple[str, int, str, str]) -> Mapping[str, ProblemKind]:
    return MappingProxyType(
        {
            code: ProblemKind(code=code, status=status, title=title, next=do)
            for code, status, title, do in rows
        }
    )


CATALOGUE = _kinds(
    ("malformed", 400, "The request could not be read", "Update the app and send again. Nothing was stored and nothing is lost on the device."),
    ("invalid", 400, "An answer does not fit", "Correct the field that is named and send again."),
    ("endpoint_refused", 400, "This device's push service is not one that is knocked at", "Nothing is lost: open the app now and then to see answers, or use the return code."),
    ("login_needed", 401, "You are not logged in", "Log in and try again."),
    ("session_locked", 401, "This page is locked", "Show that it is you and go on where you were, or let somebody else log in."),
    ("login_failed", 401, "The user name or password is not right", "Check both and try again, or ask your administrator to reset the password."),
    ("code_needed", 401, "Enter a code, too", "Enter the code of your authenticator app, or one of your recovery codes. A passkey needs neither."),
    ("code_wrong", 401, "The code is not right", "Wait for the next code of your app and enter that one, or use a recovery code that you have not used yet."),
    ("proof_needed", 401, "The device has to prove that the feed is its own", "Sign the challenge in the Waymark-Challenge header and ask again."),
    ("wrong_origin", 403, "The request did not come from this service's own pages", "Open the service in its own window and try again."),
    ("step_up_needed", 403, "Show first that it is you", "Use your passkey or your password, and the same step goes on."),
    ("factor_needed", 403, "Set up a passkey or an authenticator app first", "Open your account at the desk: it shows how. Until then nothing else is there."),
    ("invitation_over", 404, "This invitation does not work any more", "An invitation works once and for three days. Ask whoever invited you for a new one."),
    ("another_person", 409, "Somebody else is logged in here now", "Nothing was done. Load the page again and log in as yourself."),
    ("username_taken", 409, "Somebody has this user name", "Choose another one, such as your name with a number."),
    ("last_of_place", 409, "Nobody would be left to look after your people", "Invite somebody who takes over first."),
    ("held", 409, "A hold stands on this report", "Nothing can erase it before those who placed the hold lift it."),
    ("last_factor", 409, "Nothing would be left beside your password", "Add another passkey or an authenticator app first, then remove this one."),
    ("not_found", 404, "There is nothing here", "Check the address, or go back to the list."),
    ("method_not_allowed", 405, "This address does not take that kind of request", "Use one of the methods named in the Allow header."),
    ("already_acknowledged", 409, "Someone has already acknowledged this report", "Open the report again to read what was sent."),
    ("changed_meanwhile", 409, "Someone else changed this at the same time", "Open it again and repeat the step if it is still needed."),
    ("not_now", 409, "This cannot be done with the report as it stands", "Open the report again: it offers what can be done now."),
    ("no_safe_route", 409, "There is no safe way to reach whoever reported", "Write down what you did instead, for example when you close the report."),
    ("code_not_known", 404, "This code is not known", "Check each character, or ask for a new code at the desk."),
    ("return_unknown", 404, "No report answers to this code", "Check each word or digit. What has not reached us yet cannot be found: try again later."),
    ("code_expired", 410, "This code has been used or has expired", "Ask for a new code at the desk."),
    ("attachment_unknown", 404, "No report that has come lists this file", "Send its report first, then the file. Nothing is lost on the device."),
    ("digest_wrong", 400, "The piece came altered", "Send the same piece again. Nothing of it was stored."),
    ("too_slow", 408, "The piece took too long", "Send a smaller piece, from the offset that was told last."),
    ("offset_differs", 409, "The file goes on at another place", "Go on at the offset in the Upload-Offset header."),
    ("upload_expired", 409, "The upload rested for too long and was given up", "Send the file again from the beginning. Nothing is lost on the device."),
    ("file_differs", 409, "This is not the file that its report names", "Send it again from the beginning."),
    ("superseded", 409, "A newer upload of this file has taken over", "Leave it to the newer one, or ask for the offset and go on."),
    ("file_too_large", 413, "The file is larger than what is taken", "Keep it on the device and say so in a message to whoever answers the report."),
    ("too_large", 413, "The request is too large", "Send fewer items at a time. Nothing was stored and nothing is lost on the device."),
    ("unsupported_type", 415, "The content type is not one that is read here", "Send application/json or application/msgpack."),
    ("wrong_host", 421, "This server does not answer to that name", "Open the address that the server prints when it starts."),
    ("password_refused", 422, "This password cannot be used", "Choose another: four words that do not belong together are long and easy to keep."),
    ("too_many_attempts", 429, "Too many attempts", "Wait for the time in the Retry-After header and try again."),
    ("too_many_at_once", 429, "Too much of one device waits at once", "Wait for the time in the Retry-After header, then send one request after another. Nothing is lost on the device."),
    ("too_many_streams", 429, "Too many pages wait for news at once", "Close the desk in other tabs, or load the list again by hand."),
    ("internal", 500, "Something went wrong on our side", "Try again in a minute. If it goes on, tell the operator the time it happened."),
    ("busy", 503, "The service is busy", "Wait for the time in the Retry-After header. The device keeps everything until then."),
    ("maintenance", 503, "The service is being looked after", "Wait for the time in the Retry-After header. The device keeps everything until then."),
    ("storage_full", 507, "The service has no room left", "The device keeps everything. The operator has to free space."),
)  # fmt: skip


def problem(code: str, detail: str | None = None, *, headers: Mapping[str, str] | None = None) -> Problem:
    """Raise the result. Raises KeyError for a code that the catalogue does not hold."""
    return Problem(CATALOGUE[code], detail, headers=headers)
