"""Push a thing in a direction: it ends at rest, at least 5 cm further that way."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sim.geometry import Box
from sim.layout import Layout
from sim.panda import WORKSPACE_LOW
from sim.relations import DIRECTIONS, MOVED
from sim.state import WorldState
from skills.tasks import starts
from skills.tasks.base import Start, Target, Task, closeness, descent

_GOAL = MOVED + 0.005  # metres
_AT_REST = 0.03  # metres per second
_FAST = 0.2  # metres per second
_FINGER = 0.02  # metres from the fingertips' middle to what they push
_PUSHABLE = (*starts.SMALL, *starts.LARGE)


class Push(Task):
    """``push the {thing} {direction}``. The hand must be empty."""

    name = "push"
    phrase = "push the {thing} {direction}"
    reads: ClassVar[tuple[str, ...]] = ("hand", "time", "direction", "target", "size")
    horizon = 45

    def start(self, rng: np.random.Generator) -> Start:
        """A thing on the table with room behind it for the hand and room before it to go, others around."""
        direction = str(rng.choice(list(DIRECTIONS)))
        item = starts.thing(rng, _PUSHABLE)
        layout = starts.scatter(rng, item, {})
        while not _has_room(layout[item.name].box, DIRECTIONS[direction]):
            layout = starts.scatter(rng, item, {})
        others = starts.clutter(rng, layout)
        way = np.array([*DIRECTIONS[direction], 0.0])
        box = layout[item.name].box
        layout |= {n: p for n, p in others.items() if n != item.name and not _in_the_way(p.footprint, box, way)}
        return starts.empty_handed(rng, layout, Target(item.name, direction))

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Out of reach or at its rim, against another thing or the cabinet, in a receptacle, hand full."""
        case = int(rng.integers(5))
        item = starts.thing(rng, _PUSHABLE)
        target = Target(item.name, str(rng.choice(list(DIRECTIONS))))
        layout: Layout = starts.scatter(rng, item, {}, anywhere=case in (0, 1))
        if case == 2:
            other = starts.thing(rng, _PUSHABLE, layout)
            layout = starts.beside(rng, other, layout, item.name, float(rng.uniform(0.0, 0.04)))
        elif case == 3:
            holder = starts.drawer(rng, opening=float(rng.choice([0.0, 1.0])))
            beside = starts.beside(
                rng, item, {holder.thing.name: holder}, holder.thing.name, float(rng.uniform(0.0, 0.05))
            )
            layout = {item.name: beside[item.name], holder.thing.name: holder}
        elif case == 4:
            held = starts.thing(rng, without=layout)
            others = {n: p for n, p in starts.clutter(rng, layout).items() if n != held.name}
            return starts.holding(rng, others, target, held)
        return starts.empty_handed(rng, starts.clutter(rng, layout), target)

    def near(self, start: Start, box: Box, rng: np.random.Generator) -> tuple[np.ndarray, float]:
        """Behind the thing, at its side."""
        aside = rng.uniform([-0.01, -0.01, 0.0], [0.01, 0.01, 0.06])
        return _behind(box, _way(start.target)) + aside, _across(start.target)

    def reward(self, start: WorldState, now: WorldState, target: Target) -> float:
        way, box, before = _way(target), now.boxes[target.name], start.boxes[target.name]
        moved = float((box.position - before.position) @ way)
        near = closeness(descent(_behind(box, way) - now.hand.position), scale=4.0)
        still = 1 - min(now.speeds[target.name] / _FAST, 1.0) if moved >= _GOAL else 0.0
        too_far = np.clip((moved - 2 * _GOAL) / _GOAL, 0, 1)
        return float(0.2 * (0.4 * near + 0.6 * np.clip(moved / _GOAL, -0.5, 1.0) + 0.4 * still - 0.4 * too_far))

    def lost(self, start: WorldState, now: WorldState, target: Target) -> bool:
        """There is something in the hand."""
        return start.held is not None

    def success(self, start: WorldState, now: WorldState, target: Target) -> bool:
        moved = (now.boxes[target.name].position - start.boxes[target.name].position) @ _way(target)
        still = now.speeds[target.name] < _AT_REST
        return bool(start.held is None and now.held is None and moved >= _GOAL and still)


def _way(target: Target) -> np.ndarray:
    return np.array([*DIRECTIONS[target.direction], 0.0])


def _across(target: Target) -> float:
    """Turn of the hand with the fingers side by side across the direction, radians."""
    x, y = DIRECTIONS[target.direction]
    return float(np.arctan2(y, x))


def _behind(box: Box, way: np.ndarray) -> np.ndarray:
    """Where the fingertips should be to begin: behind the thing, low."""
    c, s = abs(np.cos(box.yaw)), abs(np.sin(box.yaw))
    along = float(abs(way[0]) * (c * box.half[0] + s * box.half[1]) + abs(way[1]) * (s * box.half[0] + c * box.half[1]))
    if box.round:
        along = float(box.half[0])
    spot = box.position - (along + _FINGER) * way
    return np.array([spot[0], spot[1], max(min(float(box.position[2]), 0.035), WORKSPACE_LOW[2])])


def _has_room(box: Box, way: np.ndarray) -> bool:
    """Whether the hand can get behind the thing and it can go 8 cm before it leaves where the arm reaches well."""
    reach = float(np.hypot(*box.half[:2]))
    behind, ahead = box.position[:2] - (reach + 0.03) * way, box.position[:2] + 0.08 * way
    low, high = starts.WORKSPACE_LOW[:2], starts.WORKSPACE_HIGH[:2]
    return bool(np.all(behind > low) and np.all(behind < high) and np.all(ahead > low) and np.all(ahead < high))


def _in_the_way(other: Box, box: Box, way: np.ndarray) -> bool:
    """Whether something stands where the hand has to come down or where the thing has to go."""
    along = (other.position - box.position) @ way
    across = abs(float((other.position[:2] - box.position[:2]) @ np.array([-way[1], way[0]])))
    reach = float(np.hypot(*other.half[:2])) + float(np.hypot(*box.half[:2]))
    return bool(across < reach + 0.03 and -reach - 0.08 < along < reach + 0.10)
