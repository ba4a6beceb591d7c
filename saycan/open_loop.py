"""Open loop: plan once from one look, then do the list without looking again. What closing the loop is worth shows beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np

from saycan.agent import Agent, Body
from saycan.candidates import DONE
from saycan.types import SUPPOSED, Candidate, Episode, SceneView, Step
from skills.execute import Outcome


class Foreseeing(Body, Protocol):
    """A body that also knows what its skills are for."""

    def meant(self, view: SceneView, candidate: Candidate) -> SceneView | None:
        """The view that a skill is meant to lead to; None: none."""


B = TypeVar("B", bound=Foreseeing)


class InTheHead:
    """A body that looks once, moves nothing, and believes that every skill does what it is meant to."""

    def __init__(self, body: Foreseeing):
        self._body = body
        self._view: SceneView | None = None

    def perceive(self) -> SceneView:
        """The world at the only look, and then as it is imagined."""
        self._view = self._view or self._body.perceive()
        return self._view

    def propose(self, view: SceneView) -> tuple[Candidate, ...]:
        """What could be done."""
        return self._body.propose(view)

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """Can, from the imagined view, shape (K,)."""
        return self._body.success_probability(view, candidates)

    def execute(self, candidate: Candidate) -> Outcome:
        """Imagine a skill's effect; it fails if it could have none."""
        after = self._body.meant(self.perceive(), candidate)
        self._view = after or self._view
        return Outcome(after is not None, ended=SUPPOSED)


class OpenLoop(Agent[B]):
    """The same agent, deciding everything in the head before it moves. What comes of the skills changes nothing."""

    def run(self, instruction: str, on_step: Callable[[Step], None] | None = None) -> Episode:
        """Follow an instruction; an episode ends as its plan did.

        :param on_step: called with every step twice: before it is done, and when its outcome is known.
        """
        tell = on_step or (lambda step: None)
        episode, began = Episode(instruction), time.perf_counter()
        parts = (self.language, self.limits, self._tau, self._strength, self._choose)
        plan = Agent(InTheHead(self.body), *parts).run(instruction)
        for step in _worth_doing(plan):
            tell(step)
            if step.choice is not None and step.choice != DONE:
                step = replace(step, outcome=self.body.execute(step.choice))
                tell(step)
            episode.steps.append(step)
        episode.outcome, episode.reason = plan.outcome, plan.reason
        if plan.outcome == "gave_up" and not any(step.outcome for step in episode.steps):  # it failed in the head alone
            episode.outcome, episode.reason = "declined", "I can't do that: nothing of what I would do can be done."
        episode.seconds = time.perf_counter() - began
        return episode


def _worth_doing(plan: Episode) -> list[Step]:
    """A plan's steps, none of them done yet, without those that failed in the head already."""
    return [replace(step, outcome=None) for step in plan.steps if step.outcome is None or step.outcome.success]
