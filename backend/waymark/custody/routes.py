"""`POST /sync/v1/manifest`: a device asks which of what it still holds the service does not."""

from typing import Any, Final

from litestar import Request, Response, post

from waymark.attachments.shelf import Shelf
from waymark.custody import actions
from waymark.custody.rules import answer
from waymark.kernel import clock
from waymark.kernel.db import Database
from waymark.kernel.problems import problem
from waymark.kernel.web.bodies import on_the_wire
from waymark_sync.codec import WireError, answer_type, decode, encode, media_type
from waymark_sync.protocol import ManifestRequest, ManifestResponse

NO_STORE: Final = {"Cache-Control": "no-store"}
MANIFEST_BYTES_MAX: Final = 65_536  # 256 of them take 27 kB as msgpack, 40 kB as JSON


@post(
    "/sync/v1/manifest",
    operation_id="AskManifest",
    status_code=200,
    request_max_body_size=MANIFEST_BYTES_MAX,
    public="as a push: who knows id and hash of sealed bytes holds them, and learns only that they are here",
    unaudited="nobody sees anything of a report",
    takes=on_the_wire(ManifestRequest),
    gives=on_the_wire(ManifestResponse),
    refuses=("unsupported_type",),
)
async def ask(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What is missing has to be sent again; the receipt covers the rest."""
    state = request.app.state
    sent_type = request.headers.get("content-type", "")
    try:
        media_type(sent_type)
    except WireError:
        raise problem("unsupported_type") from None
    try:
        asked = decode(await request.body(), sent_type, ManifestRequest)
    except WireError as error:
        raise problem("malformed", error.place) from None
    database: Database = state.database
    files: Shelf = state.files
    looked = await database.read(actions.look_for, asked, files.length)
    said = answer(asked, looked, state.ring, at=clock.milliseconds(clock.now()))
    kind = answer_type(request.headers.get("accept", ""), sent_type)
    return Response(encode(said, kind), media_type=kind, headers=NO_STORE)


handlers: Final = [ask]
