"""No input is a bug of ours: more than a thousand each time, a million in `make prove`."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from fuzz.run import TARGETS, fuzz

INPUTS: Final = 1_500


def test_hostile_inputs_are_refused_with_what_to_do_next() -> None:
    # In a process of its own: this one's loops and browsers are nobody's business there.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        told = apart.submit(fuzz, INPUTS, seed=1, jobs=1).result()

    assert told["found"] == []
    assert told["inputs"] == INPUTS
    assert set(told["by_target"]) == set(TARGETS)
    assert int(told["by_status"]["200"]) > 0
