"""Boxes that were believed beside what is seen: how far apart, which way round, and whether a place may still be taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from saycan.perception.rig import Shot
from sim.geometry import Box
from sim.panda import MAX_OPENING
from sim.state import Hand

NARROW = MAX_OPENING / 2 + 0.01  # metres: half of the narrower side of what the fingers can hold, as sight may see it
_THROUGH = 0.5  # of a thing's least half side, by which one must see further than its middle to know that it is gone


def facing_front(box: Box) -> Box:
    """The same box, its first side the one that is within half a right angle of the robot's x axis."""
    quarters = round(box.yaw / (math.pi / 2))
    half = box.half if quarters % 2 == 0 else box.half[[1, 0, 2]]
    return replace(box, yaw=box.yaw - quarters * math.pi / 2, half=half)


def unlike(a: Box, b: Box) -> float:
    """How far two boxes are from being the same one, metres."""
    return float(np.linalg.norm(a.position - b.position)) + other_sides(a, b)


def other_sides(a: Box, b: Box) -> float:
    """By how much two boxes are not as large, whichever side is up: of all half sides together, metres."""
    return float(np.abs(np.sort(a.half) - np.sort(b.half)).sum())


def distance(box: Box, point: np.ndarray) -> float:
    """From a point to a box, metres; 0 inside."""
    local = turned(point - box.position, -box.yaw)
    return float(np.linalg.norm(np.maximum(np.abs(local) - box.half, 0.0)))


def is_narrow(box: Box) -> bool:
    """Whether a thing fits between the fingers, as far as it is seen."""
    return float(box.half[:2].min()) < NARROW


def turned(v: np.ndarray, yaw: float) -> np.ndarray:
    """A vector, shape (3,), turned about the vertical by an angle in radians."""
    c, s = math.cos(yaw), math.sin(yaw)
    return np.array([c * v[0] - s * v[1], s * v[0] + c * v[1], v[2]])


def between(hand: Hand) -> np.ndarray:
    """The middle between the fingers where they are now, metres, shape (3,): what they hold swings with them, off the hand's axis."""
    return hand.position + turned(np.array([0.0, hand.shift, 0.0]), hand.yaw)


def may_be_there(box: Box, shots: Sequence[Shot]) -> bool:
    """Whether no camera sees that a place is empty: it would see through to what is behind the middle of the thing."""
    points = box.position + np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, -1, 0], [1, 0, 0], [-1, 0, 0]]) * box.half
    for shot in shots:
        pixels, depth = shot.camera.pixels(points)
        column, row = np.round(pixels).astype(int).T
        h, w = shot.picture.depth.shape
        inside = (row >= 0) & (row < h) & (column >= 0) & (column < w) & (depth > 0)
        seen = shot.picture.depth[row[inside], column[inside]]
        if (seen > depth[inside] + _THROUGH * float(box.half.min())).sum() > len(points) / 2:
            return False
    return True
