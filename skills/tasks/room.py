"""Where there is room: the freest spot of a region, and of a receptacle that holds something already."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sim.geometry import Box
from sim.relations import is_in
from sim.shapes import WALL

_SPOTS = 9  # tried each way
_SLOPE = 0.8  # of a round receptacle's half side, at which its wall begins
_AMPLE = 0.012  # metres round what is put down, beyond which more room is no better
_CENTRAL = 0.1  # metres of room that a metre nearer to the middle is worth


def free_spot(region: Box, others: Sequence[Box], room: float = 0.09, rim: float = 0.03) -> Box:
    """The spot of a region with the most room round it; with ``room`` metres in several places, the one nearest to the middle.

    :param rim: metres from the region's edge that are not used.
    :return: a box with the spot as its centre and the region's sides.
    """
    spots = _grid(np.maximum(region.half[:2] - rim, 0.0))
    aside = spots[int(np.argmax(_room(region.position[:2] + spots, others, room) - 0.05 * np.hypot(*spots.T)))]
    return Box(np.array([*(region.position[:2] + aside), 0.0]), 0.0, region.half)


def room_inside(boxes: Mapping[str, Box], receptacle: str, held: str | None) -> np.ndarray:
    """Where in a receptacle something has most room beside what lies in it: from its centre, metres, robot frame, shape (3,).

    However the thing will lie, it stays clear of the walls: what falls on what is there already slides off that, but off a wall it is lost.

    :param held: what is to be put there. Zeros while the receptacle is empty.
    """
    box = boxes[receptacle]
    there = [b for name, b in boxes.items() if name not in (receptacle, held) and is_in(b, box)]
    if not there:
        return np.zeros(3)
    load = boxes[held].half[:2] if held is not None and held in boxes else np.zeros(2)
    spots = _grid(np.maximum(box.half[:2] * (_SLOPE if box.round else 1.0) - WALL - load.max(), 0.0), box.round)
    c, s = math.cos(box.yaw), math.sin(box.yaw)
    spots = spots @ np.array([[c, s], [-s, c]])
    room = _room(box.position[:2] + spots, there, float(load.min()) + _AMPLE) - _CENTRAL * np.hypot(*spots.T)
    return np.array([*spots[int(np.argmax(room))], 0.0])


def _grid(half: np.ndarray, is_round: bool = False) -> np.ndarray:
    """Spots over a rectangle or an ellipse with these half sides, shape (N, 2)."""
    spots = np.stack(np.meshgrid(*[np.linspace(-1, 1, _SPOTS)] * 2), axis=-1).reshape(-1, 2)
    return (spots[np.hypot(*spots.T) < 1 + 1e-9] if is_round else spots) * half


def _room(spots: np.ndarray, others: Sequence[Box], most: float) -> np.ndarray:
    """Metres from each spot to the outlines of others, negative within; ``most`` at most."""
    free = np.full(len(spots), most)
    for other in others:
        c, s = math.cos(other.yaw), math.sin(other.yaw)
        away = spots - other.position[:2]
        beyond = np.abs(away @ np.array([[c, -s], [s, c]])) - other.half[:2]
        apart = np.hypot(*np.maximum(beyond, 0.0).T) + np.minimum(beyond.max(1), 0.0)
        free = np.minimum(free, np.hypot(*away.T) - other.half[0] if other.round else apart)
    return free
