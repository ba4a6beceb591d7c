"""How people say where on the table something should go: a part of it, or where that is beside something else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from saycan.learning.grammar import grammar, pick
from saycan.learning.nouns import Names
from sim import cabinet
from sim.relations import REGIONS, is_at, region_box

CORNERS = tuple(region for region in REGIONS if "corner" in region)
_OPPOSITE = {"left side": "right side", "right side": "left side"}
_RELATIVE = 0.3  # share of places that are told by something else
_SURE = 0.05  # metres by which a corner must be nearer, or further away, than any other


def place(rng: np.random.Generator, region: str) -> str:
    """Words for a region."""
    return str(pick(rng, grammar()["places"][region]))


@dataclass(frozen=True)
class Spot:
    """Where something may be wanted.

    :param beside: what it is told by, if anything.
    """

    said: str
    region: str
    beside: frozenset[str] = frozenset()


def spot(names: Names, rng: np.random.Generator, things: list[str]) -> Spot:
    """A region, in words, for any one of some things."""
    ways = (_other_side, _same_side, _corner)
    found = [way(names, rng, things) for way in ways] if rng.random() < _RELATIVE else []
    told = [each for each in found if each is not None]
    if told:
        return told[int(rng.integers(len(told)))]
    region = str(pick(rng, REGIONS))
    return Spot(place(rng, region), region)


def _other_side(names: Names, rng: np.random.Generator, things: list[str]) -> Spot | None:
    side = _side(names, things[0]) if len(things) == 1 else ""
    if not side:
        return None
    words = ["the other side", "the opposite side", "the other side of the table", "the opposite side of the table"]
    return Spot(str(pick(rng, words)), _OPPOSITE[side])


def _same_side(names: Names, rng: np.random.Generator, things: list[str]) -> Spot | None:
    others = [n for n in names.all if n not in (*things, cabinet.NAME) and _side(names, n)]
    if not others:
        return None
    other = str(pick(rng, others))
    words = pick(rng, ["same side as", "side of the table with", "side with"])
    return Spot(f"the {words} the {other}", _side(names, other), frozenset([other]))


def _corner(names: Names, rng: np.random.Generator, things: list[str]) -> Spot | None:
    """The corner closest to something, or farthest from it, if no other comes near that."""
    others = [n for n in names.all if n not in (*things, cabinet.NAME)]
    if not others:
        return None
    other, nearest = str(pick(rng, others)), rng.random() < 0.5
    at = names.boxes[other].position[:2]
    away = {corner: float(np.linalg.norm(region_box(corner).position[:2] - at)) for corner in CORNERS}
    first, second = sorted(CORNERS, key=lambda c: away[c] if nearest else -away[c])[:2]
    if abs(away[first] - away[second]) < _SURE:
        return None
    near = ["closest to", "nearest to", "next to", "that is closest to", "close to"]
    far = ["farthest from", "furthest from", "farthest away from", "furthest away from", "that is farthest from"]
    return Spot(f"the corner {pick(rng, near if nearest else far)} the {other}", first, frozenset([other]))


def _side(names: Names, thing: str) -> str:
    """The outer third that a thing is in, if any."""
    return next((side for side in _OPPOSITE if is_at(names.boxes[thing], side)), "")
