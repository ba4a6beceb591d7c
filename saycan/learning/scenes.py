"""Random scenes to ask something in: blocks and bowls, or a kitchen; some things inside others, or out of reach."""

from __future__ import annotations

from typing import Any

import numpy as np

from saycan.judging.suite import start_state
from sim import cabinet
from sim.objects import catalogue, colours
from sim.scenes import SceneError, SceneSpec
from sim.state import WorldState

SMALL = tuple(name for name, thing in catalogue().items() if thing.name == thing.kind and not thing.is_receptacle)
"""What can be picked up and comes in one colour."""
_IN_PAIRS = 0.2  # share of tabletops on which each block has a bowl of its colour


def draw_scene(rng: np.random.Generator) -> tuple[SceneSpec, WorldState]:
    """A scene that can be laid out, and its state."""
    while True:
        spec = _kitchen(rng) if rng.random() < 0.44 else _tabletop(rng)
        try:
            return spec, start_state(spec)
        except SceneError:  # too crowded
            continue


def _coloured(rng: np.random.Generator, kind: str, count: int, like: list[str] | None = None) -> list[str]:
    """Things of one kind in different colours; half of the time in those of others first."""
    order = [str(c) for c in rng.permutation(colours())]
    if like and rng.random() < 0.6:
        order.sort(key=lambda colour: not any(name.startswith(colour) for name in like))
    return [f"{colour} {kind}" for colour in order[:count]]


def _tabletop(rng: np.random.Generator) -> SceneSpec:
    if rng.random() < _IN_PAIRS:
        blocks = _coloured(rng, "block", int(rng.choice([2, 3, 4], p=[0.2, 0.6, 0.2])))
        return _spec(rng, "tabletop", blocks, [name.replace("block", "bowl") for name in blocks])
    blocks = _coloured(rng, "block", int(rng.choice([1, 2, 3, 4, 5], p=[0.06, 0.22, 0.32, 0.34, 0.06])))
    bowls = _coloured(rng, "bowl", int(rng.choice([0, 1, 2, 3, 4], p=[0.08, 0.27, 0.32, 0.25, 0.08])), blocks)
    return _spec(rng, "tabletop", blocks, bowls)


def _kitchen(rng: np.random.Generator) -> SceneSpec:
    things = [str(n) for n in rng.permutation(SMALL)[: int(rng.integers(1, 6))]]
    things += _coloured(rng, "block", int(rng.choice([0, 1, 2], p=[0.65, 0.2, 0.15])))
    holders = ["tray"] * bool(rng.random() < 0.72) + ["bin"] * bool(rng.random() < 0.35)
    holders += _coloured(rng, "bowl", int(rng.choice([0, 1, 2], p=[0.6, 0.35, 0.05])))
    return _spec(rng, "kitchen", things, holders)


def _spec(rng: np.random.Generator, kind: str, things: list[str], holders: list[str]) -> SceneSpec:
    extra: dict[str, Any] = {"drawer": str(rng.choice(["open", "closed", "closed"]))} if kind == "kitchen" else {}
    receptacles = [*holders, *([cabinet.NAME] * 2 if kind == "kitchen" else [])]
    if receptacles and rng.random() < (0.5 if kind == "kitchen" else 0.35):
        chosen = [str(n) for n in rng.permutation(things)[: int(rng.integers(1, 3))]]
        into = [str(rng.choice(receptacles))] * 2 if rng.random() < 0.6 else rng.permutation(receptacles).tolist()
        extra["inside"] = {n: r for n, r in zip(chosen, into, strict=False) if n != "water bottle"}
    if rng.random() < 0.2:
        free = [
            name
            for name in [*things, *holders]
            if name not in extra.get("inside", {}).keys() | set(extra.get("inside", {}).values())
        ]
        extra["unreachable"] = [str(rng.choice(free))] if free else []
    names = [str(n) for n in rng.permutation([*things, *holders])]
    return SceneSpec(kind, names, int(rng.integers(2**31)), **extra)
