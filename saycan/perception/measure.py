"""What perception saw beside what was there. Reads the simulator's truth: for measuring only."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from saycan.perception.base import relations
from saycan.perception.camera import CameraPerception
from saycan.perception.practice import HELD_OUT, draw_start, paint_table, set_up
from saycan.perception.rig import Shot, jittered
from saycan.types import SceneView
from sim.camera import Camera
from sim.geometry import Box, gap
from sim.relations import is_closed, is_open
from sim.state import WorldState
from sim.tabletop import Tabletop

VISIBLE = 60  # pixels of a thing in one picture from which on it can be seen; a block that stands free has 150 to 400
_TOUCHING = 0.005  # metres between two things that touch, or almost
_NEAR = 0.05  # metres up to which something seen may stand for something that is there


@dataclass
class Seen:
    """One scene's comparison.

    :param pairs: (true name, name given) of each thing that was found; ``missed`` and ``false`` are the others' names.
    :param standing: of each visible thing, whether it stands free, against another, in or on something (or under it), or is held.
    :param errors: distance between true and seen centre of each pair, metres.
    :param facts: of each pair, whether what it is in or on was seen right.
    :param scores: of each pair, how surely it was named, and ``right`` whether rightly.
    :param held: whether what is in the hand was seen right; ``drawer`` whether it is open, closed or neither; None without one.
    """

    pairs: list[tuple[str, str]]
    standing: dict[str, str]
    missed: list[str]
    false: list[str]
    errors: list[float]
    facts: list[bool]
    scores: list[float]
    held: bool
    drawer: bool | None
    render_seconds: float = 0.0
    see_seconds: float = 0.0
    shots: Sequence[Shot] = field(default_factory=list)
    view: SceneView | None = None


def look_at_a_scene(world: Tabletop, perception: CameraPerception, cameras: Sequence[Camera], seed: int) -> Seen:
    """Set a random scene up, look at it, and compare."""
    rng = np.random.default_rng(seed)
    set_up(world, draw_start(rng, held_out=True, least=3))
    paint_table(world, rng)
    moved = [jittered(camera, rng) for camera in cameras]
    began = time.perf_counter()
    shots = [Shot(camera, world.picture(camera)) for camera in moved]
    rendered = time.perf_counter()
    view = perception.see(shots, world.hand())
    over = time.perf_counter()
    seen = compare(world.state(), visible(world, moved), view)
    seen.render_seconds, seen.see_seconds = (rendered - began) / len(moved), (over - rendered) / len(moved)
    seen.shots, seen.view = shots, view
    return seen


def visible(world: Tabletop, cameras: Sequence[Camera]) -> set[str]:
    """The things of which some camera sees enough."""
    names = tuple(world.state().boxes)
    pixels = np.zeros(len(names), int)
    for camera in cameras:
        _, labels = camera.take_labelled(world.client)
        owner = world.owners(labels, names)
        pixels = np.maximum(pixels, [(owner == n).sum() for n in range(len(names))])
    return {name for name, count in zip(names, pixels, strict=True) if count >= VISIBLE}


def compare(state: WorldState, visible: set[str], view: SceneView) -> Seen:
    """Match what was seen to what is there by place and size, then ask whether it is called right.

    Things that no camera can see are neither missed nor false.
    """
    true, seen = list(state.boxes), list(view.boxes)
    pairs: list[tuple[str, str]] = []
    if true and seen:
        apart = np.array([[_apart(state.boxes[t], view.boxes[s]) for s in seen] for t in true])
        rows, columns = linear_sum_assignment(np.minimum(apart, 1.0))
        pairs = [(true[i], seen[j]) for i, j in zip(rows, columns, strict=True) if apart[i, j] < _NEAR]
    found = {t for t, _ in pairs}
    named = {s for _, s in pairs}
    classes = {name: thing.classes for name, thing in state.things.items()}
    truth = _holders(relations(state.boxes, classes, state.held))
    called = {s: t for t, s in pairs}
    given = {called.get(s, s): (how, called.get(b, b)) for s, (how, b) in _holders(view.relations).items()}
    held = called.get(view.held, view.held) if view.held else None
    pairs = [(t, s) for t, s in pairs if t in visible]
    return Seen(
        pairs=pairs,
        standing={name: _standing(name, truth, state) for name in visible},
        missed=sorted(visible - found),
        false=sorted(set(seen) - named),
        errors=[float(np.linalg.norm(state.boxes[t].position - view.boxes[s].position)) for t, s in pairs],
        facts=[truth.get(t) == given.get(t) for t, _ in pairs if t != state.held],
        scores=[view.scores.get(s, 1.0) for _, s in pairs],
        held=held == state.held,
        drawer=None if state.drawer is None else _how_open(state.drawer) == _how_open(view.drawer),
    )


def figures(scenes: Sequence[Seen]) -> dict[str, object]:
    """The figures of many scenes."""
    pairs = [pair for scene in scenes for pair in scene.pairs]
    missed = sum(len(scene.missed) for scene in scenes)
    errors = [error for scene in scenes for error in scene.errors]
    facts = [fact for scene in scenes for fact in scene.facts]
    held_out = [(t, s) for t, s in pairs if t in HELD_OUT]
    drawers = [scene.drawer for scene in scenes if scene.drawer is not None]
    right, scores = [t == s for t, s in pairs], [score for scene in scenes for score in scene.scores]
    return {
        "things": len(pairs) + missed,
        "found": _share(len(pairs), len(pairs) + missed),
        "found_by_standing": _found_by_standing(scenes),
        "named_right": _share(sum(right), len(pairs)),
        "held_out_pairs": len(held_out),
        "held_out_named_right": _share(sum(t == s for t, s in held_out), len(held_out)),
        "false_things": sum(len(scene.false) for scene in scenes),
        "position_error_mm": {
            "median": round(1000 * float(np.median(errors)), 2) if errors else None,
            "p95": round(1000 * float(np.quantile(errors, 0.95)), 2) if errors else None,
        },
        "in_or_on_right": _share(sum(facts), len(facts)),
        "held_right": _share(sum(scene.held for scene in scenes), len(scenes)),
        "drawer_right": _share(sum(map(bool, drawers)), len(drawers)),
        "mean_score": _mean(scores),
        "mean_score_where_wrong": _mean([score for score, ok in zip(scores, right, strict=True) if not ok]),
        "see_ms_per_picture": round(1000 * float(np.median([scene.see_seconds for scene in scenes])), 1),
        "render_ms_per_picture": round(1000 * float(np.median([scene.render_seconds for scene in scenes])), 1),
    }


def _found_by_standing(scenes: Sequence[Seen]) -> dict[str, dict[str, float | None]]:
    table = {}
    for how in ("free", "touching", "inside", "stacked", "held"):
        things = [(s, name) for s in scenes for name, standing in s.standing.items() if standing == how]
        table[how] = {"n": len(things), "found": _share(sum(n not in s.missed for s, n in things), len(things))}
    return table


def confusions(scenes: Sequence[Seen]) -> Counter[tuple[str, str]]:
    """How often each thing was called what; what was missed is called "nothing", what was false is one."""
    counted = Counter(pair for scene in scenes for pair in scene.pairs)
    counted.update((name, "nothing") for scene in scenes for name in scene.missed)
    counted.update(("nothing", name) for scene in scenes for name in scene.false)
    return counted


def _standing(name: str, holders: Mapping[str, tuple[str, str]], state: WorldState) -> str:
    under = any(how == "on" and b == name for how, b in holders.values())
    how = holders.get(name, ("on" if under else "free", ""))[0]
    if how == "free" and any(_touch(state.boxes[name], box) for other, box in state.boxes.items() if other != name):
        how = "touching"
    return "held" if name == state.held else {"in": "inside", "on": "stacked"}.get(how, how)


def _touch(a: Box, b: Box) -> bool:
    """Whether two things beside each other leave no room for a finger."""
    return gap(a, b) < _TOUCHING and a.bottom < b.top and b.bottom < a.top


def _holders(facts: Sequence[tuple[str, str, str]]) -> dict[str, tuple[str, str]]:
    return {a: (how, b) for how, a, b in facts}


def _apart(a: Box, b: Box) -> float:
    return float(np.linalg.norm(a.position - b.position) + 0.5 * np.abs(np.sort(a.half) - np.sort(b.half)).sum())


def _how_open(drawer: float | None) -> str:
    return "none" if drawer is None else "open" if is_open(drawer) else "closed" if is_closed(drawer) else "half"


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None
