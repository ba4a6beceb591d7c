"""How large things are, for what has a known size: a doll's drawer is no drawer. Part of a name's score beside how the thing looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.cabinet import SHELL, shell
from sim.geometry import Box
from sim.objects import catalogue

_SLACK = 0.25  # of the logarithm of a side's ratio to the known one: things vary, and sight errs
_SPREAD = 0.25  # of the same, standard deviation beyond that


def log_fit(boxes: Sequence[Box], phrases: Sequence[str]) -> np.ndarray:
    """How well sizes fit names, shape (K, phrases): 0 where they do, or where nothing is known, the further below the worse."""
    seen = np.log([_sides(box.half) for box in boxes])[:, None]
    known = [_known(phrase) for phrase in phrases]
    usual = np.log([sides if sides is not None else np.ones(3) for sides in known])
    beyond = np.maximum(np.abs(seen - usual) - _SLACK, 0.0) / _SPREAD
    return -0.5 * (beyond**2).sum(-1) * [sides is not None for sides in known]


def _known(phrase: str) -> np.ndarray | None:
    """The sides of what the catalogue has by that name."""
    thing = shell() if phrase == SHELL else catalogue().get(phrase)
    return None if thing is None else _sides(np.array(thing.size))


def _sides(half: np.ndarray) -> np.ndarray:
    """Half sides in order of their length: a bottle may lie."""
    return np.sort(half)
