"""Killed at any moment, a run is finished by the next one; started eight times at once, every file runs once.

A few rounds here; ARCKODE_SOAK_KILLS and ARCKODE_SOAK_ROUNDS ask for as many as one likes (`make soak`).
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

from tests.migrations.faults import FILES, empty, kill_and_finish, state, write_files
from tests.migrations.forking import forge

if TYPE_CHECKING:
    from tests.migrations.workbench import Workbench

KILLS = int(os.environ.get("ARCKODE_SOAK_KILLS", "3"))
ROUNDS = int(os.environ.get("ARCKODE_SOAK_ROUNDS", "1"))
PROCESSES = 8


def test_after_a_kill_the_next_run_ends_where_one_without_it_ends(bench: Workbench) -> None:
    write_files(bench)
    dice = random.Random(KILLS)
    left: list[int] = []
    with forge(bench) as runs:
        first = runs.run()
        assert first["code"] == 0, first["said"]
        expected = state(bench)
        latest = first["seconds"]
        for kill in range(KILLS * 3):  # the first run is the slowest: kills are tried until enough have met a run
            empty(bench)
            moment = dice.uniform(0.0, latest)
            left.append(kill_and_finish(runs, moment))
            assert state(bench) == expected, f"kill {kill}"
            if sum(map(bool, left)) == KILLS:
                break
            latest = latest if left[-1] else max(moment, latest * 0.95)
    met = [files for files in left if files]
    assert len(met) == KILLS, left
    print(
        f"{bench.dialect}: {len(met)} kills met a run, {sum(files < FILES for files in met)} of them between its files"
    )


def test_of_many_that_start_at_once_each_ends_well_and_each_file_runs_once(bench: Workbench) -> None:
    write_files(bench)
    with forge(bench) as runs:
        for number in range(ROUNDS):
            empty(bench)
            ended = runs.runs([None] * PROCESSES)
            assert [run["code"] for run in ended] == [0] * PROCESSES, ended
            assert sum(run["said"].count("applied 2026") for run in ended) == FILES, f"round {number}"
            assert [status for _, status in state(bench)[2]] == ["applied"] * FILES
    print(f"{bench.dialect}: {ROUNDS} rounds of {PROCESSES} processes, every file was applied once")


def test_one_that_is_killed_among_many_leaves_its_lock_to_the_others(bench: Workbench) -> None:
    write_files(bench)
    with forge(bench) as runs:
        expected_seconds = runs.run()["seconds"]
        expected = state(bench)
        for number in range(max(ROUNDS // 5, 1)):
            empty(bench)
            ended = runs.runs([random.Random(number).uniform(0.0, expected_seconds), None, None])
            assert [run["code"] for run in ended[1:]] == [0, 0], ended
            assert state(bench) == expected, f"round {number}"
