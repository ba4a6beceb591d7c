"""Code as Policies' tabletop templates: what each of them says of a layout, and what that means there.

"The block closest to the red bowl" is worked out from where things stand, so that a goal names what has to be moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sim.geometry import Box, gap
from sim.relations import AREA_HIGH, AREA_LOW, DIRECTIONS, REGIONS, is_at, region_box

_CORNERS = tuple(region for region in REGIONS if region.endswith("corner"))
_PLACES = tuple(region for region in REGIONS if region != "middle")
_WAYS = {"left": "left", "right": "right", "top": "forward", "bottom": "back"}  # as templates say it: as goals do
_NTH = ("first", "second", "third", "fourth")
_NINTHS = {(0, 0): "middle", (1, 1): "top left corner", (1, -1): "top right corner"}  # of the table, by (row, column)
_NINTHS |= {(-1, 1): "bottom left corner", (-1, -1): "bottom right corner"}
_SURE = 0.04  # metres by which what is meant is nearer, or further, than anything else
_APART = 0.025  # metres between neighbours that are counted off
_OVERLAP = 0.04  # metres that a bowl may reach into a region in which something is to be put


class LayoutError(Exception):
    """What a template needs is not in this layout; draw another one."""


@dataclass(frozen=True)
class Table:
    """A layout that a template is tried on."""

    rng: np.random.Generator
    blocks: Sequence[str]
    bowls: Sequence[str]
    boxes: Mapping[str, Box]

    def one_of(self, words: Sequence[str]) -> str:
        """Any of some words."""
        return words[int(self.rng.integers(len(words)))]

    def free(self, region: str) -> str:
        """A region's name, if no block is in it and no bowl takes up its room."""
        taken = any(gap(self.boxes[bowl], region_box(region)) < -_OVERLAP for bowl in self.bowls)
        if taken or any(is_at(self.boxes[block], region) for block in self.blocks):
            raise LayoutError
        return region

    def free_place(self) -> str:
        """Any corner or side that is free."""
        return self.free(self.one_of(_PLACES))

    def along(self, name: str, direction: str) -> float:
        """How far a thing is in a direction, metres."""
        return float(self.boxes[name].position[:2] @ DIRECTIONS[_WAYS[direction]])


Made = tuple[str, str]  # an instruction and its goal


def _named(t: Table) -> Made:
    block, other, bowl = *t.rng.permutation(t.blocks)[:2], t.one_of(t.bowls)
    if t.rng.random() < 0.5:
        return f"pick up the {block} and place it on the {other}", f"on({block}, {other})"
    return f"pick up the {block} and place it in the {bowl}", f"in({block}, {bowl})"


def _stack(t: Table) -> Made:
    return "stack all the blocks", _tower(t.blocks)


def _all_at(t: Table) -> Made:
    place = t.free_place()
    return f"put all the blocks on the {place}", f"all(block, at(_, {place}))"


def _all_in(t: Table) -> Made:
    bowl = t.one_of(t.bowls)
    ways = " or ".join([f"in(_, {bowl})", *(f"on(_, {block})" for block in t.blocks)])
    return f"put the blocks in the {bowl}", f"all(block, {ways})"


def _matching(t: Table) -> Made:
    goal = " and ".join(f"in({block}, {_colour(block)} bowl)" for block in t.blocks)
    return "put all the blocks in the bowls with matching colors", goal


def _beside_bowl(t: Table) -> Made:
    bowl, direction = t.one_of(t.bowls), t.one_of(list(_WAYS))
    ahead = {block: t.along(block, direction) - t.along(bowl, direction) for block in t.blocks}
    there = [block for block in t.blocks if ahead[block] > _SURE]
    if len(there) != 1 or any(0 < ahead[block] <= _SURE for block in t.blocks):
        raise LayoutError
    return _moved_alone(t, there[0], f"block to the {direction} of the {bowl}")


def _by_distance(t: Table) -> Made:
    bowl, which = t.one_of(t.bowls), t.one_of(["closest", "farthest"])
    spots = {block: t.boxes[block].position[:2] for block in t.blocks}
    return _moved_alone(t, _extreme(which, spots, t.boxes[bowl]), f"block {which} to the {bowl}")


def _nth(t: Table) -> Made:
    direction, n = t.one_of(list(_WAYS)), int(t.rng.integers(len(t.blocks)))
    row = sorted(t.blocks, key=lambda block: -t.along(block, direction))
    if any(t.along(a, direction) - t.along(b, direction) < _APART for a, b in pairwise(row)):
        raise LayoutError
    return _moved_alone(t, row[n], f"{_NTH[n]} block from the {direction}")


def _different_corners(t: Table) -> Made:
    """There are as many blocks as corners: they are in different ones if there is one in each."""
    goal = " and ".join(f"any(block, at(_, {t.free(corner)}))" for corner in _CORNERS)
    return "put all the blocks in different corners", goal


def _mismatched(t: Table) -> Made:
    others = {block: [bowl for bowl in t.bowls if _colour(bowl) != _colour(block)] for block in t.blocks}
    goal = " and ".join("(" + " or ".join(f"in({b}, {bowl})" for bowl in bowls) + ")" for b, bowls in others.items())
    return "put the blocks in the bowls with mismatched colors", goal


def _stack_at(t: Table) -> Made:
    place = t.free_place()
    return f"stack all the blocks on the {place}", f"({_tower(t.blocks)}) and all(block, at(_, {place}))"


def _by_magnitude(t: Table) -> Made:
    block, bowl, direction = t.one_of(t.blocks), t.one_of(t.bowls), t.one_of(list(_WAYS))
    steps = int(t.rng.integers(1, 3))
    ninth = np.floor((t.boxes[bowl].position[:2] - AREA_LOW) / (AREA_HIGH - AREA_LOW) * 3) - 1
    row, column = (int(i) for i in ninth + steps * DIRECTIONS[_WAYS[direction]])
    if (row, column) not in _NINTHS:
        raise LayoutError
    said = f"pick up the {block} and place it {('a little', 'a lot')[steps - 1]} to the {direction} of the {bowl}"
    return said, f"at({block}, {t.free(_NINTHS[row, column])})"


def _corner_by_distance(t: Table) -> Made:
    block, bowl, which = t.one_of(t.blocks), t.one_of(t.bowls), t.one_of(["closest", "farthest"])
    spots = {corner: region_box(corner).position[:2] for corner in _CORNERS}
    corner = t.free(_extreme(which, spots, t.boxes[bowl]))
    return f"pick up the {block} and place it in the corner {which} to the {bowl}", f"at({block}, {corner})"


def _colour(name: str) -> str:
    return name.split()[0]


def _tower(blocks: Sequence[str]) -> str:
    """The goal that blocks stand in one tower, in any order: all but one have another on them."""
    return _at_least(len(blocks) - 1, [f"any(block, on(_, {block}))" for block in blocks])


def _at_least(count: int, goals: Sequence[str]) -> str:
    """The goal that at least so many of these hold."""
    if count == len(goals):
        return " and ".join(goals)
    if count == 1:
        return " or ".join(goals)
    return f"{goals[0]} and ({_at_least(count - 1, goals[1:])}) or {_at_least(count, goals[1:])}"


def _moved_alone(t: Table, block: str, described: str) -> Made:
    """A block is to be put somewhere, and no other one: which one it is, is what these templates ask."""
    place = t.free_place()
    others = "".join(f" and not at({other}, {place})" for other in t.blocks if other != block)
    return f"pick up the {described} and place it on the {place}", f"at({block}, {place}){others}"


def _extreme(which: str, spots: Mapping[str, np.ndarray], bowl: Box) -> str:
    """What is closest to a bowl, or farthest from it, if no other comes near that."""
    away = {name: float(np.linalg.norm(spot - bowl.position[:2])) for name, spot in spots.items()}
    first, second = sorted(away, key=lambda name: away[name], reverse=which == "farthest")[:2]
    if abs(away[first] - away[second]) < _SURE:
        raise LayoutError
    return first


@dataclass(frozen=True)
class Template:
    """How a template becomes tasks.

    :param blocks: how many stand on the table, in as many colours; ``bowls`` likewise.
    :param fixed: whether its goal holds for one layout only, so that the places are written down.
    """

    make: Callable[[Table], Made]
    blocks: int
    bowls: int
    fixed: bool = False


TEMPLATES = {  # seen_ or unseen_, as in the paper
    "seen_pick_and_place": Template(_named, 3, 2),
    "seen_stack": Template(_stack, 3, 1),
    "seen_all_at_place": Template(_all_at, 3, 1),
    "seen_all_in_bowl": Template(_all_in, 3, 2),
    "seen_matching": Template(_matching, 3, 3),
    "seen_direction": Template(_beside_bowl, 3, 2, fixed=True),
    "seen_distance": Template(_by_distance, 3, 2, fixed=True),
    "seen_nth": Template(_nth, 4, 1, fixed=True),
    "unseen_corners": Template(_different_corners, 4, 1),
    "unseen_mismatched": Template(_mismatched, 3, 3),
    "unseen_stack_at_place": Template(_stack_at, 3, 1),
    "unseen_magnitude": Template(_by_magnitude, 3, 1, fixed=True),
    "unseen_corner_distance": Template(_corner_by_distance, 3, 1, fixed=True),
}
