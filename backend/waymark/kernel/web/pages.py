"""The built pages, read into memory once: no request ever names a file on the disk."""

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from msgspec import Struct

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_PACKED_ALREADY: Final = frozenset({".ico", ".png", ".woff2"})
_VARIANTS: Final = {"br": ".br", "gzip": ".gz"}
"""Content codings in the order we prefer them, with the suffix a build gives them."""
_GZIP_BYTES_MIN: Final = 1_024  # below one packet nothing is won

NAMES: Final = {
    "/": "/index.html",
    "/return": "/index.html",
    "/verify": "/index.html",
    "/leaving": "/leaving.html",
    "/desk": "/desk.html",
}
"""Addresses that people see."""


class Page(Struct, frozen=True, kw_only=True):
    """One file in every coding we have of it."""

    media_type: str
    cache_control: str
    digest: str
    codings: Mapping[str, bytes]
    """By content coding; `identity` is always there."""

    def best(self, accept_encoding: str) -> tuple[str, bytes]:
        accepted = _accepted(accept_encoding)
        for coding in (*_VARIANTS, "identity"):
            if coding in self.codings and (coding == "identity" or coding in accepted):
                return coding, self.codings[coding]
        raise AssertionError("identity is always there")


def read_pages(folder: Path) -> Mapping[str, Page]:
    """Every file by its path on the wire. Source maps and packed variants have no path of their own."""
    hidden = {".map", *_VARIANTS.values()}
    files = (f for f in sorted(folder.rglob("*")) if f.is_file() and f.suffix not in hidden)
    return MappingProxyType(
        {f"/{file.relative_to(folder).as_posix()}": _read(file, folder) for file in files}
    )


def page_for(pages: Mapping[str, Page], path: str) -> Page | None:
    """None: the path belongs to the API or to nobody."""
    if path in NAMES:
        return pages.get(NAMES[path])
    if path.startswith("/desk/") and path != "/desk/api" and not path.startswith("/desk/api/"):
        return pages.get(NAMES["/desk"])
    return pages.get(path)


def _read(file: Path, folder: Path) -> Page:
    content = file.read_bytes()
    codings = {"identity": content}
    for coding, suffix in _VARIANTS.items():
        packed = file.with_name(file.name + suffix)
        if packed.is_file():
            codings[coding] = packed.read_bytes()
    worth_packing = file.suffix not in _PACKED_ALREADY and len(content) >= _GZIP_BYTES_MIN
    if "gzip" not in codings and worth_packing:
        codings["gzip"] = gzip.compress(content, 6, mtime=0)
    hashed_name = file.relative_to(folder).parts[0] == "assets"
    return Page(
        media_type=MEDIA_TYPES.get(file.suffix, "application/octet-stream"),
        cache_control="public, max-age=31536000, immutable" if hashed_name else "no-cache",
        digest=hashlib.sha256(content).hexdigest()[:24],
        codings=codings,
    )


def _accepted(accept_encoding: str) -> frozenset[str]:
    """Codings that are named and not refused with q=0."""
    accepted = set()
    for part in accept_encoding.lower().split(","):
        coding, _, weight = part.partition(";")
        if weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            accepted.add(coding.strip())
    return frozenset(accepted)
