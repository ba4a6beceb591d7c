"""A skill that lives outside the package: found, trained for a moment, and offered to the agent, without an edit inside."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import commands
import pytest

from sim.cli import InputError
from skills import library

TASK = '''
import numpy as np

from skills.tasks import Start, Target, Task, starts


class Wave(Task):
    """``wave at the {thing}``: the hand ends high up."""

    name = "wave"
    phrase = "wave at the {thing}"
    horizon = 20

    def start(self, rng):
        item = starts.thing(rng)
        return starts.empty_handed(rng, starts.scatter(rng, item, {}), Target(item.name))

    def doubtful_start(self, rng):
        return self.start(rng)

    def reward(self, start, now, target):
        return float(now.hand.position[2])

    def success(self, start, now, target):
        return bool(now.hand.position[2] > 0.37)
'''
CONFIG = """
name: wave
control_steps: 2000
worlds: 4
close: 0.0
learning_rate: 1.0e-3
log_std: -0.5
grip: 0.0
n_steps: 64
batch_size: 64
n_epochs: 4
gamma: 0.95
gamma_end: 0.95
gae_lambda: 0.95
hidden: [32, 32]
save_every: 4
value_episodes: 60
test_episodes: 10
test_states: 20
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    (folder / "skill").mkdir(parents=True)
    (folder / "wave.py").write_text(TASK)
    (folder / "skill" / "wave.yaml").write_text(CONFIG)
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return commands.run(*command, env={"SAYCAN_SKILLS": str(folder)})


def test_a_skill_from_outside_is_trained_and_offered(folder: Path) -> None:
    out = folder.parent / "out"
    done = run(folder, "skills.train", "skill=wave", "install=true", "progress=false", f"out={out}")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["skill"] == "wave"
    assert (folder / "wave.safetensors").is_file()
    told = run(folder, "saycan.run", "put the block in the bowl", f"out={out}", "video=false")
    assert told.returncode in (0, 1), told.stderr
    first = json.loads((out / "episode.json").read_text())["steps"][0]["candidates"]
    assert {"wave at the red block", "wave at the blue bowl"} <= {c["skill"] for c in first}


def test_a_skill_file_that_does_not_run_is_one_sentence(folder: Path) -> None:
    (folder / "wave.py").write_text("import nosuchmodule")
    done = run(folder, "skills.train", "skill=wave", f"out={folder / 'out'}")
    assert done.returncode == 2 and "nosuchmodule" in done.stderr and "Traceback" not in done.stderr
    missing = run(folder / "nowhere", "skills.train", "skill=wave")
    assert missing.returncode == 2 and "does not exist" in missing.stderr


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("juggling.py", TASK, "name = 'wave'; call both the same"),
        ("pick.py", TASK.replace('name = "wave"', 'name = "pick"'), "a skill that ships"),
        ("wave.py", TASK.replace('name = "wave"', ""), "needs a name and a phrase"),
        ("wave.py", TASK.replace('phrase = "wave', 'words = "wave'), "needs a name and a phrase"),
        ("wave.py", TASK.replace("the {thing}", "the {block}", 2), "braces can be {thing}, {receptacle}"),
        ("wave.py", TASK.replace('at the {thing}"', 'at the {thing} with the {thing}"'), "can only be {direction}"),
        ("wave.py", TASK.replace('at the {thing}"', '{direction}"'), "about a direction alone"),
    ],
)
def test_a_skill_without_a_good_name_or_phrase_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, words: str
) -> None:
    (tmp_path / file).write_text(text)
    monkeypatch.setenv("SAYCAN_SKILLS", str(tmp_path))
    with pytest.raises(InputError, match=re.escape(words)):
        library.tasks()


def test_two_files_of_one_name_are_refused_and_one_named_twice_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "wave.py").write_text(TASK.replace("wave at", f"wave {name} at"))
    for name in ("a", "b"):  # in one process
        monkeypatch.setenv("SAYCAN_SKILLS", f"{tmp_path / name}{os.pathsep}{tmp_path / name}")
        assert library.task("wave").phrase == f"wave {name} at the {{thing}}"
    monkeypatch.setenv("SAYCAN_SKILLS", f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}")
    with pytest.raises(InputError, match=re.escape(str(tmp_path / "a" / "wave.py"))):
        library.tasks()


def test_an_unknown_skill_is_not_to_be_trained() -> None:
    with pytest.raises(InputError, match="there is no task 'pikc'; there are pick, "):
        library.load_all(["pikc"])
