"""Perception's commands as a user runs them, and how what was seen is compared with what is there."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import run
from omegaconf import OmegaConf

from saycan import train_perception
from saycan.perception import album, view_of
from saycan.perception.measure import compare, confusions, figures
from sim.tabletop import Tabletop


def last(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.returncode == 0, done.stderr
    line: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return line


def test_a_perfect_view_is_all_right(world: Tabletop) -> None:
    state = world.state()
    seen = compare(state, set(state.boxes), view_of(state))
    assert not seen.missed and not seen.false and max(seen.errors) == 0 and all(seen.facts) and seen.held
    assert all(true == given for true, given in seen.pairs)


def test_what_is_missed_misnamed_misplaced_or_invented_is_counted(world: Tabletop) -> None:
    state = world.state()
    view, names = view_of(state), list(state.boxes)
    boxes = dict(view.boxes)
    box = boxes.pop(names[0])
    boxes["penguin"] = replace(box, position=box.position + np.array([0.01, 0.0, 0.0]))
    boxes.pop(names[1])
    boxes["ghost"] = replace(box, position=np.array([0.3, 0.4, 0.02]))
    seen = compare(state, set(names), replace(view, boxes=boxes, held="penguin"))
    assert (names[0], "penguin") in seen.pairs and seen.missed == [names[1]] and seen.false == ["ghost"]
    assert max(seen.errors) == pytest.approx(0.01) and not seen.held
    counted = figures([seen])
    assert counted["found"] == pytest.approx(2 / 3, abs=1e-4) and counted["named_right"] == 0.5
    assert confusions([seen])[(names[1], "nothing")] == 1 and confusions([seen])[("nothing", "ghost")] == 1
    assert not compare(state, set(), replace(view, boxes={})).missed  # what no camera can see is not missed


def test_evaluation_writes_figures_and_pictures(tmp_path: Path) -> None:
    arguments = ["scenes=2", "seed=3", "pictures=1", f"out={tmp_path}"]
    data = last(run("saycan.evaluate_perception", *arguments))
    assert {"found", "named_right", "held_out_named_right", "position_error_mm", "false_things"} <= set(data)
    assert (tmp_path / "scene_00.png").is_file() and (tmp_path / "confusions.png").is_file()
    again = last(run("saycan.evaluate_perception", *arguments, "workers=2"))
    assert all(again[key] == data[key] for key in data if not key.endswith("ms_per_picture"))


def test_training_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    small = [
        "scenes=2",
        "test_scenes=1",
        "votes_minutes=0.02",
        "clip_minutes=0.02",
        "progress=false",
        f"out={tmp_path}",
    ]
    data = last(run("saycan.train_perception", *small))
    assert data["pictures"] == 8 and 0 <= float(str(data["crops_named_right"])) <= 1
    weights = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.safetensors")}
    assert {path.name for path in weights} == {"votes.safetensors", "saycan-clip.safetensors"}
    (tmp_path / "saycan-clip.safetensors").unlink()  # as if it had been stopped before
    last(run("saycan.train_perception", *small, "resume=true"))
    assert (tmp_path / "votes.safetensors").stat().st_mtime_ns == weights[tmp_path / "votes.safetensors"]
    assert (tmp_path / "saycan-clip.safetensors").is_file()
    other = run("saycan.train_perception", *small, "resume=true", "seed=5")
    assert other.returncode == 2 and "was begun with seed=0, not 5" in other.stderr
    again = run("saycan.train_perception", *small, f"votes={tmp_path / 'votes.safetensors'}")
    assert again.returncode == 2 and "choose another folder" in again.stderr
    assert (tmp_path / "votes.safetensors").is_file()


def test_a_training_anew_leaves_nothing_that_would_be_gone_on_with(tmp_path: Path) -> None:
    config = OmegaConf.create({"resume": False, "votes": None})
    old, pictures = (
        [tmp_path / name for name in ("votes.safetensors", "saycan-clip.safetensors")],
        tmp_path / "pictures",
    )
    for path in (*old, pictures / "pages_0_0_2.npz"):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert train_perception._go_on(config, old, pictures) == [] and not list(tmp_path.iterdir())


def test_an_album_of_more_scenes_is_not_short_of_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(album, "_SCENES", 2)
    assert list(album.render(tmp_path, 1, 0, 1)) == [1]
    few = album.read(tmp_path, 1, 0)
    assert list(album.render(tmp_path, 2, 0, 1)) == [2] and not list(album.render(tmp_path, 1, 0, 1))
    more = album.read(tmp_path, 2, 0)
    assert len(more) == 2 * len(few) and np.array_equal(more[0].rgb, few[0].rgb)


def test_skills_are_tried_with_what_is_seen(tmp_path: Path) -> None:
    data = last(run("saycan.perceived", "skills=[push]", "episodes=2", f"out={tmp_path}"))
    rates = data["skills"]["push"]  # type: ignore[index]
    assert set(rates) == {"perceived", "true"} and 0 <= rates["perceived"]["success"] <= 1


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["saycan.evaluate_perception", "scenes=0"], "scenes and workers must be 1 or more"),
        (["saycan.evaluate_perception", "pictures=-1"], "pictures 0 or more"),
        (["saycan.train_perception", "votes=/nowhere.safetensors"], "/nowhere.safetensors"),
        (["saycan.evaluate_perception", "perception=oracle"], "nothing to measure"),
        (["saycan.train_perception", "scenes=0"], "must be more than 0"),
        (["saycan.train_perception", "resume=true"], "out=DIR"),
        (["saycan.perceived", "episodes=0"], "1 or more"),
        (["saycan.perceived", "skills=[fly]"], "fly"),
    ],
)
def test_bad_input_is_one_sentence(command: list[str], words: str) -> None:
    failed = run(*command)
    assert failed.returncode == 2 and words in failed.stderr and failed.stderr.count("\n") == 1
