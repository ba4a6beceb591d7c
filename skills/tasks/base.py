"""What every skill's task has: starts to learn from, a reward, a success test."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sim.scenes import Layout
from sim.state import WorldState


@dataclass(frozen=True)
class Start:
    """Where an episode begins.

    :param hand: position of the hand, metres; ``yaw`` its turn, radians.
    :param held: the thing of the layout that is in the hand, if any, and ``grip``, how it lies there: offset of its
        centre from the point between the fingertips, metres.
    """

    layout: Layout
    target: str
    hand: np.ndarray
    yaw: float
    held: str | None = None
    grip: tuple[float, float, float] = (0.0, 0.0, 0.0)


class Task(ABC):
    """A skill's meaning. The policy never sees it; rewards and success tests read the true state."""

    name: ClassVar[str]
    phrase: ClassVar[str]
    """The skill in language, with the name of its argument in braces."""
    reads: ClassVar[tuple[str, ...]] = ("hand", "time", "target", "size")
    """Features (see ``skills.observation``) that the policy learns from; the success value reads them all."""
    horizon: ClassVar[int] = 40
    """Control steps (1/24 s) after which a try has failed."""

    penalty: ClassVar[float] = 0.0
    """What losing a try costs: without it, throwing from afar pays; with too much of it, nothing is ever let go."""

    @abstractmethod
    def start(self, rng: np.random.Generator) -> Start:
        """A start from which the skill should succeed."""

    @abstractmethod
    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """A start from which it may well be hopeless: for learning what the skill cannot do."""

    @abstractmethod
    def reward(self, start: WorldState, now: WorldState, target: str) -> float:
        """Dense reward of one step, at most about 0.2; success pays 10 on top."""

    def lost(self, start: WorldState, now: WorldState, target: str) -> bool:
        """Whether the try has failed for good, so that going on is a waste of time."""
        return False

    @abstractmethod
    def success(self, start: WorldState, now: WorldState, target: str) -> bool:
        """Whether the skill has done what it is for."""


def closeness(distance: float, scale: float = 8.0) -> float:
    """1 at distance 0, falling smoothly to 0: ``1 - tanh(scale * distance)``."""
    return float(1 - np.tanh(scale * distance))


def descent(offset: np.ndarray, clearance: float = 0.06, width: float = 0.02) -> float:
    """Length of the way to a goal that is to be reached from above, metres.

    :param offset: from where something is to the goal, metres, shape (3,).
    :param clearance: while it is further than ``width`` to the side, the way leads over a point so much above the goal.
    """
    side, down = float(np.hypot(offset[0], offset[1])), float(-offset[2])
    if side <= width:
        return side + abs(down)
    return (
        float(np.hypot(side, min(down - clearance, 0.0) if down < clearance else 0.5 * (down - clearance))) + clearance
    )
