"""The decisions that a suite asks of language, each with its right answers: along shortest ways to the goal, after failures too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from saycan.candidates import DONE
from saycan.judging.oracle import Oracle
from saycan.judging.rehearsal import Rehearsal
from saycan.judging.suite import Suite, SuiteTask, start_state
from saycan.types import Candidate, Episode, SceneView, Step
from sim.goals import parse
from sim.state import WorldState
from skills.execute import Outcome
from skills.library import Skill


@dataclass(frozen=True)
class Decision:
    """One moment at which the agent has to choose.

    :param episode: the instruction and what was done so far.
    :param can: chance of success of each candidate, shape (K,).
    :param right: indices of the right choices; empty: the right answer is to decline.
    """

    task: SuiteTask
    episode: Episode
    view: SceneView
    candidates: tuple[Candidate, ...]
    can: np.ndarray
    right: frozenset[int]

    @property
    def is_first(self) -> bool:
        """Whether nothing was done yet."""
        return not self.episode.steps


def decisions(suite: Suite, library: Mapping[str, Skill]) -> Iterator[Decision]:
    """All decisions of a suite, task by task. Tasks whose goal has no way that the oracle finds are left out."""
    for number, task in enumerate(suite.tasks):
        yield from _of_task(task, start_state(task.scene), library, np.random.default_rng(number))


def _of_task(
    task: SuiteTask, start: WorldState, library: Mapping[str, Skill], rng: np.random.Generator
) -> Iterator[Decision]:
    body, episode = Rehearsal(start, library), Episode(task.instruction)
    if task.refuse:
        yield _decision(task, episode, body, [])
        return
    oracle = Oracle(parse(task.goal), start, library)
    while (best := oracle.best(body.now)) is not None:
        decision = _decision(task, episode, body, best)
        yield decision
        if best == [DONE]:
            return
        choice = best[int(rng.integers(len(best)))]
        if rng.random() < 0.25:  # a try that fails: what was right before is right still
            yield replace(decision, episode=_after(decision, choice, success=False))
        episode = _after(decision, choice, success=True)
        body.execute(choice)


def _decision(task: SuiteTask, episode: Episode, body: Rehearsal, best: list[Candidate]) -> Decision:
    view = body.perceive()
    candidates = body.propose(view)
    right = frozenset(i for i, candidate in enumerate(candidates) if candidate in best)
    return Decision(task, episode, view, candidates, body.success_probability(view, candidates), right)


def _after(decision: Decision, choice: Candidate, success: bool) -> Episode:
    none = np.zeros(len(decision.candidates))
    chosen = decision.candidates.index(choice)
    step = Step(decision.view, decision.candidates, none, decision.can, none, chosen, Outcome(success))
    return Episode(decision.episode.instruction, [*decision.episode.steps, step])
