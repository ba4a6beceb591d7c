"""A learner of which skill to choose (tabular Q-learning) that also learns from imagined executions: Dyna-Q (Sutton 1990)."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from saycan.experiments.table import RealEpisode
from saycan.world_model.base import Situation, WorldModel, reached, situation
from saycan.world_model.facts import OUT, TABLE
from saycan.world_model.learn import Learner
from saycan.world_model.log import Execution
from saycan.world_model.rollouts import Dreamer, Imagined
from skills.library import Skill

_RATE, _DISCOUNT = 0.2, 0.9
_SURE = 1e-9  # values that are as good as equal


@dataclass(frozen=True)
class Settings:
    """How an arm learns.

    :param imagination: skills ahead that are imagined, k; 0: none.
    :param updates: of the table, for each real execution.
    :param rollouts: imagined rollouts for each real execution, each from a scene that was really seen.
    :param remember: imagined executions that are learned from; older ones, of a model that knew less, are forgotten.
    :param others: share of the rollouts that imagine another instruction in that scene than the one it was seen with.
    :param heard_only: whether that is one that was heard before, or any of the world's: to hear one takes no execution.
    :param sure: an imagined end is learned from only if the chance that it fulfils the instruction is this much, or one minus this at most.
    :param real_tries: what has really been tried so often in a state is no longer learned from dreams; 0: it always is.
    :param model_every: real executions between two lessons of the world model; ``model_steps``: steps of its optimiser in each.
    """

    imagination: int
    updates: int
    executions: int
    evaluate_every: int
    evaluate_episodes: int
    skills_per_episode: int
    explore: float
    rollouts: float
    remember: int
    others: float
    heard_only: bool
    sure: float
    real_tries: int
    model_every: int
    model_steps: int


@dataclass(frozen=True)
class Lesson:
    """One real or imagined execution, as the table learns from it.

    :param reward: 1 if the instruction was fulfilled after it, or was so more likely than not, which ends the episode; else 0.
    """

    before: Situation
    skill: str
    reward: float
    after: Situation


@dataclass
class Values:
    """Values of skills, by instruction and what is in, on and held."""

    known: dict[tuple[Any, str], float] = field(default_factory=dict)

    def value(self, now: Situation, skill: str) -> float:
        """Expected discounted chance of fulfilment."""
        return self.known.get((_state(now), skill), 0.0)

    def best(self, now: Situation, skills: Sequence[str], rng: np.random.Generator) -> str:
        """The skill with the highest value, one of equals at random."""
        values = np.array([self.value(now, skill) for skill in skills])
        return skills[int(rng.choice(np.flatnonzero(values > values.max() - _SURE)))]

    def learn(self, lesson: Lesson, skills: Sequence[str]) -> None:
        """One step of Q-learning."""
        rest = max(self.value(lesson.after, skill) for skill in skills)
        target = lesson.reward + (1 - lesson.reward) * _DISCOUNT * rest
        key = (_state(lesson.before), lesson.skill)
        old = self.known.get(key, 0.0)
        self.known[key] = old + _RATE * (target - old)


class Dyna:
    """One arm with one seed.

    :param models: what imagines; with several, what they agree about is believed.
    :param learners: teach those models that learn from the real executions.
    """

    def __init__(
        self,
        library: Mapping[str, Skill],
        settings: Settings,
        seed: int,
        models: Sequence[WorldModel] = (),
        learners: Sequence[Learner] = (),
        doubt: float = 0.5,
    ):
        self._library, self._settings, self._seed = library, settings, seed
        self._learners, self._dreamer = learners, Dreamer(models, doubt)
        self._rng, self.values = np.random.default_rng([seed, 0]), Values()
        self._tried: Counter[tuple[Any, str]] = Counter()
        self._real, self._imagined = list[Execution](), deque[Imagined](maxlen=settings.remember)
        self._skills: list[str] = []
        self._possible: dict[str | None, set[str]] = {}  # what was possible at some time with this in the hand
        self.imagined, self.imagined_seconds = 0, 0.0
        """How many executions were imagined, and how long that took."""

    def run(self) -> list[tuple[int, float]]:
        """Learn; pairs of real executions so far and the success of what was learned, the first after none, the last after all."""
        s, curve = self._settings, [(0, self.success(0))]
        while len(self._real) < s.executions:
            episode = RealEpisode(self._library, self._rng)
            self._skills = episode.skills()
            for _ in range(s.skills_per_episode):
                self._real.append(row := episode.execute(self._choose(episode)))
                self._tried[_state(situation(row)), row.skill] += 1
                self._improve()
                over = len(self._real) >= s.executions
                if over or len(self._real) % s.evaluate_every == 0:
                    curve.append((len(self._real), self.success(len(self._real))))
                if over or self._real[-1].fulfilled:
                    break
            episode.close()
        return curve

    def success(self, after: int) -> float:
        """Share of fresh episodes that the greedy policy fulfils, in real executions that nothing is learned from."""
        rng, wins = np.random.default_rng([self._seed, 1, after]), 0
        for _ in range(self._settings.evaluate_episodes):
            episode = RealEpisode(self._library, rng)
            for _ in range(self._settings.skills_per_episode):
                if episode.execute(self.values.best(episode.situation(), episode.possible(), rng)).fulfilled:
                    wins += 1
                    break
            episode.close()
        return wins / self._settings.evaluate_episodes

    def _choose(self, episode: RealEpisode) -> str:
        possible = episode.possible()
        self._possible.setdefault(episode.situation().facts.held, set()).update(possible)
        if self._rng.random() < self._settings.explore:
            return possible[int(self._rng.integers(len(possible)))]
        return self.values.best(episode.situation(), possible, self._rng)

    def _improve(self) -> None:
        """After a real execution: teach the model when it is time, imagine, update the table."""
        s, count = self._settings, len(self._real)
        for learner in self._learners if count % s.model_every == 0 else ():
            for _ in range(s.model_steps):
                learner.learn(self._real)
        if s.imagination and (count >= s.model_every or not self._learners):
            self._imagine(int(s.rollouts) + int(self._rng.random() < s.rollouts % 1))
        for _ in range(s.updates):
            self.values.learn(self._lesson(), self._skills)

    def _imagine(self, count: int) -> None:
        """Rollouts from scenes that were really seen, by the table's own policy with as much exploration."""
        s, began = self._settings, time.perf_counter()
        dreams = self._dreamer.roll_out([self._start() for _ in range(count)], self._policy, s.imagination, self._rng)
        self._imagined += [dream for dream in dreams if abs(dream.future.fulfilled - 0.5) >= s.sure - 0.5]
        self.imagined += len(dreams)
        self.imagined_seconds += time.perf_counter() - began

    def _start(self) -> Situation:
        """A scene that was really seen, as if the instruction, or another one, had just been given there."""
        seen = self._any()
        if self._rng.random() >= self._settings.others:
            return Situation(seen.before, (), seen.instruction)
        if self._settings.heard_only:
            return Situation(seen.before, (), self._any().instruction)
        return Situation(seen.before, (), str(self._rng.choice(RealEpisode.instructions)))

    def _any(self) -> Execution:
        """One of the real executions."""
        return self._real[int(self._rng.integers(len(self._real)))]

    def _policy(self, situations: Sequence[Situation]) -> list[str]:
        """As for real, among what has been seen to be possible: of what nobody would try a model has not learned what would come."""
        chosen = []
        for now, random in zip(situations, self._rng.random(len(situations)) < self._settings.explore, strict=True):
            possible = sorted(self._possible.get(now.facts.held, self._skills))
            best = self.values.best(now, possible, self._rng)
            chosen.append(possible[int(self._rng.integers(len(possible)))] if random else best)
        return chosen

    def _lesson(self) -> Lesson:
        """Something to learn from again: half of the time imagined, if anything was, and reality does not know better."""
        if self._imagined and self._rng.random() < 0.5 and (dream := self._dream()):
            # Not its chance: a small one everywhere would make whatever was imagined worth repeating.
            fulfilled = dream.future.fulfilled > 0.5
            return Lesson(dream.before, dream.skill, float(fulfilled), dream.future.after)
        row = self._any()
        return Lesson(situation(row), row.skill, float(row.fulfilled), reached(row))

    def _dream(self) -> Imagined | None:
        """One of the imagined executions; None where it has really been tried often enough."""
        dream = self._imagined[int(self._rng.integers(len(self._imagined)))]
        tried = self._tried[_state(dream.before), dream.skill]
        return None if 0 < self._settings.real_tries <= tried else dream


def _state(now: Situation) -> tuple[Any, ...]:
    return now.instruction, tuple(fact for fact in now.facts.roughly.places if fact[1] not in (TABLE, OUT))
