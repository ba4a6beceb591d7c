"""World models on a toy world of a few rules; facts in words; the log of real executions and what damage does to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from saycan.candidates import DONE
from saycan.language.adapter import read_into
from saycan.language.weights import load as load_language_model
from saycan.world_model.base import WorldModel, situation
from saycan.world_model.baselines import CopyLastState, FactsMLP
from saycan.world_model.facts import HAND, Facts, choices
from saycan.world_model.language import LanguageWorldModel
from saycan.world_model.learn import STATE, Learner, Settings, split
from saycan.world_model.load import load, load_once
from saycan.world_model.log import FILE, Execution, LogError, head, mend
from saycan.world_model.log import load as load_log
from saycan.world_model.quality import by_skill, one_step, several_steps
from sim.cli import InputError
from skills.checkpoint import CheckpointError

THINGS = ("blue bowl", "green block", "red block")
SKILLS = ("pick up the red block", "pick up the green block", "put it in the blue bowl", "put it on the left side")
INSTRUCTION, WANTED = "put the red block in the blue bowl", ("red block", "in the blue bowl")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """What is tiny is quickest on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def what_happens(before: Facts, skill: str) -> tuple[bool, Facts]:
    """The toy's rules: an empty hand takes, a full one puts down."""
    if skill.startswith("pick up the "):
        thing = skill.removeprefix("pick up the ")
        works = before.held is None
        return works, before.changed([(thing, HAND)]) if works else before
    if before.held is None:
        return False, before
    place = "in the blue bowl" if "bowl" in skill else "left"
    return True, before.changed([(before.held, place)])


def toy_log(episodes: int, seed: int = 0) -> list[Execution]:
    """Executions of random skills, six in an episode."""
    rng, rows = np.random.default_rng(seed), list[Execution]()
    for episode in range(episodes):
        now, done = Facts.of([(t, str(rng.choice(["left", "right", "top"]))) for t in THINGS]), list[str]()
        for step in range(6):
            skill = SKILLS[int(rng.integers(len(SKILLS)))]
            worked, after = what_happens(now, skill)
            fulfilled = WANTED in after.places
            what = (INSTRUCTION, "in(red block, blue bowl)", tuple(done), now, skill, "random", float(worked))
            rows.append(Execution(episode, *what, worked, after, fulfilled, "success", 9, step == 5))
            done += [skill] * worked
            now = after
    return rows


def taught(model: WorldModel, rows: list[Execution], steps: int, rate: float, batch: int = 32) -> Learner:
    learner = Learner(model, Settings(rate, batch, steps))
    for _ in range(steps):
        learner.learn(rows)
    return learner


def test_a_model_learns_rough_executions_beside_the_others() -> None:
    rows, model = toy_log(60), FactsMLP()
    learner = Learner(model, Settings(5e-3, 32, 250, rough=0.5))
    for _ in range(250):
        learner.learn(rows)
    held_out = toy_log(20, seed=1)
    assert one_step(model, held_out)["facts"] > 0.9
    assert one_step(model, [row.roughly for row in held_out])["facts"] > 0.9


def test_a_small_network_learns_the_toy_world() -> None:
    model, held_out = FactsMLP(), toy_log(20, seed=1)
    assert one_step(model, held_out)["facts"] < 0.8
    taught(model, toy_log(60), 250, 5e-3)
    figures = one_step(model, held_out)
    assert figures["facts"] > 0.95 and figures["brier_success"] < 0.05 and figures["brier_fulfilled"] < 0.1
    assert several_steps(model, held_out)["facts"] > 0.8
    assert one_step(CopyLastState(), held_out)["facts"] < 0.6


def test_a_language_model_learns_toy_executions_by_heart(tiny_model: Path) -> None:
    model, tokenizer = load_language_model(str(tiny_model), fast=False)
    model.lm_head.weight.data *= 30
    learner, rows = LanguageWorldModel(model, tokenizer, rank=16), toy_log(1)
    before = one_step(learner, rows)
    taught(learner, rows, 60, 1e-2, batch=6)
    figures = one_step(learner, rows)
    assert before["facts"] < 0.6 and figures["facts"] > 0.8
    assert figures["brier_success"] < 0.05 and figures["brier_fulfilled"] < 0.05


def test_a_language_model_goes_on_from_an_adapter(tiny_model: Path, tmp_path: Path) -> None:
    rows, path = toy_log(1), tmp_path / "first.safetensors"
    first = LanguageWorldModel(*load_language_model(str(tiny_model), fast=False), rank=4)
    taught(first, rows, 5, 1e-2, batch=6).export(path, {"kind": "language", "scale": 2.0})
    second, third = (LanguageWorldModel(*load_language_model(str(tiny_model), fast=False), rank=4) for _ in range(2))
    read_into(second.learned, str(path), 2.0)
    learned, again, anew = (float(model.loss(rows).detach()) for model in (first, second, third))
    assert again == pytest.approx(learned, rel=1e-3) and abs(anew - learned) > 0.01


@pytest.mark.parametrize("kind", ["language", "mlp", "copy"])
def test_chances_sum_to_one(kind: str, tiny_model: Path) -> None:
    parts = load_language_model(str(tiny_model))
    model = {"language": LanguageWorldModel(*parts), "mlp": FactsMLP(), "copy": CopyLastState()}[kind]
    rows = toy_log(2)
    forecasts = model.imagine([situation(row) for row in rows], [row.skill for row in rows])
    for row, forecast in zip(rows, forecasts, strict=True):
        assert sum(f.chance for f in forecast.futures) == pytest.approx(1) and 0 <= forecast.fulfilled <= 1
        assert [f.chance for f in forecast.futures] == sorted((f.chance for f in forecast.futures), reverse=True)
        everything = model._changes([(row.before, row.skill, True)])[0]
        assert len(everything) == len(choices(row.before, row.skill)) and everything.sum() == pytest.approx(1)
    done = model.imagine([situation(rows[0])], [DONE.text])[0]
    assert done.success == 1 and [f.after for f in done.futures] == [situation(rows[0])]


def test_asked_together_is_as_asked_alone() -> None:
    model, rows = FactsMLP(), toy_log(3)
    now, skills = [situation(row) for row in rows], [row.skill for row in rows]
    together = model.imagine(now, skills)
    alone = [FactsMLP().imagine([s], [skill])[0] for s, skill in zip(now, skills, strict=True)]
    assert [f.success for f in together] == pytest.approx([f.success for f in alone], abs=1e-5)


def test_a_training_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    rows, settings = toy_log(5), Settings(5e-3, 16, steps=12)
    straight = Learner(FactsMLP(), settings)
    list(straight.run(rows, tmp_path))
    killed = Learner(FactsMLP(), settings)
    for _ in range(5):
        killed.learn(rows)
    killed.save(tmp_path / STATE)
    resumed = Learner(FactsMLP(seed=7), settings)
    resumed.restore(tmp_path / STATE)
    list(resumed.run(rows, tmp_path))
    assert resumed.step == straight.step == 12
    for name, weight in straight.model.learned.items():
        assert torch.equal(weight, resumed.model.learned[name]), name


@pytest.mark.parametrize("change", [{"seed": 1}, {"hindsight": 2}, {"log": "/other"}])
def test_a_training_goes_on_with_its_own_settings_only(tmp_path: Path, change: dict[str, Any]) -> None:
    settings, told = {"learning_rate": 5e-3, "batch": 16, "steps": 12}, {"log": "/one", "things": ("a", "b")}
    for later, refused in (({"steps": 20}, False), (change, True)):
        first, second = (Learner(FactsMLP(), Settings(**settings)) for _ in range(2))  # type: ignore[arg-type]
        first.origin = told
        first.save(tmp_path / STATE)
        own = {key: value for key, value in later.items() if key != "log"}
        second.settings, second.origin = replace(second.settings, **own), {**told, **later}
        if refused:
            with pytest.raises(InputError, match=rf"was begun with {next(iter(change))}=.*, not "):
                second.restore(tmp_path / STATE)
        else:
            second.origin = told
            second.restore(tmp_path / STATE)


def test_a_world_model_is_asked_on_the_language_model_that_it_was_trained_with(
    tiny_model: Path, tmp_path: Path
) -> None:
    learner = Learner(LanguageWorldModel(*load_language_model(str(tiny_model), fast=False), rank=4), Settings(1e-3, 6))
    record = {"kind": "language", "scale": 2.0, "model": str(tiny_model)}
    learner.export(tmp_path / "own.safetensors", record)
    assert load_once(str(tmp_path / "own.safetensors")).imagine([situation(toy_log(1)[0])], [SKILLS[0]])


def test_a_place_on_the_table_is_no_thing_to_put_something_on() -> None:
    skills = [
        "put it on the left side",
        "put it on the tray",
        "put it on the middle",
        "put it in the bin",
        "pick up the cup",
    ]
    rows = [replace(toy_log(1)[0], skill=skill) for skill in skills]
    counted = {kind: figures["n"] for kind, figures in by_skill(CopyLastState(), rows).items()}
    assert counted == {"pick": 1, "put it in": 1, "put it on": 1, "put it on a region": 2}


def test_what_was_learned_is_loaded_again_and_strangers_are_not(tmp_path: Path) -> None:
    rows = toy_log(5)
    learner = taught(FactsMLP(), rows, 20, 5e-3)
    learner.export(tmp_path / "a.safetensors", {"kind": "mlp"})
    learner.export(tmp_path / "b.safetensors", {"kind": "planner"})
    now, skills = [situation(row) for row in rows], [row.skill for row in rows]
    pairs = zip(
        learner.model.imagine(now, skills), load(str(tmp_path / "a.safetensors")).imagine(now, skills), strict=True
    )
    assert all(a.success == pytest.approx(b.success, abs=0.02) for a, b in pairs)
    for name, text in (("b.safetensors", "no world model"), ("c.safetensors", "train_world_model")):
        with pytest.raises(CheckpointError, match=text):
            load(str(tmp_path / name))


def test_what_is_held_out_is_never_learned_from() -> None:
    rows = toy_log(20)
    other = [replace(r, before=Facts.of([*r.before.places, ("pink cup", "left")])) for r in toy_log(20)]
    other = [replace(r, skill="pick up the pink cup") if i % 2 else r for i, r in enumerate(other)]
    learn, test, strange = split([*rows, *other], ["pink cup"])
    assert {row.episode for row in test} == {9, 19} and not {row.episode for row in learn} & {9, 19}
    assert not any("pink cup" in row.before.words for row in [*learn, *test]) and len(strange) == 60


def damage(path: Path, line: int, text: str) -> None:
    lines = path.read_text().splitlines()
    lines[line] = text
    path.write_text("\n".join(lines) + "\n")


def write_log(folder: Path, rows: list[Execution]) -> Path:
    (folder / FILE).write_text("".join([json.dumps(head(0, [1, 0, 0])) + "\n", *(row.line() for row in rows)]))
    return folder / FILE


def test_a_log_is_read_as_it_was_written_and_mended_after_a_kill(tmp_path: Path) -> None:
    rows = toy_log(3)
    path = write_log(tmp_path, rows)
    assert load_log(tmp_path)[1] == rows
    with path.open("a") as file:
        file.write(toy_log(4)[-6].line() + toy_log(4)[-5].line()[:40])  # an episode and a line that were cut off
    assert mend(path, head(0, [1, 0, 0])) == 3
    assert load_log(path)[1] == rows
    with pytest.raises(LogError, match="other settings"):
        mend(path, head(1, [1, 0, 0]))


@pytest.mark.parametrize(
    ("line", "change", "message"),
    [
        (3, lambda data: "{half", "line 4 is damaged"),
        (2, lambda data: json.dumps({**data, "worked": "maybe"}), "line 3 is damaged"),
        (2, lambda data: json.dumps({**data, "before": "nowhere"}), "line 3 is damaged"),
        (2, lambda data: json.dumps({k: v for k, v in data.items() if k != "skill"}), "line 3 is damaged"),
        (0, lambda data: "{}", "no log of executions"),
    ],
)
def test_a_damaged_log_is_one_sentence(tmp_path: Path, line: int, change: Any, message: str) -> None:
    path = write_log(tmp_path, toy_log(1))
    damage(path, line, change(json.loads(path.read_text().splitlines()[line])))
    with pytest.raises(LogError, match=message):
        load_log(path)
