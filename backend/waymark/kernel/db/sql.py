"""A statement, written once for both engines, with `:named` parameters."""

import re

_TOKEN = re.compile(r"'(?:[^']|'')*'|--[^\n]*|::|:([a-z_][a-z0-9_]*)|%")


class Sql:
    """Portable SQL text. `postgres` replaces it on PostgreSQL in the few places where no one text serves."""

    __slots__ = ("for_postgres", "for_sqlite", "names")

    def __init__(self, text: str, *, postgres: str | None = None) -> None:
        self.for_sqlite = text
        self.for_postgres = _TOKEN.sub(_as_psycopg, postgres or text)
        self.names = tuple(dict.fromkeys(m[1] for m in _TOKEN.finditer(text) if m[1]))

    def __repr__(self) -> str:
        return f"Sql({self.for_sqlite.strip()!r})"


def _as_psycopg(token: re.Match[str]) -> str:
    if token[1]:
        return f"%({token[1]})s"
    return token[0].replace("%", "%%")
