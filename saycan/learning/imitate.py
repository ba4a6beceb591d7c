"""Learn to plan by imitating the expert, step by step: token cross-entropy of what it does next (StepAgent's first stage).

LoRA on all linear layers. Base weights in bfloat16, what is learned in float32; half a cosine for the learning rate. Every batch is drawn
from its number and the seed, so a training that goes on after a kill sees what it would have seen.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from saycan.language.adapter import low_rank_parts
from saycan.learning.transcripts import Rows, Transcript, draw_scene_of_transcripts, rows
from skills import checkpoint

_MODULE = "saycan.train_planner"
STATE = "state.safetensors"
_SAVE_EVERY, _TEST_EVERY = 60.0, 300.0  # seconds
_TEST_SCENES = 24
_TEST_SEED = 2**31  # batches of a training are numbered from 0, so these are never among them
_WARM_UP = 20  # steps
_ROWS_AT_ONCE = 4  # rows in one pass: bounds memory


@dataclass(frozen=True)
class Settings:
    """How it learns.

    :param minutes: how long; the learning rate falls to nothing over them.
    :param scenes: scenes in a batch, about three tasks each.
    """

    minutes: float
    seed: int = 0
    rank: int = 16
    scale: float = 2.0
    learning_rate: float = 5e-4
    scenes: int = 8


Batches = Callable[[int], list[list[Transcript]]]
"""From the number of a step to what is learned in it: groups of transcripts, each of one scene."""


def endless(settings: Settings) -> Batches:
    """Batches of freshly drawn tasks."""

    def batch(number: int) -> list[list[Transcript]]:
        rng = np.random.default_rng([settings.seed, number])
        return [draw_scene_of_transcripts(rng) for _ in range(settings.scenes)]

    return batch


class Imitation:
    """A model in training.

    :param model: a causal language model of transformers; its own weights stay as they are.
    """

    def __init__(self, model: Any, tokenizer: Any, settings: Settings, batches: Batches | None = None):
        self.settings, self.batches = settings, batches or endless(settings)
        self.step, self.elapsed = 0, 0.0
        self._plain = model
        self._encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]
        self._model = with_lora(model, settings.rank, settings.scale, settings.seed)
        self.learned = low_rank_parts(self._model)
        self._optimiser = torch.optim.AdamW(self.learned.values(), lr=settings.learning_rate, weight_decay=0.0)

    def run(self, folder: Path | None = None) -> Iterator[dict[str, float]]:
        """Train until the time is over; yields the figures of each step. State is saved in the folder now and then, and at the end."""
        saved = tested = time.perf_counter()
        while self.elapsed < 60 * self.settings.minutes:
            began = time.perf_counter()
            figures = {"step": float(self.step), "loss": self._learn()}
            if folder is not None and time.perf_counter() - tested > _TEST_EVERY:
                figures |= self.test()
                tested = time.perf_counter()
            self.elapsed += time.perf_counter() - began
            if folder is not None and time.perf_counter() - saved > _SAVE_EVERY:
                self.save(folder / STATE)
                saved = time.perf_counter()
            yield {**figures, "minutes": self.elapsed / 60}
        if folder is not None:
            self.save(folder / STATE)

    def test(self, scenes: int = _TEST_SCENES) -> dict[str, float]:
        """Loss on tasks that are never learned from, and the share of steps that it would have written just so."""
        rng = np.random.default_rng([self.settings.seed, _TEST_SEED])
        losses: list[torch.Tensor] = []
        right: list[torch.Tensor] = []
        with torch.inference_mode():
            for part in parts(rows([draw_scene_of_transcripts(rng) for _ in range(scenes)], self._encode)):
                logits, wanted, texts = predict(self._plain, part)
                losses.append(functional.cross_entropy(logits, wanted, reduction="none"))
                wrong = torch.zeros(int(texts[-1]) + 1)
                right.append(wrong.index_add_(0, texts, (logits.argmax(-1) != wanted).float()) == 0)
        return {"test_loss": float(torch.cat(losses).mean()), "test_right": float(torch.cat(right).float().mean())}

    def _learn(self) -> float:
        """One step of the optimiser; the mean loss of a token."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        batch = rows(self.batches(self.step), self._encode)
        count, total = int(batch.learn.sum()), 0.0
        for part in parts(batch):
            logits, wanted, _ = predict(self._plain, part)
            loss = functional.cross_entropy(logits, wanted, reduction="sum") / count
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self.learned.values(), 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad()
        self.step += 1
        return total

    def _rate(self) -> float:
        """Warm-up, then half a cosine over the time."""
        share = min(self.elapsed / (60 * self.settings.minutes), 1.0)
        return self.settings.learning_rate * min((self.step + 1) / _WARM_UP, 0.5 * (1 + math.cos(math.pi * share)))

    def save(self, path: Path) -> None:
        """All that is needed to go on."""
        tensors = training_state(self.learned, self._optimiser)
        checkpoint.write(path, tensors, {"step": self.step, "elapsed": self.elapsed, **checkpoint.provenance(_MODULE)})

    def restore(self, path: Path) -> None:
        """Go on where ``save`` was called.

        :raises CheckpointError: if there is no state, or it is of another training.
        """
        tensors, record = checkpoint.read(path, f"python -m {_MODULE}")
        restore_training_state(path, tensors, self.learned, self._optimiser)
        self.step, self.elapsed = record["step"], record["elapsed"]

    def export(self, path: Path, record: dict[str, Any]) -> None:
        """The adapter as ``saycan.language.adapter`` reads it."""
        tensors = {name: weight.half() for name, weight in self.learned.items()}
        figures = {"scale": self.settings.scale, "rank": self.settings.rank, "steps": self.step}
        checkpoint.write(path, tensors, {**record, **figures, **checkpoint.provenance(_MODULE)})


def training_state(learned: dict[str, torch.Tensor], optimiser: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """What is learned and the optimiser's memory of it, as tensors to be saved."""
    tensors = {f"learned.{name}": weight for name, weight in learned.items()}
    for name, weight in learned.items():
        tensors |= {f"{key}.{name}": value for key, value in optimiser.state.get(weight, {}).items()}
    return tensors


def restore_training_state(
    path: Path, tensors: dict[str, torch.Tensor], learned: dict[str, torch.Tensor], optimiser: torch.optim.Optimizer
) -> None:
    """Set both to what was saved.

    :param path: where the tensors come from, for the message.
    :raises CheckpointError: if they are of another training.
    """
    for name, weight in learned.items():
        if f"learned.{name}" not in tensors or tensors[f"learned.{name}"].shape != weight.shape:
            raise checkpoint.CheckpointError(
                f"{path} is of a training with other settings; start anew, in another folder"
            )
        weight.data.copy_(tensors[f"learned.{name}"])
        keys = [key for key in ("step", "exp_avg", "exp_avg_sq") if f"{key}.{name}" in tensors]
        optimiser.state[weight] = {key: tensors[f"{key}.{name}"] for key in keys}


def predict(model: Any, part: Rows) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """For the N tokens to be learned: logits (N, V) in float32, the tokens (N,), and the number of the text each belongs to (N,)."""
    row, column = part.learn.nonzero(as_tuple=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=model.dtype == torch.bfloat16):
        unseen = torch.zeros(part.mask.shape, dtype=model.dtype)
        unseen.masked_fill_(~part.mask, torch.finfo(unseen.dtype).min)
        inputs = {"input_ids": part.tokens, "attention_mask": unseen, "position_ids": part.positions}
        hidden = model.model(**inputs, use_cache=False).last_hidden_state
        logits = model.lm_head(hidden[row, part.before[row, column]]).float()
    begins = torch.ones(len(row), dtype=torch.long)
    begins[1:] = ((row[1:] != row[:-1]) | (column[1:] != column[:-1] + 1)).long()
    return logits, part.tokens[row, column], begins.cumsum(0) - 1


def with_lora(model: Any, rank: int, scale: float, seed: int) -> Any:
    """The model with A and B beside each linear layer; A and B alone are trained. The model itself is changed."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    model.set_attn_implementation("eager")  # with a mask of its own for each row, quicker here than the fused kernel
    alpha, linear = round(scale * rank), "all-linear"
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=linear, task_type="CAUSAL_LM")
    trained = get_peft_model(model, config)
    for module in trained.modules():
        if hasattr(module, "cast_input_dtype_enabled"):  # autocast does it, without a detour over float32
            module.__dict__["cast_input_dtype_enabled"] = False
    return trained.train()


def parts(whole: Rows) -> Iterator[Rows]:
    """Some rows at a time."""
    tensors = (whole.tokens, whole.positions, whole.mask, whole.learn, whole.before)
    for start in range(0, len(whole.tokens), _ROWS_AT_ONCE):
        yield Rows(*(tensor[start : start + _ROWS_AT_ONCE] for tensor in tensors))
