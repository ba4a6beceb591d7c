"""The agent's eyes: fixed RGB-D cameras whose poses are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from omegaconf.errors import OmegaConfBaseException

from sim.camera import Camera, Light, Picture
from sim.cli import InputError
from sim.tabletop import Tabletop

WIDTH, HEIGHT = 480, 360
_LEFT = Camera(
    eye=(0.95, 0.62, 1.0),
    target=(0.52, 0.02, 0.0),
    fov=48.0,
    width=WIDTH,
    height=HEIGHT,
    light=Light(shadow=False),
)


def mirrored(camera: Camera) -> Camera:
    """The same camera on the other side of the table."""
    eye, target = camera.eye, camera.target
    return replace(camera, eye=(eye[0], -eye[1], eye[2]), target=(target[0], -target[1], target[2]))


DEFAULT = (_LEFT, mirrored(_LEFT))
"""One camera from the front left, one from the front right: what the arm hides from one, the other sees."""


@dataclass(frozen=True)
class Shot:
    """A picture and the camera that took it."""

    camera: Camera
    picture: Picture


def shoot(world: Tabletop, cameras: Sequence[Camera]) -> list[Shot]:
    """Take a picture with each camera."""
    return [Shot(camera, world.picture(camera)) for camera in cameras]


def from_config(cameras: Sequence[Any]) -> tuple[Camera, ...]:
    """Cameras from ``configs/perception/camera.yaml``.

    :raises InputError: if it cannot be told from what is given where one stands and looks to.
    """
    return tuple(_camera(camera) for camera in cameras)


def _camera(given: Any) -> Camera:
    try:
        camera = replace(_LEFT, eye=_point(given.eye), target=_point(given.target), fov=float(given.fov))
        with np.errstate(invalid="ignore"):
            fine = bool(np.isfinite(camera.axes()).all()) and 0 < camera.fov < 180
    except (OmegaConfBaseException, AttributeError, TypeError, ValueError):
        fine = False
    if not fine:
        raise InputError(
            f"each of perception.cameras needs an eye and another point as its target, three numbers each, and a fov between "
            f"0 and 180 degrees, as in {{eye: [0.95, 0.62, 1.0], target: [0.52, 0.02, 0.0], fov: 48.0}}; got {given}"
        )
    return camera


def jittered(camera: Camera, rng: np.random.Generator, metres: float = 0.03) -> Camera:
    """The camera moved and turned a little, in another light: what a picture should not depend on."""
    eye, target = (_moved(v, rng.uniform(-metres, metres, 3)) for v in (camera.eye, camera.target))
    x, y, z = (float(v) for v in rng.uniform([-1.5, -1.5, 1.0], [1.5, 1.5, 2.0]))
    red, green, blue = (float(v) for v in rng.uniform(0.85, 1.0, 3))
    light = Light(
        direction=(x, y, z),
        colour=(red, green, blue),
        ambient=float(rng.uniform(0.4, 0.7)),
        diffuse=float(rng.uniform(0.25, 0.5)),
        specular=float(rng.uniform(0.0, 0.2)),
        shadow=bool(rng.random() < 0.25),
    )
    fov = camera.fov + float(rng.uniform(-1.5, 1.5))
    return replace(camera, eye=eye, target=target, fov=fov, light=light)


def _moved(point: Sequence[float], by: np.ndarray) -> tuple[float, float, float]:
    return _point(np.add(point, by))


def _point(v: Any) -> tuple[float, float, float]:
    x, y, z = (float(c) for c in v)
    return x, y, z
