"""Push a thing in a direction: it ends at rest, at least 5 cm further that way.

The reward leads the hand to the thing's middle: what is small is then slid along between the fingers, what is hollow is pushed from inside.
Nothing rolls away or topples; pushing from behind, tried first, succeeded in only about 60% of starts.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sim.geometry import Box
from sim.layout import Layout
from sim.relations import DIRECTIONS, MOVED
from sim.state import WorldState
from skills.grasp import finger_turn, grasp_point
from skills.observation import Sight
from skills.tasks import effects, starts
from skills.tasks.base import Start, Target, Task, closeness, descent, nearness

_GOAL = MOVED + 0.005  # metres
_AT_REST = 0.03  # metres per second
_SLOW, _FAST = 0.1, 0.2  # metres per second: what moves faster than slow without being held was knocked
_PUSHABLE = (*starts.SMALL, *starts.LARGE)


class Push(Task):
    """``push the {thing} {direction}``. The hand must be empty."""

    name = "push"
    phrase = "push the {thing} {direction}"
    horizon: ClassVar[int] = 80
    reads: ClassVar[tuple[str, ...]] = ("hand", "time", "direction", "target", "size", "to_go")

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

    def goal(self, sight: Sight, target: Target) -> np.ndarray:
        """A little further than it has to go."""
        return sight.boxes[target.name].position + (_GOAL + 0.015) * _way(target)

    def ready(self, sight: Sight, target: Target) -> bool:
        """The hand is empty."""
        return sight.held is None

    def meant(self, now: WorldState, target: Target) -> WorldState | None:
        """The thing a little further that way."""
        return effects.shifted(now, target.name, (_GOAL + 0.015) * _way(target))

    def reward(self, start: WorldState, now: WorldState, target: Target) -> float:
        box, before, hand = now.boxes[target.name], start.boxes[target.name], now.hand
        moved = float((box.position - before.position) @ _way(target))
        near = nearness(descent(grasp_point(box) - hand.position))
        square = closeness(abs(finger_turn(hand.yaw, box)[0]), 2.0)
        if moved < _GOAL:
            grip = 0.1 * near * square + 0.5 * (now.held == target.name)
            knock = 0.0 if now.held else min(max(now.speeds[target.name] - _SLOW, 0.0) / _FAST, 1.0)
            return float(near + grip + 1.5 * max(moved / _GOAL, -1.0) - knock)
        still = 1 - min(now.speeds[target.name] / _FAST, 1.0)
        too_far = np.clip((moved - 2 * _GOAL) / _GOAL, 0, 1)
        return float(near + 2.1 + 0.5 * still + 0.5 * (now.held is None) - too_far)

    def lost(self, start: WorldState, now: WorldState, target: Target) -> bool:
        """There is something in the hand."""
        return start.held is not None

    def success(self, start: WorldState, now: WorldState, target: Target) -> bool:
        moved = (now.boxes[target.name].position - start.boxes[target.name].position) @ _way(target)
        still = now.speeds[target.name] < _AT_REST
        return bool(start.held is None and now.held is None and moved >= _GOAL and still)


def _way(target: Target) -> np.ndarray:
    return np.array([*DIRECTIONS[target.direction], 0.0])


def _has_room(box: Box, way: np.ndarray) -> bool:
    """Whether the thing can go 10 cm before it leaves where the arm reaches well."""
    ahead = box.position[:2] + 0.10 * way
    return bool(np.all(ahead > starts.WORKSPACE_LOW[:2]) and np.all(ahead < starts.WORKSPACE_HIGH[:2]))


def _in_the_way(other: Box, box: Box, way: np.ndarray) -> bool:
    """Whether something stands where the thing has to go."""
    along = (other.position - box.position) @ way
    across = abs(float((other.position[:2] - box.position[:2]) @ np.array([-way[1], way[0]])))
    reach = float(np.hypot(*other.half[:2])) + float(np.hypot(*box.half[:2]))
    return bool(across < reach and 0.0 < along < reach + 0.10)
