"""Can: how likely each candidate is to succeed from here, by the skills' success values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from saycan.types import Candidate, SceneView
from skills.library import Skill
from skills.observation import Sight


class SuccessValues:
    """The skills' own success values; ``done`` can always be said.

    :param done: what "can" is for ``done``: a constant, because stopping has no value function.
    """

    def __init__(self, library: Mapping[str, Skill], done: float = 1.0):
        self._library, self._done = library, done

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """p(success | what is seen, candidate), shape (K,), one network pass for each skill."""
        can = np.full(len(candidates), self._done)
        sight = Sight(view.hand, view.boxes, view.held, view.drawer)
        for name, skill in self._library.items():
            mine = {i: c.target for i, c in enumerate(candidates) if c.skill == name and c.target is not None}
            if mine:
                seen = [skill.task.observer(sight, target).observe(sight, 0.0) for target in mine.values()]
                ready = [skill.task.ready(sight, target) for target in mine.values()]
                can[list(mine)] = np.where(ready, skill.value.probability(np.stack(seen)), 0.0)
        return can
