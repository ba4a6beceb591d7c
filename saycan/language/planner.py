"""The language model as a policy over skills: pi(a | instruction, scene, history) over phrases, nothing sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from saycan.candidates import DONE
from saycan.language import prompt
from saycan.language.examples import REFUSAL
from saycan.language.places import overlooked
from saycan.language.prompt import Style
from saycan.language.undone import undone
from saycan.language.unknown import unknown_things
from saycan.types import IMAGINED, Candidate, Episode, SceneView


class Scorer(Protocol):
    """Anything that gives log p(text | prompt)."""

    def log_probs(self, prompt: str, texts: Sequence[str]) -> np.ndarray:
        """Summed log-probability of each text, shape (K,)."""


@dataclass(frozen=True)
class Readings:
    """What the language model said of each candidate, and of each phantom after them.

    :param told: log p(text | instruction), shape (K + P,).
    :param anyway: log p(text | an instruction that asks for nothing in particular), shape (K + P,).
    :param lengths: characters of each text, shape (K + P,).
    :param bonus: what is added to the score, shape (K + P,); 0 for candidates.
    :param early: 1 for "done" while something that the instruction names is still where it was at first, otherwise 0; shape (K + P,).
    :param undone: 1 for "done" while something is not where it was put, otherwise 0; shape (K + P,).
    :param count: number of candidates, K.
    """

    told: np.ndarray
    anyway: np.ndarray
    lengths: np.ndarray
    bonus: np.ndarray
    early: np.ndarray
    undone: np.ndarray
    count: int


@dataclass(frozen=True)
class Scoring:
    """How a distribution comes of what the language model said.

    :param prior: how much of a phrase's own likelihood is taken off (1: pointwise mutual information, 0: plain likelihood).
    :param by_length: whether scores are divided by the phrase's length relative to the mean one (a mean per letter).
    :param phantoms: whether a refusal and what the scene lacks take part.
    :param lacking: whether the latter does; a model that has learned to refuse needs the refusal only.
    :param margin: nats by which a single word must stand out to count as a thing ("stack" does not, "elephant" does); a full
        name such as "green block" is surely meant as one and gets as much added.
    :param overlooked: nats taken off "done" while something that the instruction names is still where it was; something else is then more
        often forgotten than meant to stay.
    :param undone: nats taken off "done" while something that was put somewhere has fallen, or slipped from the hand on the way.
    """

    prior: float = 0.5
    by_length: bool = True
    phantoms: bool = True
    margin: float = 2.5
    lacking: bool = True
    overlooked: float = 0.0
    undone: float = 0.0

    def log_probs(self, r: Readings) -> np.ndarray:
        """Log-probability of each candidate, shape (K,); the phantoms' share is what is missing to one."""
        scores = r.told - self.prior * r.anyway
        if self.by_length:
            scores = scores * r.lengths.mean() / r.lengths
        scores = scores + self.margin * r.bonus - self.overlooked * r.early - self.undone * r.undone
        if not self.phantoms:
            scores = scores[: r.count]
        return (scores - np.logaddexp.reduce(scores))[: r.count]


class Planner:
    """Scores candidates by how much more likely the instruction makes them: log p(a | instruction) - prior * log p(a | anything).

    Beside them it scores phantoms: a refusal, as in the examples, and what the instruction names and the scene does not have
    ("pick up the elephant"). They take their share of the probability. Nothing can do them, so where they are what language
    wants, little of the product is left and the agent declines.

    :param style: what the prompt tells.
    """

    def __init__(self, scorer: Scorer, scoring: Scoring | None = None, style: Style | None = None):
        self._scorer, self._scoring, self._style = scorer, scoring or Scoring(), style or Style()

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """Log-probability of each candidate, shape (K,); the phantoms' share is what is missing to one."""
        return self._scoring.log_probs(self.read(episode, view, candidates))

    def read(
        self, episode: Episode, view: SceneView, candidates: Sequence[Candidate], anyway: bool = False
    ) -> Readings:
        """Ask the language model.

        :param anyway: ask under the neutral instruction even if this planner's scoring takes nothing of that off.
        """
        phantoms = self._phantom_texts(episode, view)
        texts = [prompt.continuation(text) for text in [*(candidate.text for candidate in candidates), *phantoms]]
        told = self._scorer.log_probs(prompt.prompt(episode.instruction, episode, view, self._style), texts)
        neutral = np.zeros(len(texts))
        if self._scoring.prior or anyway:
            neutral = self._scorer.log_probs(prompt.prompt(prompt.NEUTRAL, episode, view, self._style), texts)
        bonus = np.array([0.0] * len(candidates) + list(phantoms.values()))
        done = np.zeros(len(texts))
        done[: len(candidates)] = [candidate == DONE for candidate in candidates]
        early, fallen = done * self._is_early(episode, view), done * self._is_undone(episode, view)
        lengths = np.array([len(text) for text in texts])
        return Readings(told, neutral, lengths, bonus, early, fallen, len(candidates))

    def _is_early(self, episode: Episode, view: SceneView) -> bool:
        """Whether something that the instruction names is still where it was, if that is asked for."""
        if not self._scoring.overlooked or not episode.steps:
            return False
        return bool(overlooked(episode.steps[0].view, view, episode.instruction.lower()))

    def _is_undone(self, episode: Episode, view: SceneView) -> bool:
        """Whether something is not where it was put, if that is asked for."""
        return bool(self._scoring.undone and undone(episode, view))

    def _phantom_texts(self, episode: Episode, view: SceneView) -> dict[str, float]:
        """A refusal (0), and skills with things that are not there: surely things (1) or just words (-1)."""
        begun = any(step.outcome is not None and step.outcome.ended != IMAGINED for step in episode.steps)
        if not self._scoring.phantoms or begun:  # then the instruction was about what is there
            return {}
        if not self._scoring.lacking:
            return {REFUSAL: 0.0}
        names, words = unknown_things(episode.instruction, view)
        sure = {**dict.fromkeys(words, -1.0), **dict.fromkeys(names, 1.0)}
        things = {f"{skill} the {x}": s for x, s in sure.items() for skill in ("pick up", "put it in")}
        return {REFUSAL: 0.0, **things}
