"""A disk that is slow or fails: `slow_disk.c`, compiled when it is needed and put before one process."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("slow_disk.c")


class NoCompiler(Exception):
    """A C compiler is needed: on Debian, `apt-get install gcc libc6-dev`."""


def compiled(folder: Path) -> Path:
    """For LD_PRELOAD. Raises NoCompiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NoCompiler(NoCompiler.__doc__)
    library = folder / "slow_disk.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True)  # noqa: S603 - our own source
    return library
