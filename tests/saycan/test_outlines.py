"""Boxes measured on points: as true as the points where the whole of a thing is seen, and as votes tell where it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saycan.perception.outlines import measured
from sim.geometry import Box

err = st.floats(-0.004, 0.004)


def surface(box: Box, step: float = 0.002) -> np.ndarray:
    """Points on the top of a thing and on the two sides of it that face away from the robot, robot frame."""
    x, y, z = (np.arange(-h, h + 1e-9, step) for h in box.half)
    top = np.stack(np.meshgrid(np.append(x, box.half[0]), np.append(y, box.half[1])), -1).reshape(-1, 2)
    if box.round:
        around = np.linspace(-np.pi / 2, np.pi / 2, 60)
        edge = np.stack([np.cos(around), np.sin(around)], 1) * box.half[:2]
        whole = np.stack([np.cos(2 * around), np.sin(2 * around)], 1) * box.half[:2]
        top = np.concatenate([top[np.hypot(*(top / box.half[:2]).T) <= 1], whole])
    else:
        edge = top[(top[:, 0] == box.half[0]) | (top[:, 1] == box.half[1])]
    sides = np.concatenate([np.column_stack([edge, np.full(len(edge), h)]) for h in z])
    local = np.concatenate([np.column_stack([top, np.full(len(top), box.half[2])]), sides])
    c, s = np.cos(box.yaw), np.sin(box.yaw)
    return np.asarray(local @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + box.position)


@given(st.floats(-1.5, 1.5), st.lists(err, min_size=3, max_size=3), st.lists(err, min_size=3, max_size=3))
def test_a_box_is_where_its_points_are(yaw: float, off: list[float], wrong: list[float]) -> None:
    true = Box(np.array([0.5, 0.1, 0.03]), yaw, np.array([0.05, 0.03, 0.03]))
    voted = replace(true, position=true.position + off, half=true.half + wrong, yaw=yaw + 0.1)
    found = measured(voted, surface(true))
    assert np.abs(found.position[:2] - true.position[:2]).max() < 0.0015
    assert np.abs(found.half[:2] - true.half[:2]).max() < 0.002
    assert abs(found.top - true.top) < 1e-9 and abs(found.bottom - voted.bottom) < 1e-9


@given(st.floats(-0.005, 0.005), st.floats(-0.005, 0.005), st.floats(-0.004, 0.004), st.floats(-0.015, 0.015))
def test_something_round_is_where_its_rim_is(x: float, y: float, wider: float, higher: float) -> None:
    true = Box(np.array([0.5, 0.1, 0.05]), 0.0, np.array([0.03, 0.03, 0.05]), True)
    half = true.half + np.array([wider, wider, higher])
    found = measured(replace(true, position=true.position + np.array([x, y, 0.0]), half=half), surface(true))
    assert np.abs(found.position[:2] - true.position[:2]).max() < 0.001 and abs(found.half[0] - 0.03) < 0.001
    assert abs(found.top - true.top) < 1e-9


@pytest.mark.parametrize("is_round", [False, True])
def test_of_what_is_half_hidden_votes_tell_the_place(is_round: bool) -> None:
    true = Box(np.array([0.5, 0.1, 0.03]), 0.0, np.array([0.03, 0.03, 0.03]), is_round)
    points = surface(true)
    found = measured(true, points[points[:, 1] > 0.1])
    assert np.allclose(found.position, true.position) and np.allclose(found.half, true.half)


def test_a_top_far_from_what_votes_tell_is_not_the_things_own() -> None:
    true = Box(np.array([0.5, 0.1, 0.03]), 0.0, np.array([0.03, 0.03, 0.03]))
    finger = np.array([[0.5, 0.1, 0.12]])
    found = measured(replace(true, half=true.half + np.array([0, 0, 0.002])), np.concatenate([surface(true), finger]))
    assert found.top == pytest.approx(true.top + 0.002)


def test_a_few_points_change_nothing_but_the_height() -> None:
    box = Box(np.array([0.5, 0.1, 0.03]), 0.3, np.array([0.03, 0.02, 0.03]))
    found = measured(box, np.array([[0.51, 0.1, 0.058]] * 10))
    assert found.top == pytest.approx(0.058) and found.bottom == pytest.approx(0.0) and found.yaw == box.yaw
