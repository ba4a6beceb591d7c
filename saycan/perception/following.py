"""Things followed while a skill runs: seen again by place and size, without asking for names. An arm hides a part of what stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from saycan.perception import naming
from saycan.perception.boxes import other_sides, unlike
from sim import cabinet
from sim.geometry import Box

_STILL = 0.012  # metres up to which a thing has not moved
_SAME = 0.05  # metres that a thing may have moved between two looks
_PUSHED = 0.1  # metres that it may have, if something just as large is there
_ROLLED = 0.3  # metres that it then may have, if its place is seen to be empty: it fell over, or rolled away
_WHOLE = 0.012  # metres by which the sides of what is seen whole may seem others, all three together: arms hide parts
_ALIKE = 0.03  # the same of what is just as large


def follow(believed: Mapping[str, Box], seen: Sequence[Box], is_empty: Callable[[Box], bool]) -> dict[str, Box]:
    """Where things are now that have moved.

    :param believed: where what is looked for was.
    :param seen: what is there now, whatever it is called.
    :param is_empty: whether the cameras see that nothing is left in a place.
    """
    names = list(believed)
    if not seen or not names:
        return {}
    apart = np.array([[unlike(believed[name], box) for box in seen] for name in names])
    moved, left, gone = dict[str, Box](), set(range(len(seen))), list[str]()
    for row, column in zip(*linear_sum_assignment(np.minimum(apart, 1.0)), strict=True):
        name, box = names[row], seen[column]
        loose = naming.is_movable(name)
        if apart[row, column] < (_SAME if loose else _SAME + cabinet.TRAVEL):
            left.discard(column)
            if not loose or _has_moved(believed[name], box, is_empty):
                moved[name] = box
        elif loose:
            gone.append(name)
    for name in gone:
        before = believed[name]
        near = {i: _way(before, seen[i]) for i in left if other_sides(before, seen[i]) < _ALIKE}
        nearest = min(near, key=lambda i: near[i], default=None)
        if nearest is not None and near[nearest] < (_ROLLED if is_empty(before) else _PUSHED):
            moved[name] = seen[nearest]
            left.discard(nearest)
    return moved


def _has_moved(before: Box, after: Box, is_empty: Callable[[Box], bool]) -> bool:
    """Whether a thing is elsewhere now, and not only half hidden where it was."""
    return _way(before, after) >= _STILL and (other_sides(before, after) < _WHOLE or is_empty(before))


def _way(before: Box, after: Box) -> float:
    return float(np.linalg.norm((after.position - before.position)[:2]))
