"""Inspection (StepAgent, arXiv 2411.03817): the expert's episodes, cut at every step, and what the agent would do there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from saycan.agent import Language, Limits
from saycan.judging.expert import Expert
from saycan.judging.suite import SuiteTask
from saycan.judging.trial import Record
from saycan.judging.worlds import play, rehearsed
from saycan.language.examples import REFUSAL
from saycan.select import Choose, combine
from saycan.types import Candidate, Episode, SceneView
from sim.state import WorldState
from skills.library import Skill

_LIMITS = Limits(decline=1e-9, least=1e-9)  # the expert declines where nothing is right, not where it is hard


class Taught:
    """Stands where a language model stands, and says what the expert would do: all that is right equally, nothing else.

    :param truth: the state that the world is in.
    """

    def __init__(self, task: SuiteTask, truth: Callable[[], WorldState]):
        self._expert = None if task.refuse else Expert(task.goal, truth())
        self._truth = truth

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """log 1/n for the n right ones and minus infinity for the others, shape (K,)."""
        best = self._expert.best(self._truth()) if self._expert else []
        right = np.array([candidate in best for candidate in candidates])
        return np.where(right, -np.log(max(right.sum(), 1)), -np.inf)


class Guided:
    """Says what the agent says, and chooses for it: of what the expert holds right, what the agent would soonest do."""

    def __init__(self, agent: Language, task: SuiteTask, truth: Callable[[], WorldState]):
        self._agent, self._taught = agent, Taught(task, truth)
        self._right = np.zeros(0, dtype=bool)

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """The agent's, shape (K,)."""
        self._right = np.isfinite(self._taught.log_probs(episode, view, candidates))
        return self._agent.log_probs(episode, view, candidates)

    def choose(self, say: np.ndarray, product: np.ndarray, least: float) -> int | None:
        """The right choice that is likeliest; None, which is to decline, where nothing is right."""
        return int(np.argmax(np.where(self._right, product, -1.0))) if self._right.any() else None


def expert_episode(task: SuiteTask, library: Mapping[str, Skill], done: float = 1.0) -> Record:
    """How the expert does a task, in rehearsal.

    :param done: what "can" is for saying done.
    """
    with rehearsed(task, library, done) as stage:
        return play(stage, task, Taught(task, stage.truth), _LIMITS)


@dataclass(frozen=True)
class Mistake:
    """A step of the expert's at which the agent would do something else, which is not right either.

    :param number: of the step in the expert's episode.
    :param better: what the expert says there; ``worse``: what the agent says.
    """

    episode: Episode
    number: int
    better: str
    worse: str


def mistakes(expert: Record, language: Language, choose: Choose, tau: float, strength: float) -> Iterator[Mistake]:
    """Let the agent propose a choice at every step of the expert's."""
    for number, step in enumerate(expert.episode.steps):
        before = Episode(expert.episode.instruction, expert.episode.steps[:number])
        say = language.log_probs(before, step.view, step.candidates)
        chosen = choose(say, combine(say, step.can, tau, strength), 0.0)
        right = np.isfinite(step.say[chosen]) if chosen is not None else step.chosen is None
        if not right and (chosen is not None or not number):
            worse = step.candidates[chosen].text if chosen is not None else REFUSAL
            yield Mistake(expert.episode, number, step.choice.text if step.choice else REFUSAL, worse)
