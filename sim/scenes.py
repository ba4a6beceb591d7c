"""From a scene's description and a seed to where everything stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sim import cabinet
from sim.layout import Layout, Placement, inside, is_clear, standing
from sim.objects import Thing, find

KINDS = ("tabletop", "kitchen")
_LOW, _HIGH = np.array([0.34, -0.34]), np.array([0.64, 0.34])  # where things are put, metres (x, y)
_FAR_LOW, _FAR_HIGH = np.array([0.90, -0.45]), np.array([0.98, 0.45])  # out of the arm's reach, still on the table
_TABLE_LOW, _TABLE_HIGH = np.array([0.15, -0.6]), np.array([1.05, 0.6])
_CABINET_LOW, _CABINET_HIGH = np.array([0.71, 0.12]), np.array([0.73, 0.22])  # y on either side
_GAPS = (0.035, 0.02, 0.01)  # free space between two things, metres: room for a finger, and less where it is crowded
_TRIES, _LAYOUTS = 200, 8


class SceneError(ValueError):
    """A scene that cannot be built as described."""


@dataclass(frozen=True)
class SceneSpec:
    """What stands in a scene; the layout is drawn from the seed.

    :param kind: "tabletop", or "kitchen", which has a cabinet with a drawer.
    :param place: fixed places, (x, y) in metres, of some of the objects.
    :param inside: object -> the object that it starts in.
    :param unreachable: objects that start where the arm cannot get at them.
    :param drawer: "open" or "closed" (the default where there is a drawer).
    """

    kind: str = "tabletop"
    objects: Sequence[str] = ()
    seed: int = 0
    place: Mapping[str, Sequence[float]] = field(default_factory=dict)
    inside: Mapping[str, str] = field(default_factory=dict)
    unreachable: Sequence[str] = ()
    drawer: str | None = None

    @property
    def has_drawer(self) -> bool:
        """Whether a cabinet stands on the table."""
        named = cabinet.NAME in self.objects or cabinet.NAME in self.inside.values()
        return self.kind == "kitchen" or self.drawer is not None or named


def lay_out(spec: SceneSpec) -> Layout:
    """Draw where everything stands.

    :raises SceneError: for a kind, name, place or crowd that cannot be had; the message says which.
    """
    things = _check(spec)
    rng = np.random.default_rng(spec.seed)
    for attempt in range(_LAYOUTS):
        try:
            layout = _stand(spec, things, rng, _GAPS[min(attempt // 2, len(_GAPS) - 1)])
            break
        except SceneError:
            if attempt == _LAYOUTS - 1:
                raise
    for name, container in spec.inside.items():
        there = [layout[n] for n, c in spec.inside.items() if c == container and n in layout]
        layout[name] = inside(things[name], layout[container], there, rng, _draw_yaw(rng, things[name]))
    return {name: layout[name] for name in things}


def _stand(spec: SceneSpec, things: Mapping[str, Thing], rng: np.random.Generator, gap: float) -> Layout:
    """What stands on the table itself: fixed places first, then the large things."""
    names = [name for name in things if name not in spec.inside]
    names.sort(key=lambda n: (n not in spec.place, not things[n].is_fixture, -max(things[n].size[:2])))
    layout: Layout = {}
    for name in names:
        layout[name] = _draw(spec, things[name], name, layout, rng, gap)
    return layout


def _draw(spec: SceneSpec, thing: Thing, name: str, layout: Layout, rng: np.random.Generator, gap: float) -> Placement:
    if name in spec.place:
        return _opened(standing(thing, np.array(spec.place[name], float), _draw_yaw(rng, thing)), spec)
    for _ in range(_TRIES):
        placement = _opened(standing(thing, _spot(rng, thing, name in spec.unreachable), _draw_yaw(rng, thing)), spec)
        if is_clear(placement, layout.values(), gap):
            return placement
    raise SceneError(f"there is no room left on the table for '{name}' beside {len(layout)} other things")


def _spot(rng: np.random.Generator, thing: Thing, far: bool) -> np.ndarray:
    if thing.is_fixture:
        return rng.uniform(_CABINET_LOW, _CABINET_HIGH) * [1, rng.choice([-1, 1])]
    return rng.uniform(_FAR_LOW, _FAR_HIGH) if far else rng.uniform(_LOW, _HIGH)


def _opened(placement: Placement, spec: SceneSpec) -> Placement:
    return replace(placement, opening=1.0) if placement.thing.is_fixture and spec.drawer == "open" else placement


def _draw_yaw(rng: np.random.Generator, thing: Thing) -> float:
    if thing.is_fixture:
        return float(rng.uniform(-0.1, 0.1))
    return float(rng.uniform(-np.pi / 4, np.pi / 4)) if thing.symmetry == "box" else 0.0


def _check(spec: SceneSpec) -> dict[str, Thing]:
    if spec.kind not in KINDS:
        raise SceneError(f"there is no scene kind '{spec.kind}'; there is {' and '.join(KINDS)}")
    if spec.drawer not in (None, "open", "closed"):
        raise SceneError(f"`drawer` must be open or closed, not '{spec.drawer}'")
    names = list(spec.objects)
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise SceneError(f"a scene can hold each thing once; listed twice: {', '.join(doubled)}")
    if spec.has_drawer and cabinet.NAME not in names:
        names.append(cabinet.NAME)
    try:
        things = {name: find(name) for name in names}
    except ValueError as error:
        raise SceneError(str(error)) from None
    for where, mentioned in (("place", spec.place), ("inside", spec.inside), ("unreachable", spec.unreachable)):
        for name in mentioned:
            if name not in things:
                raise SceneError(f"'{name}' stands under `{where}` but not under `objects`")
    _check_places(spec, things)
    _check_containers(spec, things)
    return things


def _check_places(spec: SceneSpec, things: Mapping[str, Thing]) -> None:
    if fixtures := [name for name in spec.unreachable if things[name].is_fixture]:
        raise SceneError(f"'{fixtures[0]}' cannot stand out of reach: take it from `unreachable`")
    for name, spot in spec.place.items():
        if name in spec.inside:
            raise SceneError(f"'{name}' stands under `place` and under `inside`: it can start only in one of them")
        at = np.array(spot, dtype=float)
        if at.shape != (2,) or not np.all((at > _TABLE_LOW) & (at < _TABLE_HIGH)):
            low, high = _TABLE_LOW, _TABLE_HIGH
            raise SceneError(
                f"`place` of '{name}' must be [x, y] in metres on the table: x {low[0]} to {high[0]}, y {low[1]} to {high[1]}; got {list(spot)}"
            )


def _check_containers(spec: SceneSpec, things: Mapping[str, Thing]) -> None:
    for name, container in spec.inside.items():
        if container not in things or not things[container].is_receptacle:
            raise SceneError(f"'{name}' cannot start inside '{container}': that is no receptacle of this scene")
        if container in spec.inside:
            raise SceneError(f"'{container}' is inside something itself, so nothing can start in it")
        if things[name].is_receptacle:
            raise SceneError(f"'{name}' cannot start inside '{container}': it is too large")
