"""A real file system of a few megabytes, in a mount namespace of its own: it can be filled.

Needs no root where the kernel lets people make user namespaces; `NotAllowed` where it does not.
"""

import errno
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from waymark.cli.slow_disk import compiled

BLOCK: Final = 65_536
OTHERS: Final = 4_194_304
"""What is written meanwhile by who lives there."""


class NotAllowed(Exception):
    """Nobody may mount here, not even in a namespace of their own: allow user namespaces, or be root."""


class SmallDisk:
    """Empty when made. What is to live on it is started by `within`, and sees it at `inside`."""

    def __init__(self, inside: Path, *, megabytes: int) -> None:
        inside.mkdir(parents=True)
        if shutil.which("unshare") is None or shutil.which("nsenter") is None:
            raise NotAllowed("unshare and nsenter of util-linux are needed")
        mount = (
            f'mount -t tmpfs -o size={megabytes}m,mode=0700 tmpfs "$0" && echo mounted && exec sleep infinity'
        )
        self._holder = subprocess.Popen(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, str(inside)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"mounted\n":
            self.close()
            raise NotAllowed(NotAllowed.__doc__)
        self.inside = inside
        self.outside = Path(f"/proc/{self._holder.pid}/root{inside}")
        """The same for who is not within."""
        self.within = [
            *("nsenter", f"--target={self._holder.pid}", "--user", "--mount"),
            *("--preserve-credentials", f"--wd={Path.cwd()}", "--"),
        ]

    def fill(self) -> None:
        """To the last byte."""
        with (self.outside / "filler").open("ab", buffering=0) as filler:
            if self.free_bytes > OTHERS:
                os.posix_fallocate(filler.fileno(), 0, self.free_bytes - OTHERS)
            filler.seek(0, os.SEEK_END)
            size = BLOCK
            while size:
                try:
                    written = filler.write(b"\0" * size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    written = 0
                if written < size:
                    size //= 2

    def make_room(self) -> None:
        (self.outside / "filler").unlink(missing_ok=True)

    @property
    def free_bytes(self) -> int:
        told = os.statvfs(self.outside)
        return told.f_bavail * told.f_frsize

    def close(self) -> None:
        """What lives there is to be stopped before."""
        self._holder.kill()
        self._holder.wait()
        if self._holder.stdout is not None:
            self._holder.stdout.close()


class PretendedDisk:
    """The same for a machine that allows none: a shim tells the database that there is no room."""

    def __init__(self, inside: Path, folder: Path, *, database: str) -> None:
        inside.mkdir(parents=True)
        self.inside = self.outside = inside
        self._fault = folder / "fault"
        self.within = [
            *("env", f"LD_PRELOAD={compiled(folder)}"),
            *(f"SLOW_DISK_FAULT={self._fault}", f"SLOW_DISK_NAME={database}"),
        ]

    def fill(self) -> None:
        self._fault.write_text("write")

    def make_room(self) -> None:
        self._fault.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is held."""


def small_disk(folder: Path, *, megabytes: int, database: str = "waymark.db") -> SmallDisk | PretendedDisk:
    try:
        return SmallDisk(folder / "disk", megabytes=megabytes)
    except NotAllowed:
        return PretendedDisk(folder / "pretended", folder, database=database)
