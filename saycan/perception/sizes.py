"""How large things are, for what has a known size: a doll's drawer is no drawer. Part of a name's score beside how the thing looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.cabinet import SHELL, shell
from sim.geometry import Box
from sim.objects import catalogue

_SLACK = 0.25  # of the logarithm of a side's ratio to the known one: things vary, and sight errs
_SPREAD = 0.25  # of the same, standard deviation beyond that


def log_fit(boxes: Sequence[Box], phrases: Sequence[str], tall: Sequence[bool] | None = None) -> np.ndarray:
    """How well sizes fit names, shape (K, phrases): 0 where they do, or where nothing is known, the further below the worse.

    :param tall: for each box whether its height tells anything; by default all do. Otherwise any of a thing's sides may be upright.
    """
    known = [known_sides(phrase) for phrase in phrases]
    usual = np.log([sides if sides is not None else np.ones(3) for sides in known])
    whole = _beyond(np.log([_sides(box.half) for box in boxes])[:, None] - usual)
    lying = np.log([_sides(box.half[:2]) for box in boxes])[:, None]
    flat = np.min([_beyond(lying - np.delete(usual, upright, axis=1)) for upright in range(3)], axis=0)
    fit = np.where(np.array(tall if tall is not None else [True] * len(boxes))[:, None], whole, flat)
    return -0.5 * fit * [sides is not None for sides in known]


def _beyond(off: np.ndarray) -> np.ndarray:
    """Squares of what logarithms of ratios are beyond what is usual, summed over sides; shape (K, phrases, sides) to (K, phrases)."""
    return np.asarray(((np.maximum(np.abs(off) - _SLACK, 0.0) / _SPREAD) ** 2).sum(-1))


def known_sides(phrase: str) -> np.ndarray | None:
    """Half sides, in order of their length, of what the catalogue has by that name; None if it has nothing."""
    thing = shell() if phrase == SHELL else catalogue().get(phrase)
    return None if thing is None else _sides(np.array(thing.size))


def is_solid(phrase: str) -> bool:
    """Whether what the catalogue has by that name stands by itself and holds nothing."""
    thing = catalogue().get(phrase)
    return thing is not None and not thing.is_receptacle and not thing.is_fixture


def _sides(half: np.ndarray) -> np.ndarray:
    """Half sides in order of their length: a bottle may lie."""
    return np.sort(half)
