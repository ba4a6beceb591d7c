"""Execute skills in PyBullet and log what came of them: an expert's choices, and others, so that failures are there to learn from."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from saycan.body import TabletopBody
from saycan.candidates import DONE
from saycan.imagination import state_of
from saycan.judging.expert import Expert
from saycan.judging.suite import SuiteTask
from saycan.learning.tasks import draw_tasks
from saycan.perception import Oracle
from saycan.types import Candidate, SceneView
from saycan.world_model.facts import facts_of
from saycan.world_model.log import Execution
from sim.goals import parse
from sim.processes import end_with_parent
from sim.scenes import lay_out
from sim.tabletop import Tabletop
from skills import library
from skills.execute import Watch

CHOOSERS = ("expert", "possible", "random")
_POSSIBLE = 0.3  # chance of success from which something counts as possible
_MOST = 8  # skills in an episode


@dataclass
class Collector:
    """Makes episodes, each from its number and the seed alone.

    :param explore: how often a skill is chosen by the expert, among what is possible, and among all; they sum to one.
    """

    seed: int
    explore: Sequence[float]

    def episode(self, number: int) -> list[Execution]:
        """Execute skills until the goal has held, and one more now and then, or until there were enough."""
        rng = np.random.default_rng([self.seed, number])
        task, world = _draw(rng), Tabletop()  # a world of its own: what comes of it depends on nothing that was before
        enter(world, task)
        rows = self._rows(rng, task, TabletopBody(world, library.load_all(), Oracle(), watch=Watch()))
        world.close()
        return [*(replace(row, episode=number) for row in rows[:-1]), replace(rows[-1], episode=number, last=True)]

    def _rows(self, rng: np.random.Generator, task: SuiteTask, body: TabletopBody) -> list[Execution]:
        start = body.perceive()
        expert, done, rows = Expert(task.goal, state_of(start)), list[str](), list[Execution]()
        for _ in range(_MOST):
            view = body.perceive()
            choice, chosen, can = self._choose(rng, body, view, expert)
            row = execution(body, task, start, view, choice, tuple(done))
            rows.append(replace(row, chosen=chosen, can=round(can, 4)))
            done += [choice.text] * rows[-1].worked
            if rows[-1].fulfilled and rng.random() < 0.8:
                break
        return rows

    def _choose(
        self, rng: np.random.Generator, body: TabletopBody, view: SceneView, expert: Expert
    ) -> tuple[Candidate, str, float]:
        candidates = [c for c in body.propose(view) if c != DONE]
        can = body.success_probability(view, candidates)
        how = str(rng.choice(CHOOSERS, p=np.array(self.explore) / sum(self.explore)))
        right = [c for c in expert.best(state_of(view)) if c in candidates] if how == "expert" else []
        among = {"expert": right, "possible": [c for c, p in zip(candidates, can, strict=True) if p > _POSSIBLE]}
        options = among.get(how) or candidates
        choice = options[0] if options is right else options[int(rng.integers(len(options)))]
        return choice, how if options is not candidates else "random", float(can[candidates.index(choice)])


def execution(
    body: TabletopBody, task: SuiteTask, start: SceneView, view: SceneView, choice: Candidate, done: tuple[str, ...]
) -> Execution:
    """Execute a skill, and what came of it.

    :param start: what was seen when the episode began; ``view``: what is seen now.
    """
    outcome = body.execute(choice)
    after = body.perceive()
    fulfilled = parse(task.goal).holds(state_of(start), state_of(after))
    before, now = facts_of(view), facts_of(after)
    what = (task.instruction, task.goal, done, before, choice.text)
    return Execution(0, *what, "", 0.0, outcome.success, now, fulfilled, outcome.ended, outcome.control_steps, False)


def enter(world: Tabletop, task: SuiteTask) -> None:
    """Lay out a task's scene in a world, at rest."""
    world.reset(lay_out(task.scene))
    world.settle()


def collect(first: int, episodes: int, seed: int, explore: Sequence[float], workers: int) -> Iterator[list[Execution]]:
    """Episodes from the first to ``episodes``, in order, made in several processes."""
    context: Any = multiprocessing.get_context("spawn")  # a fork would lose the threads that torch has by now
    with context.Pool(workers, _begin, (seed, tuple(explore))) as pool:
        yield from pool.imap(_episode, range(first, episodes))


def _draw(rng: np.random.Generator) -> SuiteTask:
    """A task that can be done."""
    while True:
        task = next((task for task, _ in draw_tasks(rng, 1) if not task.refuse), None)
        if task is not None:
            return task


_collector: Collector | None = None


def _begin(seed: int, explore: Sequence[float]) -> None:
    global _collector
    end_with_parent()
    torch.set_num_threads(1)
    _collector = Collector(seed, explore)


def _episode(number: int) -> list[Execution]:
    assert _collector is not None
    return _collector.episode(number)
