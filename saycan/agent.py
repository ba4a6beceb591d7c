"""The loop. Read this file first: look, propose, say, can, choose, do, and look again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

import numpy as np

from saycan.candidates import DONE
from saycan.select import Choose, combine, highest
from saycan.types import Branch, Candidate, Episode, SceneView, Step
from skills.execute import Outcome

_MUCH = 0.5  # what foresight leaves of a product, if it does not decide


class Body(Protocol):
    """What the loop needs of a world with skills: a simulator, a real arm, or something else altogether."""

    def perceive(self) -> SceneView:
        """Look at the world."""

    def propose(self, view: SceneView) -> tuple[Candidate, ...]:
        """What could be done, "done" included."""

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """Can: how likely each would succeed, shape (K,)."""

    def execute(self, candidate: Candidate) -> Outcome:
        """Do one."""


B = TypeVar("B", bound=Body)


class Language(Protocol):
    """What the loop needs of a language model."""

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """Say: log-probability that each is the useful next step, shape (K,); what remains to one is on nothing that can be done."""


class Foresight(Protocol):
    """Anything that judges candidates by where they lead."""

    def judge(
        self, episode: Episode, view: SceneView, candidates: tuple[Candidate, ...], product: np.ndarray
    ) -> tuple[np.ndarray, tuple[Branch, ...]]:
        """The product judged anew, shape (K,), and what was imagined."""


@dataclass(frozen=True)
class Limits:
    """When the agent stops by itself.

    :param steps: most decisions in one episode, the one for "done" included.
    :param tries: most failures of one skill in a row of the same situation, before it is left out.
    :param decline: least sum of all products for beginning at all.
    :param least: the same for going on once it has begun.
    """

    steps: int = 20
    tries: int = 3
    decline: float = 0.05
    least: float = 0.05


class Agent(Generic[B]):
    """Joins what is useful with what is possible, until the instruction is fulfilled or the agent gives up.

    :param choose: how a choice comes of say and product: the highest, or drawn while it learns.
    """

    def __init__(
        self,
        body: B,
        language: Language,
        limits: Limits | None = None,
        tau: float = 1.0,
        strength: float = 1.0,
        choose: Choose = highest,
    ):
        self.body, self.language, self.limits = body, language, limits or Limits()
        self._tau, self._strength, self._choose = tau, strength, choose
        self.foresight: Foresight | None = None

    def run(self, instruction: str, on_step: Callable[[Step], None] | None = None) -> Episode:
        """Follow an instruction.

        :param on_step: called with every step twice: when it is decided, and when its outcome is known.
        """
        tell = on_step or (lambda step: None)
        episode, began = Episode(instruction), time.perf_counter()
        while not episode.over:
            step = self.decide(episode)
            tell(step)
            if step.choice is not None and step.choice != DONE:
                step = replace(step, outcome=self.body.execute(step.choice))
                tell(step)
            episode.steps.append(step)
            self._conclude(episode)
            episode.seconds = time.perf_counter() - began
        return episode

    def decide(self, episode: Episode) -> Step:
        """Look at the world and choose what to do next."""
        began = time.perf_counter()
        view = self.body.perceive()
        candidates = self.body.propose(view)
        say = self.language.log_probs(episode, view, candidates)
        can = self.body.success_probability(view, candidates)
        product = combine(say, can, self._tau, self._strength)
        product[worn_out(episode.steps, candidates, self.limits.tries)] = 0.0
        imagined: tuple[Branch, ...] = ()
        if self.foresight is not None:
            product, imagined = self.foresight.judge(episode, view, candidates, product)
        chosen = self._choose(say, product, self.limits.least if episode.steps else self.limits.decline)
        seconds = time.perf_counter() - began
        return Step(view, candidates, say, can, product, chosen, seconds=seconds, imagined=imagined)

    def _conclude(self, episode: Episode) -> None:
        last = episode.steps[-1]
        acted = len(episode.steps) > 1
        if last.choice is None:
            episode.outcome = "gave_up" if acted else "declined"
            episode.reason = self._why_nothing(episode, last)
        elif last.choice == DONE:
            episode.outcome, episode.reason = "done", "The agent says that it is done."
        elif len(episode.steps) >= self.limits.steps:
            episode.outcome, episode.reason = "gave_up", f"Not done after {self.limits.steps} skills."

    def _why_nothing(self, episode: Episode, step: Step) -> str:
        """Why nothing was chosen, for people."""
        if np.exp(np.logaddexp.reduce(step.say)) < 0.5:
            return "I can't do that: what the instruction asks for is nothing that I see or know how to do."
        useful = int(np.argmax(step.say))
        skill, can = step.candidates[useful].text, step.can[useful]
        if useful in worn_out(episode.steps, step.candidates, self.limits.tries):
            return f"I can't do that: '{skill}' would be useful, but it has failed {self.limits.tries} times."
        if step.product[useful] < _MUCH * combine(step.say, step.can, self._tau, self._strength)[useful]:
            return f"I can't do that: '{skill}' would be possible, but not what would have to follow it."
        return f"I can't do that: '{skill}' would be useful, but I give it a chance of {can:.0%}."


def worn_out(steps: Sequence[Step], candidates: Sequence[Candidate], tries: int) -> list[int]:
    """Indices of candidates that have failed so often since something last succeeded that they are left out."""
    failed: list[Candidate | None] = []
    for step in reversed(steps):
        if step.outcome and step.outcome.success:
            break
        failed.append(step.choice)
    return [i for i, candidate in enumerate(candidates) if failed.count(candidate) >= tries]
