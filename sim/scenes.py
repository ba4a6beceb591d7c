"""From a scene's description and a seed to where everything stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from sim.objects import WALL, Thing, find

KINDS = ("tabletop",)
_LOW, _HIGH = np.array([0.34, -0.30]), np.array([0.64, 0.30])  # where things are put, metres (x, y)
_FAR_LOW, _FAR_HIGH = np.array([0.86, -0.40]), np.array([0.98, 0.40])  # out of the arm's reach, still on the table
_TABLE_LOW, _TABLE_HIGH = np.array([0.15, -0.6]), np.array([1.05, 0.6])
_GAP = 0.035  # free space between two things, metres: room for a finger
_TRIES = 2000


class SceneError(ValueError):
    """A scene that cannot be built as described."""


@dataclass(frozen=True)
class SceneSpec:
    """What stands in a scene; the layout is drawn from the seed.

    :param place: fixed places, (x, y) in metres, of some of the objects.
    :param inside: object -> the object that it starts in.
    :param unreachable: objects that start where the arm cannot get at them.
    """

    kind: str = "tabletop"
    objects: Sequence[str] = ()
    seed: int = 0
    place: Mapping[str, Sequence[float]] = field(default_factory=dict)
    inside: Mapping[str, str] = field(default_factory=dict)
    unreachable: Sequence[str] = ()


@dataclass(frozen=True)
class Placement:
    """A thing and where it stands: centre (metres, robot frame) and yaw (radians)."""

    thing: Thing
    position: np.ndarray
    yaw: float


Layout = dict[str, Placement]


def lay_out(spec: SceneSpec) -> Layout:
    """Draw where everything stands.

    :raises SceneError: for a kind, name, place or crowd that cannot be had; the message says which.
    """
    things = _check(spec)
    rng = np.random.default_rng(spec.seed)
    layout: Layout = {}
    fixed = [name for name in things if name in spec.place]
    free = [name for name in things if name not in spec.place and name not in spec.inside]
    for name in fixed + free:
        spot = (
            np.array(spec.place[name], float)
            if name in spec.place
            else _draw_spot(rng, things[name], name, spec, layout)
        )
        layout[name] = standing(things[name], spot, _draw_yaw(rng, things[name]))
    for name, container in spec.inside.items():
        layout[name] = _inside(things[name], layout[container], rng)
    return {name: layout[name] for name in things}


def standing(thing: Thing, spot: np.ndarray, yaw: float, floor: float = 0.0) -> Placement:
    """A thing standing upright at (x, y), on a surface at height ``floor``."""
    return Placement(thing, np.array([spot[0], spot[1], floor + thing.size[2]]), yaw)


def clear_of(spot: np.ndarray, thing: Thing, others: Layout, gap: float = _GAP) -> bool:
    """Whether a thing at (x, y) would leave ``gap`` metres to all others, whatever its yaw."""
    reach = float(np.hypot(*thing.size[:2])) if thing.shape == "box" else thing.size[0]
    for other in others.values():
        theirs = float(np.hypot(*other.thing.size[:2])) if other.thing.shape == "box" else other.thing.size[0]
        if np.hypot(*(spot - other.position[:2])) < reach + theirs + gap:
            return False
    return True


def _check(spec: SceneSpec) -> dict[str, Thing]:
    if spec.kind not in KINDS:
        raise SceneError(f"there is no scene kind '{spec.kind}'; there is {', '.join(KINDS)}")
    names = list(spec.objects)
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise SceneError(f"a scene can hold each thing once; listed twice: {', '.join(doubled)}")
    try:
        things = {name: find(name) for name in names}
    except ValueError as error:
        raise SceneError(str(error)) from None
    for where, mentioned in (("place", spec.place), ("inside", spec.inside), ("unreachable", spec.unreachable)):
        for name in mentioned:
            if name not in things:
                raise SceneError(f"'{name}' stands under `{where}` but not under `objects`")
    _check_places(spec)
    _check_containers(spec, things)
    return things


def _check_places(spec: SceneSpec) -> None:
    for name, spot in spec.place.items():
        at = np.array(spot, dtype=float)
        if at.shape != (2,) or not np.all((at > _TABLE_LOW) & (at < _TABLE_HIGH)):
            low, high = _TABLE_LOW, _TABLE_HIGH
            raise SceneError(
                f"`place` of '{name}' must be [x, y] in metres on the table: x {low[0]} to {high[0]}, y {low[1]} to {high[1]}; got {list(spot)}"
            )


def _check_containers(spec: SceneSpec, things: dict[str, Thing]) -> None:
    for name, container in spec.inside.items():
        if container not in things or not things[container].is_receptacle:
            raise SceneError(f"'{name}' cannot start inside '{container}': that is no receptacle of this scene")
        if container in spec.inside:
            raise SceneError(f"'{container}' is inside something itself, so nothing can start in it")


def _draw_spot(rng: np.random.Generator, thing: Thing, name: str, spec: SceneSpec, layout: Layout) -> np.ndarray:
    low, high = (_FAR_LOW, _FAR_HIGH) if name in spec.unreachable else (_LOW, _HIGH)
    for _ in range(_TRIES):
        spot = rng.uniform(low, high)
        if clear_of(spot, thing, layout):
            return spot
    raise SceneError(f"there is no room left on the table for '{name}' beside {len(layout)} other things")


def _draw_yaw(rng: np.random.Generator, thing: Thing) -> float:
    return float(rng.uniform(-np.pi / 4, np.pi / 4)) if thing.shape == "box" else 0.0


def _inside(thing: Thing, container: Placement, rng: np.random.Generator) -> Placement:
    offset = rng.uniform(-0.01, 0.01, size=2)
    floor = container.position[2] - container.thing.size[2] + WALL
    return standing(thing, container.position[:2] + offset, _draw_yaw(rng, thing), floor + 0.001)


def stacked(things: Sequence[Thing], spot: np.ndarray, yaw: float) -> list[Placement]:
    """A tower of things at (x, y), the first at the bottom."""
    tower = [standing(things[0], spot, yaw)]
    for below, thing in pairwise(things):
        tower.append(standing(thing, spot, yaw, tower[-1].position[2] + below.size[2]))
    return tower
