"""Whether a request was made by a page that is not ours, as the browser that carries it says.

A browser names the page in two headers, and no page can change them. What is no browser sends neither and is
let through: a kiosk or a partner's system has proofs of its own. A guard may ask for more than this.
"""

from collections.abc import Collection, Iterable
from typing import Final

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BY_US: Final = frozenset({"same-origin", "none"})
"""`none`: a person did it, and no page."""
_NO_PAGES: Final = ("/desk/api/", "/sync/")
"""Nothing below is opened by a link, so another origin may not even read there: reading leaves a trace."""


def kept_to_ourselves(method: str, path: str) -> bool:
    return method not in READS or path.startswith(_NO_PAGES)


def from_elsewhere(headers: Iterable[tuple[bytes, bytes]], *, ours: Collection[str]) -> bool:
    """ours: the origins whose pages may ask. A header given twice is nobody's word."""
    sites, origins = _both(headers)
    if len(sites) > 1 or len(origins) > 1:
        return True
    by_us = bool(sites) and sites[0] in _BY_US
    if sites and not by_us:
        return True
    # Our pages name no referrer, so a browser that reports on them by itself sends `null` for their origin.
    return bool(origins) and origins[0] not in ours and not (by_us and origins[0] == "null")


def _both(headers: Iterable[tuple[bytes, bytes]]) -> tuple[list[str], list[str]]:
    found: dict[bytes, list[str]] = {b"sec-fetch-site": [], b"origin": []}
    for name, value in headers:
        if name in found:
            found[name].append(value.decode("latin-1"))
    return found[b"sec-fetch-site"], found[b"origin"]
