"""What "in", "on" and "at the left side" mean, as geometry. Used by goals on the true state and by perception on what it saw."""

from __future__ import annotations

import numpy as np

from sim.geometry import Box

AREA_LOW = np.array([0.30, -0.36])  # the part of the table that regions divide, metres (x, y)
AREA_HIGH = np.array([0.66, 0.36])
DIRECTIONS = {
    "left": np.array([0.0, 1.0]),
    "right": np.array([0.0, -1.0]),
    "forward": np.array([1.0, 0.0]),
    "back": np.array([-1.0, 0.0]),
}
REGIONS = (
    "left side",
    "right side",
    "middle",
    "top left corner",
    "top right corner",
    "bottom left corner",
    "bottom right corner",
)
MOVED = 0.05  # metres that count as having been moved in a direction
STILL = 0.02  # metres that do not count as a change
_OPEN, _CLOSED = 0.8, 0.2  # share of its way
_CONTACT = 0.01  # vertical gap up to which one thing rests on another, metres
_FLAT = 0.04  # metres from foot to rim up to which a receptacle is a tray


def is_in(a: Box, receptacle: Box) -> bool:
    """Whether a's centre is inside the receptacle's rim and below it.

    Of something as flat as a tray it is enough that what stands in it has its lower face below the rim: no can's centre ever is.
    """
    height = a.bottom if 2 * receptacle.half[2] < _FLAT else a.position[2]
    return bool(receptacle.bottom < a.position[2] and height < receptacle.top and receptacle.covers(a.position))


def is_on(a: Box, b: Box) -> bool:
    """Whether a rests on b: its lower face at b's upper face, its centre over b."""
    return abs(a.bottom - b.top) < _CONTACT and b.covers(a.position)


def is_at(a: Box, region: str) -> bool:
    """Whether a's centre is in a region: sides are outer thirds, corners where two sides meet, the middle is the middle third both ways.

    :raises ValueError: if there is no such region.
    """
    if region not in REGIONS:
        raise ValueError(f"there is no region '{region}'; there are {', '.join(REGIONS)}")
    x, y = (a.position[:2] - AREA_LOW) / (AREA_HIGH - AREA_LOW) * 3  # thirds: 0..1, 1..2, 2..3
    column = "left" if y >= 2 else "right" if y < 1 else "middle"
    row = "top" if x >= 2 else "bottom" if x < 1 else "middle"
    if region.endswith("side"):
        return region.startswith(column)
    return (row == column == "middle") if region == "middle" else region == f"{row} {column} corner"


def region_box(region: str) -> Box:
    """A region as a flat box on the table.

    :raises ValueError: if there is no such region.
    """
    if region not in REGIONS:
        raise ValueError(f"there is no region '{region}'; there are {', '.join(REGIONS)}")
    third = (AREA_HIGH - AREA_LOW) / 3
    row = 2 if "top" in region else 0 if "bottom" in region else 1
    column = 2 if "left" in region else 0 if "right" in region else 1
    centre = AREA_LOW + third * (np.array([row, column]) + 0.5)
    half = third / 2 * ([3, 1] if region.endswith("side") else [1, 1])
    return Box(np.array([*centre, 0.0]), 0.0, np.array([*half, 0.0]))


def has_moved(before: Box, after: Box, direction: str) -> bool:
    """Whether a thing is now at least 5 cm further in a direction.

    :raises ValueError: if there is no such direction.
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"there is no direction '{direction}'; there are {', '.join(DIRECTIONS)}")
    return float((after.position - before.position)[:2] @ DIRECTIONS[direction]) >= MOVED


def is_open(drawer: float) -> bool:
    """Whether a drawer that is out by that share of its way counts as open."""
    return drawer >= _OPEN


def is_closed(drawer: float) -> bool:
    """Whether a drawer that is out by that share of its way counts as closed."""
    return drawer <= _CLOSED


def is_unchanged(before: Box, after: Box) -> bool:
    """Whether a thing is still where it was, within 2 cm."""
    return float(np.linalg.norm(after.position - before.position)) <= STILL
