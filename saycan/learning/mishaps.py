"""What goes wrong on a way that is learned from: a thing slips from the hand, a tower comes apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from saycan.types import Candidate
from sim.geometry import gap
from sim.relations import AREA_HIGH, AREA_LOW, is_in, is_on
from sim.state import WorldState
from skills.tasks import effects

_FALLS = 0.45  # share of failures to put something down after which it lies elsewhere
_THERE = 0.15  # share of those after which it lies where it was to go, though the skill thinks that it failed
_LATER = 0.06  # share of skills after which something is not where it was put any more
_TOPPLES = 0.4  # share of failures to put something on a tower after which less is left of that
_NEAR, _FAR = 0.06, 0.16  # metres that things fall from where they were
_ROOM = 0.01  # metres that they lie apart
_TRIES = 30


def after_failure(rng: np.random.Generator, now: WorldState, choice: Candidate, meant: WorldState) -> WorldState:
    """The state after a try that failed: often the same; if something was to be put down, it may lie elsewhere, or a tower may have come apart.

    :param meant: what the skill should have led to.
    """
    held = now.held
    if held is None or choice.target is None:
        return now
    if choice.skill == "place_on" and rng.random() < _TOPPLES:
        now = toppled(rng, now, choice.target.name)
    if rng.random() >= _FALLS:
        return now
    if rng.random() < _THERE and choice.skill != "place_on":
        return meant
    spot = beside(rng, now, held, meant.boxes[held].position)
    dropped = effects.put_down(now, spot, 0.0) if spot is not None else None
    return dropped or now


def toppled(rng: np.random.Generator, now: WorldState, top: str) -> WorldState:
    """Some of what a tower is built of, from the top down, lies beside it; nothing changes if it is no tower, or there is no room."""
    stack = tower(now, top)[:-1]  # what stands on the table remains
    for name in stack[: int(rng.integers(1, len(stack) + 1))] if stack else ():
        now = _lying(rng, now, name, now.boxes[name].position)
    return now


def _lying(rng: np.random.Generator, now: WorldState, name: str, near: np.ndarray) -> WorldState:
    """A thing on the table beside a place; unchanged if there is no room."""
    spot = beside(rng, now, name, near)
    if spot is None:
        return now
    box = now.boxes[name]
    low = replace(box, position=np.array([*spot, box.half[2]]))
    return replace(now, boxes={**now.boxes, name: low})


def tower(now: WorldState, top: str) -> list[str]:
    """A thing and what it rests on, from the top down; receptacles are no part of it."""
    for other, box in now.boxes.items():
        thing = now.things[other]
        is_part = other not in (top, now.held) and not thing.is_fixture and not thing.is_receptacle
        if is_part and is_on(now.boxes[top], box):
            return [top, *tower(now, other)]
    return [top]


def by_and_by(rng: np.random.Generator, now: WorldState) -> WorldState:
    """The state a little later: now and then a tower has come apart, or what was in something lies beside it."""
    if rng.random() >= _LATER:
        return now
    loose = [n for n in now.boxes if n != now.held and not now.things[n].is_fixture]
    below = {part for name in loose for part in tower(now, name)[1:]}
    tops = [name for name in loose if name not in below and len(tower(now, name)) > 1]
    if tops:
        return toppled(rng, now, str(rng.choice(tops)))
    holders = [n for n in loose if now.things[n].is_receptacle]
    inside = [(n, h) for n in loose for h in holders if n != h and is_in(now.boxes[n], now.boxes[h])]
    if not inside:
        return now
    name, holder = inside[int(rng.integers(len(inside)))]
    return _lying(rng, now, name, now.boxes[holder].position)


def beside(rng: np.random.Generator, now: WorldState, name: str, place: np.ndarray) -> np.ndarray | None:
    """A free spot (x, y) on the table a few centimetres from a place; None if none was found."""
    others = [box for other, box in now.boxes.items() if other != name]
    for _ in range(_TRIES):
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(_NEAR, _FAR)
        spot = place[:2] + far * np.array([np.cos(angle), np.sin(angle)])
        inside = bool(np.all(spot > AREA_LOW) and np.all(spot < AREA_HIGH))
        lying = replace(now.boxes[name], position=np.array([*spot, 0.0]))
        if inside and all(gap(lying, other) > _ROOM for other in others):
            return spot
    return None
