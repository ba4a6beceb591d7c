"""What can stand on the table: the catalogue, and how each thing becomes a PyBullet body."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import yaml

from sim.paths import ASSETS

WALL = 0.006  # thickness of a bowl's wall and floor, metres
_SEGMENTS = 12  # flat pieces that make up a bowl's round wall in the collision shape
_WALL_GAP = 0.002  # metres between those pieces and the table


@dataclass(frozen=True)
class Thing:
    """A catalogue entry: a thing's name, geometry and mass, before it has a place in the world.

    :param size: half extents along the thing's own x, y, z in metres (a bowl's first two are its outer radius).
    :param colour: red, green, blue in [0, 1].
    :param classes: words that goals may use for a group of things, such as ``block`` or ``bowl``.
    """

    name: str
    kind: str
    shape: str
    size: tuple[float, float, float]
    mass: float
    colour: tuple[float, float, float]
    classes: frozenset[str]

    @property
    def is_receptacle(self) -> bool:
        """Whether other things can be put in it."""
        return "receptacle" in self.classes

    def scaled(self, factor: float) -> Thing:
        """The same thing, ``factor`` times as large in every direction (mass unchanged)."""
        x, y, z = (factor * s for s in self.size)
        return replace(self, size=(x, y, z))


@cache
def catalogue() -> dict[str, Thing]:
    """Every thing that a scene may name, by name."""
    data = yaml.safe_load((ASSETS / "objects.yaml").read_text())
    things = [thing for kind, spec in data["kinds"].items() for thing in _things_of(kind, spec, data["colours"])]
    return {thing.name: thing for thing in things}


def _things_of(kind: str, spec: dict[str, Any], colours: dict[str, list[float]]) -> list[Thing]:
    names = [(f"{c} {kind}", c) for c in colours] if spec["colours"] == "all" else [(kind, spec["colours"])]
    return [
        Thing(
            name=name,
            kind=kind,
            shape=spec["shape"],
            size=tuple(spec["size"]),
            mass=spec["mass"],
            colour=tuple(colours[colour]),  # type: ignore[arg-type]
            classes=frozenset({kind, *spec["classes"]}),
        )
        for name, colour in names
    ]


def find(name: str) -> Thing:
    """The catalogue's thing of that name.

    :raises ValueError: if there is none; the message lists the kinds that exist.
    """
    known = catalogue()
    if name not in known:
        kinds = ", ".join(sorted({t.kind for t in known.values()}))
        colours = ", ".join(dict.fromkeys(t.name.split()[0] for t in known.values() if " " in t.name))
        raise ValueError(
            f"there is no '{name}' in the object catalogue; it has the kinds {kinds} in the colours {colours}"
        )
    return known[name]


def create_body(client: Any, thing: Thing, position: np.ndarray, yaw: float) -> int:
    """Put a thing into a PyBullet world.

    :param position: its centre (middle of its height) in the robot frame, metres.
    :param yaw: turn about the vertical axis, radians.
    :return: PyBullet's body number.
    """
    collision, visual = _SHAPES[thing.shape](client, thing)
    body: int = client.createMultiBody(
        thing.mass, collision, visual, list(position), client.getQuaternionFromEuler([0, 0, yaw])
    )
    client.changeDynamics(body, -1, lateralFriction=0.9, spinningFriction=0.002, rollingFriction=0.0002)
    return body


def _box(client: Any, thing: Thing) -> tuple[int, int]:
    rgba = [*thing.colour, 1.0]
    return (
        client.createCollisionShape(client.GEOM_BOX, halfExtents=thing.size),
        client.createVisualShape(client.GEOM_BOX, halfExtents=thing.size, rgbaColor=rgba),
    )


def _bowl(client: Any, thing: Thing) -> tuple[int, int]:
    """A bowl: two crossed squares as floor and a ring of wall pieces for contact; a smooth surface of revolution for the eye.

    Boxes only, and walls that do not reach the table: contact between boxes is by far PyBullet's fastest (a cylinder as floor and
    walls down to the table made a control step ten times slower).
    """
    radius, _, half = thing.size
    angles = np.arange(_SEGMENTS) * 2 * math.pi / _SEGMENTS
    middle = radius - WALL / 2
    wall = [WALL / 2, middle * math.tan(math.pi / _SEGMENTS), half - _WALL_GAP / 2]
    side = (radius - WALL) / math.sqrt(2)
    floor = [side, side, WALL / 2]
    collision = client.createCollisionShapeArray(
        shapeTypes=[client.GEOM_BOX] * (2 + _SEGMENTS),
        halfExtents=[floor] * 2 + [wall] * _SEGMENTS,
        collisionFramePositions=[[0, 0, WALL / 2 - half]] * 2
        + [[middle * math.cos(a), middle * math.sin(a), _WALL_GAP / 2] for a in angles],
        collisionFrameOrientations=[client.getQuaternionFromEuler([0, 0, a]) for a in (0, math.pi / 4, *angles)],
    )
    vertices, indices, normals = _lathe(_bowl_profile(radius, half))
    visual = client.createVisualShape(
        client.GEOM_MESH, vertices=vertices, indices=indices, normals=normals, rgbaColor=[*thing.colour, 1.0]
    )
    return collision, visual


def _bowl_profile(radius: float, half: float) -> tuple[tuple[float, float], ...]:
    """Half of a bowl's cross-section as (distance from the axis, height), from the inside bottom round to the outside bottom."""
    inner, floor = radius - WALL, WALL - half
    inside = ((0.0, floor), (0.85 * inner, floor), (inner, floor + 0.012), (inner, half))
    return (*inside, (radius, half), (radius, -half), (0.0, -half))


@cache
def _lathe(
    profile: tuple[tuple[float, float], ...], steps: int = 32
) -> tuple[list[list[float]], list[int], list[list[float]]]:
    """Turn a profile round the z axis into triangles with flat shading along the profile and smooth shading round it."""
    vertices: list[list[float]] = []
    normals: list[list[float]] = []
    indices: list[int] = []
    angles = np.linspace(0, 2 * math.pi, steps + 1)
    for (r0, z0), (r1, z1) in itertools.pairwise(profile):
        length = math.hypot(r1 - r0, z1 - z0)
        n_r, n_z = -(z1 - z0) / length, (r1 - r0) / length
        first = len(vertices)
        for a in angles:
            c, s = math.cos(a), math.sin(a)
            vertices += [[r0 * c, r0 * s, z0], [r1 * c, r1 * s, z1]]
            normals += [[n_r * c, n_r * s, n_z]] * 2
        for k in range(first, first + 2 * steps, 2):
            indices += [k, k + 1, k + 3, k, k + 3, k + 2]
    return vertices, indices, normals


_SHAPES = {"box": _box, "bowl": _bowl}
