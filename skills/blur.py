"""What a camera gets wrong, for policies to learn with: where things are, how large they are, and what is not seen at all."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sim.geometry import Box
from sim.state import Hand
from skills.observation import Sight

_PLACE = np.array([0.003, 0.003, 0.003])  # metres, standard deviations
_HALF = np.array([0.002, 0.002, 0.002])  # metres
_GRIP = np.array([0.006, 0.001, 0.004])  # of what is in the hand: along the fingers' pads, across them, up; metres
_UNSEEN = 0.1  # share of the things beside the target
_SMALLEST = 0.004  # metres


@dataclass(frozen=True)
class _Error:
    place: np.ndarray
    half: np.ndarray
    grip: np.ndarray
    unseen: bool


class Blur:
    """Sight with a camera's errors. They stay the same for an episode, as sight keeps what it has seen.

    :param rng: what they are drawn from.
    :param target: name of the thing that the skill is about: it is always seen, as without it nobody would try.
    :param share: of the errors of the cameras that come with this package; 1: as large as theirs (see docs/skills.md).
    """

    def __init__(self, rng: np.random.Generator, target: str, share: float = 1.0):
        self._rng, self._target, self._share = rng, target, share
        self._errors: dict[str, _Error] = {}

    def __call__(self, sight: Sight) -> Sight:
        """What is believed where the truth is this sight."""
        errors = {name: self._error(name) for name in sight.boxes}
        kept = {name for name, error in errors.items() if name in (self._target, sight.held) or not error.unseen}
        boxes = {
            name: _misjudged(box, errors[name], sight.hand if name == sight.held else None)
            for name, box in sight.boxes.items()
            if name in kept
        }
        return replace(sight, boxes=boxes)

    def _error(self, name: str) -> _Error:
        if name not in self._errors:
            draw = self._rng.normal(size=(3, 3)) * self._share
            unseen = bool(self._rng.random() < _UNSEEN * self._share)
            self._errors[name] = _Error(_PLACE * draw[0], _HALF * draw[1], _GRIP * draw[2], unseen)
        return self._errors[name]


def _misjudged(box: Box, error: _Error, hand: Hand | None) -> Box:
    half = np.maximum(box.half + error.half, np.minimum(box.half, _SMALLEST))
    if box.round:
        half[1] = half[0]
    return replace(
        box, position=box.position + (error.place if hand is None else _turned(error.grip, hand.yaw)), half=half
    )


def _turned(v: np.ndarray, yaw: float) -> np.ndarray:
    c, s = math.cos(yaw), math.sin(yaw)
    return np.array([c * v[0] - s * v[1], s * v[0] + c * v[1], v[2]])
