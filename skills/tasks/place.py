"""Put what is in the hand into a receptacle or on top of a thing, let go, and move the hand away."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

import numpy as np

from sim import cabinet
from sim.geometry import Box
from sim.layout import Layout, Placement, inside, stacked, standing
from sim.objects import Thing
from sim.relations import is_in, is_on, is_open
from sim.shapes import WALL
from sim.state import WorldState
from skills.observation import Focus, Sight
from skills.tasks import effects, starts
from skills.tasks.base import Start, Target, Task, closeness, descent, nearness
from skills.tasks.effects import within_reach
from skills.tasks.room import room_inside

CLEAR = 0.04  # metres that the hand ends above the thing's top
_AT_REST = 0.03  # metres per second
_FAST = 0.3  # metres per second
_THROWN = 5.0  # weight of a thing's speed once it is out of the hand: throwing is quick, and misses now and then
_OUT_OF_HAND = 0.05  # metres between the hand and a thing's top from which it has been let go
_OCCUPIED = 0.6  # share of the receptacles that are not empty
_FLAT_FOOTED = ("block", "block", "block", "coke can", "pepsi can", "cup", "sponge", "chips bag")
_FLAT_TOPPED = ("block", "block", "block", "sponge", "chips bag")


class Place(Task):
    """What all ways of putting something down share: the relation that must hold, and where the thing's centre belongs."""

    reads: ClassVar[tuple[str, ...]] = ("hand", "time", "target", "size", "load", "gap")

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
        way = descent(self.goal_point(thing, start, now, target) - thing.position)
        knock = min(now.speeds.get(target.name, 0.0) / _FAST, 1.0)  # what it is to be put on, or in, should stay
        if now.held is None and self.related(thing, start.held, now, target):
            clear = np.clip((now.hand.position[2] - thing.position[2]) / (float(thing.half[2]) + CLEAR), 0, 1)
            still = 1 - min(now.speeds[start.held] / _FAST, 1.0)
            return float(1.5 + 0.3 * still + 0.4 * clear) - _THROWN * (1 - still)
        thrown = min(now.speeds[start.held] / _FAST, 1.0) if now.held is None else 0.0
        return 0.75 * nearness(way) + 0.75 * closeness(way) - 0.3 * knock - _THROWN * thrown

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


class PlaceIn(Place):
    """``put it in the {receptacle}``: where that has room, if there is something in it already."""

    name = "place_in"
    phrase = "put it in the {receptacle}"
    penalty = 6.0  # or it lets go from high above, which is quick, and what lies there already makes a third of that go astray

    def focus(self, sight: Sight, target: Target) -> Focus:
        """The receptacle, as if its middle were where it has room when the skill begins."""
        aside = room_inside(sight.boxes, target.name, sight.held)
        return lambda boxes: replace(boxes[target.name], position=boxes[target.name].position + aside)

    def related(self, thing: Box, name: str, now: WorldState, target: Target) -> bool:
        return is_in(thing, now.boxes[target.name])

    def goal_point(self, thing: Box, start: WorldState, now: WorldState, target: Target) -> np.ndarray:
        box = self.focus(Sight(start.hand, start.boxes, start.held), target)(now.boxes)
        return np.array([*box.position[:2], max(box.top - 0.03, 0.01) + float(thing.half[2])])

    def meant(self, now: WorldState, target: Target) -> WorldState | None:
        """It lies in the receptacle, if that is open and within reach."""
        box = now.boxes[target.name]
        shut = target.name == cabinet.NAME and not is_open(now.drawer or 0.0)
        if shut or now.held in (None, target.name) or not within_reach(box):
            return None
        height = 2 * float(now.boxes[now.held or ""].half[2])
        centre_below_rim = min(box.bottom + WALL, box.top - 0.005 - height / 2)
        return effects.put_down(now, box.position, centre_below_rim)

    def start(self, rng: np.random.Generator) -> Start:
        """Something in the hand, a receptacle that it fits into on the table, often with things in it already."""
        holder, held = self._receptacle(rng), starts.thing(rng)
        while not fits(held, holder):
            holder, held = self._receptacle(rng), starts.thing(rng)
        layout = {holder.thing.name: holder}
        if rng.random() < _OCCUPIED:
            layout = _filled(rng, layout, int(rng.integers(1, 3 if holder.thing.kind == "bowl" else 4)), {held.name})
        return self.among_clutter(rng, layout, held, Target(holder.thing.name))

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Hand empty, receptacle out of reach, closed, full or too small, something that is no receptacle."""
        case = int(rng.integers(8))
        held = starts.thing(rng)
        if case == 7:  # whether it fits or not
            holder = self._receptacle(rng)
            return self.among_clutter(rng, {holder.thing.name: holder}, held, Target(holder.thing.name))
        if case == 0:
            holder = self._receptacle(rng)
            layout = {holder.thing.name: holder}
            if rng.random() < 0.6:  # as after something was put in
                layout = _filled(rng, layout, 1)
            start = self.among_clutter(rng, layout, None, Target(holder.thing.name))
            return hand_over(start, holder.box, rng) if rng.random() < 0.5 else start
        if case in (1, 2):
            large = starts.thing(rng, starts.LARGE)
            layout = starts.scatter(rng, large, {}, anywhere=True)
            return self.among_clutter(rng, layout, held, Target(large.name))
        if case == 3:
            item = starts.thing(rng, without={held.name})
            return self.among_clutter(rng, starts.scatter(rng, item, {}), held, Target(item.name))
        if case == 4:
            closed = starts.drawer(rng, opening=float(rng.uniform(0.0, 0.8)))
            return self.among_clutter(rng, {cabinet.NAME: closed}, held, Target(cabinet.NAME))
        holder = self._receptacle(rng)
        layout = _filled(rng, {holder.thing.name: holder}, int(rng.integers(2, 5)), {held.name})
        return self.among_clutter(rng, layout, held, Target(holder.thing.name))

    def _receptacle(self, rng: np.random.Generator) -> Placement:
        if rng.random() < 0.2:
            return starts.drawer(rng, opening=float(rng.uniform(0.9, 1.0)))
        large = starts.thing(rng, ("bowl", "bowl", "tray", "bin"))
        return standing(large, rng.uniform(starts.LOW, starts.HIGH), starts.any_yaw(rng))


class PlaceOn(Place):
    """``put it on the {thing}``."""

    name = "place_on"
    phrase = "put it on the {thing}"

    def related(self, thing: Box, name: str, now: WorldState, target: Target) -> bool:
        return is_on(thing, now.boxes[target.name])

    def goal_point(self, thing: Box, start: WorldState, now: WorldState, target: Target) -> np.ndarray:
        box = now.boxes[target.name]
        return np.array([*box.position[:2], box.top + float(thing.half[2])])

    def meant(self, now: WorldState, target: Target) -> WorldState | None:
        """It stands on the middle of the other, if nothing else does and that is within reach."""
        box = now.boxes[target.name]
        if now.held in (None, target.name) or not (within_reach(box) and effects.is_free(now, target.name)):
            return None
        return effects.put_down(now, box.position, box.top)

    def start(self, rng: np.random.Generator) -> Start:
        """Something with a flat foot in the hand, something with a flat top on the table or on a block."""
        held = starts.thing(rng, _FLAT_FOOTED)
        top = starts.thing(rng, _FLAT_TOPPED, {held.name})
        tower = [top]
        if rng.random() < 0.25:
            tower = [starts.thing(rng, ("block",), {held.name, top.name}), top] if top.kind == "block" else tower
        return self.among_clutter(rng, _tower(rng, tower), held, Target(top.name))

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Hand empty, out of reach, too high, off-centre, something on top already, or a top that is round or narrow."""
        case = int(rng.integers(7))
        held = starts.thing(rng, _FLAT_FOOTED if rng.random() < 0.6 else starts.SMALL)
        blocks: list[Thing] = []
        for _ in range(4):
            blocks.append(starts.thing(rng, ("block",), {held.name, *(b.name for b in blocks)}))
        if case == 0:
            layout = _tower(rng, blocks[: int(rng.integers(1, 3))])
            start = self.among_clutter(rng, layout, None, Target(next(iter(layout))))
            return hand_over(start, layout[start.target.name].box, rng) if rng.random() < 0.5 else start
        if case == 1:
            layout = starts.scatter(rng, blocks[0], {}, anywhere=True)
        elif case == 2:
            layout = _tower(rng, blocks[: int(rng.integers(2, 5))], spread=0.012)
        elif case == 3:
            layout = _tower(rng, [blocks[0], starts.thing(rng, without={held.name})])
            return self.among_clutter(rng, layout, held, Target(blocks[0].name))
        elif case == 4:
            layout = starts.scatter(rng, starts.thing(rng, starts.LARGE), {})
        else:
            layout = starts.scatter(rng, starts.thing(rng, starts.SMALL[2:], {held.name}), {}, toppled=0.3)
        return self.among_clutter(rng, layout, held, Target(next(iter(layout))))


def fits(thing: Thing, holder: Placement) -> bool:
    """Whether a thing that stands in a receptacle would count as in it, and is no longer than it."""
    box = holder.box
    low = box.bottom + WALL + thing.size[2] < box.top - 0.004 or 2 * box.half[2] < 0.04
    return bool(low and max(thing.size[:2]) + WALL < min(box.half[:2]) * (0.85 if box.round else 1.0))


def hand_over(start: Start, box: Box, rng: np.random.Generator) -> Start:
    """The same start with the empty hand just above something, as after putting something there."""
    hand = np.array([*(box.position[:2] + rng.uniform(-0.03, 0.03, 2)), box.top + rng.uniform(0.06, 0.14)])
    return Start(start.layout, start.target, np.clip(hand, starts.WORKSPACE_LOW, starts.WORKSPACE_HIGH), start.yaw)


def _filled(rng: np.random.Generator, layout: Layout, count: int, without: set[str] = frozenset()) -> Layout:  # type: ignore[assignment]
    """The layout with things inside its first receptacle."""
    holder = next(iter(layout.values()))
    for _ in range(count):
        item = starts.thing(rng, ("block", "block", "apple", "lemon", "sponge"), {*layout, *without})
        there = [p for p in layout.values() if p is not holder]
        layout = {**layout, item.name: inside(item, holder, there, rng, starts.any_yaw(rng))}
    return layout


def _tower(rng: np.random.Generator, things: list[Thing], spread: float = 0.004) -> Layout:
    """Things on top of each other; the topmost comes first in the layout."""
    tower = stacked(things, rng.uniform(starts.LOW, starts.HIGH), starts.any_yaw(rng))
    for placement in tower[1:]:
        placement.position[:2] += rng.uniform(-spread, spread, size=2)
    return {placement.thing.name: placement for placement in reversed(tower)}
