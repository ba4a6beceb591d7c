"""Where can I pick this up from? A skill's success value with its thing put everywhere on the table."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.geometry import Box, gap
from skills.library import Skill
from skills.observation import Sight
from skills.tasks import Target

LOW, HIGH = np.array([0.16, -0.56]), np.array([1.0, 0.56])  # part of the table that is shown, metres (x, y)


@dataclass(frozen=True)
class HeatMap:
    """p(success) over the table.

    :param chance: shape (X, Y), NaN where something else stands.
    :param xs: metres from the arm, shape (X,), rising; ``ys`` metres to its left, shape (Y,), rising.
    """

    phrase: str
    chance: np.ndarray
    xs: np.ndarray
    ys: np.ndarray
    target: Box
    others: dict[str, Box]


def heat_map(skill: Skill, sight: Sight, target: Target, cells: int = 36) -> HeatMap:
    """Ask a skill's success value about its thing at each place of a grid; everything else stays where it is.

    :param cells: of the grid along x; along y as many more as the table is wider.
    :raises ValueError: if the skill is about no thing that could be elsewhere.
    """
    if target.name not in sight.boxes:
        raise ValueError(f"'{skill.task.say(target)}' is about no thing that could stand elsewhere")
    xs = np.linspace(LOW[0], HIGH[0], cells)
    ys = np.linspace(LOW[1], HIGH[1], int(cells * (HIGH[1] - LOW[1]) / (HIGH[0] - LOW[0])))
    box = sight.boxes[target.name]
    others = {name: b for name, b in sight.boxes.items() if name not in (target.name, sight.held)}
    rows, free = [], []
    for x in xs:
        for y in ys:
            moved = Box(np.array([x, y, box.half[2]]), box.yaw, box.half, box.round)
            there = replace(sight, boxes={**sight.boxes, target.name: moved})
            rows.append(skill.task.observer(there, target).observe(there, 0.0))
            free.append(all(gap(moved, other) > 0 for other in others.values()))
    chance = np.where(free, skill.value.probability(np.stack(rows)), np.nan)
    return HeatMap(skill.task.say(target), chance.reshape(len(xs), len(ys)), xs, ys, box, others)
