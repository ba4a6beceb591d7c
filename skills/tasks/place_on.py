"""Put what is in the hand on top of a thing."""

from __future__ import annotations

import numpy as np

from sim.geometry import Box
from sim.layout import Layout, stacked
from sim.objects import Thing
from sim.relations import is_on
from sim.state import WorldState
from skills.tasks import effects, starts
from skills.tasks.base import Start, Target
from skills.tasks.effects import within_reach
from skills.tasks.place import Place, hand_over

_FLAT_FOOTED = ("block", "block", "block", "coke can", "pepsi can", "cup", "sponge", "chips bag")
_FLAT_TOPPED = ("block", "block", "block", "sponge", "chips bag")


class PlaceOn(Place):
    """``put it on the {thing}``."""

    name = "place_on"
    phrase = "put it on the {thing}"
    penalty = 4.0
    centring = 37_500.0  # 15 at 2 cm, from where a block on a block is about to fall

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


def _tower(rng: np.random.Generator, things: list[Thing], spread: float = 0.004) -> Layout:
    """Things on top of each other; the topmost comes first in the layout."""
    tower = stacked(things, rng.uniform(starts.LOW, starts.HIGH), starts.any_yaw(rng))
    for placement in tower[1:]:
        placement.position[:2] += rng.uniform(-spread, spread, size=2)
    return {placement.thing.name: placement for placement in reversed(tower)}
