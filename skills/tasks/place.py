"""Put what is in the hand into a receptacle, on top of a thing or into a region, let go, and move the hand away."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from sim import cabinet
from sim.geometry import Box
from sim.layout import Layout, inside, stacked, standing
from sim.objects import Thing
from sim.relations import REGIONS, is_at, is_in, is_on, region_box
from sim.state import WorldState
from skills.observation import Focus, Sight
from skills.tasks import starts
from skills.tasks.base import Start, Target, Task, closeness, descent

CLEAR = 0.04  # metres that the hand ends above the thing's top
_AT_REST = 0.03  # metres per second
_OUT_OF_HAND = 0.05  # metres between the hand and a thing's top from which it has been let go
_FLAT_FOOTED = ("block", "block", "block", "coke can", "pepsi can", "cup", "sponge", "chips bag")
_FLAT_TOPPED = ("block", "block", "block", "sponge", "chips bag")


class Place(Task):
    """What all ways of putting something down share: the relation that must hold, and where the thing's centre belongs."""

    reads: ClassVar[tuple[str, ...]] = ("hand", "time", "target", "size", "load", "gap")
    horizon = 45

    @abstractmethod
    def related(self, thing: Box, name: str, now: WorldState, target: Target) -> bool:
        """Whether the thing of that name is where it belongs."""

    @abstractmethod
    def goal_point(self, thing: Box, start: WorldState, now: WorldState, target: Target) -> np.ndarray:
        """Where the thing's centre should come, metres."""

    def reward(self, start: WorldState, now: WorldState, target: Target) -> float:
        if start.held is None or start.held == target.name:
            return 0.0
        thing = now.boxes[start.held]
        near = closeness(descent(self.goal_point(thing, start, now, target) - thing.position))
        if now.held is None and self.related(thing, start.held, now, target):
            clear = np.clip((now.hand.position[2] - thing.position[2]) / (float(thing.half[2]) + CLEAR), 0, 1)
            return float(0.2 * (0.7 + 0.5 * clear))
        return 0.2 * 0.5 * near

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

    def _start(
        self, rng: np.random.Generator, layout: Layout, held: Thing | None, target: Target, most: int = 6
    ) -> Start:
        layout = starts.clutter(rng, layout, most)
        if held is None:
            return starts.empty_handed(rng, layout, target)
        return starts.holding(rng, {n: p for n, p in layout.items() if n != held.name}, target, held)


class PlaceIn(Place):
    """``put it in the {receptacle}``."""

    name = "place_in"
    phrase = "put it in the {receptacle}"
    penalty = 2.0

    def related(self, thing: Box, name: str, now: WorldState, target: Target) -> bool:
        return is_in(thing, now.boxes[target.name])

    def goal_point(self, thing: Box, start: WorldState, now: WorldState, target: Target) -> np.ndarray:
        box = now.boxes[target.name]
        return np.array([*box.position[:2], max(box.top - 0.03, 0.01) + float(thing.half[2])])

    def start(self, rng: np.random.Generator) -> Start:
        """Something in the hand, a receptacle on the table, now and then with something in it already."""
        holder = self._receptacle(rng)
        held = starts.thing(rng, without={holder.thing.name})
        layout = {holder.thing.name: holder}
        if rng.random() < 0.25:
            layout = _filled(rng, layout, 1, {held.name})
        return self._start(rng, layout, held, Target(holder.thing.name))

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Hand empty, receptacle out of reach, closed or full, something that is no receptacle, the receptacle itself in the hand."""
        case = int(rng.integers(7))
        held = starts.thing(rng)
        if case == 0:
            holder = self._receptacle(rng)
            layout = {holder.thing.name: holder}
            if rng.random() < 0.6:  # as after something was put in
                layout = _filled(rng, layout, 1)
            start = self._start(rng, layout, None, Target(holder.thing.name))
            return _hand_over(start, holder.box, rng) if rng.random() < 0.5 else start
        if case in (1, 2):
            large = starts.thing(rng, starts.LARGE)
            layout = starts.scatter(rng, large, {}, anywhere=True)
            return self._start(rng, layout, held, Target(large.name))
        if case == 3:
            item = starts.thing(rng, without={held.name})
            return self._start(rng, starts.scatter(rng, item, {}), held, Target(item.name))
        if case == 4:
            closed = starts.drawer(rng, opening=float(rng.uniform(0.0, 0.8)))
            return self._start(rng, {cabinet.NAME: closed}, held, Target(cabinet.NAME))
        holder = self._receptacle(rng)
        layout = _filled(rng, {holder.thing.name: holder}, int(rng.integers(2, 5)), {held.name})
        return self._start(rng, layout, held, Target(holder.thing.name))

    def _receptacle(self, rng: np.random.Generator) -> starts.Placement:
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

    def start(self, rng: np.random.Generator) -> Start:
        """Something with a flat foot in the hand, something with a flat top on the table or on a block."""
        held = starts.thing(rng, _FLAT_FOOTED)
        top = starts.thing(rng, _FLAT_TOPPED, {held.name})
        tower = [top]
        if rng.random() < 0.25:
            tower = [starts.thing(rng, ("block",), {held.name, top.name}), top] if top.kind == "block" else tower
        return self._start(rng, _tower(rng, tower), held, Target(top.name))

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Hand empty, out of reach, too high, off-centre, something on top already, or a top that is round or narrow."""
        case = int(rng.integers(7))
        held = starts.thing(rng, _FLAT_FOOTED if rng.random() < 0.6 else starts.SMALL)
        blocks: list[Thing] = []
        for _ in range(4):
            blocks.append(starts.thing(rng, ("block",), {held.name, *(b.name for b in blocks)}))
        if case == 0:
            layout = _tower(rng, blocks[: int(rng.integers(1, 3))])
            start = self._start(rng, layout, None, Target(next(iter(layout))))
            return _hand_over(start, layout[start.target.name].box, rng) if rng.random() < 0.5 else start
        if case == 1:
            layout = starts.scatter(rng, blocks[0], {}, anywhere=True)
        elif case == 2:
            layout = _tower(rng, blocks[: int(rng.integers(2, 5))], spread=0.012)
        elif case == 3:
            layout = _tower(rng, [blocks[0], starts.thing(rng, without={held.name})])
            return self._start(rng, layout, held, Target(blocks[0].name))
        elif case == 4:
            layout = starts.scatter(rng, starts.thing(rng, starts.LARGE), {})
        else:
            layout = starts.scatter(rng, starts.thing(rng, starts.SMALL[2:], {held.name}), {}, toppled=0.3)
        return self._start(rng, layout, held, Target(next(iter(layout))))


class PlaceAt(Place):
    """``put it on the {region}``: on a free spot of the table there."""

    name = "place_at"
    phrase = "put it on the {region}"
    penalty = 1.0

    def focus(self, sight: Sight, target: Target) -> Focus:
        """The spot of the region with the most room, chosen when the skill begins."""
        spot = free_spot(region_box(target.name), [b for name, b in sight.boxes.items() if name != sight.held])
        return lambda boxes: spot

    def related(self, thing: Box, name: str, now: WorldState, target: Target) -> bool:
        return is_at(thing, target.name)

    def goal_point(self, thing: Box, start: WorldState, now: WorldState, target: Target) -> np.ndarray:
        spot = self.focus(Sight(start.hand, start.boxes, start.held), target)(start.boxes)
        return spot.position + np.array([0.0, 0.0, float(thing.half[2])])

    def start(self, rng: np.random.Generator) -> Start:
        """Something in the hand, things on the table."""
        return self._start(rng, {}, starts.thing(rng), Target(str(rng.choice(REGIONS))))

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Hand empty, or a region that is full of things that others would topple on."""
        target = Target(str(rng.choice(REGIONS)))
        if rng.random() < 0.6:
            start = self._start(rng, {}, None, target)
            return _hand_over(start, region_box(target.name), rng) if rng.random() < 0.5 else start
        layout: Layout = {}
        region = region_box(target.name)
        for _ in range(int(rng.integers(3, 10))):
            item = starts.thing(rng, ("bowl", "bin", "coke can", "block", "apple", "cup"), layout)
            spot = rng.uniform(region.position[:2] - region.half[:2], region.position[:2] + region.half[:2])
            placement = standing(item, spot, starts.any_yaw(rng))
            if starts.is_clear(placement, layout.values(), 0.005):
                layout[item.name] = placement
        return self._start(rng, layout, starts.thing(rng, without=layout), target, most=0)


def free_spot(region: Box, others: list[Box], room: float = 0.09, rim: float = 0.03) -> Box:
    """The spot of a region with the most room round it; with ``room`` metres in several places, the one nearest to the middle.

    :param rim: metres from the region's edge that are not used.
    :return: a box with the spot as its centre and the region's sides.
    """
    steps = [np.linspace(-1, 1, 9) * max(half - rim, 0.0) for half in region.half[:2]]
    spots = region.position[:2] + np.stack(np.meshgrid(*steps), axis=-1).reshape(-1, 2)
    free = np.full(len(spots), room)
    for other in others:
        reach = float(np.hypot(*other.half[:2])) if not other.round else float(other.half[0])
        free = np.minimum(free, np.linalg.norm(spots - other.position[:2], axis=1) - reach)
    best = spots[int(np.argmax(free - 0.05 * np.linalg.norm(spots - region.position[:2], axis=1)))]
    return Box(np.array([*best, 0.0]), 0.0, region.half)


def _hand_over(start: Start, box: Box, rng: np.random.Generator) -> Start:
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
