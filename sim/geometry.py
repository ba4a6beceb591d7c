"""Boxes with a place: the one description of a thing that the simulator, a camera and a skill all speak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Box:
    """An upright box round a thing, as a camera could measure it.

    :param position: centre in the robot frame, metres, shape (3,).
    :param yaw: turn of the box's first side from the x axis, radians.
    :param half: half of its sides: first and second horizontal one, vertical one; metres, shape (3,).
    :param round: whether its outline, seen from above, is an ellipse rather than a rectangle.
    """

    position: np.ndarray
    yaw: float
    half: np.ndarray
    round: bool = False

    @property
    def top(self) -> float:
        """Height of its upper face, metres."""
        return float(self.position[2] + self.half[2])

    @property
    def bottom(self) -> float:
        """Height of its lower face, metres."""
        return float(self.position[2] - self.half[2])

    def covers(self, point: np.ndarray, margin: float = 0.0) -> bool:
        """Whether a point (x, y) lies inside the outline seen from above, shrunk by ``margin`` metres."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        d = np.asarray(point[:2]) - self.position[:2]
        along = np.array([c * d[0] + s * d[1], -s * d[0] + c * d[1]]) / np.maximum(self.half[:2] - margin, 1e-9)
        return bool(np.hypot(*along) < 1) if self.round else bool(np.max(np.abs(along)) < 1)


def upright_box(position: np.ndarray, rotation: np.ndarray, size: np.ndarray, round_outline: bool = False) -> Box:
    """The upright box of a thing that may lie on any of its sides.

    :param rotation: matrix from the thing's frame to the robot frame, shape (3, 3).
    :param size: half extents in the thing's own frame, metres, shape (3,).
    """
    vertical = int(np.argmax(np.abs(rotation[2])))
    first, second = (i for i in range(3) if i != vertical)
    yaw = float(np.arctan2(rotation[1, first], rotation[0, first]))
    height = float(np.abs(rotation[2]) @ size)  # exact also while it is tilted
    return Box(position, yaw, np.array([size[first], size[second], height]), round_outline and vertical == 2)
