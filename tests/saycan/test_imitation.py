"""Learning by imitation, on a toy; what was learned, saved, merged and used."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir

from saycan.build import load_scorer
from saycan.language.examples import REFUSAL
from saycan.language.prompt import Style
from saycan.language.scorer import TrieScorer
from saycan.language.weights import ModelError, load
from saycan.learning import imitate, lora
from saycan.learning.imitate import Imitation, Settings, least_likely, predict
from saycan.learning.lora import with_lora
from saycan.learning.rows import rows
from saycan.learning.trainer import STATE
from saycan.learning.transcripts import STYLE, Transcript, draw_scene_of_transcripts
from sim.cli import InputError
from sim.paths import CONFIGS
from skills import checkpoint
from skills.checkpoint import CheckpointError

SETTINGS = Settings(minutes=5.0, rank=16, learning_rate=1e-2)


pytestmark = pytest.mark.usefixtures("one_thread")


def transcripts(count: int) -> list[list[Transcript]]:
    rng = np.random.default_rng(2)
    found: list[list[Transcript]] = []
    while sum(map(len, found)) < count:
        short = [t for t in draw_scene_of_transcripts(rng) if len(t.text) < 200]
        found += [short] if short else []
    return found


def trainer(model: Path, groups: list[list[Transcript]], settings: Settings = SETTINGS) -> Imitation:
    return Imitation(*load(str(model), fast=False), settings, lambda number: groups)


def log_p(scorer: Any, t: Transcript) -> float:
    """Mean log-probability of a token of what is to be learned, asked as the planner asks."""
    read, total, count = t.scene, 0.0, 0
    for text, learn in t.segments:
        if learn:
            total, count = total + float(scorer.log_probs(read, [text])[0]), count + int(scorer.token_counts([text])[0])
        read += text
    return total / count


def test_rows_predict_what_each_transcript_alone_would(toy: Path) -> None:
    model, tokenizer = load(str(toy), fast=False)
    groups, scorer = transcripts(20), TrieScorer(model, tokenizer)
    together = Imitation(model, tokenizer, SETTINGS, lambda number: groups)
    portions = rows(groups, scorer.encode)
    with torch.inference_mode():
        found = [predict(together.plain, portion) for portion in portions]
    logits, wanted = (torch.cat([part[i] for part in found]) for i in (0, 1))
    mine = -float(torch.nn.functional.cross_entropy(logits, wanted))
    alone = [
        (log_p(scorer, t), sum(len(scorer.encode(s)) for s, learn in t.segments if learn)) for g in groups for t in g
    ]
    assert mine == pytest.approx(sum(p * n for p, n in alone) / sum(n for _, n in alone), abs=1e-3)
    assert sum(int(texts[-1]) + 1 for _, _, texts in found) == sum(
        learn for g in groups for t in g for _, learn in t.segments
    )


def test_the_least_likely_step_of_each_transcript_is_that_of_the_transcript_alone(toy: Path) -> None:
    model, tokenizer = load(str(toy), fast=False)
    groups, scorer = transcripts(20), TrieScorer(model, tokenizer)
    learner = Imitation(model, tokenizer, SETTINGS, lambda number: groups)
    together = least_likely(learner.plain, groups, learner.encode)
    alone = [min(steps_of(scorer, t)) for group in groups for t in group]
    assert together == pytest.approx(alone, abs=1e-2) and len(set(together)) > 10


def steps_of(scorer: Any, t: Transcript) -> list[float]:
    """Log-probability of each step that is to be learned, asked as the planner asks."""
    read, found = t.scene, []
    for text, learn in t.segments:
        found += [float(scorer.log_probs(read, [text])[0])] if learn else []
        read += text
    return found


def test_what_it_surely_does_is_passed_over_until_it_does_not(toy: Path) -> None:
    known = transcripts(9)
    others = [t for group in transcripts(40)[len(known) :] for t in group]
    new = [[t] for t in others if REFUSAL not in t.text][-3:]  # how to decline is soon known
    settings = replace(SETTINGS, sure=0.5, learning_rate=5e-3)
    learner = Imitation(*load(str(toy), fast=False), settings, lambda number: known)
    passed = [figures["passed"] for _, figures in zip(range(90), learner.run(), strict=False)]
    assert passed[0] == 0 and np.mean(passed[-10:]) > 0.5  # so what was passed over is not forgotten
    chances = least_likely(learner.plain, known + new, learner.encode)
    left = iter(chances)
    assert learner._unsure(known + new) == [[t for t in group if next(left) <= np.log(0.5)] for group in known + new]
    seen = sum(map(len, known))
    assert np.median(chances[:seen]) > np.median(chances[seen:]) + 1  # what is known, and what is new


@pytest.mark.skipif(shutil.which("g++") is None, reason="compiling needs a C++ compiler")
def test_compiled_layers_learn_the_same(toy: Path) -> None:
    groups, losses = transcripts(9), []
    for compile in (False, True):
        learner = trainer(toy, groups, replace(SETTINGS, compile=compile))
        losses.append([figures["loss"] for _, figures in zip(range(4), learner.run(), strict=False)])
    compiled = learner.plain.model.layers[0]._compiled_call_impl is not None
    assert compiled and losses[0] == pytest.approx(losses[1], rel=1e-3) and losses[0][0] > losses[0][-1]


def test_only_long_trainings_are_compiled_and_only_where_that_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/g++")
    assert lora.worth_compiling(30) and not lora.worth_compiling(5)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert not lora.worth_compiling(30)


def test_the_surest_of_all_still_leaves_something_to_learn(toy: Path) -> None:
    learner = Imitation(*load(str(toy), fast=False), replace(SETTINGS, sure=0.0), lambda number: [])
    assert sum(map(len, learner._unsure(transcripts(9)))) == 1


def test_it_learns_in_the_arithmetic_that_is_quicker_here(monkeypatch: pytest.MonkeyPatch) -> None:
    took = {torch.float32: 1.0, torch.bfloat16: 4.0}  # as on processors without instructions for bfloat16
    monkeypatch.setattr(lora, "_seconds", lambda dtype: took[dtype])
    assert lora.quicker_dtype.__wrapped__() == "float32"
    took[torch.bfloat16] = 0.3
    assert lora.quicker_dtype.__wrapped__() == "bfloat16"


def test_portions_are_small_whatever_is_said() -> None:
    """A pass through a model with long rows would take memory by the gigabyte."""

    def encode(text: str) -> list[int]:
        return [1] * len(text)

    long, short = (Transcript("Scene.\n", (("x" * count, True),)) for count in (500, 50))
    portions = rows([[long, long, short], *[[short] * 3] * 20], encode)
    assert sum(int(part.learn.sum()) for part in portions) == 2 * 500 + 61 * 50
    sizes = [tuple(part.tokens.shape) for part in portions]
    assert all(count == 1 or count * size**2 <= 4 * 384**2 for count, size in sizes) and max(sizes)[1] < 600


def test_it_learns_twenty_transcripts_by_heart_and_what_is_installed_scores_so(toy: Path, tmp_path: Path) -> None:
    groups = transcripts(20)
    learner = trainer(toy, groups)
    losses = [figures["loss"] for _, figures in zip(range(45), learner.run(), strict=False)]
    assert losses[0] > 4 and losses[-1] < 0.15 * losses[0]
    learner.export(tmp_path / "learned.safetensors", {"model": "tiny"})
    plain, merged = (TrieScorer(*load(str(toy), adapter=a)) for a in (None, str(tmp_path / "learned.safetensors")))
    better = [log_p(merged, t) - log_p(plain, t) for group in groups for t in group]
    assert min(better) > 1.0
    assert -np.mean([log_p(merged, t) for g in groups for t in g]) == pytest.approx(losses[-1], abs=0.5)


def test_a_training_goes_on_where_it_was_killed(toy: Path, tmp_path: Path) -> None:
    groups = transcripts(6)
    straight, killed = trainer(toy, groups), trainer(toy, groups)
    list(zip(range(4), straight.run(), strict=False))
    list(zip(range(2), killed.run(), strict=False))
    killed.save(tmp_path / STATE)
    resumed = trainer(toy, groups)
    resumed.restore(tmp_path / STATE)
    assert resumed.step == killed.step and resumed.elapsed == killed.elapsed
    resumed.settings = killed.settings
    list(zip(range(straight.step - resumed.step), resumed.run(), strict=False))
    for name, weight in straight.learned.items():
        assert torch.allclose(weight, resumed.learned[name], atol=2e-3), name
    with pytest.raises(InputError, match="was begun with rank=16, not 4"):
        trainer(toy, groups, Settings(1.0, rank=4)).restore(tmp_path / STATE)


def test_a_training_begins_where_an_adapter_ends(toy: Path, tmp_path: Path) -> None:
    groups, path = transcripts(3), tmp_path / "first.safetensors"
    first = trainer(toy, groups)
    list(zip(range(6), first.run(), strict=False))
    first.export(path, {"model": "tiny"})
    second = trainer(toy, groups, replace(SETTINGS, scale=1.0, start=str(path)))
    (_, was), (_, now) = (next(zip(range(1), t.run(), strict=False)) for t in (first, second))
    assert now["loss"] == pytest.approx(was["loss"], rel=1e-3)  # float16 on the way
    with pytest.raises(ModelError, match="rank 16"):
        trainer(toy, groups, replace(SETTINGS, rank=4, start=str(path)))


def test_what_is_learned_has_the_weight_that_is_written_down(toy: Path) -> None:
    for scale, rank in ((0.1, 4), (0.3, 16), (2.0, 3)):
        model = with_lora(load(str(toy), fast=False)[0], rank, scale, 0)
        weights = {module.scaling["default"] for module in model.modules() if hasattr(module, "lora_A")}
        assert list(weights) == pytest.approx([scale])


def test_a_scene_in_which_nothing_can_be_asked_for_is_drawn_again(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = transcripts(1)[0]
    drawn = iter([[], some, [], some])
    monkeypatch.setattr(imitate, "draw_scene_of_transcripts", lambda rng: next(drawn))
    learner = Imitation(*load(str(toy), fast=False), replace(SETTINGS, scenes=2))
    assert learner.batches(0) == [some, some]


def test_an_end_is_blended_with_its_beginning(toy: Path, tmp_path: Path) -> None:
    first = trainer(toy, transcripts(3))
    list(zip(range(3), first.run(), strict=False))
    first.export(tmp_path / "first.safetensors", {"model": "tiny"})
    second = trainer(toy, transcripts(3), replace(SETTINGS, start=str(tmp_path / "first.safetensors")))
    before = {name: weight.detach().clone() for name, weight in second.learned.items()}
    list(zip(range(3), second.run(), strict=False))
    after = {name: weight.detach().clone() for name, weight in second.learned.items()}
    second.blend(0.25)
    for name, weight in second.learned.items():
        assert torch.allclose(weight, 0.25 * before[name] + 0.75 * after[name], atol=1e-5), name


def test_an_adapter_for_another_model_is_one_sentence(toy: Path, tmp_path: Path) -> None:
    learner = trainer(toy, transcripts(3))
    tensors = {name.replace("layers.1", "layers.7"): weight for name, weight in learner.learned.items()}
    learner.learned = tensors
    learner.export(tmp_path / "a.safetensors", {"model": "tiny"})
    with pytest.raises(ModelError, match="trained for tiny"):
        load(str(toy), adapter=str(tmp_path / "a.safetensors"))
    with pytest.raises(CheckpointError, match="train_planner"):
        load(str(toy), adapter=str(tmp_path / "none.safetensors"))
    checkpoint.write(tmp_path / "bare.safetensors", tensors, {"model": "tiny"})
    with pytest.raises(ModelError, match="does not say its scale"):
        load(str(toy), adapter=str(tmp_path / "bare.safetensors"))


@pytest.mark.parametrize("command", ["run", "benchmark", "evaluate_language", "trials"])
def test_one_override_chooses_the_trained_planner(command: str) -> None:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        usual, trained = compose(command, ["planner=base"]), compose(command)
        served = compose(command, ["llm=openai"])
    assert usual.llm.adapter is None and usual.agent.prompt.examples == 12 and usual.agent.lacking
    assert trained.llm.adapter == "planner" and Style(**trained.agent.prompt) == STYLE
    with pytest.raises(InputError, match="planner=base"):
        load_scorer(served.llm)
