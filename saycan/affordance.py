"""Can: how likely each candidate is to succeed from here. By the skills' success values, or by less, to see what those are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from saycan.types import Candidate, SceneView
from skills.library import Skill
from skills.observation import Sight


class Affordance(Protocol):
    """Anything that says what can be done. Each is made of a library of skills and of what "can" is for ``done``."""

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """p(success | what is seen, candidate), shape (K,)."""


class SuccessValues:
    """The skills' own success values, times how surely that is what a skill is about: p(success and it is the right thing).

    What was probably not seen can probably not be picked up: of two things that look alike, the agent takes the one that it is
    sure of, and if it is sure of none, the sum of its products falls below what it takes to begin.

    :param done: what "can" is for ``done``: a constant, because stopping has no value function.
    :param doubting: whether the detection's score counts; without, what was seen is taken for certain.
    """

    def __init__(self, library: Mapping[str, Skill], done: float = 1.0, doubting: bool = True):
        self._library, self._done, self._doubting = library, done, doubting

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """p(success | what is seen, candidate), shape (K,), one network pass for each skill."""
        can = np.full(len(candidates), self._done)
        sight = Sight(view.hand, view.boxes, view.held, view.drawer)
        for name, skill in self._library.items():
            mine = {i: c.target for i, c in enumerate(candidates) if c.skill == name and c.target is not None}
            if mine:
                seen = [skill.task.observer(sight, target).observe(sight, 0.0) for target in mine.values()]
                ready = [skill.task.ready(sight, target) for target in mine.values()]
                sure = [view.scores.get(t.name, 1.0) if self._doubting else 1.0 for t in mine.values()]
                can[list(mine)] = np.where(ready, skill.value.probability(np.stack(seen)), 0.0) * sure
        return can


class Detected:
    """What a skill is about was seen: its detection score, as in the notebook that was published with SayCan (Ahn et al. 2022).

    Regions need no detection and count as 1. It knows nothing of reach, of the hand, or of what is in the way.
    """

    def __init__(self, library: Mapping[str, Skill], done: float = 1.0):
        self._done = done

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """The detection scores, shape (K,)."""
        return np.array([self._done if c.target is None else view.scores.get(c.target.name, 1.0) for c in candidates])


class Anything:
    """Everything can be done: 1 for every skill."""

    def __init__(self, library: Mapping[str, Skill], done: float = 1.0):
        self._done = done

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """Ones, shape (K,)."""
        return np.array([self._done if c.target is None else 1.0 for c in candidates])
