"""What the loop passes around: what was seen, what could be done, what was chosen and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.geometry import Box
from sim.state import Hand
from skills.execute import Outcome
from skills.tasks import Target

IMAGINED = "in the head"
"""How a skill ended that was only thought of before one is chosen: ``Outcome.ended``. Nothing has begun by it."""
SUPPOSED = "imagined"
"""The same in an episode that takes place in the head as a whole: there it was really done, and what was asked for has begun."""


@dataclass(frozen=True)
class SceneView:
    """What the agent believes about the world at one moment.

    :param boxes: where each thing is (robot frame, metres), by name.
    :param classes: words for each thing ("block", "bowl", "receptacle"), by name.
    :param relations: facts such as ``("in", "red block", "blue bowl")`` and ``("on", a, b)``.
    :param held: the thing in the hand.
    :param hand: the arm's own sensors.
    :param drawer: how far the drawer is open, 0 to 1; None where there is none.
    :param scores: how surely each thing was detected, 0 to 1, by name; what is missing counts as 1.
    """

    boxes: Mapping[str, Box]
    classes: Mapping[str, frozenset[str]]
    relations: tuple[tuple[str, str, str], ...]
    held: str | None
    hand: Hand
    drawer: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """A skill with its argument, and how one says it.

    :param skill: the skill's name, or "done".
    :param text: the skill in language: "put it in the blue bowl".
    :param target: what it is about; None for "done".
    """

    skill: str
    text: str
    target: Target | None = None


@dataclass(frozen=True)
class Branch:
    """One thing that could come of a skill, as a world model imagines it.

    :param chance: that it does.
    :param worked: whether the skill succeeds; None: it could not be foreseen.
    :param change: what changes, in words.
    :param fulfilled: chance that the instruction is fulfilled then; NaN if it could not be foreseen.
    :param worth: chance that it comes to be fulfilled, as far as was imagined.
    :param then: what could come of the skill that language would choose then.
    """

    skill: str
    chance: float
    worked: bool | None
    change: str
    fulfilled: float
    worth: float
    then: tuple[Branch, ...] = ()


@dataclass(frozen=True)
class Step:
    """One decision, with the scores of everything that could have been chosen.

    :param say: log-probability of each candidate under the language model, shape (K,); what is missing to one is on what nobody can do.
    :param can: probability that each candidate would succeed, shape (K,).
    :param product: say times can of each candidate (judged by what was imagined, if anything was), shape (K,); they sum to how much of what
        language wants is possible.
    :param chosen: index of the choice; None if the agent would do none of them.
    :param seconds: time from looking at the world to the choice.
    :param imagined: what the best candidates could lead to, if the agent looked ahead.
    """

    view: SceneView
    candidates: tuple[Candidate, ...]
    say: np.ndarray
    can: np.ndarray
    product: np.ndarray
    chosen: int | None
    outcome: Outcome | None = None
    seconds: float = 0.0
    imagined: tuple[Branch, ...] = ()

    @property
    def choice(self) -> Candidate | None:
        """The candidate that was chosen."""
        return None if self.chosen is None else self.candidates[self.chosen]

    def best(self, count: int) -> list[int]:
        """Indices of the candidates with the highest product (then the highest say), best first."""
        return sorted(range(len(self.candidates)), key=lambda i: (-self.product[i], -self.say[i]))[:count]


@dataclass
class Episode:
    """An instruction and everything that was done about it. The loop appends; everyone else reads.

    :param outcome: "done", "gave_up" or "declined"; empty while it goes on.
    :param reason: why it ended, as a sentence for people.
    """

    instruction: str
    steps: list[Step] = field(default_factory=list)
    outcome: str = ""
    reason: str = ""
    seconds: float = 0.0

    @property
    def over(self) -> bool:
        """Whether the episode has ended."""
        return bool(self.outcome)

    def to_json(self) -> dict[str, Any]:
        """The fixed format of ``episode.json`` (``say`` as a probability), with the reason and the timings added."""
        return {
            "instruction": self.instruction,
            "outcome": self.outcome,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            "steps": [_step_json(step) for step in self.steps],
        }


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "candidates": [
            {"skill": c.text, "say": float(np.exp(say)), "can": float(can), "product": float(product)}
            for c, say, can, product in zip(step.candidates, step.say, step.can, step.product, strict=True)
        ],
        "choice": step.choice.text if step.choice else None,
        "success": step.outcome.success if step.outcome else None,
        "held": step.view.held,
        "relations": [list(fact) for fact in step.view.relations],
        "decision_seconds": round(step.seconds, 4),
        "control_steps": step.outcome.control_steps if step.outcome else 0,
        "ended": step.outcome.ended if step.outcome else "",
        "drawer": step.view.drawer,
    }
