"""The true state of the world at one moment. Read by rewards, success tests and goals; hidden from the agent."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.geometry import Box
from sim.objects import Thing


@dataclass(frozen=True)
class Hand:
    """What the arm's own sensors say (a real arm knows this too).

    :param position: point between the fingertips in the robot frame, metres, shape (3,).
    :param yaw: turn of the finger axis, radians, about within ``sim.panda.YAW_LIMIT``.
    :param opening: distance between the fingers, metres.
    :param closing: whether the fingers are commanded to close.
    :param lead: how far the commanded place is ahead of the hand: x, y, z in metres and yaw in radians, shape (4,).
    :param left: whether the left finger feels contact; ``right`` likewise.
    :param shift: how far both fingers together have given way along their axis, metres: each has a motor of its own, and what they hold swings
        between them while the arm moves. Positive towards +y at yaw 0.
    """

    position: np.ndarray
    yaw: float
    opening: float
    closing: bool
    lead: np.ndarray
    left: bool
    right: bool
    shift: float = 0.0

    @property
    def gripping(self) -> bool:
        """Whether the closed fingers feel something between them."""
        return self.closing and self.left and self.right and self.opening > 0.004


@dataclass(frozen=True)
class WorldState:
    """Everything that goals and rewards may ask about.

    :param boxes: where each thing is, by name.
    :param speeds: speed of each thing, metres per second.
    :param held: name of the thing between the closed fingers, if any.
    :param drawer: how far the drawer is open, 0 to 1; None in a world without one.
    """

    things: dict[str, Thing]
    boxes: dict[str, Box]
    hand: Hand
    held: str | None = None
    speeds: dict[str, float] = field(default_factory=dict)
    drawer: float | None = None
