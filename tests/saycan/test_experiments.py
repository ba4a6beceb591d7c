"""The sample-efficiency experiment: its statistics beside slow ones, its learner on a toy, and its debug run as a user runs it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from hydra import compose, initialize_config_dir
from hypothesis import given
from hypothesis import strategies as st

from saycan.experiments import dyna, sample_efficiency
from saycan.experiments.arms import Run, missing, summary
from saycan.experiments.dyna import Dyna, Lesson, Settings, Values
from saycan.experiments.statistics import bootstrap, executions_to, iqm
from saycan.world_model.base import Future, Situation, WorldModel, reached
from saycan.world_model.facts import HAND, TABLE, Change, Facts, choices
from saycan.world_model.log import Execution
from saycan.world_model.rollouts import Imagined
from sim.cli import InputError
from sim.paths import CONFIGS

SETTINGS = Settings(0, 1, 4, 2, 1, 3, 0.2, 0.0, 50, 0.5, True, 0.5, 0, 5, 0)
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


TOYS = tuple(f"{colour} block" for colour in ("red", "blue", "green", "yellow"))
BOWLS = ("blue bowl", "green bowl")
SKILLS = [f"pick up the {toy}" for toy in TOYS] + [f"put it in the {bowl}" for bowl in BOWLS]


def works(facts: Facts, skill: str) -> Change | None:
    """What a skill of the toy world changes: things can be picked up from the table, and what is held be put into a bowl."""
    if skill.startswith("pick"):
        toy = skill.removeprefix("pick up the ")
        return (toy, HAND) if not facts.held and (toy, TABLE) in facts.places else None
    return (facts.held, skill.removeprefix("put it ")) if facts.held else None


def holds(facts: Facts, instruction: str) -> bool:
    toy, bowl = instruction.removeprefix("put the ").split(" in the ")
    return (toy, f"in the {bowl}") in facts.places


class ToyEpisode:
    """The toy world, as the learner meets it."""

    instructions = tuple(f"put the {toy} in the {bowl}" for toy in TOYS for bowl in BOWLS)

    def __init__(self, _: Any, rng: np.random.Generator):
        self._instruction = str(rng.choice(self.instructions))
        self._now = Situation(Facts.of((name, TABLE) for name in (*TOYS, *BOWLS)), (), self._instruction)

    def skills(self) -> list[str]:
        return SKILLS

    possible = skills

    def situation(self) -> Situation:
        return self._now

    def execute(self, skill: str) -> Execution:
        before, change = self._now, works(self._now.facts, skill)
        after = before.facts.changed([change] if change else [])
        told = {
            "done": before.done,
            "before": before.facts,
            "after": after,
            "skill": skill,
            "worked": change is not None,
        }
        blank = {
            "episode": 0,
            "goal": "",
            "chosen": "random",
            "can": 1.0,
            "ended": "",
            "control_steps": 1,
            "last": False,
        }
        row = Execution(instruction=self._instruction, fulfilled=holds(after, self._instruction), **told, **blank)
        self._now = reached(row)
        return row

    def close(self) -> None:
        pass


class ToyModel(WorldModel):
    """Knows the toy world."""

    def loss(self, executions: Any) -> Any:
        raise NotImplementedError

    def _worked(self, attempts: Any) -> list[float]:
        return [float(works(*attempt) is not None) for attempt in attempts]

    def _changes(self, asked: Any) -> list[np.ndarray]:
        options = [(choices(facts, skill), works(facts, skill)) for facts, skill, _ in asked]
        return [np.array([float(option == change) for option in several]) for several, change in options]

    def _fulfilled(self, situations: Any) -> list[float]:
        return [float(holds(now.facts, now.instruction)) for now in situations]


def test_who_imagines_needs_fewer_real_executions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dyna, "RealEpisode", ToyEpisode)
    shared = {"updates": 100, "executions": 80, "evaluate_every": 80, "evaluate_episodes": 100, "skills_per_episode": 4}
    shared |= {"explore": 0.2, "rollouts": 20.0, "remember": 2000, "others": 0.5, "model_every": 10, "model_steps": 0}
    final = {}
    for depth, heard_only in ((0, True), (3, True), (3, False)):
        settings = Settings(imagination=depth, heard_only=heard_only, sure=0.85, real_tries=0, **shared)
        arms = [Dyna({}, settings, seed, [ToyModel()] if depth else []) for seed in range(5)]
        final[depth, heard_only] = np.mean([arm.run()[-1][1] for arm in arms])
        assert all((arm.imagined > 0) == bool(depth) for arm in arms)
    assert final[3, True] > 0.7 and final[3, False] > 0.85 and final[0, True] < 0.4, final


@pytest.mark.parametrize(("real_tries", "believed"), [(0, True), (2, False), (3, True)])
def test_what_was_really_tried_is_no_longer_learned_from_dreams(real_tries: int, believed: bool) -> None:
    learner = Dyna({}, replace(SETTINGS, real_tries=real_tries), 0, [ToyModel()])
    now = Situation(Facts.of([("red block", TABLE)]), (), "x")
    learner._imagined.append(Imagined(now, "take", Future(1.0, True, None, now, 1.0)))
    learner._tried[dyna._state(now), "take"] = 2
    assert (learner._dream() is not None) is believed


@pytest.mark.parametrize(("sure", "chance", "kept"), [(0.85, 0.6, 0), (0.85, 0.1, 1), (0.85, 0.9, 1), (0.5, 0.6, 1)])
def test_doubtful_ends_are_not_learned_from(sure: float, chance: float, kept: int) -> None:
    learner = Dyna({}, replace(SETTINGS, imagination=1, sure=sure), 0, [ToyModel()])
    now = Situation(Facts.of([("red block", TABLE)]), (), "x")
    learner._start = lambda: now  # type: ignore[method-assign]
    learner._dreamer.roll_out = lambda *_: [Imagined(now, "take", Future(1.0, True, None, now, chance))]  # type: ignore[method-assign]
    learner._imagine(1)
    assert len(learner._imagined) == kept and learner.imagined == 1


def test_only_what_was_seen_to_be_possible_is_imagined() -> None:
    learner = Dyna({}, replace(SETTINGS, explore=0.5), 0, [ToyModel()])
    learner._skills = ["take", "put", "fly"]
    learner._possible = {None: {"take"}, "red block": {"put", "fly"}}
    empty = Situation(Facts.of([("red block", TABLE)]), (), "x")
    full, strange = (Situation(Facts.of([(name, HAND)]), (), "x") for name in ("red block", "apple"))
    chosen = [learner._policy([empty, full, strange]) for _ in range(60)]
    assert [set(skills) for skills in zip(*chosen, strict=True)] == [{"take"}, {"put", "fly"}, {"take", "put", "fly"}]


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


def test_results_without_an_end_are_refused(tmp_path: Path) -> None:
    (tmp_path / RUN.file).write_text(result(RUN, curve=[[0, 0.0], [2, 0.5]]))
    with pytest.raises(InputError, match="delete it"):
        missing([RUN], tmp_path)


def test_what_was_learned_is_also_measured_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dyna, "RealEpisode", ToyEpisode)
    for every, told in ((3, [0, 3, 6, 8]), (20, [0, 8]), (4, [0, 4, 8])):
        curve = Dyna({}, replace(SETTINGS, executions=8, evaluate_every=every), 0).run()
        assert [point[0] for point in curve] == told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["skills_per_episode=0"], "skills_per_episode must be 1 or more"),
        (["evaluate_every=0"], "evaluate_every must be 1 or more"),
        (["model_every=0"], "model_every must be 1 or more"),
        (["remember=-1"], "remember must be 0 or more"),
        (["explore=1.5"], "explore must be from 0 to 1"),
        (["model_rate=0.0"], "model_rate must be more than 0"),
        (["arms.copy-1.model=typo"], "no checkpoint typo"),
        (["arms.copy-1.model=planner"], "no world model"),
        (["arms.copy-1.imagination=0"], "arm copy-1: imagination"),
        (["arms.copy-1.updates=-1"], "arm copy-1: updates"),
        (["+arms.new={model: copy}"], "arm new needs a model, imagination and updates"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_learned(arguments: list[str], words: str) -> None:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("sample_efficiency", ["size=debug", *arguments])
    with pytest.raises(InputError, match=words):
        sample_efficiency._runs(config)


def test_savings_are_told_against_as_many_updates_without_a_model() -> None:
    def rows(*reached: int) -> list[dict[str, Any]]:
        return [json.loads(result(RUN, curve=[[0, 0.0], [x, 0.85], [200, 0.8]])) for x in reached]

    never = [json.loads(result(RUN))]
    table = summary({"equal-updates": rows(80, 100, 120), "mlp-3": rows(10, 25, 40), "copy-3": never})
    assert table["mlp-3"]["times_fewer_to_80%"] == 4.0 and table["equal-updates"]["times_fewer_to_80%"] == 1.0
    assert table["copy-3"]["times_fewer_to_80%"] is None
    assert summary({"mlp-3": rows(10)})["mlp-3"]["times_fewer_to_80%"] is None


def test_the_debug_run_goes_on_and_repeats_itself(tmp_path: Path) -> None:
    command = ["saycan.experiments.sample_efficiency", "size=debug", "seeds=1", "workers=1", f"out={tmp_path}"]
    first = run(*command)
    assert first.returncode == 0, first.stderr
    figures = json.loads(first.stdout.splitlines()[-1])
    assert figures["new_runs"] == 3 and set(figures["arms"]) == {"equal-updates", "copy-1", "mlp-3"}
    assert figures["arms"]["mlp-3"]["imagined"] > 0 == figures["arms"]["equal-updates"]["imagined"]
    curve = json.loads((tmp_path / "mlp-3__0.json").read_text())["curve"]
    assert [point[0] for point in curve] == [0, 4, 8]
    (tmp_path / "mlp-3__0.json").unlink()  # as if it had been killed before that one was done
    second = run(*command, "~arms.copy-1")
    figures = json.loads(second.stdout.splitlines()[-1])
    assert figures["new_runs"] == 1 and set(figures["arms"]) == {"equal-updates", "mlp-3"}
    assert json.loads((tmp_path / "mlp-3__0.json").read_text())["curve"] == curve
    assert (tmp_path / "curves.png").stat().st_size > 5000
