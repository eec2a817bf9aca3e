"""Send the photos of a demonstration: through what takes every phone's, and in its words."""

import hashlib
from collections.abc import AsyncIterator

from waymark.attachments.shelf import Shelf
from waymark.attachments.uploads import Piece, Uploads
from waymark.kernel.db import Database
from waymark.kernel.settings import Settings
from waymark_sync.file_sender import PreparedFile
from waymark_sync.protocol import ATT_CHUNK_BYTES


class Sender:
    """In the process of the demonstration, with no network between."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._uploads = Uploads(database, Shelf(settings.data / "attachments"))

    async def send(self, item_id: str, file: PreparedFile) -> None:
        """All of it, from where the service stands. Its report was taken in before."""
        att_id = file.attachment.att_id
        held, _ = await self._uploads.begin(item_id, att_id)
        while held.state == "waiting":
            content = file.sealed[held.received : held.received + ATT_CHUNK_BYTES]
            piece = Piece(att_id=att_id, offset=held.received, digest=hashlib.sha256(content).digest())
            held, _ = await self._uploads.take(piece, _stream(content))


async def _stream(content: bytes) -> AsyncIterator[bytes]:
    yield content
