"""What a skill's policy and its success value read: one vector, relative to what the skill is about, the same for every skill and object.

========  ====  ==================================================================================
feature   size  meaning (metres are scaled to about [-1, 1]; see ``Observer``)
========  ====  ==================================================================================
hand        12  position (3), yaw, opening, closing, left contact, right contact, lead of the command (4)
time         1  share of the skill's time that is used up
direction    2  cosine and sine of the direction that the skill is about; zeros without one
target       8  from hand to where it should take hold or push (3), the same finely (3), turn that the fingers need, height of the top
size         4  half of the target's sides across the fingers, along them, upright; round outline
load         8  something is held, from hand to it (3), half of its sides (3), round outline
gap          4  from the target's centre to the load's centre, finely (3); load's bottom to target's top
to_go        3  from the target to where it should be, finely; zeros for a skill that does not move it
drawer       5  there is one, how far it is open, from target to it (3)
nearby      24  the three things nearest to the target: present, from target to it (3), half of its sides (3), free space between
========  ====  ==================================================================================

A skill with a direction sees the world turned so that the direction points forward; its action is turned back. Four directions are
then one thing to learn (as in equivariant policies, Wang et al., CoRL 2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from sim.cabinet import NAME as DRAWER
from sim.geometry import Box, gap
from sim.panda import MAX_OPENING, WORKSPACE_HIGH, WORKSPACE_LOW
from sim.state import Hand
from skills.grasp import finger_turn, grasp_point, in_the_way

FEATURES = {
    "hand": 12,
    "time": 1,
    "direction": 2,
    "target": 8,
    "size": 4,
    "load": 8,
    "gap": 4,
    "to_go": 3,
    "drawer": 5,
    "nearby": 24,
}
SIZE = sum(FEATURES.values())
_CENTRE, _SPAN = (WORKSPACE_LOW + WORKSPACE_HIGH) / 2, (WORKSPACE_HIGH - WORKSPACE_LOW) / 2
_NEARBY = 3
_PER_METRE = 5.0  # of the way to the target
WHEREABOUTS = 3

Focus = Callable[[Mapping[str, Box]], Box]
"""From where things are believed to be now to the box that the skill is about."""
Reach = Callable[[Box], np.ndarray]
"""From the box that the skill is about to where the fingertips should go first, metres, shape (3,)."""


@dataclass(frozen=True)
class Sight:
    """What a skill may know at one moment.

    :param hand: the arm's own sensors.
    :param boxes: where things are believed to be, by name; from a camera, or from the simulator where that is allowed.
    :param held: the thing believed to be in the hand.
    :param drawer: how far the drawer is believed to be open, 0 to 1; None where there is none.
    """

    hand: Hand
    boxes: Mapping[str, Box]
    held: str | None = None
    drawer: float | None = None


class Observer:
    """Turns what is seen into a skill's observation, and a skill's action into the robot's frame.

    :param focus: what the skill is about, and ``reach``, where the hand should go first.
    :param goal: where the box's centre should come to be, metres; None: nowhere in particular.
    :param name: its name among the boxes, if it is a thing: it is not its own neighbour.
    :param angle: direction that the skill is about, radians from the robot's x axis; None: no direction.
    :param nearby: whether to look at neighbours too; policies in training do without, it is the costly part.
    """

    def __init__(
        self,
        focus: Focus,
        name: str = "",
        angle: float | None = None,
        nearby: bool = True,
        reach: Reach | None = None,
        goal: np.ndarray | None = None,
    ):
        self._focus, self._name, self._with_nearby = focus, name, nearby
        self._reach, self._goal = reach or grasp_point, goal
        self._direction = (0.0, 0.0) if angle is None else (math.cos(angle), math.sin(angle))
        self._c, self._s = self._direction if angle is not None else (1.0, 0.0)

    def observe(self, sight: Sight, time: float) -> np.ndarray:
        """The observation vector, float32, shape (SIZE,), clipped to [-5, 5].

        :param time: share of the skill's time that is used up, 0 to 1.
        """
        hand, target = sight.hand, self._focus(sight.boxes)
        load = sight.boxes.get(sight.held) if sight.held else None
        tall = in_the_way(target, sight.boxes, self._name) if sight.held is None else []
        parts = [*self._hand(hand), time, *self._direction, *self._target(hand, target, tall)]
        parts += [*self._load(hand, load), *self._gap(target, load), *self._to_go(target), *self._drawer(sight, target)]
        parts += self._nearby(sight, target) if self._with_nearby else [0.0] * FEATURES["nearby"]
        return np.clip(np.array(parts, dtype=np.float32), -5, 5)

    def act(self, action: np.ndarray) -> np.ndarray:
        """A policy's action in the robot's frame, shape (5,)."""
        turned = np.array(action, dtype=float)
        turned[0], turned[1] = self._c * action[0] - self._s * action[1], self._s * action[0] + self._c * action[1]
        return turned

    def _turn(self, v: np.ndarray, scale: float = 1.0) -> list[float]:
        x, y, z = float(v[0]), float(v[1]), float(v[2])
        return [scale * (self._c * x + self._s * y), scale * (self._c * y - self._s * x), scale * z]

    def _hand(self, hand: Hand) -> list[float]:
        fingers = [hand.yaw, hand.opening / MAX_OPENING, float(hand.closing), float(hand.left), float(hand.right)]
        return [*self._turn((hand.position - _CENTRE) / _SPAN), *fingers, *self._turn(hand.lead, 20), 2 * hand.lead[3]]

    def _target(self, hand: Hand, target: Box, tall: list[Box]) -> list[float]:
        offset = self._turn(self._reach(target) - hand.position)
        turn, across, along = finger_turn(hand.yaw, target, tall)
        finely = [min(max(30 * v, -1.0), 1.0) for v in offset]
        place = [*(_PER_METRE * v for v in offset), *finely, 1.5 * turn, 5 * target.top]
        return [*place, 20 * across, 20 * along, 20 * float(target.half[2]), float(target.round)]

    def _load(self, hand: Hand, load: Box | None) -> list[float]:
        if load is None:
            return [0.0] * FEATURES["load"]
        sides = (20 * load.half).tolist()
        return [1.0, *self._turn(load.position - hand.position, 20), *sides, float(load.round)]

    def _gap(self, target: Box, load: Box | None) -> list[float]:
        if load is None:
            return [0.0] * FEATURES["gap"]
        apart = [*self._turn(load.position - target.position, 20), 20 * (load.bottom - target.top)]
        return [min(max(v, -2.0), 2.0) for v in apart]

    def _to_go(self, target: Box) -> list[float]:
        return [0.0] * 3 if self._goal is None else self._turn(self._goal - target.position, 20)

    def _drawer(self, sight: Sight, target: Box) -> list[float]:
        if sight.drawer is None or DRAWER not in sight.boxes:
            return [0.0] * FEATURES["drawer"]
        return [1.0, sight.drawer, *self._turn(sight.boxes[DRAWER].position - target.position, 5)]

    def _nearby(self, sight: Sight, target: Box) -> list[float]:
        others = [(gap(target, b), b) for name, b in sight.boxes.items() if name not in (self._name, sight.held)]
        others.sort(
            key=lambda pair: max(pair[0], 0.0) + 0.5 * float(np.linalg.norm(pair[1].position - target.position))
        )
        row: list[float] = []
        for free, box in others[:_NEARBY]:
            away = self._turn(box.position - target.position, 5)
            row += [1.0, *away, *(20 * box.half).tolist(), min(max(20 * free, -2.0), 2.0)]
        return row + [0.0] * (FEATURES["nearby"] - len(row))


def columns(names: Iterable[str]) -> list[int]:
    """Which columns of the vector belong to some features."""
    starts = dict(zip(FEATURES, np.cumsum([0, *FEATURES.values()]), strict=False))
    return [int(starts[name]) + i for name in names for i in range(FEATURES[name])]


def whereabouts(observations: np.ndarray) -> np.ndarray:
    """What observations say of where the target is seen from the arm: sums and products that trees find hard to make.

    :param observations: shape (K, SIZE).
    :return: of where the fingertips should go first x, y and the distance from the arm's base, metres, robot frame; shape (K, WHEREABOUTS).
    """
    hand, direction, target = (observations[:, columns([name])] for name in ("hand", "direction", "target"))
    c, s = direction.T
    c = np.where((c == 0) & (s == 0), 1.0, c)  # without a direction nothing is turned
    back = np.array([[c, -s], [s, c]])  # to the robot's frame, shape (2, 2, K)
    turned = [np.einsum("ijk,kj->ki", back, part[:, :2]) for part in (hand, target)]
    place = turned[0] * _SPAN[:2] + _CENTRE[:2] + turned[1] / _PER_METRE
    return np.column_stack([place, np.hypot(*place.T)]).astype(np.float32)
