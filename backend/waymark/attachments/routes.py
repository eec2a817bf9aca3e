"""`/sync/v1/att`: sealed files come in pieces and go on after any break. Names as in the IETF's draft."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, head, patch, post
from litestar.exceptions import InternalServerException
from litestar.params import FromPath
from msgspec import Meta

from waymark.attachments.records import Held
from waymark.attachments.rules import PIECE_BYTES_MAX, read_digest, read_offset, state_of
from waymark.attachments.uploads import OffsetDiffers, Piece, Uploads
from waymark.kernel import clock
from waymark.kernel.lineage import Lineage
from waymark.kernel.problems import problem
from waymark.kernel.web.bodies import Body, content, on_the_wire
from waymark.kernel.web.errors import PROBLEM_JSON
from waymark.kernel.web.limits import Limits, caller_of, seconds
from waymark_sync.codec import JSON, WireError, answer_type, decode, encode
from waymark_sync.protocol import AttStart, AttState, Natural, Uuid

PARTIAL_UPLOAD: Final = "application/partial-upload"
CAPABILITY: Final = "who knows the id of a file has sealed the report that lists it; the bytes are sealed"
PROGRESS: Final = {"Upload-Offset": Natural, "Upload-Length": Natural, "Upload-Complete": Literal["?0", "?1"]}
DigestText = Annotated[str, Meta(pattern=r"sha-256=:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=:")]
"""RFC 9530, other digests beside it."""
OF_A_PIECE: Final = {"Upload-Offset": Natural, "Content-Digest": DigestText}
UNSEEN: Final = "nobody has seen anything yet; each row says what came and when"


@post(
    "/sync/v1/att",
    operation_id="StartAttachment",
    status_code=200,
    public=CAPABILITY,
    unaudited=UNSEEN,
    takes=on_the_wire(AttStart),
    gives=on_the_wire(AttState),
    tells={200: PROGRESS},
    refuses=("attachment_unknown", "file_too_large"),
)
async def start(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Where the file goes on. Repeating it changes nothing."""
    try:
        asked = decode(await request.body(), request.headers.get("content-type", ""), AttStart)
    except WireError as error:
        raise problem("malformed", error.place) from None
    held, lineage = await _uploads(request).begin(asked.item_id, asked.att_id)
    return _told(request, held, lineage)


@head(
    "/sync/v1/att/{att_id:str}",
    operation_id="FindAttachment",
    public=CAPABILITY,
    unaudited=UNSEEN,
    tells={200: PROGRESS},
    refuses=("attachment_unknown",),
)
async def where(request: Request[Any, Any, Any], att_id: FromPath[str]) -> Response[None]:
    """How much has come, in headers."""
    held, _ = await _uploads(request).find(_id(att_id))
    return Response(None, headers=_headers(held))


@patch(
    "/sync/v1/att/{att_id:str}",
    operation_id="AppendToAttachment",
    status_code=200,
    request_max_body_size=PIECE_BYTES_MAX,
    public=CAPABILITY,
    unaudited=UNSEEN,
    takes=content(PARTIAL_UPLOAD),
    gives=on_the_wire(AttState),
    heads=OF_A_PIECE,
    needs_heads=True,
    tells={200: PROGRESS, 409: PROGRESS},
    also={409: Body(shape=AttState, media_types=(PROBLEM_JSON,))},
    refuses=(
        "unsupported_type",
        "attachment_unknown",
        "digest_wrong",
        "too_slow",
        "offset_differs",
        "upload_expired",
        "file_differs",
        "superseded",
    ),
)
async def append(request: Request[Any, Any, Any], att_id: FromPath[str]) -> Response[bytes]:
    """One piece, on the disk before the answer. A file that is complete takes nothing and says so."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != PARTIAL_UPLOAD:
        raise problem("unsupported_type", f"pieces come as {PARTIAL_UPLOAD}")
    piece = Piece(
        att_id=_id(att_id),
        offset=read_offset(request.headers.get("upload-offset", "")),
        digest=read_digest(request.headers.get("content-digest", "")),
    )
    try:
        held, lineage = await _uploads(request).take(piece, _pieces(request), admit=_within_limit(request))
    except OffsetDiffers as elsewhere:
        return _refused(request, elsewhere)
    return _told(request, held, lineage)


def _within_limit(request: Request[Any, Any, Any]) -> Callable[[Held], None]:
    """Files of a report that a tablet made are never put off."""
    length = request.headers.get("content-length", "")
    units = int(length) if length.isascii() and length.isdigit() else PIECE_BYTES_MAX
    limits: Limits = request.app.state.limits
    caller = caller_of(request)

    def admit(held: Held) -> None:
        if held.lane == "visitor" and (wait_s := limits.wait_s("upload_bytes", caller, units)):
            raise problem("busy", headers={"Retry-After": seconds(wait_s)})

    return admit


async def _pieces(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except InternalServerException:  # the framework's word for a connection that broke off
        raise problem("malformed", "the connection broke off") from None


def _uploads(request: Request[Any, Any, Any]) -> Uploads:
    found: Uploads = request.app.state.uploads
    return found


def _state(request: Request[Any, Any, Any], held: Held, lineage: Lineage) -> AttState:
    return state_of(held, request.app.state.ring, lineage, now=clock.now())


def _told(request: Request[Any, Any, Any], held: Held, lineage: Lineage) -> Response[bytes]:
    sent_type = request.headers.get("content-type", "")
    kind = answer_type(request.headers.get("accept", ""), sent_type)
    return Response(encode(_state(request, held, lineage), kind), media_type=kind, headers=_headers(held))


def _refused(request: Request[Any, Any, Any], elsewhere: OffsetDiffers) -> Response[bytes]:
    """A problem that is an AttState, too: whoever reads it knows where to go on."""
    state = encode(_state(request, elsewhere.held, elsewhere.current), JSON)
    body = msgspec.to_builtins(elsewhere.found.body) | msgspec.json.decode(state)
    return Response(
        msgspec.json.encode(body),
        status_code=elsewhere.found.kind.status,
        media_type=PROBLEM_JSON,
        headers=_headers(elsewhere.held),
    )


def _headers(held: Held) -> dict[str, str]:
    return {
        "Cache-Control": "no-store",
        "Upload-Offset": str(held.received),
        "Upload-Length": str(held.size),
        "Upload-Complete": "?0" if held.state == "waiting" else "?1",
    }


def _id(text: str) -> str:
    """What has not the form of an id is nobody's."""
    try:
        return msgspec.convert(text, Uuid)
    except msgspec.ValidationError:
        raise problem("attachment_unknown") from None


handlers: Final = [start, where, append]
