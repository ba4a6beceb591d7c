"""Runs of the benchmark beside each other, as a user compares them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import run
from scipy.stats import binomtest

from saycan.judging.comparison import compare, labels, load_run, markdown
from sim.cli import InputError


def write_run(folder: Path, successes: list[bool], agent: str = "full", suite: str = "toy", **changes: Any) -> Path:
    folder.mkdir()
    common = {"family": "one", "cause": "language", "error": None, "skills_executed": 1, "seconds": 1.0, "seed": 0}
    rows = [
        {**common, "task": i, "instruction": f"do {i}", "goal": "none", "success": ok, "plan_success": ok, **changes}
        for i, ok in enumerate(successes)
    ]
    data = {"suite": suite, "agent": agent, "perception": "camera", "commit": "abc", "rows": rows}
    (folder / "results.json").write_text(json.dumps(data))
    return folder


def test_runs_are_compared_task_by_task(tmp_path: Path) -> None:
    first = load_run(write_run(tmp_path / "a", [True] * 5 + [False] * 5))
    second = load_run(write_run(tmp_path / "b", [False] + [True] * 9 + [True] * 3, agent="oracle"))
    found = compare([first, second])
    assert found["n"] == 10 and found["left_out"] == {"agent=full": 0, "agent=oracle": 3}
    row = found["runs"]["agent=oracle"]
    assert (row["better"], row["worse"]) == (5, 1) and row["summary"]["all"]["success"] == 0.9
    assert row["p"] == pytest.approx(binomtest(1, 6).pvalue, abs=1e-4)
    same = found["runs"]["agent=full"]
    assert (same["better"], same["worse"], same["p"]) == (0, 0, 1.0)
    text = markdown(found)
    assert "| agent=oracle | 90.0%" in text and "| executed | one | all |" in text


def test_runs_that_nothing_tells_apart_are_told_by_their_folders(tmp_path: Path) -> None:
    runs = [load_run(write_run(tmp_path / name, [True])) for name in "ab"]
    assert labels(runs) == [str(tmp_path / "a"), str(tmp_path / "b")]


def test_what_cannot_be_compared_is_refused_in_words(tmp_path: Path) -> None:
    first = load_run(write_run(tmp_path / "a", [True]))
    for name, changes, text in (
        ("b", {"suite": "other"}, "of the suite other"),
        ("c", {"instruction": "do something else"}, "not the same"),
        ("f", {"goal": "in(blue block, red bowl)"}, "not the same"),
        ("d", {"seed": 7}, "no task and seed in common"),
    ):
        with pytest.raises(InputError, match=text):
            compare([first, load_run(write_run(tmp_path / name, [True], **changes))])
    with pytest.raises(InputError, match="named twice"):
        compare([first, load_run(tmp_path / "b" / ".." / "a")])
    (tmp_path / "a" / "results.json").write_text("{half")
    with pytest.raises(InputError, match="damaged"):
        load_run(tmp_path / "a")
    with pytest.raises(InputError, match="there are no results"):
        load_run(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no trial was done"):
        load_run(write_run(tmp_path / "e", []))


def test_the_command_writes_a_table_and_a_chart(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / "a", [True, False]), write_run(tmp_path / "b", [True, True], agent="oracle")]
    out = f"out={tmp_path / 'out'}"
    done = run("saycan.compare", out, f"runs=[{runs[0]},{runs[1]}]")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["runs"]["agent=oracle"]["better"] == 1
    assert (tmp_path / "out" / "comparison.md").read_text().startswith("# toy, 2 trials in common")
    assert (tmp_path / "out" / "comparison.png").stat().st_size > 5000
    done = run("saycan.compare", out)
    assert done.returncode == 2 and "which runs?" in done.stderr
