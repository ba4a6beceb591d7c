"""How the hand should take hold of a thing: where, and turned which way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sim.geometry import Box, gap
from sim.panda import YAW_LIMIT

_SQUARE = 1.15  # ratio of two sides up to which the fingers may take either
_DEPTH = 0.025  # metres below a thing's top at which the fingertips take hold of something tall
_PALM_ABOVE = 0.045  # metres from the fingertips up to the palm
_PALM_HALF = np.array([0.032, 0.105, 0.03])  # of the palm: along the fingers' pads, across them, upright; metres
_ROOM = 0.004  # metres that the palm keeps from what is in its way
_ROUND_TURNS = np.deg2rad([0, 15, -15, 30, -30, 45, -45, 60, -60, 75, -75, 90, -90])  # tried for what is round


def grasp_point(box: Box) -> np.ndarray:
    """Where the fingertips should close on a thing: its centre, but not deep down on something tall; metres, shape (3,)."""
    return np.array([box.position[0], box.position[1], max(float(box.position[2]), box.top - _DEPTH)])


def in_the_way(target: Box, boxes: Mapping[str, Box], name: str = "") -> list[Box]:
    """What is near a thing and so tall that the palm would meet it when the fingers close on the thing.

    :param name: the thing's own name among the boxes.
    """
    height, reach = float(grasp_point(target)[2]) + _PALM_ABOVE, float(np.hypot(*_PALM_HALF[:2])) + _ROOM
    tall = [box for other, box in boxes.items() if other != name and box.top > height]
    return [
        b for b in tall if float(np.hypot(*(b.position - target.position)[:2])) - float(np.hypot(*b.half[:2])) < reach
    ]


def finger_turn(hand_yaw: float, box: Box, tall: Sequence[Box] = ()) -> tuple[float, float, float]:
    """How the fingers should turn to close on a box squarely, over its narrower side, without the wrist leaving its range.

    :param tall: what the palm should keep clear of, if a turn lets it (see ``in_the_way``).
    :return: turn in radians, the shortest that there is; half of the side across the fingers then, half of the side along them (metres).
    """
    first, second = float(box.half[0]), float(box.half[1])
    if box.round:
        turns = [0.0, *(_shortest(hand_yaw, hand_yaw + t, math.pi) for t in _ROUND_TURNS[1:])] if tall else [0.0]
        return _free(turns, hand_yaw, box, tall), first, second
    if max(first, second) <= _SQUARE * min(first, second):
        turns = [_shortest(hand_yaw, box.yaw + k * math.pi / 2, math.pi) for k in (0, 1)]
        return _free(sorted(turns, key=abs), hand_yaw, box, tall), first, second
    if second < first:
        return _shortest(hand_yaw, box.yaw, math.pi), second, first
    return _shortest(hand_yaw, box.yaw + math.pi / 2, math.pi), first, second


def _free(turns: Sequence[float], hand_yaw: float, box: Box, tall: Sequence[Box]) -> float:
    """The first of some turns at which the palm has room; the first of all if it has none at any."""
    palm = (Box(box.position, hand_yaw + turn, _PALM_HALF) for turn in turns)
    room = (all(gap(p, other) > _ROOM for other in tall) for p in palm)
    return next((turn for turn, free in zip(turns, room, strict=True) if free), turns[0])


def _shortest(yaw: float, goal: float, period: float) -> float:
    """Turn from a yaw to the nearest of the goals ``goal + k * period`` within the wrist's range."""
    turn = (goal - yaw + period / 2) % period - period / 2
    while yaw + turn > YAW_LIMIT:
        turn -= period
    while yaw + turn < -YAW_LIMIT:
        turn += period
    return turn
