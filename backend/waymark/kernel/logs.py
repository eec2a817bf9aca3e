"""One JSON object a line: codes and numbers, never words that somebody wrote.

What a log must not hold cannot get in: text of other libraries is dropped, an exception leaves its class and
place but not its message, and a value that is neither a number nor a plain code is withheld. Report ids are
values like any other: they are withheld, too.
"""

import logging
import re
import sys
from typing import Final, TextIO

import msgspec

from waymark.kernel.clock import now, stamp

_NAME: Final = "waymark"
_CODE: Final = re.compile(r"[A-Za-z/][A-Za-z0-9_.:/{}*-]{0,63}")
_IDENTIFIER: Final = re.compile(r"[0-9a-fA-F]{8}")
"""Eight hexadecimal digits in a row: part of an id, a digest or a token."""

_log = logging.getLogger(_NAME)


def event(
    code: str, /, *, level: int = logging.INFO, error: BaseException | None = None, **facts: object
) -> None:
    """Write one line. `code` says what happened, `facts` are numbers and codes; see `safe`."""
    if _log.isEnabledFor(level):
        _log.log(level, code, exc_info=error, extra={"facts": facts})


def write_logs(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send every logger of this process to one JSON stream: ours from `level` on, libraries' warnings."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    _log.setLevel(level)


def safe(value: object) -> object:
    """Numbers and codes as they are; anything that could be a person's words as `withheld`."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str) and _CODE.fullmatch(value) and not _IDENTIFIER.search(value):
        return value
    return "withheld"


class JsonLines(logging.Formatter):
    """Formats our own records with their facts, those of libraries by logger and class alone."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name == _NAME
        line: dict[str, object] = {
            "at": stamp(now()),
            "level": record.levelname.lower(),
            "code": safe(record.msg) if ours else f"library.{record.name}",
        }
        if ours:
            line |= {name: safe(value) for name, value in getattr(record, "facts", {}).items()}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line |= {"error": type(error).__name__, "where": place(error)}
        return msgspec.json.encode(line).decode()


def place(error: BaseException) -> str:
    """File and line where it was raised: enough to find the bug, nothing of what was being handled."""
    trace = error.__traceback__
    if trace is None:
        return "unknown"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{'/'.join(trace.tb_frame.f_code.co_filename.split('/')[-3:])}:{trace.tb_lineno}"
