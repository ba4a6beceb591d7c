"""Where things stand, before there is a world: placements, towers, what is inside what, and free room."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from sim import cabinet
from sim.geometry import Box, gap, upright_box
from sim.objects import Thing
from sim.shapes import WALL


@dataclass(frozen=True)
class Placement:
    """A thing and where it stands.

    :param position: centre, metres, robot frame; of a cabinet, the middle of its foot.
    :param yaw: turn about the vertical axis, radians.
    :param tilt: turn about the thing's own x axis before that, radians; pi/2 lays a can on its side.
    :param opening: of a drawer: share of its way, 0 to 1.
    """

    thing: Thing
    position: np.ndarray
    yaw: float
    tilt: float = 0.0
    opening: float = 0.0

    @cached_property
    def box(self) -> Box:
        """The upright box round it."""
        if self.thing.shape == "cabinet":
            way = self.opening * cabinet.TRAVEL
            return cabinet.drawer_box(self.position, self.yaw, way, self.thing.size)
        return upright_box(self.position, _quaternion(self.yaw, self.tilt), self.thing.size, self.thing.symmetry)

    @cached_property
    def footprint(self) -> Box:
        """What has to stay free for it."""
        return cabinet.footprint(self.position, self.yaw) if self.thing.shape == "cabinet" else self.box


Layout = dict[str, Placement]


def standing(thing: Thing, spot: np.ndarray, yaw: float, floor: float = 0.0) -> Placement:
    """A thing standing upright at (x, y), on a surface at height ``floor``."""
    height = 0.0 if thing.shape == "cabinet" else thing.size[2]
    return Placement(thing, np.array([spot[0], spot[1], floor + height]), yaw)


def lying(thing: Thing, spot: np.ndarray, yaw: float, floor: float = 0.0) -> Placement:
    """A thing on its side at (x, y), its own z axis horizontal."""
    return Placement(thing, np.array([spot[0], spot[1], floor + thing.size[1]]), yaw, math.pi / 2)


def stacked(things: Sequence[Thing], spot: np.ndarray, yaw: float) -> list[Placement]:
    """A tower of things at (x, y), the first at the bottom."""
    tower = [standing(things[0], spot, yaw)]
    for below, thing in pairwise(things):
        tower.append(standing(thing, spot, yaw, tower[-1].position[2] + below.size[2]))
    return tower


def inside(
    thing: Thing,
    container: Placement,
    others: Iterable[Placement],
    rng: np.random.Generator,
    yaw: float = 0.0,
    margin: float = 0.0,
) -> Placement:
    """A thing in a receptacle, within its walls, beside what is in there already where there is room, else on top of it.

    :param margin: free space to the walls, metres, as far as there is room for it.
    """
    box = container.box
    floor = box.bottom + WALL + 0.002
    lie = thing.symmetry == "cylinder" and 2 * thing.size[2] > 0.075 and box.half[2] < 0.05  # too tall to stand in it
    inner = box.half[:2] * (0.7 if box.round else 1) - WALL - margin
    across = np.array([thing.size[0], thing.size[2]]) if lie else thing.size[:2]
    room = np.maximum(inner - across, 0)
    there = list(others)
    for _ in range(60):
        offset = rng.uniform(-1, 1, size=2) * room
        c, s = math.cos(box.yaw), math.sin(box.yaw)
        spot = box.position[:2] + np.array([c * offset[0] - s * offset[1], s * offset[0] + c * offset[1]])
        placed = lying(thing, spot, box.yaw, floor) if lie else standing(thing, spot, yaw, floor)
        if all(gap(placed.box, other.box) > 0.004 for other in there):
            return placed
    top = max(other.box.top for other in there) if there else floor
    return standing(thing, box.position[:2], yaw, top + 0.002)


def is_clear(placement: Placement, others: Iterable[Placement], least: float) -> bool:
    """Whether a placement leaves ``least`` metres to all others, seen from above."""
    mine = placement.footprint
    return all(gap(mine, other.footprint) >= least for other in others)


def _quaternion(yaw: float, tilt: float) -> tuple[float, float, float, float]:
    cy, sy, ct, st = math.cos(yaw / 2), math.sin(yaw / 2), math.cos(tilt / 2), math.sin(tilt / 2)
    return cy * st, sy * st, sy * ct, cy * ct
