"""How well language chooses: readings of a suite's decisions, and what each way of scoring makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from saycan.judging.decisions import Decision
from saycan.language.planner import Readings, Scoring
from saycan.select import combine, select


@dataclass(frozen=True)
class Rule:
    """What makes a choice of readings: everything after the language model.

    :param done: what "can" is for ``done``.
    :param decline: least sum of the products for beginning at all; ``least`` for going on.
    """

    scoring: Scoring
    tau: float = 1.0
    strength: float = 1.0
    done: float = 1.0
    decline: float = 0.05
    least: float = 0.05

    def choose(self, readings: Readings, can: np.ndarray, first: bool) -> int | None:
        """Index of the choice; None: decline."""
        can = np.concatenate([can[:-1], [self.done]])  # done is the last candidate
        return select(
            combine(self.scoring.log_probs(readings), can, self.tau, self.strength),
            self.decline if first else self.least,
        )


def score(rule: Rule, decisions: Sequence[Decision], readings: Sequence[Readings]) -> dict[str, dict[str, float]]:
    """Figures of a rule, by family and for ``all``.

    :return: for each family ``n`` (decisions), ``steps`` (share of decisions that were right), ``first`` (the same for first decisions);
        for ``all`` also ``false_refusals`` (share of first decisions of tasks that can be done at which it declined) and
        ``false_actions`` (share of tasks to decline at which it acted).
    """
    choices = [rule.choose(r, d.can, d.is_first) for d, r in zip(decisions, readings, strict=True)]
    table = {family: _figures(family, decisions, choices) for family in sorted({d.task.family for d in decisions})}
    table["all"] = _figures("", decisions, choices)
    return table


def _figures(family: str, decisions: Sequence[Decision], choices: Sequence[int | None]) -> dict[str, float]:
    mine = [(d, c) for d, c in zip(decisions, choices, strict=True) if not family or d.task.family == family]
    right = [c in d.right if d.right else c is None for d, c in mine]
    first = [ok for ok, (d, _) in zip(right, mine, strict=True) if d.is_first]
    refused = [c is None for d, c in mine if d.is_first and d.right]
    acted = [c is not None and d.candidates[c].text != "done" for d, c in mine if not d.right]
    return {
        "n": len(mine),
        "steps": _mean(right),
        "first": _mean(first),
        "false_refusals": _mean(refused),
        "false_actions": _mean(acted),
    }


def _mean(values: Sequence[bool]) -> float:
    return round(float(np.mean(values)), 4) if values else float("nan")
