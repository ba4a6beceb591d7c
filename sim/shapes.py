"""How each thing of the catalogue becomes a PyBullet body: what it collides with, and what a camera sees."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from sim.objects import Thing

WALL = 0.006  # thickness of walls and floors of what is hollow, metres
_WALL_GAP = 0.002  # metres between a round wall's pieces and the table
_ROLLING = {"sphere": 0.003, "cylinder": 0.002, "bottle": 0.002}  # so that what rolls comes to rest; metres

Profile = tuple[tuple[float, float], ...]
"""Half of a round thing's cross-section as (distance from the axis, height), metres."""


def create_body(
    client: Any, thing: Thing, position: np.ndarray, yaw: float, tilt: float = 0.0, meshes: bool = True
) -> int:
    """Put a thing into a PyBullet world.

    :param position: its centre (middle of its height) in the robot frame, metres.
    :param yaw: turn about the vertical axis, radians, after a turn by ``tilt`` about its own x axis.
    :param meshes: whether round things get a smooth surface to look at; PyBullet never frees the memory of one, not even at the end.
    :return: PyBullet's body number.
    """
    collision, visual = _SHAPES[thing.shape](client, thing, meshes)
    body: int = client.createMultiBody(
        thing.mass, collision, visual, list(position), client.getQuaternionFromEuler([tilt, 0, yaw])
    )
    client.changeDynamics(
        body,
        -1,
        lateralFriction=thing.friction,
        spinningFriction=0.002,
        rollingFriction=_ROLLING.get(thing.shape, 0.0002),
    )
    return body


def _box(client: Any, thing: Thing, meshes: bool) -> tuple[int, int]:
    return (
        client.createCollisionShape(client.GEOM_BOX, halfExtents=thing.size),
        client.createVisualShape(client.GEOM_BOX, halfExtents=thing.size, rgbaColor=[*thing.colour, 1.0]),
    )


def _sphere(client: Any, thing: Thing, meshes: bool) -> tuple[int, int]:
    return (
        client.createCollisionShape(client.GEOM_SPHERE, radius=thing.size[0]),
        client.createVisualShape(client.GEOM_SPHERE, radius=thing.size[0], rgbaColor=[*thing.colour, 1.0]),
    )


def _cylinder(client: Any, thing: Thing, meshes: bool) -> tuple[int, int]:
    radius, _, half = thing.size
    collision = client.createCollisionShape(client.GEOM_CYLINDER, radius=radius, height=2 * half)
    rim = ((0.0, half), (0.8 * radius, half), (radius, 0.92 * half), (radius, -half), (0.0, -half))
    return collision, _turned(client, thing, rim, meshes)


def _bottle(client: Any, thing: Thing, meshes: bool) -> tuple[int, int]:
    radius, _, half = thing.size
    collision = client.createCollisionShape(client.GEOM_CYLINDER, radius=radius, height=2 * half)
    neck = ((0.0, half), (0.55 * radius, half), (0.55 * radius, 0.75 * half), (radius, 0.5 * half))
    return collision, _turned(client, thing, (*neck, (radius, -half), (0.0, -half)), meshes)


def _banana(client: Any, thing: Thing, meshes: bool) -> tuple[int, int]:
    """A bar for contact; three capsules in a slight bend for the eye."""
    long, _, radius = thing.size
    bend, piece = 0.3, 0.42 * long
    ends = [(-0.55 * long, -0.12 * long, bend), (0.0, 0.02 * long, 0.0), (0.55 * long, -0.12 * long, -bend)]
    collision = client.createCollisionShape(client.GEOM_BOX, halfExtents=thing.size)
    visual = client.createVisualShapeArray(
        shapeTypes=[client.GEOM_CAPSULE] * 3,
        radii=[0.95 * radius] * 3,
        lengths=[2 * piece] * 3,
        visualFramePositions=[[x, y, 0] for x, y, _ in ends],
        visualFrameOrientations=[client.getQuaternionFromEuler([0, math.pi / 2, turn]) for _, _, turn in ends],
        rgbaColors=[[*thing.colour, 1.0]] * 3,
    )
    return collision, visual


def _tray(client: Any, thing: Thing, meshes: bool) -> tuple[int, int]:
    """A floor and four walls."""
    x, y, z = thing.size
    wall = WALL / 2
    halves = [[x, y, wall], [x, wall, z - wall], [x, wall, z - wall], [wall, y, z - wall], [wall, y, z - wall]]
    centres = [[0, 0, wall - z], [0, y - wall, wall], [0, wall - y, wall], [x - wall, 0, wall], [wall - x, 0, wall]]
    boxes = {"shapeTypes": [client.GEOM_BOX] * 5, "halfExtents": halves}
    collision = client.createCollisionShapeArray(**boxes, collisionFramePositions=centres)
    visual = client.createVisualShapeArray(**boxes, visualFramePositions=centres, rgbaColors=[[*thing.colour, 1.0]] * 5)
    return collision, visual


def _bowl(client: Any, thing: Thing, meshes: bool) -> tuple[int, int]:
    return _hollow(client, thing, meshes, segments=12)


def _cup(client: Any, thing: Thing, meshes: bool) -> tuple[int, int]:
    return _hollow(client, thing, meshes, segments=8)


def _hollow(client: Any, thing: Thing, meshes: bool, segments: int) -> tuple[int, int]:
    """A round vessel: two crossed squares as floor and a ring of wall pieces for contact; a smooth surface of revolution for the eye.

    Boxes only, and walls that do not reach the table: contact between boxes is by far PyBullet's fastest (a cylinder as floor and
    walls down to the table made a control step ten times slower).
    """
    radius, _, half = thing.size
    angles = np.arange(segments) * 2 * math.pi / segments
    middle = radius - WALL / 2
    wall = [WALL / 2, middle * math.tan(math.pi / segments), half - _WALL_GAP / 2]
    side = (radius - WALL) / math.sqrt(2)
    floor = [side, side, WALL / 2]
    collision = client.createCollisionShapeArray(
        shapeTypes=[client.GEOM_BOX] * (2 + segments),
        halfExtents=[floor] * 2 + [wall] * segments,
        collisionFramePositions=[[0, 0, WALL / 2 - half]] * 2
        + [[middle * math.cos(a), middle * math.sin(a), _WALL_GAP / 2] for a in angles],
        collisionFrameOrientations=[client.getQuaternionFromEuler([0, 0, a]) for a in (0, math.pi / 4, *angles)],
    )
    inner, bottom = radius - WALL, WALL - half
    inside = ((0.0, bottom), (0.85 * inner, bottom), (inner, bottom + 0.15 * inner), (inner, half))
    return collision, _turned(client, thing, (*inside, (radius, half), (radius, -half), (0.0, -half)), meshes)


def _turned(client: Any, thing: Thing, profile: Profile, meshes: bool) -> int:
    """A surface of revolution, to look at; without meshes -1, so that what collides is shown."""
    if not meshes:
        return -1
    vertices, indices, normals = _lathe(profile)
    visual: int = client.createVisualShape(
        client.GEOM_MESH, vertices=vertices, indices=indices, normals=normals, rgbaColor=[*thing.colour, 1.0]
    )
    return visual


@lru_cache(64)  # in training, sizes vary without end
def _lathe(profile: Profile, steps: int = 32) -> tuple[list[list[float]], list[int], list[list[float]]]:
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


_SHAPES: dict[str, Callable[[Any, Thing, bool], tuple[int, int]]] = {
    "box": _box,
    "sphere": _sphere,
    "cylinder": _cylinder,
    "bottle": _bottle,
    "banana": _banana,
    "cup": _cup,
    "bowl": _bowl,
    "tray": _tray,
}
