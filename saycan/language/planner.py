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
    """Scores candidates, and beside them what the instruction may be about that the scene does not have.

    Such phantoms ("pick up the elephant") take their share of the probability. Nothing can do them, so where they are what
    language wants, little of the product is left and the agent declines.

    :param phantoms: whether to score them.
    """

    def __init__(self, scorer: Scorer, phantoms: bool = True):
        self._scorer, self._phantoms = scorer, phantoms

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """Log-probability of each candidate, shape (K,); the phantoms' share is what is missing to one."""
        texts = [prompt.continuation(candidate.text) for candidate in candidates]
        extra = self._phantom_texts(episode, view)
        scores = self._scorer.log_probs(prompt.prompt(episode, view), texts + extra)
        return (scores - np.logaddexp.reduce(scores))[: len(texts)]

    def _phantom_texts(self, episode: Episode, view: SceneView) -> list[str]:
        if not self._phantoms or episode.steps:  # once it has begun, the instruction was about what is there
            return []
        names, classes = list(view.boxes), [word for words in view.classes.values() for word in words]
        return [
            prompt.continuation(f"pick up the {x}") for x in prompt.unknown_things(episode.instruction, names, classes)
        ]
