"""Photos for tests, sealed with a report, and a way to send them that shows every answer."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient
from PIL import Image

from support.reports import Device, Report, push_of
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import JSON, MSGPACK, decode, encode
from waymark_sync.file_sender import PARTIAL_UPLOAD, PreparedFile, prepare_file
from waymark_sync.protocol import ATT_CHUNK_BYTES, AttStart, AttState

Client = AsyncTestClient[Litestar]


def a_photo(width: int = 640, height: int = 480, kind: str = "JPEG", **how: Any) -> bytes:
    made = BytesIO()
    picture = Image.radial_gradient("L").resize((width, height)).convert("RGB")
    picture.save(made, kind, **how)
    return made.getvalue()


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that do not repeat, so that a piece in the wrong place is another file."""
    return b"".join(hashlib.sha256(f"{seed} {number}".encode()).digest() for number in range(size // 32 + 1))[
        :size
    ]


def prepared(plain: bytes, **more: Any) -> PreparedFile:
    return prepare_file(plain, media_type="image/jpeg", **more)


def report_with(
    ring: KeyRing,
    *files: PreparedFile,
    device: Device | None = None,
    body: dict[str, Any] | None = None,
    **more: Any,
) -> Report:
    inside = tuple(file.inside for file in files)
    return (device or Device()).report(
        ring,
        header={"att": tuple(file.attachment for file in files)},
        body={"attachments": inside, **(body or {})},
        **more,
    )


async def push(client: Client, *reports: Report) -> None:
    answer = await client.post(
        "/sync/v1/push", content=encode(push_of(*reports), MSGPACK), headers={"Content-Type": MSGPACK}
    )
    assert answer.status_code == 200


async def start(client: Client, report: Report, file: PreparedFile) -> Response:
    asked = AttStart(item_id=report.item_id, att_id=file.attachment.att_id)
    return await client.post("/sync/v1/att", content=encode(asked, JSON), headers={"Content-Type": JSON})


async def patch(client: Client, att_id: str, piece: bytes, offset: int | str, **headers: str) -> Response:
    return await client.patch(
        f"/sync/v1/att/{att_id}", content=piece, headers={**piece_headers(piece, offset), **headers}
    )


def piece_headers(piece: bytes, offset: int | str) -> dict[str, str]:
    digest = b64encode(hashlib.sha256(piece).digest()).decode()
    return {
        "Content-Type": PARTIAL_UPLOAD,
        "Upload-Offset": str(offset),
        "Content-Digest": f"sha-256=:{digest}:",
    }


async def upload(
    client: Client, report: Report, file: PreparedFile, *, piece_bytes: int = ATT_CHUNK_BYTES
) -> AttState:
    """All of it, from where the service stands."""
    state = state_in(await start(client, report, file))
    while not state.complete:
        piece = file.sealed[state.offset : state.offset + piece_bytes]
        state = state_in(await patch(client, file.attachment.att_id, piece, state.offset))
    return state


def state_in(answer: Response) -> AttState:
    assert answer.status_code == 200, answer.text
    return decode(answer.content, JSON, AttState)


def cut(sealed: bytes, *, into: int) -> Sequence[tuple[int, bytes]]:
    return [(at, sealed[at : at + into]) for at in range(0, len(sealed), into)]
