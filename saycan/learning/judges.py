"""Who says how good the episodes of a group are: the world's truth, a rubric over it, or a language model that reads them (RULER).

Each judge sees a whole group, episodes of one task, and gives every one a score in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import kendalltau

from saycan.candidates import DONE
from saycan.judging.trial import Record
from saycan.judging.wishes import ways
from saycan.language import places
from saycan.language.planner import Scorer
from saycan.language.prompt import history
from saycan.perception import view_of
from sim.goals import parse

Judge = Callable[[Sequence[Record]], np.ndarray]
"""Scores of a group's episodes, shape (G,)."""

RUBRIC = (
    "An episode that does all of what the human asks is far better than one that does not. "
    "One that does a part of it is better than one that does nothing of it. Of two that do the same, the shorter is better. "
    "What cannot be done should be declined."
)
_DIGITS = range(10)


def truth(group: Sequence[Record]) -> np.ndarray:
    """1 for success, 0 otherwise."""
    return np.array([float(record.success) for record in group])


def rubric(group: Sequence[Record]) -> np.ndarray:
    """Success above all (0.7), then how much of the goal holds in the end (0.2), and of that how short it was (0.1 over the steps)."""
    steps = np.array([max(len(record.episode.steps), 1) for record in group])
    parts = np.array([progress(record) for record in group])
    return 0.7 * truth(group) + (0.2 + 0.1 / steps) * parts


def progress(record: Record) -> float:
    """The share of a goal's facts that hold in the end, by the way to it of which most do."""
    if record.task.refuse:
        return float(record.success)
    now = record.truths[-1]
    found = ways(record.task.goal, record.start.things)
    return max(float(np.mean([parse(w.text).holds(record.start, now) == w.wanted for w in way])) for way in found)


class Reader:
    """A language model that reads a group's episodes and marks each from 0 to 9 by the rubric; the score is the mean mark, over 9.

    Plans that are the same are read once, so that their place in the list makes no difference between them.
    """

    def __init__(self, scorer: Scorer):
        self._scorer = scorer

    def __call__(self, group: Sequence[Record]) -> np.ndarray:
        """Scores of a group's episodes, shape (G,)."""
        told = [tell(record) for record in group]
        plans = list(dict.fromkeys(told))
        page = self._page(group[0], plans)
        marks = {plan: self._mark(f"{page}Mark of episode {number}:") for number, plan in enumerate(plans, start=1)}
        return np.array([marks[plan] for plan in told])

    def _page(self, record: Record, plans: Sequence[str]) -> str:
        scene = places.told(view_of(record.start), record.task.instruction.lower())
        episodes = "".join(f"Episode {number}: {plan}.\n" for number, plan in enumerate(plans, start=1))
        return f"{scene}Human: {record.task.instruction}\n{episodes}{RUBRIC} Marks go from 0 (worst) to 9 (best).\n"

    def _mark(self, prompt: str) -> float:
        log_p = self._scorer.log_probs(prompt, [f" {digit}\n" for digit in _DIGITS])
        p = np.exp(log_p - np.logaddexp.reduce(log_p))
        return float(p @ np.array(_DIGITS)) / _DIGITS[-1]


def tell(record: Record) -> str:
    """An episode as one line."""
    end = DONE.text if record.episode.outcome == "done" else record.episode.outcome.replace("_", " ")
    return ", ".join([*history(record.episode), end])


def agreement(scores: np.ndarray, success: np.ndarray) -> float | None:
    """Kendall's tau-b of a judge's scores with the truth; 0 if the judge sees no difference, None if there is none."""
    if not np.ptp(success):
        return None
    return float(kendalltau(scores, success).statistic) if np.ptp(scores) else 0.0
