"""The skills' environments, their tasks and their observation."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

import skills.envs
from sim.geometry import Box
from sim.state import Hand
from skills.envs import SkillEnv
from skills.observation import FEATURES, SIZE, Sight, columns, features, finger_turn
from skills.tasks import TASKS

NAMES = [f"saycan/{name.title().replace('_', '')}-v0" for name in TASKS]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_env_is_a_proper_gymnasium_env(name: str) -> None:
    env = gym.make(name)
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


@pytest.mark.parametrize("name", list(TASKS))
@pytest.mark.parametrize("doubtful", [0.0, 1.0])
def test_same_seed_same_episode(name: str, doubtful: float) -> None:
    runs = []
    for _ in range(2):
        env = SkillEnv(name, doubtful=doubtful)
        rows = [env.reset(seed=7)[0]]
        env.action_space.seed(1)
        for _ in range(15):
            observation, _, over, _, _ = env.step(env.action_space.sample())
            rows.append(observation)
            if over:
                break
        env.close()
        runs.append(np.array(rows))
    assert np.array_equal(*runs)


@pytest.mark.parametrize("name", list(TASKS))
def test_feasible_starts_are_not_won_and_not_lost_yet(name: str) -> None:
    env = SkillEnv(name)
    env.reset(seed=11)
    for _ in range(30):
        env.reset()
        assert not env.task.success(env._begin, env._begin, env._target)
        if name == "pick":
            assert env._begin.held is None
        else:
            assert env._begin.held not in (None, env._target)
            assert not env.task.lost(env._begin, env._begin, env._target)
    env.close()


def test_a_hand_that_is_empty_places_nothing_and_a_full_one_picks_nothing() -> None:
    env = SkillEnv("place_in", doubtful=1.0)
    env.reset(seed=5)
    while env._begin.held is not None:
        env.reset()
    assert env.task.lost(env._begin, env._begin, env._target)
    env.close()


def test_dropping_aside_is_lost() -> None:
    env = SkillEnv("place_in")
    env.reset(seed=2)
    over = False
    while not over:
        _, reward, over, _, info = env.step(np.array([-1.0, 0, 0, 0, 1.0]))
    assert not info["is_success"] and reward < 0
    env.close()


def hand(yaw: float = 0.0) -> Hand:
    return Hand(np.array([0.5, 0.0, 0.2]), yaw, 0.08, False, np.zeros(4), False, False)


@settings(deadline=None)
@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.integers(0, 5))
def test_the_observation_is_bounded_and_relative(dx: float, dy: float, others: int) -> None:
    boxes = {"it": Box(np.array([0.5 + dx, dy, 0.02]), 0.3, np.full(3, 0.02))}
    boxes |= {f"other {k}": Box(np.array([0.4, 0.05 * k, 0.02]), 0.0, np.full(3, 0.02)) for k in range(others)}
    vector = features(Sight(hand(), boxes, None, "it"), 0.5)
    assert vector.shape == (SIZE,) and vector.dtype == np.float32 and np.abs(vector).max() <= 5
    assert np.allclose(vector[columns(["target"])][:3], 5 * np.array([dx, dy, -0.18]), atol=1e-5)
    assert not vector[columns(["load", "gap"])].any()


def test_columns_cover_the_observation_once() -> None:
    assert columns(FEATURES) == list(range(SIZE))


@given(st.floats(-7, 7), st.floats(-1.5, 1.5), st.floats(0.01, 0.05), st.floats(0.01, 0.05))
def test_fingers_turn_to_the_narrower_side(yaw: float, hand_yaw: float, first: float, second: float) -> None:
    box = Box(np.zeros(3), yaw, np.array([first, second, 0.02]))
    turn, across, along = finger_turn(hand_yaw, box)
    assert -np.pi / 2 <= turn <= np.pi / 2
    assert across <= along * 1.16
    straight = abs(np.sin(2 * (hand_yaw + turn - yaw)))
    assert straight < 1e-6  # the fingers end parallel to one of the box's sides


def test_registering_twice_is_harmless() -> None:
    skills.envs.register()
    assert set(NAMES) <= set(gym.registry)
