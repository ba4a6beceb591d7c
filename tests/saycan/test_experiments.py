"""The sample-efficiency experiment: its statistics beside slow ones, its learner on a toy, and its debug run as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saycan.experiments.arms import Run, missing, summary
from saycan.experiments.dyna import Lesson, Settings, Values
from saycan.experiments.statistics import bootstrap, executions_to, iqm
from saycan.world_model.base import Situation
from saycan.world_model.facts import HAND, Facts
from sim.cli import InputError

SETTINGS = Settings(0, 1, 4, 2, 1, 3, 0.2, 0.0, 5, 0)
RUN = Run("real", 0, "", SETTINGS, 1e-3, 8, 0.5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_the_interquartile_mean_beside_a_slow_one(values: list[float]) -> None:
    kept = sorted(values)
    for _ in range(len(values) // 4):
        kept = kept[1:-1]
    assert float(iqm(np.array(values))) == pytest.approx(sum(kept) / len(kept))


def test_the_bootstrap_beside_a_slow_one() -> None:
    values, rng = np.array([0.1, 0.5, 0.6, 0.7, 1.0]), np.random.default_rng(1)
    slow = sorted(float(iqm(np.array([values[rng.integers(5)] for _ in range(5)]))) for _ in range(4000))
    low, high = bootstrap(values)
    assert float(low) == pytest.approx(slow[100], abs=0.05) and float(high) == pytest.approx(slow[3900], abs=0.05)
    assert low < iqm(values) < high


def test_what_was_never_reached_is_censored() -> None:
    curves = [[(0, 0.0), (10, 0.9)], [(0, 0.0), (10, 0.5)], [(0, 0.8), (10, 0.2)]]
    assert executions_to(curves, 0.8) == {"seeds": [10, None, 0], "reached": 2, "median": 10.0}
    assert executions_to(curves, 0.95) == {"seeds": [None] * 3, "reached": 0, "median": None}


def test_the_table_learns_a_way_of_two_skills() -> None:
    apart = Facts.of([("red block", "left"), ("green bowl", "top")])
    start, held = Situation(apart, (), "x"), Situation(apart.changed([("red block", HAND)]), (), "x")
    end, skills, table = (
        replace(start, facts=apart.changed([("red block", "in the green bowl")])),
        ["take", "put"],
        Values(),
    )
    for _ in range(30):
        table.learn(Lesson(held, "put", 1.0, end), skills)
        table.learn(Lesson(start, "take", 0.0, held), skills)
        table.learn(Lesson(start, "put", 0.0, start), skills)
    moved = replace(start, facts=apart.changed([("red block", "right")]))  # another part of the table is no other state
    assert table.best(moved, skills, np.random.default_rng(0)) == "take"
    assert table.value(start, "take") == pytest.approx(0.9, abs=0.02) and table.value(held, "put") > 0.95


def result(run: Run, **changes: Any) -> str:
    data = {**asdict(run), "curve": [[0, 0.0], [4, 0.5]], "executions_before": 0, "imagined": 0, "seconds": 1.0}
    return json.dumps({**data, **changes})


def test_results_are_kept_and_those_of_other_settings_refused(tmp_path: Path) -> None:
    other = replace(RUN, seed=1)
    (tmp_path / RUN.file).write_text(result(RUN))
    assert missing([RUN, other], tmp_path) == [other]
    (tmp_path / other.file).write_text(result(other, rate=9.0))
    with pytest.raises(InputError, match="other settings"):
        missing([RUN, other], tmp_path)
    (tmp_path / other.file).write_text("{half")
    with pytest.raises(InputError, match="damaged"):
        missing([RUN, other], tmp_path)
    assert summary({"real": [json.loads(result(RUN))]})["real"]["final_success"] == 0.5


def test_the_debug_run_goes_on_and_repeats_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "saycan.experiments.sample_efficiency", "size=debug", "seeds=1"]
    command += ["workers=1", f"out={tmp_path}"]
    first = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert first.returncode == 0, first.stderr
    figures = json.loads(first.stdout.splitlines()[-1])
    assert figures["new_runs"] == 3 and set(figures["arms"]) == {"equal-updates", "copy-1", "mlp-3"}
    assert figures["arms"]["mlp-3"]["imagined"] > 0 == figures["arms"]["equal-updates"]["imagined"]
    curve = json.loads((tmp_path / "mlp-3__0.json").read_text())["curve"]
    assert [point[0] for point in curve] == [0, 4, 8]
    (tmp_path / "mlp-3__0.json").unlink()  # as if it had been killed before that one was done
    fewer = [*command, "~arms.copy-1"]
    second = subprocess.run(fewer, capture_output=True, text=True, timeout=300, check=False)
    figures = json.loads(second.stdout.splitlines()[-1])
    assert figures["new_runs"] == 1 and set(figures["arms"]) == {"equal-updates", "mlp-3"}
    assert json.loads((tmp_path / "mlp-3__0.json").read_text())["curve"] == curve
    assert (tmp_path / "curves.png").stat().st_size > 5000
