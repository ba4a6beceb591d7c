"""Random starts that tasks share: tables with things, arms somewhere above them, things in the hand."""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import replace

import numpy as np

from sim import cabinet
from sim.geometry import Box, gap
from sim.layout import Layout, Placement, inside, is_clear, lying, standing
from sim.objects import Thing, catalogue
from sim.panda import WORKSPACE_HIGH, WORKSPACE_LOW
from skills.tasks.base import Start, Target

LOW, HIGH = np.array([0.32, -0.33]), np.array([0.67, 0.33])  # where the arm reaches well, metres (x, y)
EDGE_LOW, EDGE_HIGH = np.array([0.20, -0.56]), np.array([1.0, 0.56])  # the whole table, out of reach included
_REACH = 0.74  # metres from the arm's base that the hand reaches at any height
_WIDEST = 0.066  # metres between the fingers that a thing may need
SMALL = (
    "block",
    "block",
    "apple",
    "lemon",
    "banana",
    "sponge",
    "coke can",
    "pepsi can",
    "water bottle",
    "chips bag",
    "cup",
)
"""Kinds that the fingers can hold, blocks twice as often."""
LARGE = ("bowl", "tray", "bin")


def thing(rng: np.random.Generator, kinds: tuple[str, ...] = SMALL, without: Container[str] = ()) -> Thing:
    """A thing of one of these kinds, its size, mass and friction varied.

    :param without: names that it must not have.
    What the fingers should hold stays narrow enough for them.
    """
    free = {kind: [t for t in catalogue().values() if t.kind == kind and t.name not in without] for kind in kinds}
    left = [kind for kind in kinds if free[kind]]
    kind = left[int(rng.integers(len(left)))]
    chosen = free[kind][int(rng.integers(len(free[kind])))].varied(rng)
    if kind in SMALL and 2 * chosen.size[1] > _WIDEST:
        chosen = chosen.scaled(_WIDEST / (2 * chosen.size[1]))
    return chosen


def posed(
    rng: np.random.Generator, item: Thing, spot: np.ndarray, floor: float = 0.0, toppled: float = 0.15
) -> Placement:
    """A thing standing at (x, y), or, if it has a side to lie on, lying there with the chance ``toppled``."""
    if item.symmetry == "cylinder" and item.kind in SMALL and rng.random() < toppled:
        return lying(item, spot, any_yaw(rng), floor)
    return standing(item, spot, any_yaw(rng), floor)


def scatter(
    rng: np.random.Generator,
    item: Thing,
    layout: Layout,
    anywhere: bool = False,
    free: float = 0.03,
    toppled: float = 0.15,
) -> Layout:
    """Add a thing to a layout at a random place with ``free`` metres round it; left out if there is no room.

    :param anywhere: over the whole table, out of the arm's reach included.
    """
    low, high = (EDGE_LOW, EDGE_HIGH) if anywhere else (LOW, HIGH)
    for _ in range(50):
        placement = posed(rng, item, rng.uniform(low, high), toppled=toppled)
        if is_clear(placement, layout.values(), free):
            return {**layout, item.name: placement}
    return layout


def beside(rng: np.random.Generator, item: Thing, layout: Layout, name: str, free: float) -> Layout:
    """Add a thing ``free`` metres beside another one."""
    other = layout[name].box
    angle = rng.uniform(-np.pi, np.pi)
    away = np.array([np.cos(angle), np.sin(angle)])
    return {**layout, item.name: moved_away(standing(item, other.position[:2], any_yaw(rng)), other, away, free)}


def moved_away(placement: Placement, other: Box, away: np.ndarray, free: float, step: float = 0.003) -> Placement:
    """A placement moved until it leaves ``free`` metres to a thing.

    :param away: unit vector, shape (2,); ``step``: metres at a time.
    """
    for distance in np.arange(0.01, 0.4, step):
        moved = replace(placement, position=placement.position + distance * np.append(away, 0.0))
        if gap(moved.box, other) >= free:
            break
    return moved


def clutter(rng: np.random.Generator, layout: Layout, most: int = 6) -> Layout:
    """The layout with up to ``most`` more things beside what it has, now and then a cabinet among them."""
    if cabinet.NAME not in layout and rng.random() < 0.15:
        box = drawer(rng, opening=float(rng.choice([0.0, 1.0])))
        if is_clear(box, layout.values(), 0.02):
            layout = {**layout, cabinet.NAME: box}
    for _ in range(int(rng.integers(0, most + 1))):
        kinds = LARGE if rng.random() < 0.3 else SMALL
        layout = scatter(rng, thing(rng, kinds, layout), layout)
    return layout


def drawer(rng: np.random.Generator, opening: float) -> Placement:
    """A cabinet somewhere at the back of the table."""
    spot = rng.uniform([0.69, -0.24], [0.745, 0.24])
    return Placement(
        catalogue()[cabinet.NAME], np.array([*spot, 0.0]), float(rng.uniform(-0.15, 0.15)), opening=opening
    )


def hand_above(rng: np.random.Generator, layout: Layout, below: float = 0.0) -> np.ndarray:
    """A place for the hand above everything, metres.

    :param below: how far what is in the hand reaches down from the fingertips.
    """
    for lowest in (*[0.13] * 3, *[0.16] * 3, *[0.20] * 3, *[0.25] * 3, *[0.30] * 6):
        hand = rng.uniform([*WORKSPACE_LOW[:2], min(lowest + below, 0.36)], [*WORKSPACE_HIGH[:2], 0.38])
        if np.hypot(*hand[:2]) < _REACH and all(_is_above(hand, below, p) for p in layout.values()):
            break
    return hand


def _is_above(hand: np.ndarray, below: float, placement: Placement) -> bool:
    """Whether the hand, and what it may hold, is clear of a thing: above it or well beside it."""
    box = placement.box
    beside = float(np.hypot(*(box.position[:2] - hand[:2]))) - float(np.hypot(*box.half[:2]))
    return bool(hand[2] - below - 0.02 > box.top or beside > 0.12)


def filled(
    rng: np.random.Generator, layout: Layout, count: int, without: Collection[str] = (), margin: float = 0.0
) -> Layout:
    """The layout with things inside its receptacle.

    :param without: names that they must not have; ``margin``: as for ``sim.layout.inside``.
    """
    holder = next(p for p in layout.values() if p.thing.kind in (*LARGE, cabinet.NAME))
    for _ in range(count):
        item = thing(rng, ("block", "block", "apple", "lemon", "sponge"), {*layout, *without})
        there = [p for p in layout.values() if p is not holder]
        layout = {**layout, item.name: inside(item, holder, there, rng, any_yaw(rng), margin)}
    return layout


def any_yaw(rng: np.random.Generator) -> float:
    """A turn of a thing or of the hand; more would look the same."""
    return float(rng.uniform(-np.pi / 2, np.pi / 2))


def any_grip(rng: np.random.Generator, held: Thing) -> tuple[float, float, float]:
    """How a held thing lies in the hand: centre from the point between the fingertips, metres. Tall things are held near their top."""
    down = max(0.0, held.size[2] - 0.025)
    return 0.0, float(rng.uniform(-0.006, 0.006)), float(rng.uniform(-0.010, 0.004)) - down


def empty_handed(rng: np.random.Generator, layout: Layout, target: Target) -> Start:
    """A start with the open hand somewhere above everything."""
    return Start(layout, target, hand_above(rng, layout), any_yaw(rng))


def holding(rng: np.random.Generator, layout: Layout, target: Target, held: Thing) -> Start:
    """A start with a thing in the hand, somewhere above everything."""
    grip = any_grip(rng, held)
    hand = hand_above(rng, layout, below=held.size[2] - grip[2])
    layout = {**layout, held.name: standing(held, hand[:2], 0.0)}
    return Start(layout, target, hand, any_yaw(rng), held.name, grip)
