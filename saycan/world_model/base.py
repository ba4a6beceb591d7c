"""What every world model is: it observes, it imagines, and it can be told how wrong it was."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from saycan.candidates import DONE
from saycan.types import SceneView
from saycan.world_model.facts import Change, Facts, choices, facts_of
from saycan.world_model.log import Execution

_MOST_KNOWN = 100_000  # answers that are remembered
_LEAST = 0.05  # futures less likely than this are left out


@dataclass(frozen=True)
class Situation:
    """All that a prediction starts from.

    :param done: the skills that have succeeded since the instruction was given.
    """

    facts: Facts
    done: tuple[str, ...] = ()
    instruction: str = ""


@dataclass(frozen=True)
class Future:
    """One thing that could come of a skill.

    :param chance: that it does; the futures of one forecast sum to one.
    :param worked: whether the skill succeeds in it.
    :param change: what changes of what the skill is about; None: nothing.
    :param after: the situation then.
    :param fulfilled: chance that the instruction is fulfilled then.
    """

    chance: float
    worked: bool
    change: Change | None
    after: Situation
    fulfilled: float


@dataclass(frozen=True)
class Forecast:
    """What could come of a skill.

    :param success: chance that it succeeds.
    :param futures: the likeliest first.
    """

    success: float
    futures: tuple[Future, ...]

    @property
    def fulfilled(self) -> float:
        """Chance that the instruction is fulfilled after it."""
        return sum(future.chance * future.fulfilled for future in self.futures)


Attempt = tuple[Facts, str]
"""Facts, and the skill that is tried."""


class WorldModel(ABC):
    """Predicts whether a skill works, then what changes, then whether that is what was asked for; each a choice among finitely many.

    What was asked once is remembered until something is learned.
    """

    learned: dict[str, torch.Tensor]
    """What training changes, by name."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    def observe(self, view: SceneView, done: Sequence[str] = (), instruction: str = "") -> Situation:
        """The situation in which a view was seen."""
        return Situation(facts_of(view), tuple(done), instruction)

    def imagine(self, situations: Sequence[Situation], skills: Sequence[str]) -> list[Forecast]:
        """What would come of each skill in the situation of the same place, both of length N."""
        attempts = [(s.facts, skill) for s, skill in zip(situations, skills, strict=True) if skill != DONE.text]
        success = self._remembered("worked", attempts, self._worked)
        asked = [
            (*attempt, worked)
            for attempt, p in success.items()
            for worked in (True, False)
            if _chance(p, worked) > _LEAST
        ]
        changes = self._remembered("changes", asked, self._changes)
        pairs = list(zip(situations, skills, strict=True))
        futures = {pair: _futures(*pair, success, changes) for pair in dict.fromkeys(pairs)}
        ends = [future.after for several in futures.values() for future in several]
        fulfilled = self._remembered("fulfilled", ends, self._fulfilled)
        judged = {
            pair: tuple(replace(future, fulfilled=float(fulfilled[future.after])) for future in several)
            for pair, several in futures.items()
        }
        return [Forecast(float(success.get((s.facts, skill), 1.0)), judged[s, skill]) for s, skill in pairs]

    @abstractmethod
    def loss(self, executions: Sequence[Execution]) -> torch.Tensor:
        """Mean negative log-likelihood of what really came of some executions, to be differentiated."""

    @abstractmethod
    def _worked(self, attempts: Sequence[Attempt]) -> Sequence[float]:
        """Chance that each attempt succeeds."""

    @abstractmethod
    def _changes(self, asked: Sequence[tuple[Facts, str, bool]]) -> Sequence[np.ndarray]:
        """Probability of each of the ``choices`` of each attempt, given whether it succeeds; each array sums to one."""

    @abstractmethod
    def _fulfilled(self, situations: Sequence[Situation]) -> Sequence[float]:
        """Chance that the instruction is fulfilled in each situation."""

    def _remembered(self, kind: str, asked: Sequence[Any], answer: Callable[[Any], Sequence[Any]]) -> dict[Any, Any]:
        """The answer to each question; what is new is asked all at once."""
        new = [question for question in dict.fromkeys(asked) if (kind, question) not in self._known]
        if new:
            if len(self._known) > _MOST_KNOWN:
                self._known = {(kind, question): self._known[kind, question] for question in set(asked) - set(new)}
            self._known |= {(kind, q): a for q, a in zip(new, answer(new), strict=True)}
        return {question: self._known[kind, question] for question in asked}


def situation(row: Execution) -> Situation:
    """The situation before a real execution."""
    return Situation(row.before, row.done, row.instruction)


def reached(row: Execution) -> Situation:
    """The situation after a real execution."""
    return Situation(row.after, (*row.done, row.skill) if row.worked else row.done, row.instruction)


def after(now: Situation, skill: str, worked: bool, change: Change | None) -> Situation:
    """The situation after a skill that worked or not, and changed something or not."""
    facts = now.facts.changed([change]) if change else now.facts
    return replace(now, facts=facts, done=(*now.done, skill) if worked else now.done)


def _futures(now: Situation, skill: str, success: dict[Attempt, float], changes: dict[Any, np.ndarray]) -> list[Future]:
    """The likely futures of one attempt, the likeliest first, not judged yet."""
    if skill == DONE.text:
        return [Future(1.0, True, None, now, 0.0)]
    options, found = choices(now.facts, skill), list[Future]()
    for worked in (True, False):
        if (now.facts, skill, worked) in changes:
            chances = _chance(success[now.facts, skill], worked) * changes[now.facts, skill, worked]
            least = min(_LEAST, float(chances.max()))
            likely = [i for i in range(len(options)) if chances[i] >= least]
            found += [Future(float(chances[i]), worked, options[i], now, 0.0) for i in likely]
    total = sum(future.chance for future in found)
    found = [replace(f, chance=f.chance / total, after=after(now, skill, f.worked, f.change)) for f in found]
    return sorted(found, key=lambda future: -future.chance)


def _chance(success: float, worked: bool) -> float:
    return success if worked else 1 - success
