"""Learn from how episodes end: group-relative policy optimisation (GRPO, arXiv 2402.03300).

Of each task a group of episodes is played; those that a judge finds better than the group's mean become likelier, the others less likely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from saycan.judging.trial import Record
from saycan.learning import judges, reinforce
from saycan.learning.judges import Judge
from saycan.learning.objectives import advantages
from saycan.learning.reinforce import Reinforcement, Sample

_DOUBTFUL = 0.5  # a skill that is given less of a chance is chosen against its value


@dataclass(frozen=True)
class Settings(reinforce.Settings):
    """How it learns from how episodes end.

    :param group: episodes of each task.
    :param price: what it costs to choose a skill that more likely fails than not, beside a reward between 0 and 1.
    """

    group: int = 8
    price: float = 0.1


class Grpo(Reinforcement):
    """A model that learns which episodes ended well.

    :param judge: who says so; by default the world's truth. The others as for every ``Reinforcement``.
    """

    settings: Settings

    def __init__(self, *parts: Any, judge: Judge = judges.truth, **named: Any):
        super().__init__(*parts, **named)
        self.judge = judge

    def learn(self) -> dict[str, float]:
        """A group of episodes for each task, judged, and one step of policy optimisation on them."""
        rng, count = self.rng(), self.settings.group
        groups = [[self.explore(task, rng) for _ in range(count)] for task in self.draw(rng, self.settings.tasks)]
        scores = [self.judge(group) for group in groups]
        rewards = [score - self._costs(group) for score, group in zip(scores, groups, strict=True)]
        samples = [
            sample for group, reward in zip(groups, rewards, strict=True) for sample in self._samples(group, reward)
        ]
        return {"loss": 0.0, **self.improve(samples), **_figures(groups, scores, rewards)}

    def _costs(self, group: Sequence[Record]) -> np.ndarray:
        """What choosing against the values costs each episode, shape (G,)."""
        done = [[s for s in record.episode.steps if s.chosen is not None] for record in group]
        doubtful = [sum(step.can[step.chosen] < _DOUBTFUL for step in steps) for steps in done]
        return self.settings.price * np.array(doubtful)

    def _samples(self, group: Sequence[Record], rewards: np.ndarray) -> list[Sample]:
        better = advantages(rewards)
        if better is None:
            return []
        pairs = zip(group, better, strict=True)
        return [Sample(decision, float(a)) for record, a in pairs for decision in self.decisions(record)]


def _figures(
    groups: Sequence[Sequence[Record]], scores: Sequence[np.ndarray], rewards: Sequence[np.ndarray]
) -> dict[str, float]:
    """Reward and success of all episodes; the share of groups without spread; the judge's agreement with the truth where that has any."""
    success = [judges.truth(group) for group in groups]
    taus = [judges.agreement(s, t) for s, t in zip(scores, success, strict=True)]
    known = [tau for tau in taus if tau is not None]
    figures = {"reward": float(np.mean(rewards)), "success": float(np.mean(success))}
    figures["flat"] = float(np.mean([advantages(reward) is None for reward in rewards]))
    return {**figures, "agreement": float(np.mean(known))} if known else figures
