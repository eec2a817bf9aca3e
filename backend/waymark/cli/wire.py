"""What the HTTP server answers by itself, in our words and with our headers.

A request that it cannot read never comes to the edge: where it ends is in doubt, so it is refused and the
connection closed.
"""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from waymark.kernel.problems import problem
from waymark.kernel.settings import Settings
from waymark.kernel.web.errors import PROBLEM_JSON, problem_bytes
from waymark.kernel.web.headers import content_security_policy, security_headers

_STATUS: Final = b"HTTP/1.1 400 Bad Request"
_NO_PATH: Final = ""


def wire(settings: Settings) -> type[HttpToolsProtocol]:
    """The protocol for `uvicorn.Config(http=...)`."""
    answer = _unreadable(settings)

    class Wire(HttpToolsProtocol):
        def send_400_response(self, msg: str) -> None:
            self.transport.write(answer)
            self.transport.close()

    return Wire


def _unreadable(settings: Settings) -> bytes:
    body = problem_bytes(problem("malformed"))
    fixed = security_headers(
        encrypted_in_transit=settings.encrypted_in_transit, framed=settings.stage_origin is not None
    )
    policy = content_security_policy(_NO_PATH, framed_by=settings.stage_origin)
    headers = {
        **fixed,
        b"content-security-policy": policy.encode(),
        b"content-type": PROBLEM_JSON.encode(),
        b"content-length": str(len(body)).encode(),
        b"connection": b"close",
    }
    lines = [_STATUS, *(b": ".join(header) for header in headers.items())]
    return b"\r\n".join([*lines, b"", body])
