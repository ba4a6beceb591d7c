"""Learn to plan by imitating the expert, step by step: token cross-entropy of what it does next (StepAgent's first stage).

What the model would do as the expert does is passed over (``sure``): to find that out takes a third of what learning it would
("selective backpropagation", Jiang et al. 2019, arXiv 1910.00762; StepAgent's "inspection", arXiv 2411.03817).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from saycan.learning import trainer
from saycan.learning.english import OwnTexts
from saycan.learning.lora import autocast, compiled, hide
from saycan.learning.rows import Encode, Rows, rows
from saycan.learning.trainer import Trainer
from saycan.learning.transcripts import Transcript, draw_scene_of_transcripts

_TEST_SCENES = 24
_TEST_SEED = 2**31  # batches of a training are numbered from 0, so these are never among them


@dataclass(frozen=True)
class Settings(trainer.Settings):
    """How it learns.

    :param scenes: scenes in a batch, about three tasks each.
    :param sure: tasks at each step of which the expert's is at least so likely are not learned; more than 1: all are.
    :param english: weight of staying the language model that it was, beside the loss of a token.
    :param compile: whether the model's layers are compiled first.
    """

    scenes: int = 8
    sure: float = 2.0
    english: float = 0.0
    compile: bool = False


Batches = Callable[[int], list[list[Transcript]]]
"""From the number of a step to what is learned in it: groups of transcripts, each of one scene."""


class Imitation(Trainer):
    """A model that learns to write what the expert would.

    :param batches: what is learned; by default tasks that are drawn afresh.
    """

    settings: Settings

    def __init__(self, model: Any, tokenizer: Any, settings: Settings, batches: Batches | None = None):
        super().__init__(model, tokenizer, settings)
        self.batches = batches or self._fresh
        self._own = OwnTexts(self) if settings.english else None

    def run(self, folder: Path | None = None) -> Iterator[dict[str, float]]:
        """As every trainer."""
        if self.settings.compile:
            compiled(self.plain)
        return super().run(folder)

    def _fresh(self, number: int) -> list[list[Transcript]]:
        rng, found = self.rng(number), list[list[Transcript]]()
        while len(found) < self.settings.scenes:
            if group := draw_scene_of_transcripts(rng):  # in some scenes nothing can be asked for
                found.append(group)
        return found

    def test(self, scenes: int = _TEST_SCENES) -> dict[str, float]:
        """Loss on tasks in scenes that are never learned from, and the share of steps that it would have written just so."""
        rng = self.rng(_TEST_SEED)
        losses: list[torch.Tensor] = []
        right: list[torch.Tensor] = []
        with torch.inference_mode():
            for part in rows([draw_scene_of_transcripts(rng) for _ in range(scenes)], self.encode):
                logits, wanted, texts = predict(self.plain, part)
                losses.append(functional.cross_entropy(logits, wanted, reduction="none"))
                wrong = torch.zeros(int(texts[-1]) + 1)
                right.append(wrong.index_add_(0, texts, (logits.argmax(-1) != wanted).float()) == 0)
        return {"test_loss": float(torch.cat(losses).mean()), "test_right": float(torch.cat(right).float().mean())}

    def learn(self) -> dict[str, float]:
        """One step of the optimiser: the mean loss of a token, the share of tasks passed over, and how far its English is from what it was."""
        drawn = self.batches(self.step)
        taught = self._unsure(drawn) if self.settings.sure <= 1 else drawn
        batch = rows(taught, self.encode)
        count, total = sum(int(part.learn.sum()) for part in batch), 0.0
        for part in batch:
            logits, wanted, _ = predict(self.plain, part)
            loss = functional.cross_entropy(logits, wanted, reduction="sum") / count
            loss.backward()
            total += float(loss.detach())
        figures = {"loss": total, "passed": 1 - sum(map(len, taught)) / sum(map(len, drawn))}
        if self._own is not None:
            divergence = self._own.divergence(self.step)
            (self.settings.english * divergence).backward()
            figures["english"] = float(divergence.detach())
        self.descend()
        return figures

    def _unsure(self, groups: list[list[Transcript]]) -> list[list[Transcript]]:
        """Those of some transcripts in which it might do otherwise than the expert; at least the one in which that is likeliest."""
        chances = least_likely(self.plain, groups, self.encode)
        most = max(math.log(max(self.settings.sure, 1e-300)), min(chances))
        left = iter(chances)
        return [[t for t in group if next(left) <= most] for group in groups]


@torch.inference_mode()
def least_likely(model: Any, groups: list[list[Transcript]], encode: Encode) -> list[float]:
    """For each transcript, in order, the log-probability of the least likely of the expert's steps in it."""
    found = [0.0] * sum(map(len, groups))
    for part in rows(groups, encode):
        logits, wanted, texts = predict(model, part)
        log_p = -functional.cross_entropy(logits, wanted, reduction="none")
        steps = torch.zeros(int(texts[-1]) + 1).index_add_(0, texts, log_p)
        whose = torch.zeros(len(steps), dtype=torch.long).index_copy_(0, texts, part.whose[part.learn])
        for number, step in zip(whose.tolist(), steps.tolist(), strict=True):
            found[number] = min(found[number], step)
    return found


def predict(model: Any, part: Rows) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """For the N tokens to be learned: logits (N, V) in float32, the tokens (N,), and the number of the text each belongs to (N,)."""
    row, column = part.learn.nonzero(as_tuple=True)
    with autocast(model):
        inputs = {"input_ids": part.tokens, "attention_mask": hide(part.mask, model), "position_ids": part.positions}
        hidden = model.model(**inputs, use_cache=False).last_hidden_state
        logits = model.lm_head(hidden[row, part.before[row, column]]).float()
    begins = torch.ones(len(row), dtype=torch.long)
    begins[1:] = ((row[1:] != row[:-1]) | (column[1:] != column[:-1] + 1)).long()
    return logits, part.tokens[row, column], begins.cumsum(0) - 1
