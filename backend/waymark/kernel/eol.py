"""Builds of the app that come to their end: which, when, and where a new one is to be had."""

from datetime import date
from fnmatch import fnmatchcase

from msgspec import Struct


class EndOfLife(Struct, frozen=True, kw_only=True):
    """Of the builds named. A device that runs one is told so in every answer."""

    builds: tuple[str, ...]
    """Exact names; `*` stands for any characters."""
    on: str
    """A day, as 2027-01-31."""
    url: str | None = None

    def names(self, build: str) -> bool:
        return any(fnmatchcase(build, pattern) for pattern in self.builds)

    def __str__(self) -> str:
        return " ".join(filter(None, (",".join(self.builds), self.on, self.url)))


def read_eol(text: str) -> EndOfLife | None:
    """`0.1.0,0.2.* 2027-01-31 https://example.org/update`. None for an empty text. Raises ValueError."""
    if not text.strip():
        return None
    builds, on, *rest = text.split()
    date.fromisoformat(on)
    if len(on) != 10 or len(rest) > 1 or (rest and not rest[0].startswith("https://")):
        raise ValueError("not an end of life")
    return EndOfLife(
        builds=tuple(build for build in builds.split(",") if build), on=on, url=rest[0] if rest else None
    )
