"""Boxes and regions, against slow references."""

from __future__ import annotations

import numpy as np
import pybullet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.geometry import Box, gap, upright_box
from sim.relations import AREA_HIGH, AREA_LOW, REGIONS, is_at, is_in, region_box

ANGLE, SIDE = st.floats(-3.1, 3.1), st.floats(0.01, 0.1)


def outline(box: Box, steps: int = 60) -> np.ndarray:
    """Points on the rim of an outline seen from above, shape (N, 2)."""
    t = np.linspace(0, 2 * np.pi, 4 * steps, endpoint=False)
    if box.round:
        points = np.column_stack([np.cos(t), np.sin(t)])
    else:
        square = np.column_stack([np.cos(t), np.sin(t)])
        points = square / np.max(np.abs(square), axis=1, keepdims=True)
    points = points * box.half[:2]
    c, s = np.cos(box.yaw), np.sin(box.yaw)
    return points @ np.array([[c, s], [-s, c]]) + box.position[:2]


@settings(deadline=None, max_examples=60)
@given(ANGLE, ANGLE, SIDE, SIDE, SIDE, SIDE, st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.booleans(), st.booleans())
def test_gap_is_never_more_than_the_distance_and_tells_overlap(
    yaw_a: float, yaw_b: float, a1: float, a2: float, b1: float, b2: float, x: float, y: float, ra: bool, rb: bool
) -> None:
    a = Box(np.zeros(3), yaw_a, np.array([a1, a1 if ra else a2, 0.02]), ra)
    b = Box(np.array([x, y, 0.0]), yaw_b, np.array([b1, b1 if rb else b2, 0.02]), rb)
    rims = np.linalg.norm(outline(a)[:, None] - outline(b)[None], axis=2)
    free = gap(a, b)
    overlap = any(a.covers(p) for p in outline(b)) or any(b.covers(p) for p in outline(a))
    assert free <= rims.min() + 1e-9
    assert gap(b, a) == pytest.approx(free)
    if free > 1e-6:
        assert not overlap


@given(st.tuples(ANGLE, st.floats(-1.5, 1.5), ANGLE), SIDE, SIDE, SIDE)
def test_the_upright_box_is_as_high_as_the_thing(
    turns: tuple[float, float, float], x: float, y: float, z: float
) -> None:
    orientation = pybullet.getQuaternionFromEuler(turns)
    rotation = np.array(pybullet.getMatrixFromQuaternion(orientation)).reshape(3, 3)
    corners = np.array([[i, j, k] for i in (-x, x) for j in (-y, y) for k in (-z, z)]) @ rotation.T
    assert upright_box([0, 0, 0], orientation, (x, y, z)).half[2] == pytest.approx(corners[:, 2].max())
    t = np.linspace(0, 2 * np.pi, 2000)
    rim = np.column_stack([x * np.cos(t), x * np.sin(t), np.full_like(t, z)]) @ rotation.T
    round_box = upright_box([0, 0, 0], orientation, (x, x, z), "cylinder")
    assert round_box.half[2] == pytest.approx(np.abs(rim[:, 2]).max(), abs=1e-4)
    assert round_box.round == (abs(rotation[2, 2]) > np.sqrt(0.5))
    assert upright_box([0, 0, 0], orientation, (x, x, x), "sphere").round


def test_a_lying_can_is_as_long_as_it_was_high() -> None:
    down = pybullet.getQuaternionFromEuler([np.pi / 2, 0, 0.4])
    box = upright_box([0.5, 0, 0.03], down, (0.03, 0.03, 0.05), "cylinder")
    assert np.allclose(box.half, [0.05, 0.03, 0.03], atol=1e-6)
    assert abs(np.sin(box.yaw - (0.4 - np.pi / 2))) < 1e-6


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_is_where_things_are_at_it(region: str) -> None:
    box = region_box(region)
    rng = np.random.default_rng(0)
    for _ in range(300):
        spot = rng.uniform(AREA_LOW, AREA_HIGH)
        thing = Box(np.array([*spot, 0.02]), 0.0, np.full(3, 0.02))
        assert is_at(thing, region) == box.covers(spot)


def test_what_stands_in_a_tray_is_in_it_and_what_stands_on_a_full_bowl_is_not() -> None:
    tray = Box(np.array([0.5, 0.0, 0.0125]), 0.0, np.array([0.12, 0.09, 0.0125]))
    can = Box(np.array([0.5, 0.0, 0.056]), 0.0, np.array([0.028, 0.028, 0.05]), True)
    assert is_in(can, tray)
    assert not is_in(Box(can.position + np.array([0, 0, 0.05]), 0.0, can.half, True), tray)
    bowl = Box(np.array([0.5, 0.0, 0.0275]), 0.0, np.array([0.085, 0.085, 0.0275]), True)
    assert not is_in(Box(np.array([0.5, 0.0, 0.066]), 0.0, np.full(3, 0.02)), bowl)
