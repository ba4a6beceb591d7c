"""What the methods share that learn from the agent's own choices: tasks, episodes, and clipped policy optimisation.

Episodes are those of ``saycan.agent.Agent``, choices drawn from say times can, in a rehearsed, an imagined or a simulated world.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from saycan.agent import Limits
from saycan.judging.suite import SuiteTask
from saycan.judging.trial import Record
from saycan.judging.worlds import WORLDS, World, play, rehearsed
from saycan.learning import trainer
from saycan.learning.inspection import Guided
from saycan.learning.objectives import above_baseline, clipped, k3, kl
from saycan.learning.policy import Decision, Policy, Voice, portions
from saycan.learning.tasks import draw_tasks
from saycan.learning.trainer import REFERENCE, Trainer
from saycan.select import Choose, drawn
from skills import library as skill_library
from skills.library import Skill

_IMAGINED = "imagined"  # a world; the others are in WORLDS
_AT_WORK = Limits(decline=0.2, least=0.01)  # as in configs/planner/trained.yaml
_WHILE_LEARNING = Limits(decline=0.0, least=0.0)  # whether to decline is a choice like others
_TEST_TASKS = 24
_TEST_SEED = 2**31  # steps are numbered from 0, so the test's tasks are never among theirs


@dataclass(frozen=True)
class Settings(trainer.Settings):
    """How it learns from its own choices.

    :param tasks: drawn for each step.
    :param epochs: times that the optimiser goes over a step's choices.
    :param clip: most by which a choice's probability should change, as a share of it.
    :param beta: weight of the KL divergence from where the training began.
    :param tau: temperature of what language says; ``strength``: exponent of what can be done.
    :param done: what "can" is for saying done.
    :param keep: least probability for an option to count among those of a choice.
    :param world: where episodes take place: see ``saycan.judging.worlds``; or "imagined", with this ``world_model``.
    """

    tasks: int = 4
    epochs: int = 2
    clip: float = 0.2
    beta: float = 0.02
    tau: float = 1.0
    strength: float = 1.0
    done: float = 1.0
    keep: float = 1e-3
    world: str = "rehearsed"
    world_model: str = "world_model"


@dataclass(frozen=True)
class Sample:
    """A choice, and how much better or worse it was than what was to be expected."""

    decision: Decision
    advantage: float


Draw = Callable[[np.random.Generator, int], list[SuiteTask]]
"""So many tasks."""


class Reinforcement(Trainer):
    """A model that learns from its own choices.

    :param draw: the tasks; by default freshly generated ones.
    :param library: the skills; by default all.
    """

    warm_up = 5
    test_every = 1200.0
    settings: Settings

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        settings: Settings,
        draw: Draw | None = None,
        library: Mapping[str, Skill] | None = None,
    ):
        super().__init__(model, tokenizer, settings)
        self.draw, self.library = draw or fresh_tasks, library or skill_library.load_all()
        self.policy = Policy(model, self.encode, settings.tau, settings.strength, settings.keep)
        self.voice = Voice(model, tokenizer)
        self.planner = self.voice.planner()
        self.prepare()

    def blend(self, share: float) -> None:
        """Go part of the way back; what was read before is said anew."""
        super().blend(share)
        self.voice.forget()

    def prepare(self) -> None:
        """Make what a method trains beside the adapter; most have nothing."""

    def explore(self, task: SuiteTask, rng: np.random.Generator, choose: Choose | None = None) -> Record:
        """An episode of the agent.

        :param choose: how it chooses; by default choices are drawn.
        """
        s = self.settings
        with self._world(rng)(task, self.library, s.done) as stage:
            return play(stage, task, self.planner, _WHILE_LEARNING, s.tau, s.strength, choose or drawn(rng, s.tau))

    def guided(self, task: SuiteTask, rng: np.random.Generator) -> Record:
        """An episode of the agent in which an expert that knows the goal chooses for it."""
        s = self.settings
        with self._world(rng)(task, self.library, s.done) as stage:
            guide = Guided(self.planner, task, stage.truth)
            return play(stage, task, guide, _WHILE_LEARNING, s.tau, s.strength, guide.choose)

    def chance(self, record: Record) -> float:
        """How likely it is that choices that are drawn are those of an episode."""
        return float(np.prod([decision.was[decision.chosen] for decision in self.decisions(record)]))

    def _world(self, rng: np.random.Generator) -> World:
        if self.settings.world != _IMAGINED:
            return WORLDS[self.settings.world]
        from saycan.world_model.episodes import imagined
        from saycan.world_model.load import load_once

        return partial(imagined, model=load_once(self.settings.world_model), rng=rng)

    def decisions(self, record: Record) -> list[Decision]:
        """The choices of an episode."""
        found = [self.policy.decision(record.episode, number) for number in range(len(record.episode.steps))]
        return [decision for decision in found if decision is not None]

    def improve(self, samples: Sequence[Sample]) -> dict[str, float]:
        """Make good choices likelier and bad ones less likely; figures of the policy before that."""
        if not samples:
            return {}
        groups = portions([sample.decision for sample in samples])
        parts = [_Part([samples[i] for i in group]) for group in groups]
        with self.wearing(REFERENCE):
            for part in parts:
                part.reference = self.policy.log_pi(part.decisions)
        figures = [self._epoch(parts, len(samples)) for _ in range(self.settings.epochs)]
        self.voice.forget()
        return {**figures[0], "loss": float(np.mean([f["loss"] for f in figures]))}

    def _epoch(self, parts: Sequence[_Part], count: int) -> dict[str, float]:
        total, distance = 0.0, 0.0
        for part in parts:
            log_pi = self.policy.log_pi(part.decisions)
            new, reference = part.of_choices(log_pi), part.of_choices(part.reference)
            part.old = new.detach() if part.old is None else part.old
            losses = clipped(new, part.old, part.advantages, self.settings.clip) + self.settings.beta * k3(
                new, reference
            )
            (losses.sum() / count).backward()
            total += float(losses.detach().sum()) / count
            distance += sum(kl(p.detach(), q) for p, q in zip(log_pi, part.reference, strict=True)) / count
        self.descend()
        entropy = float(np.mean([d.entropy for part in parts for d in part.decisions]))
        return {"loss": total, "kl": distance, "entropy": entropy}

    def test(self, tasks: int = _TEST_TASKS) -> dict[str, float]:
        """Share of tasks, in scenes that are never learned from, which the agent, choosing what is best, does right in rehearsal."""
        right = []
        s = self.settings
        for task in self.draw(self.rng(_TEST_SEED), tasks):
            with rehearsed(task, self.library, s.done) as stage:
                right.append(play(stage, task, self.planner, _AT_WORK, s.tau, s.strength).success)
        return {"test_success": float(np.mean(right))}


class _Part:
    """Samples that go through the model together.

    ``reference`` and ``old`` are the log-probabilities under the reference, of every option, and before the first epoch, of the choices.
    """

    def __init__(self, samples: Sequence[Sample]):
        self.decisions = [sample.decision for sample in samples]
        self.advantages = torch.tensor([sample.advantage for sample in samples])
        self.reference: list[torch.Tensor] = []
        self.old: torch.Tensor | None = None

    def of_choices(self, log_pi: Sequence[torch.Tensor]) -> torch.Tensor:
        """Of the log-probabilities of all options those of what was chosen, shape (N,)."""
        return torch.stack([p[d.chosen] for p, d in zip(log_pi, self.decisions, strict=True)])


def by_step(decisions: Sequence[Decision], rewards: Sequence[np.ndarray]) -> list[Sample]:
    """Choices with a reward for each option (shapes (K,)), every step judged by itself: nothing later is counted in."""
    pairs = zip(rewards, decisions, strict=True)
    return [Sample(d, above_baseline(r, d.was, d.chosen)) for r, d in pairs]


def fresh_tasks(rng: np.random.Generator, count: int) -> list[SuiteTask]:
    """Generated tasks, each in a scene of its own."""
    found: list[SuiteTask] = []
    while len(found) < count:
        found += [task for task, _ in draw_tasks(rng, 1)]
    return found
