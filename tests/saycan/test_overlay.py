"""What is believed, drawn into pictures."""

from __future__ import annotations

import numpy as np

from saycan.overlay import draw_beliefs, outline
from saycan.perception import Oracle
from sim.camera import Camera
from sim.geometry import Box
from sim.tabletop import Tabletop


def test_things_are_outlined_where_they_are(world: Tabletop) -> None:
    camera, view = Camera(), Oracle().look(world)
    before = world.picture(camera).rgb
    after = draw_beliefs(before, camera, view)
    changed = (before != after).any(-1)
    for box in view.boxes.values():
        for column, row in np.round(camera.pixels(outline(box, box.top))[0]).astype(int):
            assert changed[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3].any()
    assert changed.mean() < 0.2 and (before == world.picture(camera).rgb).all()


def test_an_outline_goes_round_a_box() -> None:
    box = Box(np.array([0.5, 0.1, 0.02]), 0.3, np.array([0.04, 0.02, 0.02]))
    edge = outline(box, box.top)
    assert np.allclose(edge[0], edge[-1]) and np.allclose(edge[:, 2], box.top)
    assert all(box.covers(0.99 * (p - box.position) + box.position) for p in edge)
    assert not any(box.covers(1.01 * (p - box.position) + box.position) for p in edge)
