"""Strings that must be nowhere: planted by a journey, then looked for in raw bytes."""

import base64
import gzip
import zlib
from contextlib import suppress
from pathlib import Path


def forms(canary: str) -> set[bytes]:
    """The canary as a disk might hold it: UTF-8, UTF-16, and base64 at each of its three alignments."""
    plain = canary.encode()
    found = {plain, canary.encode("utf-16-le"), plain.hex().encode()}
    for shift in range(3):
        # Only the characters that depend on nothing before or after it.
        coded = base64.b64encode(bytes(shift) + plain)
        found.add(coded[-(-shift * 8 // 6) : (shift + len(plain)) * 8 // 6])
    return found


def hits(folder: Path, canaries: list[str]) -> list[str]:
    """`file: canary` for every file below `folder` that holds one, compressed members included."""
    wanted = [(canary, forms(canary)) for canary in canaries]
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            for raw in _readings(file.read_bytes()):
                found += [
                    f"{file.relative_to(folder)}: {name}"
                    for name, all_forms in wanted
                    if any(f in raw for f in all_forms)
                ]
    return found


def _readings(raw: bytes) -> list[bytes]:
    readings = [raw]
    if raw[:2] == b"\x1f\x8b":
        with suppress(OSError, EOFError, zlib.error):  # what only looks like gzip was searched raw
            readings.append(gzip.decompress(raw))
    return readings
