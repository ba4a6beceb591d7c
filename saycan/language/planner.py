"""The language model as a policy over skills: pi(a | instruction, scene, history) over phrases, nothing sampled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from saycan.language import prompt
from saycan.types import Candidate, Episode, SceneView


class Scorer(Protocol):
    """Anything that gives log p(text | prompt)."""

    def log_probs(self, prompt: str, texts: Sequence[str]) -> np.ndarray:
        """Summed log-probability of each text, shape (K,)."""


class Planner:
    """Scores candidates by how much more likely the instruction makes them: log p(a | instruction) - prior * log p(a | anything).

    Beside them it scores what the instruction names and the scene does not have. Such phantoms ("pick up the elephant") take
    their share of the probability. Nothing can do them, so where they are what language wants, little of the product is left
    and the agent declines.

    :param prior: how much of a phrase's own likelihood is taken off (1: pointwise mutual information, 0: plain likelihood).
    :param phantoms: whether to score phantoms.
    :param margin: nats by which a single word must stand out to count as a thing ("stack" does not, "elephant" does); a full
        name such as "green block" is surely meant as one and gets as much added.
    """

    def __init__(self, scorer: Scorer, prior: float = 0.85, phantoms: bool = True, margin: float = 2.5):
        self._scorer, self._prior, self._phantoms, self._margin = scorer, prior, phantoms, margin

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """Log-probability of each candidate, shape (K,); the phantoms' share is what is missing to one."""
        phantoms = self._phantom_texts(episode, view)
        texts = [prompt.continuation(text) for text in [*(candidate.text for candidate in candidates), *phantoms]]
        scores = self._scorer.log_probs(prompt.prompt(episode.instruction, episode, view), texts)
        if self._prior:
            scores = scores - self._prior * self._scorer.log_probs(prompt.prompt(prompt.NEUTRAL, episode, view), texts)
        scores[len(candidates) :] += list(phantoms.values())
        return (scores - np.logaddexp.reduce(scores))[: len(candidates)]

    def _phantom_texts(self, episode: Episode, view: SceneView) -> dict[str, float]:
        """Skills with things that are not there, and what is added to their scores."""
        if not self._phantoms or episode.steps:  # once it has begun, the instruction was about what is there
            return {}
        names, words = prompt.unknown_things(episode.instruction, view)
        bonus = {**dict.fromkeys(words, -self._margin), **dict.fromkeys(names, self._margin)}
        return {f"{skill} the {x}": extra for x, extra in bonus.items() for skill in ("pick up", "put it in")}
