"""What happens to files between requests: reporters are told, pictures are made, room is taken back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from waymark.attachments import actions
from waymark.attachments.decoding import Decoder, NoPicture, Stopped
from waymark.attachments.records import Made, Undeveloped
from waymark.attachments.rules import content_key, seal_picture
from waymark.attachments.shelf import Shelf
from waymark.attachments.uploads import Uploads
from waymark.kernel import clock, logs
from waymark.kernel.db import Database
from waymark.kernel.jobs import Jobs
from waymark.kernel.keys import KeyRing
from waymark.kernel.vault import CannotDecrypt, Vault
from waymark_sync.files import open_file
from waymark_sync.report import UnreadableReport

AT_ONCE: Final = 20


class Teller:
    """Tells each reporter what has come in full."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    async def step(self) -> int:
        return await self._database.write(actions.tell, limit=AT_ONCE, keys=self._keys, now=clock.now())


class Developer:
    """Makes the pictures that may be looked at, one after another. A failure is a state, never a stop.

    Its turn may take half a minute, so it belongs in a loop of its own.
    """

    def __init__(
        self, database: Database, vault: Vault, files: Shelf, *, decoder: Decoder | None = None
    ) -> None:
        self._database = database
        self._vault = vault
        self._files = files
        self._decoder = decoder or Decoder()

    @asynccontextmanager
    async def turning(self, jobs: Jobs) -> AsyncIterator[None]:
        """Beside everything else. What is being made when it ends is made after the next start."""
        jobs.add("picture", self.step)
        loop = asyncio.create_task(jobs.run(), name="pictures")
        try:
            yield
        finally:
            jobs.stop()
            self._decoder.stop()
            await loop

    async def step(self) -> int:
        found = await self._database.write(actions.next_undeveloped, now=clock.now())
        if found is None:
            return 0
        try:
            made = await asyncio.to_thread(self._picture, found)
        except NoPicture as none:
            logs.event("picture_not_made", reason=none.reason)
            await self._database.write(actions.settle_unshown, found, none.reason, none.kind, now=clock.now())
        except (OSError, Stopped) as error:
            logs.event("picture_put_off", error=error)
            await self._database.write(actions.put_off, found, now=clock.now())
            return 0
        else:
            picture = seal_picture(self._vault, found, made)
            await self._database.write(actions.settle_shown, found, picture, made.kind, now=clock.now())
        return 1

    def _picture(self, found: Undeveloped) -> Made:
        """Raises NoPicture, Stopped, OSError."""
        try:
            key = content_key(self._vault, found)
        except (CannotDecrypt, UnreadableReport):
            raise NoPicture("cannot_open") from None
        if key is None:
            raise NoPicture("not_in_report")
        return self._decoder.look(open_file(self._files.read(found.att_id), key=key, att_id=found.att_id))


class RoomKeeper:
    """Takes back the room of uploads that nobody goes on with."""

    def __init__(self, database: Database, uploads: Uploads) -> None:
        self._database = database
        self._uploads = uploads

    async def step(self) -> int:
        found = await self._database.read(actions.given_up, limit=AT_ONCE, now=clock.now())
        for held in found:
            await self._uploads.give_back(held)
        return len(found)
