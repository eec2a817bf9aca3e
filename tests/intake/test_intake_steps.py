"""Where the steps of a tablet lead, and what becomes of a push with steps that cannot be read."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from support.reports import Device, push_of
from support.steps import step_of
from waymark.kernel.keys import KeyRing
from waymark_sync.codec import JSON, MSGPACK, decode_push, encode
from waymark_sync.rekeying import STEPS_MAX, Rekey, steps_from
from waymark_sync.seal import new_key


def way(*keys: str) -> list[Rekey]:
    """Keys by one letter each."""
    point = step_of(Device(visitor=False), new_key())
    return [
        replace(point, old_sign_key=old.encode() * 65, sign_key=new.encode() * 65)
        for old, new in pairwise(keys)
    ]


@pytest.mark.parametrize(
    ("steps", "key", "count"),
    [
        ("", "A", None),
        ("AB", "A", 1),
        ("AB", "B", 0),
        ("AB", "C", None),
        ("ABCD", "A", 3),
        ("ABCD", "C", 1),
        ("ABCD", "D", 0),
        ("AB CD", "A", None),
        ("AB CD", "C", 1),
    ],
)
def test_the_way_from_a_key(steps: str, key: str, count: int | None) -> None:
    found = steps_from([step for part in steps.split() for step in way(*part)], key.encode() * 65)
    assert (None if found is None else len(found)) == count


@pytest.mark.parametrize("content_type", [JSON, MSGPACK])
def test_keys_that_cannot_be_read_keep_no_report_away(ring: KeyRing, content_type: str) -> None:
    tablet = Device(visitor=False)
    step = step_of(tablet, new_key())
    request = replace(push_of(tablet.report(ring)), device_id=tablet.id)
    good = decode_push(encode(replace(request, rekey=(step,)), content_type), content_type)
    spoilt = [(replace(step, sign_key=b"short"),), (step,) * (STEPS_MAX + 1), (replace(step, epoch="no"),)]

    assert good.request.rekey == (step,)
    for steps in spoilt:
        frame = decode_push(encode(replace(request, rekey=steps), content_type), content_type)
        assert (frame.request.rekey, len(frame.items)) == ((), 1)
