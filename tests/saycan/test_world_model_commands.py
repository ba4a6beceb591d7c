"""The world model's commands as a user runs them, on few episodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import run


def figures(module: str, *arguments: str) -> dict[str, Any]:
    done = run(f"saycan.{module}", *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_from_executions_to_a_measured_model(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    # of ten episodes the last is for testing
    collected = figures("collect_executions", "episodes=10", "workers=2", f"out={whole}")
    figures("collect_executions", "episodes=3", "workers=1", f"out={parts}")
    file = parts / "executions.jsonl"
    file.write_text(file.read_text()[:-50])  # killed while it wrote
    figures("collect_executions", "episodes=10", "workers=1", f"out={parts}")
    assert file.read_text() == (whole / "executions.jsonl").read_text()
    assert collected["executions"] == len(file.read_text().splitlines()) - 1 and 0 < collected["worked"] < 1
    options = (f"log={whole}", "held_out=[red bowl]", "kind=mlp", "steps=20", "learning_rate=3.0e-3")
    trained = figures("train_world_model", *options, f"out={tmp_path}")
    assert trained["steps"] == 20 and trained["test"]["n"] > 0
    other = run("saycan.train_world_model", *options, f"out={tmp_path}", "resume=true", "rough=0.25")
    assert other.returncode == 2 and "rough=0.5, not 0.25" in other.stderr
    (tmp_path / "state.safetensors").write_text("of another training")
    assert figures("train_world_model", *options, f"out={tmp_path}")["test"]["facts"] == trained["test"]["facts"]
    model = tmp_path / "world_model.safetensors"
    found = figures("evaluate_world_model", f"log={whole}", f"models=[{model},copy]", "seconds=5", f"out={tmp_path}")
    assert found["models"][str(model)]["one_step"]["facts"] == trained["test"]["facts"]
    assert found["real_executions_per_second"] > 0 and found["models"]["copy"]["ratio_to_real"] > 0


@pytest.mark.parametrize(
    ("module", "arguments", "words"),
    [
        ("collect_executions", ["explore=[0.5,0.5]"], "three shares"),
        ("evaluate_world_model", ["log=/nowhere", "models=[copy]"], "/nowhere"),
        ("evaluate_world_model", ["log=/nowhere", "threads=0"], "threads and deep must be 1 or more"),
        ("evaluate_world_model", ["log=/nowhere", "deep=0"], "threads and deep must be 1 or more"),
        ("evaluate_world_model", ["log=/nowhere", "models=[typo]"], "typo"),
        ("train_world_model", ["log=/nowhere", "hindsight=-1"], "hindsight is a number"),
    ],
)
def test_bad_input_is_one_sentence(module: str, arguments: list[str], words: str) -> None:
    failed = run(f"saycan.{module}", *arguments)
    assert failed.returncode == 2 and words in failed.stderr and "Traceback" not in failed.stderr
