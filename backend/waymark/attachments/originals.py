"""Hands out a file as it was sent, a chunk at a time: proven to its last byte before the first one goes.

Plain and blocking: called off the event loop.
"""

from collections.abc import Iterator
from typing import Final

from waymark.attachments.kinds import ENDINGS
from waymark.attachments.records import Original
from waymark.attachments.rules import content_key
from waymark.attachments.shelf import Shelf
from waymark.kernel.problems import problem
from waymark.kernel.vault import CannotDecrypt, Vault
from waymark_sync.files import SEALED_CHUNK_BYTES, open_file
from waymark_sync.protocol import ATT_TAG_BYTES
from waymark_sync.report import UnreadableReport
from waymark_sync.seal import CannotOpen

PLAYED: Final = frozenset(kind for kind in ENDINGS if kind.startswith("audio/"))
"""Named for what they are, so that a browser can play them. All else is bytes to it."""
BYTES: Final = "application/octet-stream"


def opened(vault: Vault, files: Shelf, found: Original) -> Iterator[bytes]:
    """Raises Problem not_found where the bytes are gone or do not open."""
    try:
        key = content_key(vault, found)
        if key is None:
            raise problem("not_found")
        for _ in open_file(files.read(found.att_id), key=key, att_id=found.att_id):
            pass
    except (CannotDecrypt, CannotOpen, FileNotFoundError, UnreadableReport):
        raise problem("not_found") from None
    return open_file(files.read(found.att_id), key=key, att_id=found.att_id)


def plain_size(found: Original) -> int:
    return found.size - ATT_TAG_BYTES * -(-found.size // SEALED_CHUNK_BYTES)


def headers_of(found: Original) -> dict[str, str]:
    """A name of ours: the sender's may say more than its file, and may be made to mislead."""
    name = f"original-{found.att_id[:8]}.{ENDINGS[found.kind]}"
    return {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(plain_size(found))}


def media_type_of(found: Original) -> str:
    return found.kind if found.kind in PLAYED else BYTES
