"""Boxes measured on the points that the cameras see on a thing: finer than what votes tell, where enough of it is seen."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from saycan.perception.votes import SQUARE
from sim.geometry import Box

EDGE = 0.008  # metres that something may stand out from a thing whose part it is
_HIGHEST = 0.02  # metres by which votes may err in a thing's top
_FOOT, _ENOUGH = 0.004, 25  # metres above a thing's foot, and pixels, from which on its outline is looked at
_RIM, _FEW = 0.006, 12  # metres below the top of something round that its rim is deep, and pixels that it takes
_OUTLINE = 0.006  # metres from the sides that votes tell, up to which an outline is the whole thing's
_UNROUND = 0.004  # metres that a whole rim may be narrower one way than another
_ANGLES = np.radians(np.arange(0, 180, 15))


def measured(box: Box, points: np.ndarray) -> Box:
    """A box as the points on it show it: how high its top is, how it is turned, and where and how large it is.

    :param box: what votes tell.
    :param points: robot frame, metres, shape (N, 3).
    """
    box = _as_high_as_seen(box, points)
    near = points[_is_on(box, points)]
    return _by_rim(box, near) if box.round else _by_outline(box, near[:, :2])


def _is_on(box: Box, points: np.ndarray) -> np.ndarray:
    """Which points are on a thing, or almost, and not at its foot, shape (N,): ``Box.covers`` for many at once."""
    c, s = math.cos(box.yaw), math.sin(box.yaw)
    beside = np.abs((points[:, :2] - box.position[:2]) @ np.array([[c, -s], [s, c]])) / (box.half[:2] + EDGE)
    inside = np.hypot(*beside.T) < 1 if box.round else beside.max(1) < 1
    return np.asarray(inside & (box.bottom + _FOOT < points[:, 2]) & (points[:, 2] < box.top + EDGE))


def _as_high_as_seen(box: Box, points: np.ndarray) -> Box:
    """A box as high as the highest point on it, if that may be its top: cameras look from above."""
    higher = float(points[:, 2].max()) - box.top
    if abs(higher) > _HIGHEST or 2 * box.half[2] + higher < _FOOT:
        return box
    by = np.array([0.0, 0.0, higher / 2])
    return replace(box, position=box.position + by, half=box.half + by)


def _by_rim(box: Box, points: np.ndarray) -> Box:
    """Something round where its rim is, if all of that is seen: of its sides only the front ones are."""
    rim = points[points[:, 2] > box.top - _RIM, :2]
    if len(rim) < _FEW:
        return box
    axes = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
    low, high = (rim @ axes.T).min(0), (rim @ axes.T).max(0)
    radii = (high - low) / 2
    radius = float(radii.mean())
    if np.ptp(radii) > _UNROUND or abs(radius - box.half[0]) > _OUTLINE:
        return box
    middle = np.linalg.lstsq(axes, (low + high) / 2, rcond=None)[0]
    return replace(box, position=np.append(middle, box.position[2]), half=np.array([radius, radius, box.half[2]]))


def _by_outline(box: Box, points: np.ndarray) -> Box:
    """A box turned as the smallest rectangle round some points, seen from above, and put there if that is as large as the thing."""
    if len(points) < _ENOUGH:
        return box
    box = _turned(box, points - box.position[:2])
    c, s = math.cos(box.yaw), math.sin(box.yaw)
    axes = np.array([[c, s], [-s, c]])
    low, high = (points @ axes.T).min(0), (points @ axes.T).max(0)
    middle, sides = (low + high) / 2 @ axes, (high - low) / 2
    if np.abs(sides - box.half[:2]).max() > _OUTLINE:
        return box
    return replace(box, position=np.append(middle, box.position[2]), half=np.append(sides, box.half[2]))


def _turned(box: Box, flat: np.ndarray) -> Box:
    """A box turned as the smallest rectangle round some points, shape (N, 2), from its middle."""
    angles = np.radians(np.arange(0, 90, 1.5))
    axes = np.stack([[np.cos(angles), np.sin(angles)], [-np.sin(angles), np.cos(angles)]])  # (2, 2, angles)
    low, high = np.quantile(np.einsum("nk,akt->nat", flat, axes), [0.02, 0.98], axis=0)
    sides = high - low
    best = int(np.argmin(sides.prod(0)))
    yaw = float(angles[best])
    if box.half[0] > SQUARE * box.half[1]:  # which of the two is the long side, the votes know
        yaw += math.pi / 2 * round((box.yaw - yaw) / (math.pi / 2))
    return replace(box, yaw=yaw)
