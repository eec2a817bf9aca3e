"""Where a page of a list begins."""

import pytest

from waymark.worklist.records import Cursor
from waymark.worklist.rules import decode_cursor, encode_cursor

ITEM = "3b1f8a52-3f0d-4b0e-9a43-0d6f0a1b2c3d"


def test_a_cursor_comes_back_as_it_was() -> None:
    cursor = Cursor(received_at="2026-01-02T03:04:05.678Z", report_id=ITEM)

    assert decode_cursor(encode_cursor(cursor)) == cursor


@pytest.mark.parametrize("text", ["x", "====", "AAAA", "é", "MjAyNg", "A" * 80])
def test_any_other_cursor_is_none(text: str) -> None:
    assert decode_cursor(text) is None
