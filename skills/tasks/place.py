"""Put what is in the hand into a receptacle, or on top of a thing, let go, and move the hand away."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from sim.geometry import Box
from sim.objects import Thing
from sim.relations import is_in, is_on
from sim.scenes import Layout, stacked
from sim.state import WorldState
from skills.tasks import starts
from skills.tasks.base import Start, Task, closeness, descent

CLEAR = 0.06  # metres that the hand ends away from the thing's centre, upwards
_AT_REST = 0.03  # metres per second
_OUT_OF_HAND = 0.06  # metres between the hand and a thing that it has let go


class Place(Task):
    """What both ways of putting something down share: the relation that must hold, and where the thing's centre belongs."""

    reads: ClassVar[tuple[str, ...]] = ("hand", "time", "target", "size", "load", "gap")
    horizon = 45

    @abstractmethod
    def related(self, thing: Box, target: Box) -> bool:
        """Whether the thing is where it belongs."""

    @abstractmethod
    def goal_point(self, thing: Box, target: Box) -> np.ndarray:
        """Where the thing's centre should come, metres."""

    def reward(self, start: WorldState, now: WorldState, target: str) -> float:
        if start.held is None or start.held == target:
            return 0.0
        thing, goal = now.boxes[start.held], now.boxes[target]
        near = closeness(descent(self.goal_point(thing, goal) - thing.position))
        if now.held is None and self.related(thing, goal):
            clear = np.clip((now.hand.position[2] - thing.position[2]) / CLEAR, 0, 1)
            return float(0.2 * (0.7 + 0.5 * clear))
        return 0.2 * 0.5 * near

    def lost(self, start: WorldState, now: WorldState, target: str) -> bool:
        """What was to be put somewhere lies somewhere else, or there never was anything in the hand."""
        if start.held is None or start.held == target:
            return True
        thing = now.boxes[start.held]
        left = now.held is None and float(np.linalg.norm(now.hand.position - thing.position)) > _OUT_OF_HAND
        return left and now.speeds[start.held] < _AT_REST and not self.related(thing, now.boxes[target])

    def success(self, start: WorldState, now: WorldState, target: str) -> bool:
        if start.held is None or start.held == target or now.held is not None:
            return False
        thing = now.boxes[start.held]
        away = now.hand.position[2] - thing.position[2] >= CLEAR
        return away and self.related(thing, now.boxes[target]) and now.speeds[start.held] < _AT_REST

    def _start(
        self, rng: np.random.Generator, layout: Layout, held: Thing | None, target: str, lowest: float = 0.14
    ) -> Start:
        layout = starts.clutter(rng, layout, most=3)
        if held is None:
            return Start(layout, target, starts.hand_above(rng), starts.any_yaw(rng))
        layout = starts.scatter(
            rng, [held], {n: p for n, p in layout.items() if n != held.name}, anywhere=True, gap=0.0
        )
        hand = starts.hand_above(rng, lowest)
        return Start(layout, target, hand, starts.any_yaw(rng), held.name, starts.any_grip(rng))


class PlaceIn(Place):
    """``put it in the {receptacle}``."""

    name = "place_in"
    penalty = 2.0
    phrase = "put it in the {receptacle}"
    reads = (*Place.reads, "nearby")  # what is in the receptacle already

    def related(self, thing: Box, target: Box) -> bool:
        return is_in(thing, target)

    def goal_point(self, thing: Box, target: Box) -> np.ndarray:
        return target.position + np.array([0.0, 0.0, 0.01])

    def start(self, rng: np.random.Generator) -> Start:
        """A block in the hand, a bowl on the table, now and then with a block in it already."""
        held, inside, bowl = *starts.things(rng, "block", 2), *starts.things(rng, "bowl", 1)
        layout = starts.scatter(rng, [bowl])
        if rng.random() < 0.2:
            layout = _with_something_inside(rng, layout, bowl, inside)
        return self._start(rng, layout, held, bowl.name)

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Hand empty, bowl out of reach or crowded, a block instead of a bowl, the bowl itself meant to go into it."""
        case = max(int(rng.integers(-1, 4)), 0)  # an empty hand twice as often
        held, inside, more, bowl = *starts.things(rng, "block", 3), *starts.things(rng, "bowl", 1)
        if case == 0:
            return self._start(rng, starts.scatter(rng, [bowl]), None, bowl.name)
        if case == 1:
            return self._start(rng, starts.scatter(rng, [bowl], anywhere=True), held, bowl.name)
        if case == 2:
            return self._start(rng, starts.scatter(rng, [inside]), held, inside.name)
        layout = _with_something_inside(rng, starts.scatter(rng, [bowl]), bowl, inside)
        return self._start(rng, _with_something_inside(rng, layout, bowl, more), held, bowl.name)


class PlaceOn(Place):
    """``put it on the {thing}``."""

    name = "place_on"
    phrase = "put it on the {thing}"

    def related(self, thing: Box, target: Box) -> bool:
        return is_on(thing, target)

    def goal_point(self, thing: Box, target: Box) -> np.ndarray:
        return np.array([*target.position[:2], target.top + thing.half[2]])

    def start(self, rng: np.random.Generator) -> Start:
        """A block in the hand, another on the table or on top of a third."""
        held, *tower = starts.things(rng, "block", 3)
        return self._start(rng, _tower(rng, tower[: 1 + int(rng.random() < 0.3)]), held, "", lowest=0.16)

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Hand empty, tower out of reach, too high or with something on top already, a bowl instead of a block."""
        case = max(int(rng.integers(-1, 5)), 0)
        held, *tower = starts.things(rng, "block", 5)
        if case == 0:
            return self._start(rng, _tower(rng, tower[:1]), None, "")
        if case == 1:
            return self._start(rng, starts.scatter(rng, tower[:1], anywhere=True), held, "")
        if case == 2:
            return self._start(rng, _tower(rng, tower[: int(rng.integers(2, 5))], spread=0.008), held, "")
        if case == 3:
            return self._start(rng, _tower(rng, tower[:2]), held, tower[0].name)
        return self._start(rng, starts.scatter(rng, starts.things(rng, "bowl", 1)), held, "")

    def _start(
        self, rng: np.random.Generator, layout: Layout, held: Thing | None, target: str, lowest: float = 0.16
    ) -> Start:
        return super()._start(rng, layout, held, target or list(layout)[-1], lowest)


def _with_something_inside(rng: np.random.Generator, layout: Layout, bowl: Thing, thing: Thing) -> Layout:
    centre = layout[bowl.name].position[:2]
    floor = 0.007 if len(layout) == 1 else 0.05  # a second block lies on the first
    layout = dict(layout)
    placement = stacked([thing], centre + rng.uniform(-0.03, 0.03, size=2), starts.any_yaw(rng))[0]
    placement.position[2] += floor
    layout[thing.name] = placement
    return layout


def _tower(rng: np.random.Generator, things: list[Thing], spread: float = 0.004) -> Layout:
    tower = stacked(things, rng.uniform([0.34, -0.31], [0.65, 0.31]), starts.any_yaw(rng))
    for placement in tower[1:]:
        placement.position[:2] += rng.uniform(-spread, spread, size=2)
    return {placement.thing.name: placement for placement in tower}
