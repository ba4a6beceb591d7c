"""Pick up a thing: it ends between the fingers, 10 cm above where it was."""

from __future__ import annotations

import numpy as np

from sim import cabinet
from sim.layout import Layout, Placement, inside, stacked, standing
from sim.state import WorldState
from skills.grasp import finger_turn, grasp_point, in_the_way
from skills.observation import Sight
from skills.tasks import effects, starts
from skills.tasks.base import Start, Target, Task, closeness, descent

LIFT = 0.10  # metres
_FAST = 0.2  # metres per second: what moves so without being held was knocked
_INSIDE = 0.35  # share of things that lie in something


class Pick(Task):
    """``pick up the {thing}``. The hand must be empty at the start."""

    name = "pick"
    phrase = "pick up the {thing}"
    reads = ("hand", "time", "target", "size", "drawer", "nearby")

    def start(self, rng: np.random.Generator) -> Start:
        """A thing on the table, in a bowl, tray or open drawer, or on another thing, with others around."""
        item = starts.thing(rng)
        where = rng.random()
        if where < _INSIDE:
            layout = _inside_something(rng, starts.thing(rng, ("block", "apple", "lemon", "sponge")))
        elif where < _INSIDE + 0.15:
            below = starts.thing(rng, ("block", "sponge"))
            top = starts.thing(rng, ("block", "coke can", "cup", "sponge"), {below.name})
            layout = _tower(rng, [below, top])
        else:
            layout = starts.scatter(rng, item, {})
        target = next(iter(layout))
        return starts.empty_handed(rng, starts.clutter(rng, layout), Target(target))

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Out of reach, at the rim of it, too wide, below or against another thing, in the bin or the closed drawer, hand full."""
        case = int(rng.integers(9))
        if case == 0:
            layout = starts.scatter(rng, starts.thing(rng), {}, anywhere=True)
        elif case == 1:
            wide = starts.thing(rng, ("block", "sponge", "apple", "chips bag", "cup"))
            layout = starts.scatter(rng, wide.scaled(float(rng.uniform(0.06, 0.14)) / (2 * wide.size[1])), {})
        elif case == 2:
            layout = starts.scatter(rng, starts.thing(rng, starts.LARGE), {}, anywhere=bool(rng.random() < 0.3))
        elif case == 3:
            tower = _tower(rng, [starts.thing(rng, ("block",)), starts.thing(rng, ("sponge", "cup", "coke can"))])
            layout = dict(reversed(tower.items()))  # the lower one is wanted
        elif case == 4:
            first = starts.thing(rng)
            layout = starts.scatter(rng, first, {})
            other = starts.thing(rng, starts.SMALL if rng.random() < 0.5 else starts.LARGE, layout)
            layout = starts.beside(rng, other, layout, first.name, float(rng.uniform(0.0, 0.03)))
        elif case == 5:
            layout = _against_the_cabinet(rng)
        elif case == 6:
            layout = _inside_something(rng, starts.thing(rng), closed=bool(rng.random() < 0.6))
        else:
            return self._hand_full(rng)
        target = next(iter(layout))
        return starts.empty_handed(rng, starts.clutter(rng, layout), Target(target))

    def _hand_full(self, rng: np.random.Generator) -> Start:
        held = starts.thing(rng)
        layout = starts.clutter(rng, starts.scatter(rng, starts.thing(rng, without={held.name}), {}))
        layout.pop(held.name, None)
        others = [name for name in layout if name != cabinet.NAME]
        wanted = held.name if rng.random() < 0.5 or not others else others[0]  # half of the time what is held already
        return starts.holding(rng, layout, Target(wanted), held)

    def ready(self, sight: Sight, target: Target) -> bool:
        """The hand is empty."""
        return sight.held is None

    def came_about(self, sight: Sight, target: Target) -> bool:
        """The thing is in the hand, only not as high up as it should be."""
        return sight.held == target.name

    def meant(self, now: WorldState, target: Target) -> WorldState | None:
        """The thing in the hand."""
        return effects.taken(now, target.name)

    def reward(self, start: WorldState, now: WorldState, target: Target) -> float:
        box, hand = now.boxes[target.name], now.hand
        near = closeness(descent(grasp_point(box) - hand.position))
        square = closeness(abs(finger_turn(hand.yaw, box, in_the_way(box, now.boxes, target.name))[0]), 2.0)
        held = now.held == target.name
        lift = np.clip((box.position[2] - start.boxes[target.name].position[2]) / LIFT, 0, 1) if held else 0.0
        knock = 0.0 if held else min(now.speeds[target.name] / _FAST, 1.0)
        shove = min(now.speeds.get(cabinet.NAME, 0.0) / _FAST, 1.0)  # the hand has pushed the open drawer in
        return float(0.3 * near + 0.1 * near * square + 1.0 * held + 1.5 * lift - 0.5 * knock - shove)

    def lost(self, start: WorldState, now: WorldState, target: Target) -> bool:
        """There was something in the hand already."""
        return start.held is not None

    def success(self, start: WorldState, now: WorldState, target: Target) -> bool:
        lifted = now.boxes[target.name].position[2] - start.boxes[target.name].position[2] >= LIFT
        return bool(start.held is None and now.held == target.name and lifted)


def _inside_something(rng: np.random.Generator, item: starts.Thing, closed: bool = False) -> Layout:
    """The thing inside a bowl, a tray or an open drawer, half of the time beside others; or, if ``closed``, in the closed drawer or the bin."""
    kind = rng.choice(["drawer", "bin"] if closed else ["bowl", "bowl", "tray", "drawer", "drawer"])
    if kind == "drawer":
        low, high = (0.0, 0.8) if closed else (0.8, 1.0) if rng.random() < 0.3 else (1.0, 1.0)
        holder: Placement = starts.drawer(rng, opening=float(rng.uniform(low, high)))
    else:
        holder = standing(starts.thing(rng, (str(kind),)), rng.uniform(starts.LOW, starts.HIGH), starts.any_yaw(rng))
    margin = 0.0 if closed or rng.random() < 0.3 else 0.03  # room for a finger
    placed = inside(item, holder, [], rng, starts.any_yaw(rng), margin)
    layout = {item.name: placed, holder.thing.name: holder}
    others = int(rng.integers(1, 3)) if rng.random() < 0.5 else 0
    return starts.filled(rng, layout, others, margin=margin)


def _tower(rng: np.random.Generator, things: list[starts.Thing]) -> Layout:
    """Things on top of each other; the topmost comes first in the layout."""
    tower = stacked(things, rng.uniform(starts.LOW, starts.HIGH), starts.any_yaw(rng))
    return {p.thing.name: p for p in reversed(tower)}


def _against_the_cabinet(rng: np.random.Generator) -> Layout:
    """A thing close to one of the cabinet's walls."""
    holder, item = starts.drawer(rng, 0.0), starts.thing(rng)
    free, side = float(rng.uniform(0.002, 0.06)), int(rng.choice([-1, 0, 1]))
    reach = float(np.hypot(*item.size[:2]))
    offset = np.array([-cabinet.SHELL_HALF[0] - reach - free, rng.uniform(-0.1, 0.1)])
    if side:
        offset = np.array([rng.uniform(-0.09, 0.0), side * (cabinet.SHELL_HALF[1] + reach + free)])
    spot = holder.position[:2] + offset
    return {item.name: starts.posed(rng, item, spot), holder.thing.name: holder}
