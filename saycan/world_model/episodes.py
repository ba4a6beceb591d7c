"""Episodes in the head: whether a skill works, a world model says; what it then does is what it is meant to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from saycan.judging.rehearsal import Rehearsal
from saycan.judging.suite import SuiteTask, start_state
from saycan.judging.worlds import Stage
from saycan.types import SUPPOSED, Candidate
from saycan.world_model.base import WorldModel
from sim.state import WorldState
from skills.execute import Outcome
from skills.library import Skill


class Imagination(Rehearsal):
    """A rehearsal in which skills fail as often as a world model thinks.

    :param instruction: what is being followed; the model may look at it.
    :param rng: draws whether a skill works.
    """

    def __init__(
        self,
        state: WorldState,
        library: Mapping[str, Skill],
        done: float,
        model: WorldModel,
        instruction: str,
        rng: np.random.Generator,
    ):
        super().__init__(state, library, done)
        self._model, self._instruction, self._rng = model, instruction, rng
        self._worked: list[str] = []

    def execute(self, candidate: Candidate) -> Outcome:
        """Bring about what the skill is meant to bring about, if it can be, as often as the model says."""
        now = self._model.observe(self.perceive(), self._worked, self._instruction)
        if self._rng.random() >= self._model.imagine([now], [candidate.text])[0].success:
            return Outcome(False, ended=SUPPOSED)
        outcome = super().execute(candidate)
        self._worked += [candidate.text] * outcome.success
        return outcome


@contextmanager
def imagined(
    task: SuiteTask, library: Mapping[str, Skill], done: float, model: WorldModel, rng: np.random.Generator
) -> Iterator[Stage]:
    """A task in the head, like the worlds of ``saycan.judging.worlds``."""
    body = Imagination(start_state(task.scene), library, done, model, task.instruction, rng)
    yield Stage(body, lambda: body.now)
