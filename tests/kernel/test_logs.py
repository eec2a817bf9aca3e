"""Logs: whatever is thrown at them, nobody's words come out."""

import asyncio
import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from waymark.kernel import logs

CANARY = "canary narrative 4711"


@pytest.fixture
def stream() -> Iterator[StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = StringIO()
    logs.write_logs(stream, level=logging.DEBUG)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def raised() -> Exception:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        return error


def test_event_is_one_line_of_json(stream: StringIO) -> None:
    logs.event("request", method="GET", status=200, ms=1.5)

    (line,) = stream.getvalue().splitlines()
    assert json.loads(line) | {"at": ""} == {
        "at": "",
        "level": "info",
        "code": "request",
        "method": "GET",
        "status": 200,
        "ms": 1.5,
    }


def test_an_exception_leaves_class_and_place_alone(stream: StringIO) -> None:
    logs.event("job_failed", level=logging.ERROR, error=raised(), job="open")

    line = json.loads(stream.getvalue())
    assert (line["error"], line["job"], line["level"]) == ("ValueError", "open", "error")
    assert line["where"].startswith("tests/kernel/test_logs.py:")
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        CANARY * 9,
        "they broke\nmy window",
        "\x1b[31mred",
        "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "deadbeefdeadbeef",
        "name=Ærlig",
        {"narrative": CANARY},
        [CANARY],
        CANARY.encode(),
        ValueError(CANARY),
    ],
)
def test_what_is_no_number_and_no_code_is_withheld(stream: StringIO, value: object) -> None:
    logs.event("odd", fact=value)

    assert json.loads(stream.getvalue())["fact"] == "withheld"


def test_libraries_are_named_and_not_quoted(stream: StringIO) -> None:
    logging.getLogger("uvicorn.error").error("Exception for %s", CANARY, exc_info=raised())
    logging.getLogger("aiosqlite").debug(CANARY)
    logging.getLogger("waymark_sync").warning(CANARY)

    assert "canary" not in stream.getvalue()
    first = json.loads(stream.getvalue().splitlines()[0])
    assert (first["code"], first["error"]) == ("library.uvicorn.error", "ValueError")


async def test_a_forgotten_task_tells_nothing(stream: StringIO) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": CANARY, "exception": raised()})

    assert "canary" not in stream.getvalue()
    assert "library.asyncio" in stream.getvalue()
