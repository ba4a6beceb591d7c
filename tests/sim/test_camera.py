"""Pictures and the places that their pixels show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim.camera import Camera
from sim.layout import standing
from sim.objects import catalogue
from sim.tabletop import Tabletop

SIDE = Camera(eye=(0.95, 0.62, 1.0), target=(0.52, 0.02, 0.0), fov=48.0, width=480, height=360)


@pytest.mark.parametrize("camera", [Camera(), SIDE])
def test_pixels_show_what_stands_there(world: Tabletop, camera: Camera) -> None:
    picture, labels = camera.take_labelled(world.client)
    names = tuple(world.state().boxes)
    owner, points = world.owners(labels, names), camera.points(picture.depth)
    for number, name in enumerate(names):
        box, seen = world.box(name), points[owner == number]
        assert len(seen) > 20
        assert np.abs(seen - box.position).max() < np.linalg.norm(box.half) + 0.003
        assert seen[:, 2].max() == pytest.approx(box.top, abs=0.003)
    table = points[owner == -1]
    assert np.abs(table[(picture.depth[owner == -1] < 1.3), 2]).max() < 0.003


@pytest.mark.parametrize("side", [1, -1])
def test_a_top_is_seen_right_where_it_is(side: int) -> None:
    """Half a pixel, where one looks at 2 to 3 mm of the table, would be 1.5 mm."""
    table, (x, y, z) = Tabletop(), SIDE.eye
    camera, errors = replace(SIDE, eye=(x, side * y, z), target=(0.52, side * 0.02, 0.0)), []
    for spot, yaw in (((0.4, 0.1), 0.3), ((0.5, -0.2), 0.7), ((0.6, 0.2), 1.1)):
        table.reset({"red block": standing(catalogue()["red block"].scaled(1.6), np.array(spot), yaw)})
        table.settle()
        box = table.box("red block")
        picture, labels = camera.take_labelled(table.client)
        points = camera.points(picture.depth)[table.owners(labels, ("red block",)) == 0]
        top, axes = (
            points[points[:, 2] > box.top - 0.003],
            np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]]),
        )
        across = (top[:, :2] - box.position[:2]) @ axes.T
        errors.append([*(across.min(0) + across.max(0)) / 2 @ axes, top[:, 2].max() - box.top])
    assert np.abs(np.mean(errors, 0)).max() < 0.0005, np.round(errors, 4)


@pytest.mark.parametrize("camera", [Camera(), SIDE])
def test_points_and_pixels_are_each_others_inverse(camera: Camera, rng: np.random.Generator) -> None:
    depth = rng.uniform(0.5, 2.0, (camera.height, camera.width)).astype(np.float32)
    pixels, away = camera.pixels(camera.points(depth).reshape(-1, 3))
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    assert np.allclose(pixels, np.stack([columns, rows], -1).reshape(-1, 2), atol=1e-2)
    assert np.allclose(away, depth.ravel(), atol=1e-4)
    window = camera.points(depth[20:60:2, 40:80:2], 2, (10, 20))
    coarse = camera.points(depth[::2, ::2], 2)
    assert np.allclose(window, coarse[10:30, 20:40], atol=1e-5)


def test_depth_that_is_missing_stays_missing() -> None:
    depth = np.full((SIDE.height, SIDE.width), np.nan, np.float32)
    assert np.isnan(SIDE.points(depth)).all()
