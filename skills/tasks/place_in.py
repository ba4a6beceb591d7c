"""Put what is in the hand into a receptacle, where that has room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim import cabinet
from sim.geometry import Box
from sim.layout import Placement, standing
from sim.objects import Thing
from sim.relations import is_in, is_open
from sim.shapes import WALL
from sim.state import WorldState
from skills.observation import Focus, Sight
from skills.tasks import effects, starts
from skills.tasks.base import Start, Target
from skills.tasks.effects import within_reach
from skills.tasks.place import Place, hand_over
from skills.tasks.room import room_inside

_DEEP = 0.06  # metres below the rim, at most, that a thing is let down
_OCCUPIED = 0.6  # share of the receptacles that are not empty


class PlaceIn(Place):
    """``put it in the {receptacle}``: where that has room, if there is something in it already."""

    name = "place_in"
    phrase = "put it in the {receptacle}"
    reads = (*Place.reads, "to_go", "nearby")
    penalty = 4.0
    fall = 300.0  # what falls on what lies there already goes astray

    def focus(self, sight: Sight, target: Target) -> Focus:
        """The receptacle, as if its middle were where it has room when the skill begins."""
        aside = room_inside(sight.boxes, target.name, sight.held)
        return lambda boxes: replace(boxes[target.name], position=boxes[target.name].position + aside)

    def goal(self, sight: Sight, target: Target) -> np.ndarray:
        """The receptacle's middle: how far its walls are from where it has room."""
        return sight.boxes[target.name].position

    def related(self, thing: Box, name: str, now: WorldState, target: Target) -> bool:
        return is_in(thing, now.boxes[target.name])

    def goal_point(self, thing: Box, start: WorldState, now: WorldState, target: Target) -> np.ndarray:
        box = self.focus(Sight(start.hand, start.boxes, start.held), target)(now.boxes)
        return np.array([*box.position[:2], max(box.top - _DEEP, box.bottom + WALL) + float(thing.half[2])])

    def meant(self, now: WorldState, target: Target) -> WorldState | None:
        """It lies in the receptacle, if that is open and within reach."""
        box = now.boxes[target.name]
        shut = target.name == cabinet.NAME and not is_open(now.drawer or 0.0)
        if shut or now.held in (None, target.name) or not within_reach(box):
            return None
        height = 2 * float(now.boxes[now.held or ""].half[2])
        bottom = min(box.bottom + WALL, box.top - 0.005 - height / 2)
        return effects.put_down(now, box.position, bottom)

    def start(self, rng: np.random.Generator) -> Start:
        """Something in the hand, a receptacle that it fits into on the table, often with things in it already."""
        holder, held = self._receptacle(rng), starts.thing(rng)
        while not fits(held, holder):
            holder, held = self._receptacle(rng), starts.thing(rng)
        layout = {holder.thing.name: holder}
        if rng.random() < _OCCUPIED:
            layout = starts.filled(
                rng, layout, int(rng.integers(1, 3 if holder.thing.kind == "bowl" else 4)), {held.name}
            )
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
                layout = starts.filled(rng, layout, 1)
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
        layout = starts.filled(rng, {holder.thing.name: holder}, int(rng.integers(2, 5)), {held.name})
        return self.among_clutter(rng, layout, held, Target(holder.thing.name))

    def _receptacle(self, rng: np.random.Generator) -> Placement:
        if rng.random() < 0.2:
            return starts.drawer(rng, opening=float(rng.uniform(0.9, 1.0)))
        large = starts.thing(rng, ("bowl", "bowl", "tray", "bin"))
        return standing(large, rng.uniform(starts.LOW, starts.HIGH), starts.any_yaw(rng))


def fits(thing: Thing, holder: Placement) -> bool:
    """Whether a thing that stands in a receptacle would count as in it, and is no longer than it."""
    box = holder.box
    low = box.bottom + WALL + thing.size[2] < box.top - 0.004 or 2 * box.half[2] < 0.04
    return bool(low and max(thing.size[:2]) + WALL < min(box.half[:2]) * (0.85 if box.round else 1.0))
