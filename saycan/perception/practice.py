"""Random scenes and their labelled pictures, to learn from and to measure on. Reads the simulator's truth: never part of an agent.

What varies: which things and where (in one another, on one another, heaped up in a receptacle, on their sides, in a drawer), their sizes
and shades, the table's colour, the light, the cameras' places, and the arm with or without something in the hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from saycan.perception.boxes import turned
from saycan.perception.rig import DEFAULT, Shot, jittered
from sim import cabinet
from sim.camera import Camera
from sim.geometry import Box, gap
from sim.layout import Layout, Placement, inside, is_clear, standing
from sim.objects import Thing, catalogue
from sim.tabletop import Tabletop
from skills.envs import begin
from skills.tasks import Start, Target, starts

HELD_OUT = ("purple bowl", "pink block", "orange bowl", "blue block")
"""Colour and kind that never meet in training: what is said of them, the text has to carry over."""
_MOST = 10
_TOUCHES = 0.35  # share of what stands on the table that stands right against something, if there is room
_OF_BLOCKS = 0.3  # share of scenes that have most of the blocks
_ALIKE = 0.7  # share of those that stand against one of their kind, if there is one
_ON_TABLE = 0.01  # metres above it at most
_HEAPS = 0.4  # share of scenes in which a receptacle is filled with several things, as after a long task
_HEAPED = 5  # most of them
_FREE = 0.004  # metres between things that are let go beside or above each other
_LOW = 0.5  # share of held things that are no higher than a pick lifts them
_LIFTED = (0.01, 0.08)  # metres that these are above what is under them
_ROUND = 0.1  # metres to the sides of the hand within which that counts


@dataclass(frozen=True)
class Sample:
    """What a camera saw, and what was truly there.

    :param owner: which thing each pixel shows: its place among ``names``, -1 the table and beyond, -2 the arm; int8, shape (H, W).
    :param boxes: where each of ``names`` is.
    """

    shot: Shot
    owner: np.ndarray
    names: tuple[str, ...]
    boxes: tuple[Box, ...]


def names(held_out: bool) -> list[str]:
    """Everything that can stand on the table by itself; without the pairs that are held out unless asked for."""
    things = [thing for thing in catalogue().values() if not thing.is_fixture]
    return [thing.name for thing in things if held_out or thing.name not in HELD_OUT]


def draw_start(rng: np.random.Generator, held_out: bool = False, least: int = 1) -> Start:
    """A random scene with ``least`` to 10 things, as far as there is room, and the hand somewhere above it."""
    allowed, layout = names(held_out), Layout()
    if rng.random() < 0.4:
        opening = float(rng.choice([0.0, 1.0, rng.random()]))
        layout = {cabinet.NAME: starts.drawer(rng, opening)}
    if rng.random() < _HEAPS:
        layout = _heaped(rng, allowed, layout)
    for name in _mixed(rng, [n for n in allowed if n not in layout])[: int(rng.integers(least, _MOST + 1))]:
        layout = _add(rng, _varied(rng, catalogue()[name]), layout)
    free = [n for n in allowed if n not in layout and catalogue()[n].kind in starts.SMALL]
    if free and rng.random() < 0.3:
        held = _varied(rng, catalogue()[str(rng.choice(free))])
        start = starts.holding(rng, layout, Target(held.name), held)
        return _lowered(rng, start) if rng.random() < _LOW else start
    return Start(layout, Target(""), starts.hand_above(rng, layout), starts.any_yaw(rng))


def samples(
    world: Tabletop,
    rng: np.random.Generator,
    held_out: bool = False,
    looks: int = 2,
    cameras: tuple[Camera, ...] = DEFAULT,
) -> Iterator[list[Sample]]:
    """Set a random scene up, then yield what the cameras see of it, again and again with the arm elsewhere and in another light."""
    start = draw_start(rng, held_out)
    set_up(world, start)
    for look in range(looks):
        if look:
            world.arm.reset(starts.hand_above(rng, start.layout), starts.any_yaw(rng))
            world.wait(8)
        paint_table(world, rng)
        yield [sample(world, jittered(camera, rng)) for camera in cameras]


def set_up(world: Tabletop, start: Start) -> None:
    """Bring a world to a start, everything at rest."""
    begin(world, start)
    world.wait(12)
    world.settle(limit=24)


def sample(world: Tabletop, camera: Camera) -> Sample:
    """What a camera sees now, labelled."""
    picture, labels = camera.take_labelled(world.client)
    state = world.state()
    known = tuple(state.boxes)
    return Sample(Shot(camera, picture), world.owners(labels, known), known, tuple(state.boxes[name] for name in known))


def _mixed(rng: np.random.Generator, allowed: list[str]) -> list[str]:
    """Names in random order; kinds that come in many colours are not much more frequent than others, but for some scenes of blocks."""
    kinds = [catalogue()[name].kind for name in allowed]
    often = {"block": 30.0 if rng.random() < _OF_BLOCKS else 3.0, "bowl": 3.0}
    weights = np.array([often.get(kind, 1.0) / kinds.count(kind) for kind in kinds])
    return [str(n) for n in rng.choice(allowed, len(allowed), replace=False, p=weights / weights.sum())]


def _varied(rng: np.random.Generator, thing: Thing) -> Thing:
    """The thing a little larger or smaller and in another shade."""
    shade = np.array(thing.colour) * rng.uniform(0.85, 1.1) + rng.uniform(-0.04, 0.04, 3)
    red, green, blue = (float(c) for c in np.clip(shade, 0.0, 1.0))
    return replace(thing.scaled(float(rng.uniform(0.88, 1.12))), colour=(red, green, blue))


def _add(rng: np.random.Generator, thing: Thing, layout: Layout) -> Layout:
    """Put a thing on the table, against another one, in one or on one; left out if there is no room."""
    small = thing.kind in starts.SMALL
    hollow = [n for n, p in layout.items() if p.thing.is_receptacle]
    flat = [n for n, p in layout.items() if p.thing.kind == "block" and p.position[2] < 0.09]
    chance = rng.random()
    if rng.random() < _TOUCHES and (touching := _against(rng, thing, layout)):
        return touching
    if small and hollow and chance < 0.3:
        holder = layout[str(rng.choice(hollow))]
        if holder.thing.shape != "cabinet" or holder.opening > 0.9 or rng.random() < 0.3:
            return {**layout, thing.name: inside(thing, holder, (), rng, starts.any_yaw(rng))}
    if thing.kind in ("block", "apple", "sponge", "coke can", "pepsi can") and flat and chance < 0.5:
        below = layout[str(rng.choice(flat))]
        if not any(_over(other.box, below.box) for other in layout.values()):
            spot = below.position[:2] + rng.uniform(-0.006, 0.006, 2)
            return {**layout, thing.name: standing(thing, spot, starts.any_yaw(rng), below.box.top + 0.001)}
    return starts.scatter(rng, thing, layout, anywhere=rng.random() < 0.4, free=float(rng.choice([0.004, 0.02, 0.04])))


def _heaped(rng: np.random.Generator, allowed: list[str], layout: Layout) -> Layout:
    """Let several small things fall into a receptacle as a hand lets go of them: they lie beside and on each other, and lean on its rim."""
    hollow = [name for name, p in layout.items() if p.opening > 0.9]
    if not hollow or rng.random() < 0.5:
        hollow = [n for n in allowed if n not in layout and catalogue()[n].kind in starts.LARGE]
        holder = _varied(rng, catalogue()[str(rng.choice(hollow))])
        layout = starts.scatter(rng, holder, layout, anywhere=rng.random() < 0.3)
        hollow = [holder.name] if holder.name in layout else []
    small = [n for n in allowed if n not in layout and catalogue()[n].kind in starts.SMALL]
    heap: Layout = {}
    for name in _mixed(rng, small)[: int(rng.integers(2, _HEAPED + 1))] if hollow else []:
        heap[name] = _let_go(rng, _varied(rng, catalogue()[name]), layout[hollow[0]], list(heap.values()))
    return layout | heap


def _let_go(rng: np.random.Generator, thing: Thing, holder: Placement, heap: list[Placement]) -> Placement:
    """A thing laid beside those in a receptacle, or let go above whatever is there, its rim included."""
    if rng.random() < 0.5:
        return inside(thing, holder, heap, rng, starts.any_yaw(rng))
    box = holder.box
    spot = box.position + turned(np.append(rng.uniform(-0.75, 0.75, 2) * box.half[:2], 0.0), box.yaw)
    placed = starts.posed(rng, thing, spot[:2], box.top, toppled=0.3)
    floor = max([box.top, *(p.box.top for p in heap if gap(p.box, placed.box) < _FREE)]) + _FREE
    return replace(placed, position=placed.position + np.array([0.0, 0.0, floor - box.top]))


def _lowered(rng: np.random.Generator, start: Start) -> Start:
    """The hand with what it holds as low as just after a pick."""
    held = start.layout[start.held or ""].thing
    others = [p.box for name, p in start.layout.items() if name != start.held]
    under = [b.top for b in others if np.hypot(*(b.position - start.hand)[:2]) - np.hypot(*b.half[:2]) < _ROUND]
    height = max([0.0, *under]) + held.size[2] - start.grip[2] + rng.uniform(*_LIFTED)
    return replace(start, hand=np.array([*start.hand[:2], min(height, start.hand[2])]))


def _against(rng: np.random.Generator, thing: Thing, layout: Layout) -> Layout | None:
    """Put a thing right beside one that stands on the table, side to side more often than not; None if there is no room.

    What is alike is hardest to tell apart, and what people put in rows.
    """
    bases = [p for p in layout.values() if not p.thing.is_fixture and p.box.bottom < _ON_TABLE]
    if not bases:
        return None
    alike = [p for p in bases if p.thing.kind == thing.kind]
    fitting = alike if alike and rng.random() < _ALIKE else bases
    beside = fitting[int(rng.integers(len(fitting)))]
    base = beside.box
    flush, free = rng.random() < 0.6, rng.uniform(0.0, 0.004)
    side = base.yaw + np.pi / 2 * rng.integers(4) if flush else rng.uniform(-np.pi, np.pi)
    away, along = np.array([np.cos(side), np.sin(side)]), np.array([-np.sin(side), np.cos(side)])
    begin = base.position[:2] + along * (rng.uniform(-0.7, 0.7) * base.half[:2].min() if flush else 0.0)
    yaw = side if flush else starts.any_yaw(rng)
    placed = starts.moved_away(standing(thing, begin, yaw), base, away, free, step=0.001)
    on_table = bool(np.all((placed.position[:2] > starts.EDGE_LOW) & (placed.position[:2] < starts.EDGE_HIGH)))
    fits = on_table and is_clear(placed, (p for p in layout.values() if p is not beside), free)
    return {**layout, thing.name: placed} if fits else None


def _over(a: Box, b: Box) -> bool:
    return a.bottom > b.top - 0.005 and b.covers(a.position)


def paint_table(world: Tabletop, rng: np.random.Generator) -> None:
    """Give the table another colour."""
    grey = rng.uniform(0.45, 0.95)
    colour = np.clip(grey + rng.uniform(-0.08, 0.08, 3), 0, 1)
    world.client.changeVisualShape(world.table, -1, rgbaColor=[*colour, 1.0])
