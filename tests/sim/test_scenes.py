"""Scenes: drawn from a seed, refused in clear words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.layout import is_clear
from sim.objects import catalogue
from sim.scenes import SceneError, SceneSpec, lay_out


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.sampled_from(sorted(catalogue())), unique=True, max_size=5))
def test_nothing_overlaps_and_seeds_repeat(seed: int, names: list[str]) -> None:
    layout = lay_out(SceneSpec(objects=names, seed=seed))
    again = lay_out(SceneSpec(objects=names, seed=seed))
    assert list(layout) == names
    for name, placement in layout.items():
        assert np.array_equal(placement.position, again[name].position)
        assert is_clear(placement, [p for n, p in layout.items() if n != name], 0.0)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"objects": ["elephant"]}, "no 'elephant'"),
        ({"objects": ["red block", "red block"]}, "listed twice"),
        ({"objects": ["red block"], "place": {"blue block": [0.4, 0]}}, "not under `objects`"),
        ({"objects": ["red block"], "place": {"red block": [9, 9]}}, "metres on the table"),
        ({"objects": ["red block", "blue block"], "inside": {"red block": "blue block"}}, "no receptacle"),
        ({"objects": sorted(catalogue())}, "no room left"),
        ({"kind": "moon"}, "no scene kind"),
        ({"drawer": "ajar"}, "open or closed"),
        ({"objects": ["tray", "bin"], "inside": {"tray": "bin"}}, "too large"),
        ({"objects": ["apple", "tray"], "inside": {"apple": "tray"}, "place": {"apple": [0.5, 0]}}, "only in one"),
        ({"kind": "kitchen", "unreachable": ["drawer"]}, "cannot stand out of reach"),
    ],
)
def test_bad_scenes_are_refused(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(SceneError, match=words):
        lay_out(SceneSpec(**spec))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from(["red bowl", "tray", "bin", "drawer"]),
    st.sampled_from(["coke can", "water bottle", "cup"]),
)
def test_what_is_long_starts_within_the_walls(seed: int, holder: str, name: str) -> None:
    names = [name] if holder == "drawer" else [name, holder]
    layout = lay_out(SceneSpec(kind="kitchen", objects=names, seed=seed, drawer="open", inside={name: holder}))
    box, outer = layout[name].box, layout[holder].box
    c, s = np.cos(outer.yaw), np.sin(outer.yaw)
    offset = np.array([[c, s], [-s, c]]) @ (box.position - outer.position)[:2]
    lengthwise = abs(np.cos(box.yaw - outer.yaw)) > 0.5  # it lies along the walls, if it lies
    across = box.half[:2] if lengthwise else box.half[1::-1]
    if (holder, name) == ("red bowl", "water bottle"):  # longer than the bowl is wide
        assert min(abs(offset)) < 1e-9
    else:
        assert np.all(np.abs(offset) + across < outer.half[:2])


def test_inside_and_unreachable() -> None:
    names = ["red block", "blue bowl", "green block"]
    layout = lay_out(SceneSpec(objects=names, inside={"red block": "blue bowl"}, unreachable=["green block"]))
    assert np.linalg.norm(layout["red block"].position[:2] - layout["blue bowl"].position[:2]) < 0.02
    assert layout["green block"].position[0] > 0.8
