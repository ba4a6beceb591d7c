"""Imagined rollouts: skill after skill in the head, from a situation that was really seen (Janner et al. 2019, MBPO).

They stop where the models disagree. With one model there is nobody to disagree with; then its own doubt takes that place, which costs
nothing: how unlikely it holds the likeliest outcome: what came of the skill, and whether the instruction is then fulfilled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from saycan.world_model.base import Forecast, Future, Situation, WorldModel
from saycan.world_model.facts import Change

Outcome = tuple[bool, Change | None, bool]
"""Whether a skill worked, what changed, and whether the instruction was then fulfilled."""


@dataclass(frozen=True)
class Imagined:
    """One imagined execution: a transition to learn from, like a real one."""

    before: Situation
    skill: str
    future: Future


class Dreamer:
    """Imagines with one model or several.

    :param doubt: disagreement above which nothing is believed: the largest total variation distance between two models' outcomes; with
        one model, one minus the chance of the likeliest. 1: everything is believed.
    """

    def __init__(self, models: Sequence[WorldModel], doubt: float = 0.5):
        self._models, self._doubt = models, doubt

    def forecast(self, situations: Sequence[Situation], skills: Sequence[str]) -> list[Forecast | None]:
        """What would come of each skill, by the first model; None: not to be believed."""
        said = [model.imagine(situations, skills) for model in self._models]
        several = zip(*said, strict=True)
        return [forecasts[0] if disagreement(forecasts) <= self._doubt else None for forecasts in several]

    def roll_out(
        self,
        starts: Sequence[Situation],
        policy: Callable[[Sequence[Situation]], Sequence[str]],
        depth: int,
        rng: np.random.Generator,
    ) -> list[Imagined]:
        """Imagined executions, up to ``depth`` from each start; futures are drawn by their chances.

        A rollout ends where its forecast is not believed, and where the instruction is, more likely than not, fulfilled.

        :param policy: chooses a skill for each situation.
        """
        found, now = list[Imagined](), list(starts)
        for _ in range(depth):
            skills = policy(now) if now else []
            forecasts = self.forecast(now, skills)
            steps = [
                Imagined(situation, skill, _drawn(rng, forecast))
                for situation, skill, forecast in zip(now, skills, forecasts, strict=True)
                if forecast is not None
            ]
            found += steps
            now = [step.future.after for step in steps if step.future.fulfilled < 0.5]
        return found


def disagreement(forecasts: Sequence[Forecast]) -> float:
    """How little several models agree about one skill, 0 to 1: the largest total variation distance between two; of one: its doubt."""
    chances = [_outcomes(forecast) for forecast in forecasts]
    if len(chances) == 1:
        return 1 - max(chances[0].values())
    return max(_distance(a, b) for i, a in enumerate(chances) for b in chances[:i])


def _outcomes(forecast: Forecast) -> dict[Outcome, float]:
    """The chance of each outcome."""
    found: dict[Outcome, float] = {}
    for future in forecast.futures:
        for fulfilled in (True, False):
            outcome = (future.worked, future.change, fulfilled)
            share = future.fulfilled if fulfilled else 1 - future.fulfilled
            found[outcome] = found.get(outcome, 0.0) + future.chance * share
    return found


def _distance(a: dict[Outcome, float], b: dict[Outcome, float]) -> float:
    return sum(abs(a.get(key, 0.0) - b.get(key, 0.0)) for key in a.keys() | b.keys()) / 2


def _drawn(rng: np.random.Generator, forecast: Forecast) -> Future:
    chances = [future.chance for future in forecast.futures]
    return forecast.futures[int(rng.choice(len(chances), p=np.array(chances) / sum(chances)))]
