"""What a skill's policy and its success value read: one vector, relative to the target, the same for every skill and object.

========  ====  ==================================================================================
feature   size  meaning (metres are scaled to about [-1, 1]; see ``features``)
========  ====  ==================================================================================
hand        12  position (3), yaw, opening, closing, left contact, right contact, lead of the command (4)
time         1  share of the skill's time that is used up
target       8  from hand to target (3), the same finely (3), turn that the fingers need, height of the top
size         4  half of the target's sides across the fingers, along them, upright; round outline
load         7  something is held, from hand to it (3), half of its sides (3)
gap          4  from the target's centre to the load's centre, finely (3); load's bottom to target's top
nearby      14  the two things nearest to the target: present, from target to it (3), half of its sides (3)
========  ====  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from sim.geometry import Box
from sim.panda import MAX_OPENING, WORKSPACE_HIGH, WORKSPACE_LOW, wrap_half_turn
from sim.state import Hand

FEATURES = {"hand": 12, "time": 1, "target": 8, "size": 4, "load": 7, "gap": 4, "nearby": 14}
SIZE = sum(FEATURES.values())
_CENTRE, _SPAN = (WORKSPACE_LOW + WORKSPACE_HIGH) / 2, (WORKSPACE_HIGH - WORKSPACE_LOW) / 2
_NEARBY = 2
_SQUARE = 1.15  # ratio of two sides up to which the fingers may take either


@dataclass(frozen=True)
class Sight:
    """What a skill may know at one moment.

    :param hand: the arm's own sensors.
    :param boxes: where things are believed to be, by name; from a camera, or from the simulator where that is allowed.
    :param held: the thing believed to be in the hand.
    :param target: the thing that the skill is about: what to pick up, or where to put what is held.
    """

    hand: Hand
    boxes: Mapping[str, Box]
    held: str | None
    target: str


def features(sight: Sight, time: float) -> np.ndarray:
    """The observation vector, float32, shape (SIZE,), clipped to [-5, 5].

    :param time: share of the skill's time that is used up, 0 to 1.
    """
    hand, target = sight.hand, sight.boxes[sight.target]
    load = sight.boxes.get(sight.held) if sight.held else None
    parts = [
        (hand.position - _CENTRE) / _SPAN,
        [
            hand.yaw,
            hand.opening / MAX_OPENING,
            hand.closing,
            hand.left,
            hand.right,
            *(20 * hand.lead[:3]),
            2 * hand.lead[3],
        ],
        [time],
        _target(hand, target),
        _load(hand, load),
        _gap(target, load),
        _nearby(sight, target),
    ]
    return np.clip(np.concatenate(parts), -5, 5).astype(np.float32)


def columns(names: Iterable[str]) -> list[int]:
    """Which columns of the vector belong to some features."""
    starts = dict(zip(FEATURES, np.cumsum([0, *FEATURES.values()]), strict=False))
    return [int(starts[name]) + i for name in names for i in range(FEATURES[name])]


def finger_turn(hand_yaw: float, box: Box) -> tuple[float, float, float]:
    """How the fingers should turn to close on a box squarely, over its narrower side.

    :return: turn in [-pi/2, pi/2) radians; half of the side across the fingers then, half of the side along them (metres).
    """
    straight, quarter = wrap_half_turn(box.yaw - hand_yaw), wrap_half_turn(box.yaw + np.pi / 2 - hand_yaw)
    first, second = float(box.half[0]), float(box.half[1])
    if box.round or max(first, second) <= _SQUARE * min(first, second):
        turn = 0.0 if box.round else min(straight, quarter, key=abs)
        return turn, first, second
    return (straight, second, first) if second < first else (quarter, first, second)


def _target(hand: Hand, target: Box) -> np.ndarray:
    offset = target.position - hand.position
    turn, across, along = finger_turn(hand.yaw, target)
    place = [*(5 * offset), *np.clip(30 * offset, -1, 1), 2 * turn, 5 * target.top]
    return np.array([*place, 20 * across, 20 * along, 20 * target.half[2], target.round])


def _load(hand: Hand, load: Box | None) -> np.ndarray:
    if load is None:
        return np.zeros(7)
    return np.array([1.0, *(20 * (load.position - hand.position)), *(20 * load.half)])


def _gap(target: Box, load: Box | None) -> np.ndarray:
    if load is None:
        return np.zeros(4)
    return np.clip(20 * np.array([*(load.position - target.position), load.bottom - target.top]), -2, 2)


def _nearby(sight: Sight, target: Box) -> np.ndarray:
    others = [box for name, box in sight.boxes.items() if name not in (sight.target, sight.held)]
    others.sort(key=lambda box: float(np.linalg.norm(box.position - target.position)))
    rows = [np.array([1.0, *(5 * (box.position - target.position)), *(20 * box.half)]) for box in others[:_NEARBY]]
    return np.concatenate(rows + [np.zeros(7)] * (_NEARBY - len(rows)))
