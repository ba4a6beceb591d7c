"""What learning from one's own choices is made of: choices that are drawn, the expert's episodes, imagined ones, settings that are checked."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from hydra import compose, initialize_config_dir

from saycan import train_planner
from saycan.judging.suite import SuiteTask
from saycan.language.planner import Planner
from saycan.language.weights import load
from saycan.learning import methods
from saycan.learning.checks import check
from saycan.learning.imitate import Imitation, Settings
from saycan.learning.inspection import expert_episode, mistakes
from saycan.learning.reinforce import fresh_tasks
from saycan.select import combine, drawn, highest, likeliest, policy
from saycan.types import IMAGINED, Episode, Step
from saycan.world_model.baselines import CopyLastState
from saycan.world_model.episodes import imagined
from sim.cli import InputError
from sim.paths import CONFIGS
from sim.scenes import SceneSpec
from skills import checkpoint
from skills import library as skill_library
from skills.execute import Outcome
from skills.library import Skill
from skills.settings import begin_anew

TAKE_RED = SuiteTask(
    "take the red block", "take", SceneSpec(objects=["red block", "blue block"], seed=1), "holding(red block)", False
)


def test_choices_are_drawn_as_often_as_the_policy_says(rng: np.random.Generator) -> None:
    say, can = np.log([0.5, 0.2, 0.1]), np.array([0.8, 0.0, 1.0])  # 0.2 is left for declining
    product = np.exp(say) * can
    assert policy(say, product) == pytest.approx(np.array([0.4, 0, 0.1, 0.2]) / 0.7)
    choose = drawn(rng)
    counts = [0, 0, 0, 0]
    for _ in range(4000):
        choice = choose(say, product, 1.0)
        counts[3 if choice is None else choice] += 1
    assert np.array(counts) / 4000 == pytest.approx(policy(say, product), abs=0.03)
    assert policy(say, 0 * product) == pytest.approx([0, 0, 0, 1]) and policy(np.log([1.0]), np.zeros(1))[-1] == 1
    assert likeliest()(say, product, 1.0) == 0 and likeliest()(say, 0.4 * product, 0.0) is None
    unsure = np.log(
        [0.5, 0.1]
    )  # declining has 0.4; at a high temperature that is likelier than anything that has to be possible, too
    assert likeliest()(unsure, combine(unsure, np.array([0.9, 0.9])), 0.0) == 0
    assert likeliest(5.0)(unsure, combine(unsure, np.array([0.9, 0.9]), 5.0), 0.0) is None
    assert highest(say, product, 0.0) == 0 and highest(say, product, 0.9) is None


def test_the_expert_does_fresh_tasks_and_sees_the_agents_mistakes() -> None:
    skills = skill_library.load_all()
    experts = [expert_episode(task, skills) for task in fresh_tasks(np.random.default_rng(5), 25)]
    assert np.mean([record.success for record in experts]) > 0.85

    class Stubborn:
        def log_probs(self, episode: Any, view: Any, candidates: Any) -> np.ndarray:
            return np.where([c.text == "done" for c in candidates], 0.0, -50.0)

    record = next(r for r in experts if r.success and len(r.episode.steps) == 3)
    found = list(mistakes(record, Stubborn(), highest, 1.0, 1.0))
    assert [(m.number, m.worse) for m in found] == [(0, "done"), (1, "done")]
    assert [m.better for m in found] == [s.choice.text for s in record.episode.steps[:2] if s.choice]


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_imagined_skills_work_as_often_as_the_world_model_thinks(chance: float, pick: Mapping[str, Skill]) -> None:
    class Thinks(CopyLastState):
        def _worked(self, attempts: Sequence[Any]) -> list[float]:
            return [chance] * len(attempts)

    rng, held = np.random.default_rng(0), []
    for _ in range(100):
        with imagined(TAKE_RED, pick, 0.5, Thinks(), rng) as stage:
            take = next(c for c in stage.body.propose(stage.body.perceive()) if c.text == "pick up the red block")
            outcome = stage.body.execute(take)
            held.append(stage.truth().held == "red block")
            assert outcome.success == held[-1] and stage.body.perceive().held == stage.truth().held
    assert np.mean(held) == pytest.approx(chance, abs=0.15 if 0 < chance < 1 else 0.0)


def test_in_an_imagined_world_what_failed_has_begun(pick: Mapping[str, Skill]) -> None:
    class Fails(CopyLastState):
        def _worked(self, attempts: Sequence[Any]) -> list[float]:
            return [0.0] * len(attempts)

    class Says:
        def log_probs(self, prompt: str, texts: Sequence[str]) -> np.ndarray:
            return np.zeros(len(texts))

    with imagined(TAKE_RED, pick, 0.5, Fails(), np.random.default_rng(0)) as stage:
        view, none = stage.body.perceive(), np.zeros(0)
        options = stage.body.propose(view)
        failed = stage.body.execute(options[0])
    for outcome, begun in ((failed, True), (Outcome(False, ended=IMAGINED), False)):  # the other was only thought of
        episode = Episode("take the elephant", [Step(view, options, none, none, none, 0, outcome)])
        assert (len(Planner(Says()).read(episode, view, options).told) == len(options)) is begun


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 3}, "seed=0, not 3"),
        ({"learning_rate": 1e-3}, "learning_rate=0.0005, not 0.001"),
        ({}, "llm.model=a, not b"),
    ],
)
def test_a_training_goes_on_with_its_own_settings_only(
    change: dict[str, Any], words: str, toy: Path, tmp_path: Path
) -> None:
    def trainer(minutes: float, **given: Any) -> Imitation:
        made = Imitation(*load(str(toy), fast=False), Settings(minutes, rank=2, **given), lambda number: [])
        made.origin = {"llm.model": "a"}
        return made

    trainer(1.0).save(tmp_path / "state.safetensors")
    trainer(2.0).restore(tmp_path / "state.safetensors")
    other = trainer(1.0, **change)
    other.origin = {"llm.model": "a" if change else "b"}
    with pytest.raises(InputError, match=words):
        other.restore(tmp_path / "state.safetensors")


def test_the_command_begins_anew_or_goes_on_with_the_same(lively: Path, tmp_path: Path) -> None:
    command = ["saycan.train_planner", f"llm.model={lively}", "rank=2", "scenes=1", "minutes=0.01", f"out={tmp_path}"]
    command += ["start=none", "dtype=float32", "progress=false"]
    state = tmp_path / "state.safetensors"
    state.write_text("of another training")
    first = run(*command)
    assert first.returncode == 0, first.stderr
    steps = json.loads(first.stdout.splitlines()[-1])["steps"]
    assert checkpoint.read(state)[1]["step"] == steps > 0
    other = run(*command, "resume=true", "seed=4")
    assert other.returncode == 2 and "seed=0, not 4" in other.stderr


def test_what_a_killed_training_had_logged_after_its_last_state_is_logged_once(tmp_path: Path) -> None:
    path = tmp_path / "progress.csv"
    for begin, end in ((0, 5), (3, 7)):
        list(
            train_planner._logged(
                ({"step": float(k), "minutes": k + begin / 10} for k in range(begin, end)), path, begin
            )
        )
    rows = list(csv.DictReader(path.open()))
    assert [float(row["step"]) for row in rows] == list(range(7))
    assert [float(row["minutes"]) for row in rows] == [0, 1, 2, 3.3, 4.3, 5.3, 6.3]


def test_a_training_anew_deletes_what_another_left_but_not_what_it_goes_on_from(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("state.safetensors", "planner.safetensors")]
    files[1].touch()
    with pytest.raises(InputError, match=r"start=.*planner\.safetensors is where the result is written to"):
        begin_anew(files, "start", tmp_path / "." / "planner.safetensors")
    assert files[1].is_file()
    begin_anew(files, "start", tmp_path / "other.safetensors")
    assert not files[1].exists()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["method=grpo", "group=1"], "group must be 2 or more"),
        (["method=grpo", "sure=-1"], "sure must be 0 or more"),
        (["method=grpo", "judge=nobody"], "judge must be one of truth, rubric, llm"),
        (["blend=0.5"], "blend= needs something to blend with"),
        (["method=inverse", "world=moon"], "world must be one of rehearsed, imagined, simulated"),
        (["method=implicit", "prefer=1.5"], "prefer must be from 0 to 1"),
        (["method=implicit", "sharpness=0"], "sharpness must be more than 0"),
        (["method=grpo", "tau=-1.0"], "tau must be more than 0"),
        (["sure=-1"], "sure must be 0 or more"),
        (["dtype=int8"], "dtype must be one of auto, float32, bfloat16"),
        (["minutes=0"], "minutes must be more than 0"),
        (["method=grpo", "start=/no/such.safetensors", "llm.model={model}"], "no checkpoint"),
        (["resume=true"], "out=DIR"),
        (["minutes=nan"], "minutes must be more than 0"),
        (["method=grpo", "done=1.5"], "done must be from 0 to 1"),
        (["llm=openai"], "only a model that runs here can be trained"),
        (["llm=transformers"], "which language model"),
        (["llm.adapter=planner"], "with start=, not llm.adapter="),
    ],
)
def test_values_that_make_no_sense_are_one_sentence(overrides: list[str], words: str, lively: Path) -> None:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("train_planner", [o.format(model=lively) for o in overrides])
    with pytest.raises(InputError, match=words):
        check(config)
        methods.build(config)
