"""Boxes with a place: the one description of a thing that the simulator, a camera and a skill all speak."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        dx, dy = float(point[0] - self.position[0]), float(point[1] - self.position[1])
        first = (c * dx + s * dy) / max(float(self.half[0]) - margin, 1e-9)
        second = (c * dy - s * dx) / max(float(self.half[1]) - margin, 1e-9)
        return math.hypot(first, second) < 1 if self.round else max(abs(first), abs(second)) < 1


def gap(a: Box, b: Box) -> float:
    """Free space between two outlines seen from above, metres; negative where they overlap.

    Never more than the true distance: the widest gap along the outlines' own axes and the line between their centres.
    """
    (ax, ay, _), (bx, by, _) = a.position.tolist(), b.position.tolist()  # plain numbers: three times as quick
    dx, dy = bx - ax, by - ay
    angles = [angle for box in (a, b) if not box.round for angle in (box.yaw, box.yaw + math.pi / 2)]
    angles.append(math.atan2(dy, dx))
    return max(abs(dx * math.cos(t) + dy * math.sin(t)) - _reach(a, t) - _reach(b, t) for t in angles)


def _reach(box: Box, angle: float) -> float:
    """How far an outline reaches from its centre in a direction."""
    across, along, _ = box.half.tolist()
    first, second = abs(math.cos(angle - box.yaw)) * across, abs(math.sin(angle - box.yaw)) * along
    return math.hypot(first, second) if box.round else first + second


def upright_box(
    position: Sequence[float] | np.ndarray, orientation: Sequence[float], size: Sequence[float], symmetry: str = "box"
) -> Box:
    """The upright box of a thing that may lie on any of its sides.

    Plain numbers instead of arrays: this runs for each thing in each control step.

    :param orientation: quaternion (x, y, z, w) from the thing's frame to the robot frame.
    :param size: half extents in the thing's own frame, metres.
    :param symmetry: "box", "cylinder" (round about its own z axis) or "sphere".
    """
    if symmetry == "sphere":
        return Box(np.array(position), 0.0, np.array(size), True)
    rotation = _rotation(*orientation)
    up = [abs(r) for r in rotation[2]]
    if symmetry == "cylinder":
        height = size[2] * up[2] + size[0] * math.sqrt(max(0.0, 1 - up[2] ** 2))
        if up[2] > math.sqrt(0.5):
            return Box(np.array(position), 0.0, np.array([size[0], size[1], height]), True)
        along = math.atan2(rotation[1][2], rotation[0][2])
        return Box(np.array(position), along, np.array([size[2], size[0], height]))
    vertical = up.index(max(up))
    first, second = (i for i in range(3) if i != vertical)
    yaw = math.atan2(rotation[1][first], rotation[0][first])
    height = up[0] * size[0] + up[1] * size[1] + up[2] * size[2]  # exact also while it is tilted
    return Box(np.array(position), yaw, np.array([size[first], size[second], height]))


def _rotation(x: float, y: float, z: float, w: float) -> tuple[tuple[float, float, float], ...]:
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
