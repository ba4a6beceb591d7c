"""What the language model is measured against: a small network over the same facts, and a model that says that nothing ever changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np
import torch
from torch import nn

from saycan.world_model.base import Attempt, Situation, WorldModel, reached
from saycan.world_model.facts import Change, Facts, choices, main_change
from saycan.world_model.log import Execution

_BUCKETS, _WIDTH, _HIDDEN = 4096, 64, 128
_YES_NO = (["yes"], ["no"])

Question = tuple[list[str], Sequence[list[str]]]
"""Features of what is asked, and of each possible answer."""


class FactsMLP(WorldModel):
    """A small network: features of facts, skill and instruction (each a hashed name) are summed, then two layers; its output times an
    answer's features is that answer's score."""

    def __init__(self, seed: int = 0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._asked, self._answers = (nn.EmbeddingBag(_BUCKETS, _WIDTH, mode="sum") for _ in range(2))
            layers = [nn.Linear(_WIDTH, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, _HIDDEN), nn.ReLU()]
            self._trunk = nn.Sequential(*layers, nn.Linear(_HIDDEN, _WIDTH))
        for bag in (self._asked, self._answers):
            bag.weight.data *= 0.3
        modules = {"asked": self._asked, "answers": self._answers, "trunk": self._trunk}
        self.learned = {f"{n}.{key}": weight for n, m in modules.items() for key, weight in m.named_parameters()}

    def loss(self, executions: Sequence[Execution]) -> torch.Tensor:
        """Mean negative log-likelihood of an answer."""
        self._known.clear()
        questions, right = [], []
        for row in executions:
            change = main_change(row.before, row.skill, row.after)
            questions += [_try_question(row.before, row.skill), _change_question(row.before, row.skill, row.worked)]
            questions += [_fulfilled_question(reached(row))]
            right += [int(not row.worked), choices(row.before, row.skill).index(change), int(not row.fulfilled)]
        chosen = [log_p[i] for log_p, i in zip(self._log_probs(questions), right, strict=True)]
        return -torch.stack(chosen).mean()

    def _worked(self, attempts: Sequence[Attempt]) -> Sequence[float]:
        return [float(p[0]) for p in self._chances([_try_question(*attempt) for attempt in attempts])]

    def _changes(self, asked: Sequence[tuple[Facts, str, bool]]) -> Sequence[np.ndarray]:
        return self._chances([_change_question(*one) for one in asked])

    def _fulfilled(self, situations: Sequence[Situation]) -> Sequence[float]:
        return [float(p[0]) for p in self._chances([_fulfilled_question(now) for now in situations])]

    @torch.inference_mode()
    def _chances(self, questions: Sequence[Question]) -> list[np.ndarray]:
        if not questions:
            return []
        return [log_p.double().exp().numpy() for log_p in self._log_probs(questions)]

    def _log_probs(self, questions: Sequence[Question]) -> list[torch.Tensor]:
        """Log-probability of each answer to each question."""
        state = self._trunk(_bag(self._asked, [features for features, _ in questions]))
        answers = _bag(self._answers, [features for _, options in questions for features in options])
        counts = [len(options) for _, options in questions]
        scores = (answers * state.repeat_interleave(torch.tensor(counts), dim=0)).sum(-1)
        return [part.log_softmax(0) for part in scores.split(counts)]


class CopyLastState(WorldModel):
    """Nothing ever changes, a skill works half of the time, and nothing is ever fulfilled."""

    def __init__(self) -> None:
        super().__init__()
        self.learned = {}

    def loss(self, executions: Sequence[Execution]) -> torch.Tensor:
        """Zero: it has nothing to learn."""
        return torch.zeros(())

    def _worked(self, attempts: Sequence[Attempt]) -> Sequence[float]:
        return [0.5] * len(attempts)

    def _changes(self, asked: Sequence[tuple[Facts, str, bool]]) -> Sequence[np.ndarray]:
        return [np.eye(len(choices(facts, skill)))[0] for facts, skill, _ in asked]

    def _fulfilled(self, situations: Sequence[Situation]) -> Sequence[float]:
        return [0.0] * len(situations)


def _bag(bag: nn.EmbeddingBag, features: Sequence[Sequence[str]]) -> torch.Tensor:
    """The sum of each list's features, shape (N, W)."""
    hashed = [crc32(name.encode()) % _BUCKETS for names in features for name in names]
    starts = np.cumsum([0, *(len(names) for names in features)])[:-1]
    summed: torch.Tensor = bag(torch.tensor(hashed), torch.from_numpy(starts))
    return summed


def _features(kind: str, facts: Facts) -> list[str]:
    return [kind, f"hand: {facts.held}", *(f"{thing}={place}" for thing, place in facts.places)]


def _skill_features(facts: Facts, skill: str) -> list[str]:
    """The phrase, the phrase without the things' names, and where each thing is that it names."""
    found, plain = [], skill
    for thing, place in facts.places:
        if re.search(rf"\b{re.escape(thing)}\b", skill):
            plain = plain.replace(thing, "_")
            found += [f"named {thing}", f"where {place}"]
    return [skill, f"form {plain}", f"form {plain}, {'full' if facts.held else 'empty'}", *found]


def _try_question(facts: Facts, skill: str) -> Question:
    return [*_features("worked?", facts), *_skill_features(facts, skill)], _YES_NO


def _change_question(facts: Facts, skill: str, worked: bool) -> Question:
    asked = [*_features("change?", facts), *_skill_features(facts, skill), f"worked {worked}", f"{skill} {worked}"]
    return asked, [_change_features(facts, change) for change in choices(facts, skill)]


def _change_features(facts: Facts, change: Change | None) -> list[str]:
    if change is None:
        return ["nothing"]
    return [f"moves {change[0]}", f"to {change[1]}", "of the hand" if change[0] == facts.held else "of the table"]


def _fulfilled_question(now: Situation) -> Question:
    words = re.findall(r"\w+", now.instruction.lower())
    done = [*(f"done {skill}" for skill in now.done), f"last {now.done[-1] if now.done else None}"]
    said = [*(f"said {word}" for word in words), f"said {' '.join(words)}"]
    return [*_features("fulfilled?", now.facts), *done, *said], _YES_NO
