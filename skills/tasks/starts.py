"""Random starts that tasks share: tables with things, arms somewhere above them, things in the hand."""

from __future__ import annotations

import numpy as np

from sim.objects import Thing, catalogue
from sim.panda import WORKSPACE_HIGH, WORKSPACE_LOW
from sim.scenes import Layout, clear_of, standing

_LOW, _HIGH = np.array([0.32, -0.33]), np.array([0.67, 0.33])
_EDGE_LOW, _EDGE_HIGH = np.array([0.20, -0.56]), np.array([1.0, 0.56])  # the whole table, out of reach included
_SCALE = (0.85, 1.2)  # sizes of blocks


def things(rng: np.random.Generator, kind: str, count: int) -> list[Thing]:
    """Different things of a kind, their sizes varied."""
    of_kind = [thing for thing in catalogue().values() if thing.kind == kind]
    chosen = [of_kind[i] for i in rng.permutation(len(of_kind))[:count]]
    return [thing.scaled(float(rng.uniform(*_SCALE))) if kind == "block" else thing for thing in chosen]


def scatter(
    rng: np.random.Generator,
    items: list[Thing],
    layout: Layout | None = None,
    anywhere: bool = False,
    gap: float = 0.03,
) -> Layout:
    """Add things to a layout at random places with room between them; what finds no room is left out (never the first).

    :param anywhere: over the whole table, out of the arm's reach included.
    """
    layout = dict(layout or {})
    low, high = (_EDGE_LOW, _EDGE_HIGH) if anywhere else (_LOW, _HIGH)
    for thing in items:
        for _ in range(50):
            spot = rng.uniform(low, high)
            if not layout or clear_of(spot, thing, layout, gap):
                layout[thing.name] = standing(thing, spot, any_yaw(rng))
                break
    return layout


def clutter(rng: np.random.Generator, layout: Layout, most: int = 4) -> Layout:
    """The layout with up to ``most`` more blocks and bowls beside what it has."""
    count = int(rng.integers(0, most + 1))
    extra = things(rng, "block", 7)[: count - count // 2] + things(rng, "bowl", 7)[: count // 2]
    return scatter(rng, [thing for thing in extra if thing.name not in layout], layout)


def hand_above(rng: np.random.Generator, lowest: float = 0.12) -> np.ndarray:
    """A place for the hand above the table, metres."""
    return rng.uniform([*WORKSPACE_LOW[:2], lowest], [*WORKSPACE_HIGH[:2], 0.36])


def any_yaw(rng: np.random.Generator) -> float:
    """A turn of a block or of the hand; more would look the same."""
    return float(rng.uniform(-np.pi / 2, np.pi / 2))


def any_grip(rng: np.random.Generator) -> tuple[float, float, float]:
    """How a held thing lies in the hand: centre from the point between the fingertips, metres."""
    return 0.0, float(rng.uniform(-0.008, 0.008)), float(rng.uniform(-0.012, 0.004))
