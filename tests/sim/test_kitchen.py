"""The kitchen: shapes rest and roll as they should, the drawer slides, things lie in it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sim import cabinet
from sim.goals import parse
from sim.layout import lying, standing
from sim.objects import catalogue, find
from sim.scenes import SceneSpec, lay_out
from sim.tabletop import Tabletop

KITCHEN = [t.name for t in catalogue().values() if t.name == t.kind and t.name != "drawer"]


@pytest.fixture
def kitchen() -> Iterator[Tabletop]:
    """An open drawer with a lemon in it, an apple on the table."""
    world = Tabletop()
    spec = SceneSpec("kitchen", ["apple", "lemon", "tray"], seed=2, drawer="open", inside={"lemon": "drawer"})
    world.reset(lay_out(spec))
    world.settle()
    yield world
    world.close()


@pytest.mark.parametrize("name", KITCHEN)
def test_each_thing_stays_where_it_is_put(name: str) -> None:
    world, thing = Tabletop(), find(name)
    upright = standing(thing, np.array([0.5, 0.0]), 0.3)
    places = [upright, lying(thing, np.array([0.5, 0.0]), 0.3)] if thing.symmetry == "cylinder" else [upright]
    for placement in places:
        world.reset({name: placement})
        world.wait(24)
        box = world.box(name)
        assert np.allclose(box.position, placement.position, atol=4e-3), name
        assert np.allclose(box.half, placement.box.half, atol=3e-3), name
    world.close()


def test_what_is_in_the_drawer_goes_along(kitchen: Tabletop) -> None:
    before = kitchen.state()
    assert before.drawer == pytest.approx(1.0, abs=0.02)
    assert parse("open(drawer) and in(lemon, drawer) and not in(apple, drawer)").holds(before, before)
    handle = cabinet.handle_box(before.boxes["drawer"])
    kitchen.arm.reset(handle.position + np.array([-0.07, 0.0, 0.01]))
    for _ in range(40):
        kitchen.step(np.array([0.5, 0, 0, 0, -1.0]))
    after = kitchen.state()
    assert after.drawer is not None and after.drawer < 0.5
    assert after.boxes["lemon"].position[0] > before.boxes["lemon"].position[0] + 0.04
    assert parse("in(lemon, drawer)").holds(before, after)


def test_the_handle_is_on_the_drawers_front_whatever_the_turn() -> None:
    for yaw in (-0.15, 0.0, 0.15):
        for opening in (0.0, 1.0):
            box = cabinet.drawer_box(np.array([0.72, 0.1]), yaw, opening * cabinet.TRAVEL, (0.08, 0.112, 0.03))
            handle = cabinet.handle_box(box)
            front = np.array([-np.cos(yaw), -np.sin(yaw)])
            assert (handle.position - box.position)[:2] @ front == pytest.approx(0.125, abs=1e-6)


def test_a_kitchen_branches_exactly(kitchen: Tabletop) -> None:
    kitchen.arm.reset(cabinet.handle_box(kitchen.box("drawer")).position + np.array([-0.05, 0.0, 0.0]))
    saved, ends = kitchen.save(), []
    for _ in range(2):
        kitchen.restore(saved)
        for _ in range(20):
            kitchen.step(np.array([0.5, 0.1, 0, 0, -1.0]))
        state = kitchen.state()
        ends.append(np.concatenate([[state.drawer], *(box.position for box in state.boxes.values())]))
    assert np.array_equal(*ends)


def test_scenes_have_a_drawer_when_they_should() -> None:
    assert "drawer" in lay_out(SceneSpec("kitchen", ["apple"]))
    assert "drawer" in lay_out(SceneSpec("tabletop", ["apple"], inside={"apple": "drawer"}))
    assert lay_out(SceneSpec("tabletop", ["apple"], drawer="open"))["drawer"].opening == 1.0
    assert "drawer" not in lay_out(SceneSpec("tabletop", ["apple"]))
    assert lay_out(SceneSpec("kitchen", ["water bottle"], inside={"water bottle": "drawer"}))["water bottle"].tilt > 1


def test_crowded_kitchens_can_be_laid_out() -> None:
    for seed in range(10):
        layout = lay_out(SceneSpec("kitchen", KITCHEN, seed=seed))
        assert len(layout) == len(KITCHEN) + 1
