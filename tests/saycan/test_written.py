"""Tasks that somebody has written: read, filled, laid out, and mixed with those of the grammar."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from commands import run

from saycan.judging.expert import Expert
from saycan.judging.suite import load_suite
from saycan.judging.task_files import SuiteError
from saycan.learning import tasks
from saycan.learning.grammar import normalised
from saycan.learning.scenes import SMALL
from saycan.learning.tasks import allowed, draw_tasks
from saycan.learning.written import Written, read_written, written
from sim.objects import colours

TASK: dict[str, Any] = {
    "said": ["swap the {A} block in the {B} bowl for the red one", "the {A} block out of the {B} bowl, the red one in"],
    "scene": {"objects": ["{A} block", "red block", "{B} bowl"], "inside": {"{A} block": "{B} bowl"}},
    "goal": "at({A} block, left side) and in(red block, {B} bowl)",
}
BOWLS = [f"{{{letter}}} bowl" for letter in "ABCDE"]


def read(folder: Path, *entries: Any) -> list[Written]:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({"tasks": list(entries)}), encoding="utf-8")
    return read_written(path)


def test_slots_are_filled_anew_and_alike_everywhere(tmp_path: Path) -> None:
    [task] = read(tmp_path, TASK)
    seen = set()
    for seed in range(20):
        drawn = task.draw(np.random.default_rng(seed))
        assert len({t.scene.seed for t, _ in drawn}) == 1 and [t.goal for t, _ in drawn] == [drawn[0][0].goal] * 2
        one, start = drawn[0]
        block, other, bowl = one.scene.objects
        assert other == "red block" and block.split()[0] not in ("red", bowl.split()[0]) and bowl != "red bowl"
        assert one.scene.inside == {block: bowl} and block in one.instruction and bowl in drawn[1][0].instruction
        assert Expert(one.goal, start).reaches(start, 4)
        seen.add((block, bowl))
    assert len(seen) > 10


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"said": "open it"}, "`said` must be a list of wordings"),
        ({"said": []}, "`said` must be a list of wordings"),
        ({"scene": "a table"}, "`scene` is missing"),
        ({"said": ["take the {Q} block"]}, r"nothing can stand for \{Q\}"),
        ({"said": ["take the {} block"]}, r"nothing can stand for \{\}"),
        ({"goal": "in(red block, green bowl)"}, "green bowl"),
        ({"goal": None}, "`goal` is missing"),
        ({"goal": "in(red block"}, "in"),
        ({"colour": "red"}, "no key 'colour'"),
        ({"scene": {"objects": ["{A} blok", "red block", "{B} bowl"]}}, "blok"),
        ({"scene": {"kind": "kitchen", "objects": ["red block", "{A} block", "bin", "tray", *BOWLS]}}, "no room"),
    ],
)
def test_what_is_wrong_with_a_task_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], why: str
) -> None:
    monkeypatch.setattr("saycan.learning.written._TRIES", 2)
    with pytest.raises(SuiteError, match=rf"(?s)mine\.yaml: task 2.*{why}"):
        read(tmp_path, TASK, TASK | change)[1].draw(np.random.default_rng(0))


def test_a_file_without_tasks_is_none(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("instruction: open the drawer", encoding="utf-8")
    with pytest.raises(SuiteError, match="a list of at least one task"):
        read_written(tmp_path / "mine.yaml")


def test_all_that_is_written_can_be_drawn_and_done() -> None:
    assert len(written()) > 700 and sum(len(task.said) for task in written()) > 1800
    for number, task in enumerate(written()):
        drawn = (task.draw(np.random.default_rng([seed, number]))[0] for seed in range(3))  # some layouts leave no way
        assert any(one.refuse or Expert(one.goal, start).reaches(start, tasks.MOST_SKILLS) for one, start in drawn), (
            task.label
        )
        assert all(allowed(said) for said in task.said), task.label
    said = [normalised(said) for task in written() for said in task.said]
    assert len(set(said)) > 0.98 * len(said)  # one sentence may mean different things in different scenes


@pytest.mark.parametrize("suite", ["dev3", "dev4"])
def test_what_was_kept_out_for_measuring_is_not_said_of_other_things_either(suite: str) -> None:
    names = re.compile(rf"\{{\w\}}|\b({'|'.join([*colours(), *SMALL])})\b")
    kept = {normalised(names.sub("it", task.instruction.lower())) for task in load_suite(suite).tasks}
    assert not kept & {normalised(names.sub("it", said.lower())) for task in written() for said in task.said}


def test_a_scene_has_some_wordings_of_what_is_written_and_then_others() -> None:
    families = [[t.family for t, _ in draw_tasks(np.random.default_rng([3, k]), 4)] for k in range(60)]
    mixed = [f for f in families if "written" in f]
    assert 30 < len(mixed) < 58 and all(f.count("written") <= 2 and f[0] == "written" for f in mixed)
    assert sum(len(f) > f.count("written") for f in mixed) > 0.9 * len(mixed)


def test_what_is_wrong_with_a_task_does_not_end_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad = tuple(read(tmp_path, TASK | {"goal": "in(red block, green bowl)"}))
    monkeypatch.setattr(tasks, "written", lambda: bad)
    assert all(list(draw_tasks(np.random.default_rng(k), 2)) for k in range(8))
    assert len(caplog.messages) == 1 and "mine.yaml: task 1" in caplog.text and "passed over" in caplog.text


def test_without_anything_written_the_grammar_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "written", lambda: ())
    families = {t.family for k in range(20) for t, _ in draw_tasks(np.random.default_rng([3, k]), 3)}
    assert families == {"single", "several", "set", "refuse"}


def show(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run("saycan.show_tasks", "progress=false", *arguments)


def test_tasks_are_shown_with_the_way_that_is_taught() -> None:
    shown = show("count=4", "seed=3")
    assert shown.returncode == 0 and shown.stdout.count("\n  -> ") == 4, shown.stderr
    assert json.loads(shown.stdout.splitlines()[-1]) == {"tasks": 4, "problems": 0}


def test_a_file_of_ones_own_is_checked(tmp_path: Path) -> None:
    far = {"said": ["take the red block"], "scene": {"objects": ["red block"], "unreachable": ["red block"]}}
    entries = [
        TASK,
        far | {"goal": "holding(red block)"},
        far | {"refuse": True, "said": ["put the block in the bowl"]},
    ]
    read(tmp_path, *entries, far | {"refuse": True})
    shown = show(f"file={tmp_path / 'mine.yaml'}")
    assert shown.returncode == 2 and shown.stdout.count("\n  -> ") == 2 and "  -> decline" in shown.stdout
    assert "task 2 ('take the red block'): no way of at most 10 skills" in shown.stdout
    assert "task 3 ('put the block in the bowl'): a suite has" in shown.stdout
    assert show(f"file={tmp_path / 'none.yaml'}").returncode == show("count=0").returncode == 2
