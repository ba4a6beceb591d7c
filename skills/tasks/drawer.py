"""Open and close the drawer by its handle; the hand ends away from it."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from sim import cabinet
from sim.cabinet import handle_box
from sim.geometry import Box
from sim.layout import Layout, inside, standing
from sim.state import WorldState
from skills.observation import Focus, Sight
from skills.tasks import effects, starts
from skills.tasks.base import Start, Target, Task, closeness, descent

CLEAR = 0.05  # metres that the hand ends above the handle
_WELL_OPEN, _WELL_CLOSED = 0.85, 0.15  # a little more than what counts as open and closed


class Drawer(Task):
    """What opening and closing share: the handle, and how far there is to go."""

    fixed = cabinet.NAME
    horizon: ClassVar[int] = 80
    reads: ClassVar[tuple[str, ...]] = ("hand", "time", "target", "size", "drawer")

    ends: ClassVar[float]
    """Opening of the drawer when it is done."""

    @abstractmethod
    def progress(self, drawer: float) -> float:
        """How far the drawer is on its way, given its opening: 0 not at all, 1 there."""

    def focus(self, sight: Sight, target: Target) -> Focus:
        """The handle."""
        return lambda boxes: handle_box(boxes[target.name])

    def near(self, start: Start, box: Box, rng: np.random.Generator) -> tuple[np.ndarray, float]:
        """At the handle or just above it."""
        return box.position + rng.uniform([-0.02, -0.01, 0.0], [0.02, 0.01, 0.06]), box.yaw

    def ready(self, sight: Sight, target: Target) -> bool:
        """The hand is empty, and there is something to do."""
        return sight.held is None and sight.drawer is not None and self.progress(sight.drawer) < 1

    def meant(self, now: WorldState, target: Target) -> WorldState | None:
        """The drawer open, or closed."""
        return effects.slid(now, self.ends)

    def reward(self, start: WorldState, now: WorldState, target: Target) -> float:
        if start.held is not None or start.drawer is None or now.drawer is None:
            return 0.0
        handle = handle_box(now.boxes[target.name]).position
        before, done = self.progress(start.drawer), self.progress(now.drawer)
        if done >= 1:
            return float(1.0 + 0.5 * np.clip((now.hand.position[2] - handle[2]) / CLEAR, 0, 1))
        near = closeness(descent(handle - now.hand.position))
        return float(0.4 * near + 0.6 * np.clip((done - before) / max(1 - before, 0.1), -0.5, 1.0))

    def lost(self, start: WorldState, now: WorldState, target: Target) -> bool:
        """There was nothing to do, or no free hand to do it with."""
        return start.held is not None or start.drawer is None or self.progress(start.drawer) >= 1

    def success(self, start: WorldState, now: WorldState, target: Target) -> bool:
        if now.drawer is None or self.lost(start, now, target):
            return False
        clear = now.hand.position[2] - handle_box(now.boxes[target.name]).position[2] >= CLEAR
        return bool(clear and now.held is None and self.progress(now.drawer) >= 1)

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Nothing to do, the hand full, the way blocked, the cabinet out of reach."""
        case = int(rng.integers(5))
        if case == 0:
            return self._start(rng, starts.drawer(rng, 1.0 - self._opening(rng)))
        if case == 1:
            holder, held = starts.drawer(rng, self._opening(rng)), starts.thing(rng)
            return starts.holding(rng, {cabinet.NAME: holder}, Target(cabinet.NAME), held)
        if case == 2:
            holder = starts.drawer(rng, self._opening(rng))
            holder.position[:2] = rng.uniform([0.6, -0.5], [0.95, 0.5])
            return self._start(rng, holder)
        return self._start(rng, starts.drawer(rng, self._opening(rng)), blocked=True)

    def _start(self, rng: np.random.Generator, holder: starts.Placement, blocked: bool = False) -> Start:
        layout: Layout = {cabinet.NAME: holder}
        if blocked:
            layout = self._block(rng, layout)
        elif rng.random() < 0.4:
            for _ in range(int(rng.integers(1, 3))):
                item = starts.thing(rng, ("block", "apple", "lemon", "sponge", "banana"), layout)
                there = [p for p in layout.values() if p is not holder]
                layout[item.name] = inside(item, holder, there, rng, starts.any_yaw(rng))
        return starts.empty_handed(rng, starts.clutter(rng, layout), Target(cabinet.NAME))

    @abstractmethod
    def _opening(self, rng: np.random.Generator) -> float:
        """How far the drawer is open at a start from which there is something to do."""

    @abstractmethod
    def _block(self, rng: np.random.Generator, layout: Layout) -> Layout:
        """The layout with something that is in the way."""


class OpenDrawer(Drawer):
    """``open the drawer``."""

    name = "open_drawer"
    phrase = "open the drawer"
    ends = 1.0

    def progress(self, drawer: float) -> float:
        return drawer / _WELL_OPEN

    def start(self, rng: np.random.Generator) -> Start:
        """The drawer closed or half open, with or without things in it."""
        return self._start(rng, starts.drawer(rng, self._opening(rng)))

    def _opening(self, rng: np.random.Generator) -> float:
        return 0.0 if rng.random() < 0.7 else float(rng.uniform(0.0, 0.6))

    def _block(self, rng: np.random.Generator, layout: Layout) -> Layout:
        """Something stands before it, at the handle or where the drawer goes."""
        handle = handle_box(layout[cabinet.NAME].box).position[:2]
        item = starts.thing(rng, ("bowl", "bin", "tray", "coke can", "block", "water bottle"))
        for _ in range(50):
            spot = handle + rng.uniform([-0.22, -0.12], [0.02, 0.12])
            placement = standing(item, spot, starts.any_yaw(rng))
            if starts.gap(placement.box, layout[cabinet.NAME].box) > 0.03:
                return {**layout, item.name: placement}
        return layout


class CloseDrawer(Drawer):
    """``close the drawer``."""

    name = "close_drawer"
    phrase = "close the drawer"
    ends = 0.0

    def progress(self, drawer: float) -> float:
        return (1 - drawer) / (1 - _WELL_CLOSED)

    def start(self, rng: np.random.Generator) -> Start:
        """The drawer open or half open, with or without things in it."""
        return self._start(rng, starts.drawer(rng, self._opening(rng)))

    def _opening(self, rng: np.random.Generator) -> float:
        return 1.0 if rng.random() < 0.7 else float(rng.uniform(0.4, 1.0))

    def _block(self, rng: np.random.Generator, layout: Layout) -> Layout:
        """Something too tall stands in it, near its back or anywhere."""
        holder = layout[cabinet.NAME]
        item = starts.thing(rng, ("coke can", "pepsi can", "cup"))
        box = holder.box
        spot = box.position[:2] + rng.uniform([-0.05, -0.08], [0.05, 0.08])
        return {**layout, item.name: standing(item, spot, 0.0, box.bottom + 0.008)}
