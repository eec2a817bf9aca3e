"""The photos of one device of a swarm: sealed and on its disk before their report is, and sent after it."""

import os
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from waymark.cli.demo_draw import photo
from waymark.cli.demo_photos import Scene, photos_in
from waymark_sync.file_sender import PreparedFile, Read, prepare_file, send_file
from waymark_sync.outbox import Row
from waymark_sync.protocol import KeySet, decode_header
from waymark_sync.transport import FileTransport

SUFFIX: Final = ".photos"
SHARE: Final = 0.35
SCENES: Final[tuple[Scene, ...]] = ("wall", "window", "letter")
PIECE_BYTES: Final = 16_384
"""Small, so that faults and kills fall between the pieces of a photo."""


class Photos:
    """Nothing in the folder is ever removed. A file of a report that was never sealed was never made."""

    def __init__(self, folder: Path, seed: int) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder, self._seed = folder, seed
        self._arrived: set[str] = set()
        """Proven since this process began; what was proven before is asked for again."""

    def prepared(self, number: int) -> tuple[PreparedFile, ...]:
        """What the device's report of this number carries, on the disk. The same after every start."""
        chance = random.Random(f"{self._seed} {number}")  # noqa: S311 - a story, not a secret
        if chance.random() >= SHARE:
            return ()
        (planned,) = photos_in(chance.choice(SCENES), f"{self._seed} {number}", count=1)
        file = prepare_file(photo(planned), media_type="image/jpeg", caption=planned.caption)
        self._keep(file)
        return (file,)

    def send(self, rows: Iterable[Row], transport: FileTransport, keys: KeySet) -> None:
        """Of every report that has arrived, what has not been proven to have."""
        for row in rows:
            if row.state == "queued":
                continue
            for attachment in decode_header(row.header).att:
                if attachment.att_id not in self._arrived:
                    read = self._read(attachment.att_id)
                    sent = send_file(
                        transport, read, attachment, item_id=row.item_id, keys=keys, piece_bytes=PIECE_BYTES
                    )
                    if sent.complete is not None:
                        self._arrived.add(attachment.att_id)

    def waiting(self, rows: Iterable[Row]) -> int:
        """How many are not proven to have arrived."""
        listed = {attachment.att_id for row in rows for attachment in decode_header(row.header).att}
        return len(listed - self._arrived)

    def _keep(self, file: PreparedFile) -> None:
        """Returns when it is on the disk, whole, under its name."""
        path = self._folder / file.attachment.att_id
        draft = path.with_suffix(".draft")
        with draft.open("wb") as out:
            out.write(file.sealed)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _read(self, att_id: str) -> Read:
        def read(offset: int, length: int) -> bytes:
            with (self._folder / att_id).open("rb") as file:
                file.seek(offset)
                return file.read(length)

        return read
