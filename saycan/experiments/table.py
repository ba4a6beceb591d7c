"""A small world to learn in, really executed: two blocks, two bowls, a handful of instructions; the layout is drawn anew each time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from saycan.body import TabletopBody
from saycan.candidates import DONE
from saycan.judging.suite import SuiteTask
from saycan.perception import Oracle
from saycan.world_model.base import Situation, reached
from saycan.world_model.collect import enter, execution
from saycan.world_model.facts import facts_of
from saycan.world_model.log import Execution
from sim.scenes import SceneSpec
from sim.tabletop import Tabletop
from skills.execute import Watch
from skills.library import Skill

OBJECTS = ("red block", "blue block", "green bowl", "yellow bowl")
GOALS = {
    "put the red block in the green bowl": "in(red block, green bowl)",
    "put the blue block in the green bowl": "in(blue block, green bowl)",
    "put the red block in the yellow bowl": "in(red block, yellow bowl)",
    "put the blue block in the yellow bowl": "in(blue block, yellow bowl)",
    "stack the red block on the blue block": "on(red block, blue block)",
    "stack the blue block on the red block": "on(blue block, red block)",
    "put both blocks in the green bowl": "all(block, in(_, green bowl))",
    "put both blocks in the yellow bowl": "all(block, in(_, yellow bowl))",
}
_POSSIBLE = 0.1  # chance of success, by the skill's own value, below which a skill is not tried


class RealEpisode:
    """One instruction in one world; its facts do not tell the table's parts apart, on which none of the instructions depends.

    :param library: the skills that may be used.
    """

    instructions = tuple(GOALS)
    """All that is ever asked for here."""

    def __init__(self, library: Mapping[str, Skill], rng: np.random.Generator):
        instruction = str(rng.choice(self.instructions))
        scene = SceneSpec("tabletop", OBJECTS, int(rng.integers(2**31)))
        self.task = SuiteTask(instruction, "", scene, GOALS[instruction], False)
        self._world = Tabletop()
        enter(self._world, self.task)
        self._body = TabletopBody(self._world, library, Oracle(), watch=Watch())
        self._start = self._body.perceive()
        self._done: tuple[str, ...] = ()

    def possible(self) -> list[str]:
        """The skills that have a chance now; all of them if none has."""
        view = self._body.perceive()
        candidates = [c for c in self._body.propose(view) if c != DONE]
        can = self._body.success_probability(view, candidates)
        return [c.text for c, p in zip(candidates, can, strict=True) if p > _POSSIBLE] or self.skills()

    def skills(self) -> list[str]:
        """Every skill that could be tried here."""
        return [c.text for c in self._body.propose(self._start) if c != DONE]

    def execute(self, skill: str) -> Execution:
        """Execute a skill for real."""
        view = self._body.perceive()
        choice = next(c for c in self._body.propose(view) if c.text == skill)
        row = execution(self._body, self.task, self._start, view, choice, self._done).roughly
        self._done = reached(row).done
        return row

    def situation(self) -> Situation:
        """What is so now."""
        return Situation(facts_of(self._body.perceive()).roughly, self._done, self.task.instruction)

    def close(self) -> None:
        """End the world."""
        self._world.close()
