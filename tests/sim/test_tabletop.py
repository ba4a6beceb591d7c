"""The world: save and branch, determinism, holding, the camera."""

from __future__ import annotations

import numpy as np
import psutil
import pytest

from sim.panda import HOME, REACH, STEP, TURN, WORKSPACE, Bounds
from sim.scenes import SceneSpec, lay_out
from sim.tabletop import Tabletop


def trace(world: Tabletop, actions: np.ndarray) -> np.ndarray:
    rows = []
    for action in actions:
        world.step(action)
        state = world.state()
        rows.append(np.concatenate([state.hand.position, *(box.position for box in state.boxes.values())]))
    return np.array(rows)


def test_a_saved_moment_branches_exactly(world: Tabletop, rng: np.random.Generator) -> None:
    world.arm.reset(world.box("red block").position + np.array([0, 0, 0.02]))
    trace(world, rng.uniform(-1, 1, (20, 5)))
    saved, actions = world.save(), rng.uniform(-1, 1, (30, 5))
    first = trace(world, actions)
    world.restore(saved)
    again = trace(world, actions)
    assert np.array_equal(first, again)
    world.restore(saved)
    other = trace(world, -actions)
    assert not np.allclose(first, other)
    world.restore(saved)
    assert np.array_equal(first, trace(world, actions))
    world.discard(saved)


def test_same_seed_same_episode(rng: np.random.Generator) -> None:
    actions, traces = rng.uniform(-1, 1, (40, 5)), []
    for _ in range(2):
        world = Tabletop()
        world.reset(lay_out(SceneSpec(objects=["red block", "blue bowl"], seed=5)))
        world.settle()
        traces.append(trace(world, actions))
        world.close()
    assert np.array_equal(*traces)


def test_things_rest_where_they_are_put(world: Tabletop) -> None:
    before = world.state()
    world.wait(48)
    after = world.state()
    for name, box in before.boxes.items():
        assert np.allclose(box.position, after.boxes[name].position, atol=1e-3)
        assert abs(box.bottom) < 2e-3


def test_fingers_hold_what_they_close_on_and_let_it_go(world: Tabletop) -> None:
    box = world.box("red block")
    world.arm.reset(box.position, box.yaw)
    for _ in range(4):
        world.step(np.array([0, 0, 0, 0, -1.0]))
    for _ in range(12):
        world.step(np.array([0, 0, 0.5, 0, -1.0]))
    assert world.state().held == "red block"
    assert world.box("red block").position[2] > 0.1
    for _ in range(24):
        world.step(np.array([0, 0, 0, 0, 1.0]))
    assert world.state().held is None
    assert world.box("red block").position[2] < 0.1


def test_a_sleeping_thing_wakes_when_it_is_pushed(world: Tabletop) -> None:
    box = world.box("red block")
    world.doze()
    world.arm.reset(np.array([box.position[0], box.position[1] - 0.09, 0.02]))
    for _ in range(10):
        world.step(np.array([0, 0.7, 0, 0, -1.0]))
    assert world.box("red block").position[1] > box.position[1] + 0.03


@pytest.mark.parametrize("within", [REACH, WORKSPACE])
@pytest.mark.parametrize("direction", [np.array([1.0, 1, 1, 1, 1]), np.array([-1.0, -1, -1, -1, 1])])
def test_the_hand_stays_where_it_may_be_sent(within: Bounds, direction: np.ndarray) -> None:
    world, slack = Tabletop(within=within), 0.01  # metres: a fast hand swings a little beyond its target
    for _ in range(40):
        world.step(100 * direction)
        hand = world.hand().position
        assert np.all(hand > within[0] - slack) and np.all(hand < within[1] + slack)
    assert np.all(world.arm.target >= within[0]) and np.all(world.arm.target <= within[1])
    world.close()


def test_an_arm_that_has_wound_itself_up_unwinds(world: Tabletop) -> None:
    for action in ([0, -1, 0, -1, 1], [-1, 0, 0, -1, 1], [0, 1, 0, 0, 1], [0, -1, -1, 0, 1]):
        trace(world, np.tile(action, (30, 1)))
    left = [world.unwind() for _ in range(50)]
    assert left[0] > 0.8 and left[-1] < 0.02  # radians
    hand = world.hand()
    assert np.allclose(hand.position, HOME, atol=0.01) and abs(hand.yaw) < 0.02 and np.allclose(hand.lead, 0, atol=0.02)


def test_where_the_last_joint_is_at_its_end_the_hand_turns_less_and_still_gets_there(world: Tabletop) -> None:
    corner, yaw = np.array([0.35, 0.25, 0.06]), -1.58
    for _ in range(40):
        way, turn = corner - world.arm.target, yaw - world.arm.target_yaw
        world.step(np.clip([*(way / STEP), turn / TURN, 1.0], -1.0, 1.0))
    assert np.linalg.norm(world.hand().position - corner) < 0.01 and -1.5 < world.hand().yaw < -0.9


def test_the_camera_sees_colours_and_metres(world: Tabletop) -> None:
    picture = world.picture()
    assert picture.rgb.shape == (240, 320, 3) and picture.rgb.dtype == np.uint8
    red = (picture.rgb[..., 0] > 120) & (picture.rgb[..., 1] < 70) & (picture.rgb[..., 2] < 70)
    assert red.any()
    assert 0.5 < picture.depth[red].mean() < 1.6


def test_memory_stays_flat_over_many_layouts() -> None:
    """PyBullet keeps the shapes of removed bodies; a long training would fill the memory."""
    layout = lay_out(SceneSpec(objects=["red bowl", "blue bowl", "green bowl", "red block"]))
    world, process = Tabletop(), psutil.Process()
    sizes = []
    for _ in range(3):
        for _ in range(120):
            world.reset(layout)
        sizes.append(process.memory_info().rss / 2**20)
    world.close()
    assert sizes[2] - sizes[0] < 15, sizes  # without a fresh start: 40 MB
