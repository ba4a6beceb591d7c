"""The commands as a user runs them, headless, with the real language model."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import run
from omegaconf import OmegaConf
from rich.console import Console

from saycan.build import scene_spec
from saycan.film import Film
from saycan.gif import write_gif
from saycan.show import Terminal
from saycan.trials import spread
from saycan.types import Episode
from sim.cli import InputError, print_json
from sim.tabletop import Tabletop


def test_the_main_job(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "saycan.run", "put the block in the bowl", f"out={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    episode = json.loads((tmp_path / "episode.json").read_text())
    assert episode["outcome"] == "done"
    assert [step["choice"] for step in episode["steps"]][:2] == ["pick up the red block", "put it in the blue bowl"]
    first = episode["steps"][0]["candidates"]
    assert 0.4 < sum(c["say"] for c in first) < 1 + 1e-6  # the rest is on refusing
    can = {c["skill"]: c["can"] for c in first}
    assert can["pick up the red block"] > 0.8 and can["put it in the blue bowl"] < 0.2
    page = (tmp_path / "report.html").read_text()
    assert "data:image/gif;base64," in page and "put the block in the bowl" in page
    assert "http" not in page  # opens offline


@pytest.mark.parametrize("thing", ["banana", "elephant"])
def test_what_is_not_there_is_declined(tmp_path: Path, thing: str) -> None:
    done = run("saycan.run", f"put the {thing} in the bowl", f"out={tmp_path}", "video=false")
    assert done.returncode == 1, done.stderr
    episode = json.loads((tmp_path / "episode.json").read_text())
    assert episode["outcome"] == "declined" and episode["steps"][0]["choice"] is None
    assert "can't" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([""], "instruction is missing"),
        (["a" * 5000], "5,000 characters"),
        (["?!"], "no word"),
        (["go", "nosuch=3"], "no setting 'nosuch'"),
        (["go", "llm=gpt"], "llm can be openai, smollm2, transformers"),
        (["go", "seed=abc"], "whole number"),
        (["go", "seed=-1"], "0 or more"),
        (["go", "perception=xray"], "perception/xray"),
        (["go", "scene.objects=[elephant]"], "no 'elephant'"),
        (["go", "+scene.colour=red"], "no key 'colour'"),
        (["go", "llm.dtype=float8"], "llm.dtype"),
        (["go", "llm.model=/nowhere"], "/nowhere"),
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], words: str, tmp_path: Path) -> None:
    failed = run("saycan.run", *arguments, f"out={tmp_path / 'new'}")
    assert failed.returncode == 2
    assert words in failed.stderr and failed.stderr.count("\n") == 1 and "Traceback" not in failed.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"place": {"red block": "here"}}, "`place` must be a mapping from names to"),
        ({"place": {"red block": 0.4}}, "`place` must be a mapping from names to"),
        ({"place": {"red block": None}}, "`place` must be a mapping from names to"),
        ({"inside": {"red block": ["blue bowl"]}}, "`inside` must be a mapping from names to receptacles"),
        ({"objects": [["red block"]]}, "`objects` must be a list of names"),
        ({"unreachable": [{"red block": 1}]}, "`unreachable` must be a list of names"),
    ],
)
def test_a_scene_of_another_form_is_one_sentence(changed: dict[str, Any], words: str) -> None:
    scene = {"objects": ["red block", "blue bowl"], "place": None, **changed}
    with pytest.raises(InputError, match=words):
        scene_spec(OmegaConf.create({"seed": 0, "scene": scene}))


def test_a_scenes_seed_is_the_configs() -> None:
    scene = {"objects": ["red block"], "seed": None}  # as a suite's task has it
    assert scene_spec(OmegaConf.create({"seed": 7, "scene": scene})).seed == 7


MODULES = [
    "saycan.run",
    "saycan.trials",
    "saycan.speed",
    "skills.train",
    "skills.evaluate",
    "skills.recovery",
    "saycan.serve_llm",
    "saycan.evaluate_language",
    "saycan.merge_adapters",
    "saycan.show_tasks",
]


@pytest.mark.parametrize("module", [*MODULES, "skills.figures", "skills.peer"])
def test_help(module: str) -> None:
    shown = run(module, "--help")
    assert shown.returncode == 0 and "python -m" in shown.stdout


def test_evaluate_ends_with_json_and_draws(tmp_path: Path) -> None:
    done = run("skills.evaluate", "skill=pick", "episodes=12", f"out={tmp_path}")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert {"skill", "episodes", "success", "ci95", "auroc", "ece", "brier", "control_steps_per_s"} <= set(figures)
    assert set(figures["baselines"]) == {"detected", "critic", "constant"}
    assert (tmp_path / "pick.reliability.png").stat().st_size > 5000


def test_the_world_is_faster_than_the_peer() -> None:
    done = run("saycan.speed", "sim", "steps=500", "rounds=1")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["ratio"] > 1.5 and figures["floor_control_steps_per_s"] > figures["control_steps_per_s"]


def test_recovery_measures_every_skill() -> None:
    done = run("skills.recovery", "episodes=2")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert {"pick", "push", "open_drawer", "pick_and_place_watched", "pick_and_place_unwatched"} <= set(figures)


def test_figures_are_drawn(tmp_path: Path) -> None:
    curve = tmp_path / "a.curve.csv"
    curve.write_text("control_steps,seconds,success\n1000,1.0,0.5\n2000,2.0,0.92\n3000,3.0,0.97\n")
    done = run("skills.figures", f"out={tmp_path}", f"curves={{a: [{curve}, {curve}]}}")
    assert done.returncode == 0, done.stderr
    assert {"reliability.png", "heat_map.png", "learning.png"} <= {path.name for path in tmp_path.iterdir()}
    assert json.loads(done.stdout.splitlines()[-1])["curves"]["a"]["steps_to_90%"]["median"] == 2000
    bad = run("skills.figures", f"out={tmp_path}", "curves={a: [/nowhere.csv]}")
    assert bad.returncode == 2 and "/nowhere.csv" in bad.stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["skills.evaluate", "episodes=0"], "at least 1"),
        (["skills.recovery", "episodes=0"], "at least 1"),
        (["saycan.trials", "seeds=0"], "seeds must be 1 or more"),
        (["saycan.trials", "seed=5"], "first_seed=5"),
        (["saycan.speed"], "say what to measure"),
        (["saycan.evaluate_language", "choices=false"], "leaves nothing to measure"),
        (["saycan.speed", "sim", "steps=1"], "at least 100"),
    ],
)
def test_bad_measurements_are_one_sentence(command: list[str], words: str) -> None:
    failed = run(*command)
    assert failed.returncode == 2 and words in failed.stderr and "Traceback" not in failed.stderr


def test_the_drawer_is_opened_when_that_is_wanted(tmp_path: Path) -> None:
    done = run("saycan.run", "open the drawer", "scene=kitchen", f"out={tmp_path}", "video=false", "seed=1")
    episode = json.loads((tmp_path / "episode.json").read_text())
    assert episode["steps"][0]["choice"] == "open the drawer", done.stdout
    assert {"put it in the drawer", "close the drawer", "push the apple left", "put it on the middle"} <= {
        c["skill"] for c in episode["steps"][0]["candidates"]
    }


def test_plans_are_rehearsed_and_kept(tmp_path: Path) -> None:
    suite = tmp_path / "two.yaml"
    suite.write_text(
        "name: two\ntasks:\n"
        "  - {instruction: take the red block, family: a, scene: {objects: [red block, blue bowl], seed: 1}, goal: holding(red block)}\n"
        "  - {instruction: take the red block, family: b, scene: {objects: [red block, blue bowl], seed: 1}, goal: holding(blue bowl)}\n"
    )
    done = run("saycan.evaluate_language", f"suite={suite}", "rehearse=true", "choices=false", f"out={tmp_path}")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["plans"] == {"a": 1.0, "b": 0.0, "all": 0.5} and "decisions" not in figures
    plans = [json.loads(line) for line in (tmp_path / "plans.jsonl").read_text().splitlines()]
    assert [plan["right"] for plan in plans] == [True, False] and plans[0]["plan"][0] == "pick up the red block"
    assert all(0.2 < plan["at_first"] <= 1 for plan in plans)  # what is not declined is above agent.decline
    assert "| all | 2 | 1 | 50% (9% to 91%) |" in (tmp_path / "language.md").read_text()


def test_trials_load_no_model_that_is_not_asked(tmp_path: Path) -> None:
    arguments = ("agent=no_language", "agent.steps=1", "perception=oracle", "llm.model=/nowhere", f"out={tmp_path}")
    done = run("saycan.trials", "seeds=1", *arguments)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["seconds_to_load_language_model"] is None


def test_an_episode_without_steps_is_shown_as_far_as_it_goes(tmp_path: Path, world: Tabletop) -> None:
    film = Film(world)
    film.shoot()
    write_gif(tmp_path / "episode.gif", Episode("sing"), film)
    assert not (tmp_path / "episode.gif").exists()
    assert spread([]) is None and spread([1.0, 3.0]) == {"median": 2.0, "min": 1.0, "max": 3.0}


def test_square_brackets_in_a_path_are_shown() -> None:
    console = Console(file=io.StringIO(), width=200)
    Terminal(console).end(Episode("sing", outcome="declined", reason="no [bold]song"), "/tmp/run[a]")
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "/tmp/run[a]/report.html" in said and "no [bold]song" in said


def test_evaluate_refuses_a_damaged_checkpoint(tmp_path: Path) -> None:
    broken = tmp_path / "pick.safetensors"
    broken.write_bytes(b"nonsense")
    failed = run("skills.evaluate", f"checkpoint={broken}")
    assert failed.returncode == 2 and "damaged" in failed.stderr and "Traceback" not in failed.stderr


def test_the_last_line_is_json_for_everybody(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"right": float("nan"), "families": {"all": float("inf"), "none": 0.5}})
    assert capsys.readouterr().out == '{"right": null, "families": {"all": null, "none": 0.5}}\n'
