"""Heights put right by what is known of things and of gravity: how tall a thing of that name is, and that it rests on something.

Cameras that look from above see a thing's top well, unless something stands on it, and guess how far down it reaches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np

from saycan.perception.sizes import is_solid, known_sides
from sim.geometry import Box

_SLACK = 0.12  # of a known height, by which things vary
_MEASURED = 0.03  # of a height that was seen while nothing stood on the thing, and it on nothing
_FREE = 0.25  # of a known height, by which a measured one may differ: the top is seen, and what the thing stands on is known
_LOW = 0.01  # metres above the table: on it, or on the floor of a tray or bowl
_DROP = 0.02  # metres up or down that sight may err in where a thing rests
_OVERHANG = -0.004  # metres that a thing's middle may be seen beyond the edge of what it stands on


class Settler:
    """Puts heights right, and remembers how large each thing was seen to be while it stood low, with nothing on it.

    What stands on something is hidden in part and seen a tenth too tall, and the next one would be put down as much too high.
    """

    def __init__(self) -> None:
        self._sums: dict[str, tuple[int, np.ndarray]] = {}  # how often, and half sides in order of their length

    def settled(self, boxes: Mapping[str, Box], held: str | None, seen: Collection[str]) -> dict[str, Box]:
        """As the function of that name, by what was seen so far.

        :param seen: what was seen just now, and is not only remembered.
        """
        found = settled(boxes, held, {name: sides / times for name, (times, sides) in self._sums.items()})
        for name in seen:
            box = boxes[name]
            others = (other for key, other in boxes.items() if key != name and is_solid(key))
            if is_solid(name) and name != held and box.bottom < _LOW and not _bears(box, others):
                times, sides = self._sums.get(name, (0, np.zeros(3)))
                self._sums[name] = times + 1, sides + np.sort(found[name].half)
        return found


def settled(
    boxes: Mapping[str, Box], held: str | None = None, measured: Mapping[str, np.ndarray] | None = None
) -> dict[str, Box]:
    """The same boxes as tall as things of those names are, and each that stands about on another one, or on the table, right on it.

    What lies in a receptacle is left where it is seen, for it may lean, unless it stands on something else there. So is what has no known size.

    :param held: what is in the hand; nothing bears it.
    :param measured: half sides of things that are known better than by their names, in order of their length, metres.
    """
    found = {name: as_tall_as_known(name, box, (measured or {}).get(name)) for name, box in boxes.items()}
    for name in sorted(found, key=lambda n: float(found[n].position[2])):
        if name == held or not is_solid(name):
            continue
        box = found[name]
        under = [
            (key, other)
            for key, other in found.items()
            if key not in (name, held) and other.position[2] < box.position[2] and other.covers(box.position, _OVERHANG)
        ]
        tops = [other.top for key, other in under if is_solid(key)]
        floor = max(tops) if tops else None if under else 0.0
        if floor is not None and abs(box.bottom - floor) < _DROP:
            free = not _bears(box, (other for key, other in found.items() if key not in (name, held)))
            found[name] = _resting(name, box, floor, free)
    return found


def _bears(box: Box, others: Iterable[Box]) -> bool:
    """Whether the middle of another thing is above a thing."""
    return any(other.position[2] > box.position[2] and box.covers(other.position) for other in others)


def _resting(name: str, box: Box, floor: float, free: bool) -> Box:
    """A box right on what bears it: with its top where it is seen, if that is free and the thing may be so tall, and else as tall as before."""
    half, sides = (box.top - floor) / 2, known_sides(name)
    if free and sides is not None and abs(half / _usual_height(box, sides) - 1) < _FREE:
        return replace(box, position=np.array([*box.position[:2], floor + half]), half=np.array([*box.half[:2], half]))
    return replace(box, position=box.position + np.array([0.0, 0.0, floor - box.bottom]))


def as_tall_as_known(name: str, box: Box, measured: np.ndarray | None = None) -> Box:
    """A box about as tall as what has that name, or as it was measured, however it lies; its top stays where it is."""
    sides, slack = (known_sides(name), _SLACK) if measured is None else (measured, _MEASURED)
    if sides is None or not is_solid(name):
        return box
    tall = _usual_height(box, sides)
    half = float(np.clip(box.half[2], tall * (1 - slack), tall * (1 + slack)))
    lower = np.array([0.0, 0.0, box.half[2] - half])
    return replace(box, position=box.position + lower, half=np.array([*box.half[:2], half]))


def _usual_height(box: Box, sides: np.ndarray) -> float:
    """Half of the height of something with such sides, lying as a box does."""
    lying = np.sort(box.half[:2])
    ways = [(sides[k], np.delete(sides, k)) for k in range(3)]
    return float(min(ways, key=lambda way: abs(box.half[2] - way[0]) + float(np.abs(lying - way[1]).sum()))[0])
