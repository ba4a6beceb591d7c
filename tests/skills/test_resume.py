"""A training that is killed goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import run
from hydra import compose, initialize_config_dir

from sim.paths import CONFIGS
from skills import checkpoint, library
from skills.train import train

TINY = [
    "skill=pick",
    "skill.control_steps=8000",
    "skill.n_steps=64",
    "skill.save_every=2",
    "skill.value_episodes=20",
    "skill.test_episodes=4",
    "skill.test_states=8",
    "progress=false",
]


def test_killed_training_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "pick.state.safetensors"
    command = [sys.executable, "-m", "skills.train", *TINY, f"out={tmp_path}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (state.exists() and checkpoint.read(state)[1]["control_steps"] >= 3000):
        time.sleep(0.1)
        assert process.poll() is None, "it ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = checkpoint.read(state)[1]["control_steps"]
    rows = (tmp_path / "pick.curve.csv").read_text().splitlines()
    reached = int(rows[-1].split(",")[0])
    assert reached - before <= 3 * 64 * 8, "more than one interval would be lost"
    done = run("skills.train", *TINY, f"out={tmp_path}", "resume=true")
    assert done.returncode == 0, done.stderr
    steps = [int(row.split(",")[0]) for row in (tmp_path / "pick.curve.csv").read_text().splitlines()[1:]]
    assert steps == sorted(set(steps)) and steps[0] < before < steps[-1] and steps[-1] >= 8000
    figures = json.loads(done.stdout.splitlines()[-1])
    for other, words in [("seed=1", "seed=0, not 1"), ("skill.gamma=0.9", "skill.gamma=0.97, not 0.9")]:
        refused = run("skills.train", *TINY, f"out={tmp_path}", "resume=true", other)
        assert refused.returncode == 2 and f"was begun with {words}; give the same" in refused.stderr
    assert figures["skill"] == "pick" and library.load(Path(figures["checkpoint"])).record["seed"] == 0


def test_a_damaged_state_is_one_sentence_and_stays(tmp_path: Path) -> None:
    state = tmp_path / "pick.state.safetensors"
    state.write_bytes(b"not a state")
    done = run("skills.train", *TINY, f"out={tmp_path}", "resume=true")
    assert done.returncode == 2 and "damaged" in done.stderr and "Traceback" not in done.stderr
    assert state.read_bytes() == b"not a state"


def test_a_training_that_is_begun_anew_leaves_nothing_to_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, chunk = tmp_path / "pick.state.safetensors", tmp_path / "pick.rollouts" / "1-000.safetensors"
    chunk.parent.mkdir()
    for file in (state, chunk):
        file.write_bytes(b"of another training")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stable_baselines3.PPO.learn", killed)
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("train", [*TINY, "skill.worlds=1"])
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "pick")
    assert not state.exists() and not chunk.exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["resume=true", "out=null"], "out=DIR"),
        (["skill.control_steps=x"], "whole number"),
        (["skill=juggle"], "juggle"),
        (["skill=pick", "start=nowhere.safetensors"], "nowhere.safetensors"),
        (["skill=pick", f"start={library.path_of('push')}"], "is of the skill push"),
        (["skill=pick", f"policy={library.path_of('push')}"], "is of the skill push"),
        (["skill=pick", *(f"{key}={library.path_of('pick')}" for key in ("start", "policy"))], "give one of them"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, more: list[str], words: str) -> None:
    done = run("skills.train", *TINY[1:], *more, cwd=tmp_path)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
