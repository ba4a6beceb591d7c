"""A body whose skills do exactly what they are meant to: for judging plans and language without moving an arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from saycan import candidates as proposals
from saycan.affordance import SuccessValues
from saycan.perception import view_of
from saycan.types import Candidate, SceneView
from sim.state import WorldState
from skills.execute import Outcome
from skills.library import Skill


class Rehearsal:
    """What the loop needs of a world, without physics.

    :param state: where it begins; ``now`` is where it has come to.
    :param values: whether "can" comes from the skills' success values; if not, it is 1 for what can come about and 0 otherwise.
    """

    def __init__(self, state: WorldState, library: Mapping[str, Skill], done: float = 1.0, values: bool = True):
        self.start = self.now = state
        self.library, self._done = library, done
        self._values = SuccessValues(library, done) if values else None

    def perceive(self) -> SceneView:
        """The state as it is."""
        return view_of(self.now)

    def propose(self, view: SceneView) -> tuple[Candidate, ...]:
        """Every skill with every thing, and "done"."""
        return proposals.propose(self.library, view)

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """Can, shape (K,)."""
        if self._values is not None:
            return self._values.success_probability(view, candidates)
        return np.array([self._done if c.target is None else float(self.after(c) is not None) for c in candidates])

    def execute(self, candidate: Candidate) -> Outcome:
        """Bring about what the skill is meant to bring about, if it can be."""
        after = self.after(candidate)
        if after is not None:
            self.now = after
        return Outcome(after is not None, ended="success" if after is not None else "time")

    def after(self, candidate: Candidate) -> WorldState | None:
        """The state that a candidate is meant to lead to from here; None: none."""
        return meant(self.library, self.now, candidate)


def meant(library: Mapping[str, Skill], now: WorldState, candidate: Candidate) -> WorldState | None:
    """The state that a candidate is meant to lead to; None: none, as far as that can be told without trying."""
    assert candidate.target is not None, "done is not a skill"
    return library[candidate.skill].task.meant(now, candidate.target)
