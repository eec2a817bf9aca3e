"""Stories of everything that can go wrong; and each rule taken away must be missed."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest

from waymark.intake import answers as intake_answers
from waymark.intake import rules as intake_reading
from waymark.intake import taking as intake
from waymark.mailbox import actions as mailbox
from waymark_sync import core_settle, intake_rules
from waymark_sync.simulate import __main__ as command
from waymark_sync.simulate import operator, service
from waymark_sync.simulate.__main__ import main
from waymark_sync.simulate.faults import ABLATIONS, KIND, ON_THE_DEVICE, ON_THE_WAY, STORY, Ablation
from waymark_sync.simulate.story import ORDINARY
from waymark_sync.simulate.verdict import Told, sum_up, tell
from waymark_sync.simulate.world import STEPS

STORIES = 1000
CHUNK = 50


@pytest.mark.parametrize("begin", range(0, STORIES, CHUNK))
def test_nothing_is_lost_doubled_stuck_or_missed(begin: int, request: pytest.FixtureRequest) -> None:
    """Others each time: a failing seed can be told again by its number."""
    turn = int(request.config.getoption("--hypothesis-seed") or 0) % 10_000
    first = 1 + turn * 1_000_000 + begin

    figures = sum_up(tell(seed) for seed in range(first, first + CHUNK))

    assert figures.failing_seeds == [], figures.broken
    assert figures.steps >= 120 * CHUNK


@pytest.mark.parametrize("ablation", ABLATIONS)
def test_a_rule_taken_away_fails_by_its_own_kind(ablation: Ablation) -> None:
    kind = KIND[ablation]
    # Told from where it is known to show, so that not dozens of stories are told for nothing.
    first = {"borrowed_floor": 27, "counted_floor": 4}.get(ablation, 1)

    failing = (seed for seed in range(first, first + 200) if getattr(tell(seed, ablation), kind))

    assert next(failing, None) is not None, f"nothing was {kind}"


@pytest.fixture(scope="module")
def stories() -> list[Told]:
    return [tell(seed) for seed in range(1, 31)]


def test_every_fault_is_injected(stories: list[Told]) -> None:
    expected = {*ON_THE_WAY, *ON_THE_DEVICE, *STORY} - set(ORDINARY)

    injected = Counter[str]()
    for told in stories:
        injected.update(told.faults)

    assert set(injected) == expected
    assert STEPS >= 120


def test_the_same_seed_tells_the_same_story(stories: list[Told]) -> None:
    assert [tell(seed) for seed in (1, 2)] == stories[:2]
    assert len({told.trace for told in stories}) == len(stories)


def test_the_story_does_not_depend_on_the_process() -> None:
    def figures(hash_seed: str, jobs: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "waymark_sync.simulate", "--seeds", "4", "--jobs", jobs, "--json"]
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, env=env, capture_output=True, check=True, timeout=300)
        found: dict[str, Any] = msgspec.json.decode(done.stdout)
        return found

    one = figures("1", "1")

    assert one == figures("2", "2")
    assert one.keys() >= {"runs", "lost", "duplicated", "stuck", "missed", "violations", "faults"}
    assert (one["runs"], one["violations"]) == (4, 0)


def test_the_command_says_by_its_exit_whether_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "2", "--jobs", "1"]) == 0
    assert main(["--seeds", "3", "--jobs", "1", "--ablate", "remove_before_send"]) == 0
    assert main(["--seeds", "1", "--jobs", "1", "--ablate", "early_pos", "--seed", "1"]) in (0, 1)

    assert "lost" in capsys.readouterr().out


def test_a_run_that_was_broken_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, told = tmp_path / "figures.json", vars(command)["simulate"]
    monkeypatch.setattr(command, "PART", 2)

    def broken_off(first: int, *given: Any, **named: Any) -> Any:
        if first > 2:
            raise KeyboardInterrupt
        return told(first, *given, **named)

    monkeypatch.setattr(command, "simulate", broken_off)
    arguments = ["--seeds", "3", "--jobs", "1", "--write", str(file)]
    with pytest.raises(KeyboardInterrupt):
        main(arguments)
    assert msgspec.json.decode(file.read_bytes())["as_designed"]["runs"] == 2
    monkeypatch.setattr(command, "simulate", again := Mock(wraps=told))
    assert main(arguments) == 0

    whole, kept = told(1, 3), msgspec.json.decode(file.read_bytes(), type=dict[str, command.Run])
    assert [call.args for call in again.call_args_list] == [(3, 1)]
    assert msgspec.structs.asdict(kept["as_designed"]).items() >= msgspec.structs.asdict(whole).items()


def test_service_and_simulation_judge_by_the_same_objects() -> None:
    """Rules are written once: whoever decides, decides by these very functions."""
    assert vars(intake)["intake_rules"] is intake_rules
    assert vars(service)["intake_rules"] is vars(operator)["intake_rules"] is intake_rules
    for module, names in {
        intake_reading: ("structural_fault", "read_header"),
        intake_answers: ("merkle_proofs",),
        mailbox: ("cursor_good", "next_chain"),
        core_settle: ("purgeable", "manifest_leaves", "merkle_root"),
    }.items():
        for name in names:
            assert vars(module)[name] is vars(intake_rules)[name]
