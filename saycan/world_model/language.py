"""The language model as world model: every prediction is a choice among texts, scored in one pass; nothing is written freely.

It reads ``Scene: blue bowl (top), red block (in the hand).`` / ``Robot: put it in the blue bowl`` and chooses how ``Worked:`` and
``Now:`` go on. Whether the instruction is fulfilled is asked as a planner would be: scene, ``Human: ...``, ``Robot:`` and the steps so far go
on with ``done`` or not, so that what a planner has learned about being done serves here (``start=planner``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from saycan.candidates import DONE
from saycan.language.adapter import low_rank_parts
from saycan.language.prompt import continuation, request
from saycan.language.scorer import TrieScorer
from saycan.learning.imitate import predict
from saycan.learning.lora import autocast, with_lora
from saycan.learning.rows import rows
from saycan.learning.transcripts import Segment, Transcript
from saycan.world_model.base import Attempt, Situation, WorldModel, reached
from saycan.world_model.facts import Change, Facts, choices, main_change
from saycan.world_model.log import Execution

_ANSWERS = (" yes\n", " no\n")
_ENDS = (continuation(DONE.text), continuation("go on"))


class LanguageWorldModel(WorldModel):
    """A causal language model of transformers that predicts.

    :param rank: of what it can learn (LoRA, on all linear layers); 0: it does not learn.
    :param scale: weight of what is learned: alpha / rank.
    """

    def __init__(self, model: Any, tokenizer: Any, rank: int = 0, scale: float = 2.0, seed: int = 0):
        super().__init__()
        self._model, self.learned = model, {}
        if rank:
            self.learned = low_rank_parts(with_lora(model, rank, scale, seed))
        self._scorer = TrieScorer(model, tokenizer)

    def loss(self, executions: Sequence[Execution]) -> torch.Tensor:
        """Mean negative log-likelihood of a token of what came, plus that of a token of whether the instruction was fulfilled then."""
        self._known.clear()
        self._scorer.forget()
        tries = dict.fromkeys(_tried(row) for row in executions)  # the same try, asked otherwise, is one
        ends: dict[str, list[Transcript]] = {}
        for row in executions:
            ends.setdefault((end := _ended(row)).scene, []).append(end)
        return self._mean_loss([[text] for text in tries]) + self._mean_loss([*ends.values()])

    def _mean_loss(self, groups: Sequence[Sequence[Transcript]]) -> torch.Tensor:
        """Mean negative log-likelihood of a token; the texts of a group share their scene."""
        losses = []
        for part in rows(groups, self._scorer.encode):
            logits, wanted, _ = predict(self._model, part)
            losses.append(functional.cross_entropy(logits, wanted, reduction="none"))
        return torch.cat(losses).mean()

    def _worked(self, attempts: Sequence[Attempt]) -> Sequence[float]:
        asked = [(_try_prompt(facts), [f" {skill}\nWorked:{a}" for a in _ANSWERS]) for facts, skill in attempts]
        return [float(answer[0]) for answer in self._choose(asked)]

    def _changes(self, asked: Sequence[tuple[Facts, str, bool]]) -> Sequence[np.ndarray]:
        texts = []
        for facts, skill, worked in asked:
            begin = f" {skill}\nWorked:{_ANSWERS[not worked]}Now:"
            texts.append((_try_prompt(facts), [begin + _told(change) for change in choices(facts, skill)]))
        return self._choose(texts)

    def _fulfilled(self, situations: Sequence[Situation]) -> Sequence[float]:
        return [float(answer[0]) for answer in self._choose([(_end_prompt(now), [*_ENDS]) for now in situations])]

    def _choose(self, asked: Sequence[tuple[str, list[str]]]) -> list[np.ndarray]:
        """The probability of each text as the continuation of its prompt, among the texts of one question.

        Questions with the same prompt are answered in one pass; what their texts share cancels out.
        """
        found: list[np.ndarray] = [np.zeros(0)] * len(asked)
        for prompt in dict.fromkeys(prompt for prompt, _ in asked):
            mine = [i for i, (p, _) in enumerate(asked) if p == prompt]
            with autocast(self._model):  # for float32 learned beside bfloat16 weights
                scores = self._scorer.log_probs(prompt, [text for i in mine for text in asked[i][1]])
            ends = np.cumsum([len(asked[i][1]) for i in mine])
            for i, part in zip(mine, np.split(scores, ends[:-1]), strict=True):
                found[i] = np.exp(part - np.logaddexp.reduce(part))
        return found


def _try_prompt(facts: Facts) -> str:
    return f"Scene: {facts.words}.\nRobot:"


def _told(change: Change | None) -> str:
    return f" {change[0]} ({change[1]})\n" if change else " as before\n"


def _end_prompt(now: Situation) -> str:
    return f"Scene: {now.facts.words}.\n{request(now.instruction, now.done)}"


def _tried(row: Execution) -> Transcript:
    """What there is to learn of a try: whether it worked, and what changed."""
    told: list[Segment] = [
        (f" {row.skill}\nWorked:", False),
        (_ANSWERS[not row.worked], True),
        ("Now:", False),
        (_told(main_change(row.before, row.skill, row.after)), True),
    ]
    return _transcript(_try_prompt(row.before), told)


def _ended(row: Execution) -> Transcript:
    """What there is to learn of the instruction: whether it was fulfilled after a try."""
    return _transcript(_end_prompt(reached(row)), [(_ENDS[not row.fulfilled], True)])


def _transcript(prompt: str, segments: Sequence[Segment]) -> Transcript:
    """A prompt's first line is the scene, which texts share."""
    scene, rest = prompt.split("\n", 1)
    return Transcript(f"{scene}\n", ((rest, False), *segments))
