"""The Panda at its table as the body of the agent: perception, skills and their values behind one interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from saycan import candidates as proposals
from saycan.affordance import Affordance, SuccessValues
from saycan.imagination import imagine
from saycan.perception import Perception
from saycan.types import Candidate, SceneView
from sim.panda import HOME, STEP
from sim.tabletop import Tabletop
from skills.execute import Outcome, Watch, execute
from skills.library import Skill

_WAY_BACK = 30  # control steps that it may take
_CLEAR, _THERE = 0.2, 0.04  # metres: height above which the hand moves to the side, and how near is near enough
_UNWOUND = 0.05  # radians that a joint may still be off where it began


class TabletopBody:
    """What the loop needs of a world, for the simulated arm.

    ``each_step``, if set, is called after every control step (to film it), ``while_running`` after every one of a skill's own.

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
        self.while_running: Callable[[], None] | None = None

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
            self._stepped,
        )
        if not outcome.success or not self.world.hand().gripping:
            self._withdraw(keep=outcome.ended != "lost")  # what the fingers may grip then is not what they should hold
        self.world.settle(limit=12)
        late = outcome.ended in ("time", "hopeless")
        if late and skill.task.came_about(self.perception.track(self.world), candidate.target):
            return replace(outcome, success=True)
        return outcome

    def _stepped(self) -> None:
        for hook in (self.each_step, self.while_running):
            if hook:
                hook()

    def _withdraw(self, keep: bool) -> None:
        """The hand goes up, and then back to where and how it began: there it hides nothing from the cameras, and no joint is near its end.

        :param keep: whether it keeps what is between its fingers, if anything is.
        """
        for _ in range(_WAY_BACK):
            hand = self.world.hand()
            way = HOME - hand.position
            if np.linalg.norm(way) < _THERE and (keep or not hand.gripping):
                break
            if hand.position[2] < _CLEAR:
                way[:2] = 0.0
            self.world.step(np.array([*np.clip(way / STEP, -1.0, 1.0), 0.0, -1.0 if keep and hand.gripping else 1.0]))
            if self.each_step:
                self.each_step()
        for _ in range(_WAY_BACK):
            if self.world.unwind() < _UNWOUND:
                return
            if self.each_step:
                self.each_step()
