"""Learning from one's own choices, on a toy: two blocks, and one of them asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from saycan.judging.suite import SuiteTask
from saycan.language import planner
from saycan.language.weights import load
from saycan.learning import grpo, implicit, inverse
from saycan.learning import policy as policies
from saycan.learning.grpo import Grpo
from saycan.learning.implicit import Implicit
from saycan.learning.inverse import Inverse
from saycan.learning.perplexity import before_and_after, perplexity
from saycan.learning.policy import portions
from saycan.learning.reinforce import Reinforcement, Sample, by_step
from saycan.learning.trainer import STATE
from saycan.select import likeliest
from sim.scenes import SceneSpec
from skills.checkpoint import CheckpointError
from skills.library import Skill

pytestmark = pytest.mark.usefixtures("one_thread")

SHARED = {"minutes": 60.0, "tasks": 8, "tau": 20.0, "keep": 0.0, "beta": 0.0}  # so hot that each choice is tried
GRPO = grpo.Settings(**SHARED | {"tasks": 2}, learning_rate=5e-3, group=16)
SCENE = SceneSpec(objects=["red block", "blue block"], seed=1)
TASKS = [SuiteTask(f"take the {c} block", "take", SCENE, f"holding({c} block)", False) for c in ("red", "blue")]
NO_TASK = SuiteTask("take the moon", "refuse", SCENE, "none", True)


def both(rng: np.random.Generator, count: int) -> list[SuiteTask]:
    return [TASKS[i % 2] for i in range(count)]


def learner(kind: Any, settings: Any, model: Path, skills: Mapping[str, Skill]) -> Any:
    return kind(*load(str(model), fast=False), settings, both, skills)


def right(trainer: Reinforcement) -> float:
    """The probability of what is asked for, of the instruction for which that is lower."""
    found = []
    for task in TASKS:
        record = trainer.explore(task, np.random.default_rng(0))
        decision = trainer.policy.decision(record.episode, 0)
        assert decision is not None
        texts = [trainer.tokenizer.decode(option).strip() for option in decision.options]
        found.append(float(decision.was[texts.index(f"pick up {task.instruction.removeprefix('take ')}")]))
    return min(found)


def steps(trainer: Reinforcement, count: int) -> list[dict[str, float]]:
    return [figures for _, figures in zip(range(count), trainer.run(), strict=False)]


def test_grpo_learns_from_how_episodes_end(lively: Path, pick: Mapping[str, Skill]) -> None:
    trainer = learner(Grpo, GRPO, lively, pick)
    assert right(trainer) < 0.1 and trainer.test(2)["test_success"] == 0
    figures = steps(trainer, 32)
    assert right(trainer) > 0.7 and trainer.test(2)["test_success"] == 1
    assert np.mean([f["success"] for f in figures[-5:]]) > 0.7 > 0.3 > figures[0]["success"]
    assert figures[0]["kl"] == pytest.approx(0, abs=1e-5) and figures[-1]["agreement"] == pytest.approx(1)


def test_what_it_does_right_for_sure_is_passed_over(lively: Path, pick: Mapping[str, Skill]) -> None:
    trainer = learner(Grpo, replace(GRPO, learning_rate=5e-3), lively, pick)
    first = steps(trainer, 1)[0]
    assert first["passed"] == 0 and first["flat"] == 0  # it fails, so that the expert's episode has to show the way
    steps(trainer, 31)
    for sure, passed in ((0.0, 1.0), (1.1, 0.0)):  # it does both tasks right by now
        trainer.settings = replace(trainer.settings, sure=sure)
        before = {name: weight.detach().clone() for name, weight in trainer.learned.items()}
        figures = trainer.learn()
        assert figures["passed"] == passed and figures["success"] == 1 and ("reward" in figures) == (passed == 0)
        assert all(torch.equal(before[name], trainer.learned[name]) for name in before) == (passed == 1)


def test_an_expert_shows_the_way_where_every_try_fails(lively: Path, pick: Mapping[str, Skill]) -> None:
    settings = replace(GRPO, sure=0.0)  # so sure counts what it does at first that it tries nothing else
    alone, guided = (learner(Grpo, replace(settings, guide=guide), lively, pick) for guide in (False, True))
    wrong = next(t for t in TASKS if not guided.explore(t, np.random.default_rng(0), likeliest()).success)
    shown = guided.guided(wrong, np.random.default_rng(0))
    assert shown.success and [s.choice.text for s in shown.episode.steps if s.choice][1:] == ["done"]
    assert 0 < guided.chance(shown) < 0.1  # the choices are the expert's, what is said of them the planner's
    assert guided.guided(NO_TASK, np.random.default_rng(0)).episode.outcome == "declined"
    for trainer in (alone, guided):
        trainer.draw = lambda rng, count: [wrong] * count
        steps(trainer, 6)
    assert alone.chance(alone.guided(wrong, np.random.default_rng(0))) == pytest.approx(guided.chance(shown))
    assert guided.explore(wrong, np.random.default_rng(0), likeliest()).success


def test_preferences_teach_the_right_choice_and_so_does_the_reward_made_of_them(
    lively: Path, pick: Mapping[str, Skill]
) -> None:
    settings = implicit.Settings(**SHARED, learning_rate=3e-3, sharpness=2.0)
    trainer = learner(Implicit, settings, lively, pick)
    figures = steps(trainer, 45)
    preferred = right(trainer)
    assert preferred > 0.4 and trainer.test(2)["test_success"] == 1
    assert np.mean([f["loss"] for f in figures[-5:]]) < 0.3 < 0.6 < figures[0]["loss"]
    trainer.elapsed = 0.8 * 3600  # the rest is policy optimisation
    assert all("kl" in f for f in steps(trainer, 12))
    assert right(trainer) > preferred
    trainer.elapsed = (
        0.5 * 3600
    )  # as if more minutes had been given: what was preferred until then is no reward any more
    steps(trainer, 1)
    assert not any(name.startswith("preferred.") for name in trainer.kept)


def test_what_cannot_be_told_from_the_expert_is_right(lively: Path, pick: Mapping[str, Skill]) -> None:
    settings = inverse.Settings(**SHARED, learning_rate=3e-3, discriminator_rate=1e-2, discriminator_epochs=20)
    trainer = learner(Inverse, settings, lively, pick)
    figures = steps(trainer, 60)
    assert max(f["told_apart"] for f in figures[:15]) > 0.9 > figures[-1]["told_apart"]  # first easily, then not
    assert right(trainer) > 0.6 and trainer.test(2)["test_success"] == 1


def test_log_probabilities_are_those_that_the_agent_chose_by(
    lively: Path, pick: Mapping[str, Skill], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (planner, policies):
        monkeypatch.setattr(module, "REFUSAL", "no")  # what is long is out of the question for an untrained model
    trainer = learner(Grpo, replace(GRPO, tau=60.0, strength=0.5), lively, pick)
    tasks = [*TASKS, NO_TASK]
    records = [trainer.explore(task, np.random.default_rng(seed)) for task in tasks for seed in range(4)]
    decisions = [d for record in records for d in trainer.decisions(record)]
    sizes = {len(d.options) for d in decisions}  # first with declining; without, after a failure; at last done is all
    assert {1, 4} <= sizes <= {1, 3, 4}
    whole = trainer.policy.log_pi(decisions)
    for decision, log_pi in zip(decisions, whole, strict=True):
        assert np.exp(log_pi.detach().numpy()) == pytest.approx(decision.was, abs=1e-4)
    parts = portions(decisions, most=130)
    assert len(parts) > 1 and sorted(i for part in parts for i in part) == list(range(len(decisions)))
    for part in parts:
        for i, log_pi in zip(part, trainer.policy.log_pi([decisions[i] for i in part]), strict=True):
            assert torch.allclose(log_pi, whole[i], atol=1e-4)


def test_what_was_better_than_expected_becomes_likelier(lively: Path, pick: Mapping[str, Skill]) -> None:
    for advantage, likelier in ((1.0, True), (-1.0, False)):
        trainer = learner(Grpo, GRPO, lively, pick)
        decision = trainer.decisions(trainer.explore(TASKS[0], np.random.default_rng(0)))[0]
        before, chosen = decision.was[decision.chosen], decision.chosen
        assert by_step([decision], [np.eye(len(decision.was))[chosen]])[0].advantage == pytest.approx(1 - before)
        trainer.improve([Sample(decision, advantage)])
        assert (trainer.policy.log_pi([decision])[0].exp()[chosen].item() > before) == likelier


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Grpo, replace(GRPO, group=4)),
        (Implicit, implicit.Settings(**SHARED, prefer=0.003)),
        (Inverse, inverse.Settings(**SHARED | {"tasks": 2}, alone=2)),
    ],
)
def test_a_killed_training_ends_as_if_it_had_not_been(
    kind: Any,
    settings: Any,
    lively: Path,
    pick: Mapping[str, Skill],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = count()
    monkeypatch.setattr(
        "saycan.learning.trainer.time", SimpleNamespace(perf_counter=lambda: 6.0 * next(ticks))
    )  # of 3600 seconds
    straight, killed, resumed = (learner(kind, settings, lively, pick) for _ in range(3))
    steps(straight, 6)
    steps(killed, 4)
    killed.save(tmp_path / STATE)
    resumed.restore(tmp_path / STATE)
    steps(resumed, 2)
    assert resumed.elapsed == straight.elapsed and resumed.step == straight.step == 6
    for name, weight in straight.trained.items():
        assert torch.equal(weight, resumed.trained[name]), name
    with pytest.raises(CheckpointError, match="other settings"):
        learner(Grpo if kind is Implicit else Implicit, implicit.Settings(**SHARED), lively, pick).restore(
            tmp_path / STATE
        )


def test_the_reference_and_the_bare_model_stay_what_they_were(lively: Path, pick: Mapping[str, Skill]) -> None:
    trainer = learner(Grpo, GRPO, lively, pick)
    decisions = trainer.decisions(trainer.explore(TASKS[0], np.random.default_rng(0)))
    before = trainer.policy.log_pi(decisions)[0].detach()
    english = perplexity(*load(str(lively), fast=False))
    steps(trainer, 3)
    with trainer.wearing("reference"):
        assert torch.allclose(trainer.policy.log_pi(decisions)[0], before, atol=1e-5)
    assert not torch.allclose(trainer.policy.log_pi(decisions)[0], before, atol=1e-3)
    figures = before_and_after(trainer)
    assert figures["perplexity_before"] == pytest.approx(english, rel=1e-5)
    assert figures["perplexity"] != pytest.approx(english, rel=1e-4)


def test_episodes_of_the_simulated_arm_are_of_the_same_kind(lively: Path, pick: Mapping[str, Skill]) -> None:
    trainer = learner(Grpo, replace(GRPO, world="simulated", group=2, tasks=1), lively, pick)
    record = trainer.explore(TASKS[0], np.random.default_rng(2))
    assert record.episode.over and len(record.truths) == len(record.episode.steps) + 1
    assert any(s.outcome and s.outcome.control_steps for s in record.episode.steps) == (len(record.episode.steps) > 1)


def test_episodes_can_be_imagined(lively: Path, pick: Mapping[str, Skill]) -> None:
    settings = replace(GRPO, world="imagined", world_model="copy", group=2, tasks=1)
    trainer, rng = learner(Grpo, settings, lively, pick), np.random.default_rng(2)
    records = [trainer.explore(TASKS[0], rng) for _ in range(60)]
    tries = [step.outcome.ended for record in records for step in record.episode.steps if step.outcome]
    assert all(record.episode.over for record in records) and "imagined" in tries and "success" in tries
