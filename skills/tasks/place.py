"""Put what is in the hand somewhere, let go, and move the hand away: what all skills that do so share."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from sim.geometry import Box
from sim.layout import Layout
from sim.objects import Thing
from sim.state import WorldState
from skills.observation import Sight
from skills.tasks import starts
from skills.tasks.base import Start, Target, Task, closeness, descent, nearness

CLEAR = 0.04  # metres that the hand ends above the thing's top
_AT_REST = 0.03  # metres per second
_FAST = 0.3  # metres per second
_OUT_OF_HAND = 0.05  # metres between the hand and a thing's top from which it has been let go


class Place(Task):
    """What all ways of putting something down share: the relation that must hold, and where the thing's centre belongs."""

    reads: ClassVar[tuple[str, ...]] = ("hand", "time", "target", "size", "load", "gap")
    fall: ClassVar[float] = 100.0
    """Weight of a thing's speed squared once it is out of the hand, 1/(m/s)^2: letting go from above is quick, and misses now and then."""
    centring: ClassVar[float] = 0.0
    """Weight of the square of how far from its place it stands once it is out of the hand, 1/m^2."""

    @abstractmethod
    def related(self, thing: Box, name: str, now: WorldState, target: Target) -> bool:
        """Whether the thing of that name is where it belongs."""

    @abstractmethod
    def goal_point(self, thing: Box, start: WorldState, now: WorldState, target: Target) -> np.ndarray:
        """Where the thing's centre should come, metres."""

    def ready(self, sight: Sight, target: Target) -> bool:
        """There is something in the hand, and it is to be put somewhere else than into or onto itself."""
        return sight.held not in (None, target.name)

    def reward(self, start: WorldState, now: WorldState, target: Target) -> float:
        if start.held is None or start.held == target.name:
            return 0.0
        thing = now.boxes[start.held]
        offset = self.goal_point(thing, start, now, target) - thing.position
        way = descent(offset)
        fall = 0.0 if now.held is not None else self.fall * now.speeds[start.held] ** 2
        knock = min(now.speeds.get(target.name, 0.0) / _FAST, 1.0)  # what it is to be put on, or in, should stay
        if now.held is None and self.related(thing, start.held, now, target):
            clear = np.clip((now.hand.position[2] - thing.position[2]) / (float(thing.half[2]) + CLEAR), 0, 1)
            still = 1 - min(now.speeds[start.held] / _FAST, 1.0)
            return float(1.5 + 0.3 * still + 0.4 * clear - self.centring * offset[:2] @ offset[:2]) - fall
        return 0.75 * nearness(way) + 0.75 * closeness(way) - 0.3 * knock - fall

    def lost(self, start: WorldState, now: WorldState, target: Target) -> bool:
        """What was to be put somewhere lies somewhere else, or there never was anything in the hand."""
        if start.held is None or start.held == target.name:
            return True
        thing = now.boxes[start.held]
        away = float(np.linalg.norm(now.hand.position - thing.position)) > float(thing.half.max()) + _OUT_OF_HAND
        still = now.speeds[start.held] < _AT_REST
        return now.held is None and away and still and not self.related(thing, start.held, now, target)

    def success(self, start: WorldState, now: WorldState, target: Target) -> bool:
        if start.held is None or start.held == target.name or now.held is not None:
            return False
        thing = now.boxes[start.held]
        clear = now.hand.position[2] - thing.top >= CLEAR
        return bool(clear and now.speeds[start.held] < _AT_REST and self.related(thing, start.held, now, target))

    def among_clutter(
        self, rng: np.random.Generator, layout: Layout, held: Thing | None, target: Target, most: int = 6
    ) -> Start:
        """A start with up to ``most`` more things on the table and one in the hand, or none."""
        layout = starts.clutter(rng, layout, most)
        if held is None:
            return starts.empty_handed(rng, layout, target)
        return starts.holding(rng, {n: p for n, p in layout.items() if n != held.name}, target, held)


def hand_over(start: Start, box: Box, rng: np.random.Generator) -> Start:
    """The same start with the empty hand just above something, as after putting something there."""
    hand = np.array([*(box.position[:2] + rng.uniform(-0.03, 0.03, 2)), box.top + rng.uniform(0.06, 0.14)])
    return Start(start.layout, start.target, np.clip(hand, starts.WORKSPACE_LOW, starts.WORKSPACE_HIGH), start.yaw)
