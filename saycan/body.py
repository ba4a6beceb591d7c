"""The Panda at its table as the body of the agent: perception, skills and their values behind one interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from saycan import candidates as proposals
from saycan.affordance import Affordance, SuccessValues
from saycan.imagination import imagine
from saycan.perception import Perception
from saycan.types import Candidate, SceneView
from sim.tabletop import Tabletop
from skills.execute import Outcome, Watch, execute
from skills.library import Skill


class TabletopBody:
    """What the loop needs of a world, for the simulated arm.

    ``each_step``, if set, is called after every control step while a skill runs (to film it).

    :param affordance: where "can" comes from; None: from the skills' success values.
    """

    def __init__(
        self,
        world: Tabletop,
        library: Mapping[str, Skill],
        perception: Perception,
        affordance: Affordance | None = None,
        watch: Watch | None = None,
    ):
        self.world, self.library, self.perception = world, library, perception
        self._affordance, self._watch = affordance or SuccessValues(library), watch
        self.each_step: Callable[[], None] | None = None

    def perceive(self) -> SceneView:
        """Look at the world."""
        return self.perception.look(self.world)

    def propose(self, view: SceneView) -> tuple[Candidate, ...]:
        """Every skill with every thing, and "done"."""
        return proposals.propose(self.library, view)

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """Can, shape (K,)."""
        return self._affordance.success_probability(view, candidates)

    def meant(self, view: SceneView, candidate: Candidate) -> SceneView | None:
        """The view that a skill is meant to lead to; None: none, as far as that can be told without trying."""
        return imagine(self.library, view, candidate)

    def execute(self, candidate: Candidate) -> Outcome:
        """Do a skill; things come to rest afterwards."""
        assert candidate.target is not None, "done is not a skill"
        skill = self.library[candidate.skill]
        outcome = execute(
            self.world,
            skill,
            candidate.target,
            lambda: self.perception.track(self.world),
            self._watch,
            self.each_step,
        )
        self.world.settle(limit=12)
        return outcome
