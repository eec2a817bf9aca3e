"""The headers that every answer carries, whatever made it: page, API, refusal or bug."""

from collections.abc import Mapping
from typing import Final

_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "font-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "waymark-workers",
    "report-uri": "/csp-report",
}
DIRECTIVES: Final = frozenset(_POLICY)
_REPORT_PAGE: Final = frozenset({"/", "/index.html", "/return", "/verify"})
"""Addresses of the one page on which a report is made."""

_UNUSED_FEATURES: Final = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "midi",
    "payment",
    "usb",
)


def content_security_policy(path: str, *, framed_by: str | None = None) -> str:
    """Only a worker may compile WebAssembly: SQLite runs there, and no page needs it.

    Only the page on which a report is made shows pictures and plays sounds out of its own memory: photos
    just chosen, sounds just recorded.

    framed_by: the one origin that may hold our pages in a frame, in a demonstration.
    """
    policy = dict(_POLICY)
    if framed_by:
        policy["frame-ancestors"] = framed_by
    if path in _REPORT_PAGE:
        policy["img-src"] += " blob:"
        policy["media-src"] += " blob:"
    if _runs_wasm(path):
        policy["script-src"] = "'self' 'wasm-unsafe-eval'"
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def security_headers(*, encrypted_in_transit: bool, framed: bool = False) -> Mapping[bytes, bytes]:
    """All but the content security policy, which differs by path. Names in lower case."""
    headers = {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-origin",
        # The browser asks the person before a sound is recorded; a page in a frame cannot ask at all.
        "permissions-policy": ", ".join((*(f"{name}=()" for name in _UNUSED_FEATURES), "microphone=(self)")),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",  # for browsers older than frame-ancestors
        "cache-control": "no-store",
    }
    if framed:
        del headers["x-frame-options"]  # it cannot name an origin; frame-ancestors does
    if encrypted_in_transit:
        headers["strict-transport-security"] = "max-age=63072000; includeSubDomains"
    return {name.encode(): value.encode() for name, value in headers.items()}


def _runs_wasm(path: str) -> bool:
    return path.startswith("/assets/") and ".worker-" in path and path.endswith(".js")
