"""Learn from how episodes end: group-relative policy optimisation (GRPO, arXiv 2402.03300).

Of each task a group of episodes is played; those that a judge finds better than the group's mean become likelier, the others less likely.
Where all end alike there is nothing to learn, so tasks are picked (as DAPO does, arXiv 2503.14476, but before a group is played): the
likeliest episode tells how sure the agent is. Where it fails whatever it tries, an expert's episode joins the group (as in LUFFY, arXiv
2504.14945).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from saycan.candidates import DONE
from saycan.judging.trial import Record
from saycan.learning import judges, reinforce
from saycan.learning.judges import Judge
from saycan.learning.objectives import advantages
from saycan.learning.reinforce import Reinforcement, Sample
from saycan.select import likeliest

_MOST_DRAWS = 50  # times the tasks of a step: a planner that is sure of all has nothing to learn
_DOUBTFUL = 0.5  # a skill that is given less of a chance is chosen against its value


@dataclass(frozen=True)
class Settings(reinforce.Settings):
    """How it learns from how episodes end.

    :param group: episodes of each task.
    :param price: what it costs to choose a skill that more likely fails than not, beside a reward between 0 and 1.
    :param sure: chance of the likeliest episode from which a task that is done right so is passed over; more than 1: none is.
    :param guide: whether the expert's episode joins a group in which none succeeds.
    """

    group: int = 8
    price: float = 0.1
    sure: float = 0.9
    guide: bool = True


@dataclass(frozen=True)
class _Picked:
    """Tasks as a step needs them.

    :param likely: the likeliest episode of every task that was drawn.
    :param passed: of those that are passed over; ``groups``: episodes of each of the others.
    """

    likely: list[Record] = field(default_factory=list)
    passed: list[Record] = field(default_factory=list)
    groups: list[list[Record]] = field(default_factory=list)


class Grpo(Reinforcement):
    """A model that learns which episodes ended well.

    :param judge: who says so; by default the world's truth. The others as for every ``Reinforcement``.
    """

    settings: Settings

    def __init__(self, *parts: Any, judge: Judge = judges.truth, **named: Any):
        super().__init__(*parts, **named)
        self.judge = judge

    def learn(self) -> dict[str, float]:
        """A group of episodes for each task that there is something to learn from, judged, and one step of policy optimisation on them."""
        picked = self._pick(self.rng())
        scores = [self.judge(group) for group in picked.groups]
        rewards = [score - self._costs(group) for score, group in zip(scores, picked.groups, strict=True)]
        pairs = zip(picked.groups, rewards, strict=True)
        samples = [sample for group, reward in pairs for sample in self._samples(group, reward)]
        samples += [Sample(d, 0.0) for record in picked.passed[: len(picked.groups)] for d in self.decisions(record)]
        return {"loss": 0.0, **self.improve(samples), **_figures(picked, scores, rewards)}

    def _pick(self, rng: np.random.Generator) -> _Picked:
        """Draw tasks until there is something to learn from as many of them as a step is to have."""
        picked, wanted = _Picked(), self.settings.tasks
        while len(picked.groups) < wanted and len(picked.likely) < _MOST_DRAWS * wanted:
            for task in self.draw(rng, wanted - len(picked.groups)):
                likely = self.explore(task, rng, likeliest(self.settings.tau))
                picked.likely.append(likely)
                sure = self.chance(likely) >= self.settings.sure
                if sure and likely.success:
                    picked.passed.append(likely)  # and kept as it is: its choices count for the divergence alone
                else:
                    picked.groups.append(self._group(likely, sure, rng))
        return picked

    def _group(self, likely: Record, sure: bool, rng: np.random.Generator) -> list[Record]:
        count = self.settings.group
        group = [likely] if sure else [self.explore(likely.task, rng) for _ in range(count)]
        if self.settings.guide and not any(record.success for record in group):
            group.append(self.guided(likely.task, rng))
        return group

    def _costs(self, group: Sequence[Record]) -> np.ndarray:
        """What choosing against the values costs each episode, shape (G,)."""
        skills = [[s for s in record.episode.steps if s.choice not in (None, DONE)] for record in group]
        doubtful = [sum(step.can[step.chosen] < _DOUBTFUL for step in steps) for steps in skills]
        return self.settings.price * np.array(doubtful)

    def _samples(self, group: Sequence[Record], rewards: np.ndarray) -> list[Sample]:
        better = advantages(rewards)
        if better is None:
            return []
        pairs = zip(group, better, strict=True)
        return [Sample(decision, float(a)) for record, a in pairs for decision in self.decisions(record)]


def _figures(picked: _Picked, scores: Sequence[np.ndarray], rewards: Sequence[np.ndarray]) -> dict[str, float]:
    """Success of the likeliest choices in all tasks that were drawn, the share of them passed over; of the groups the mean reward,
    the share without spread, and the judge's agreement with the truth where that has any."""
    success = {
        "success": float(np.mean(judges.truth(picked.likely))),
        "passed": len(picked.passed) / len(picked.likely),
    }
    if not rewards:
        return success
    taus = [judges.agreement(s, judges.truth(group)) for s, group in zip(scores, picked.groups, strict=True)]
    known = [tau for tau in taus if tau is not None]
    flat = float(np.mean([advantages(reward) is None for reward in rewards]))
    figures = {**success, "reward": float(np.mean(np.concatenate(rewards))), "flat": flat}
    return {**figures, "agreement": float(np.mean(known))} if known else figures
