"""Worlds in several processes: the same as in one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from commands import survivors
from gymnasium.wrappers import TimeLimit
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from skills.envs import SkillEnv
from skills.shards import Shards


def make() -> SkillEnv:
    return SkillEnv("push", close=0.5, neighbours=False)


def trace(worlds: VecEnv) -> np.ndarray:
    worlds.seed(3)
    rows, rng = [worlds.reset()], np.random.default_rng(0)
    for _ in range(70):  # longer than an episode
        observations, rewards, dones, infos = worlds.step(rng.uniform(-1, 1, (worlds.num_envs, 5)).astype(np.float32))
        assert all("terminal_observation" in info for info, done in zip(infos, dones, strict=True) if done)
        rows.append(np.column_stack([observations, rewards, dones])[:, : rows[0].shape[1]])
    worlds.close()
    return np.array(rows)


def test_what_comes_of_a_seed_does_not_depend_on_the_number_of_processes() -> None:
    one = trace(DummyVecEnv([make] * 3))
    assert np.array_equal(one, trace(Shards(make, 3, 2)))
    assert np.array_equal(one, trace(Shards(make, 3, 3)))
    assert np.array_equal(one, trace(Shards(make, 3, 5)))  # more than there are worlds


def test_single_worlds_are_reached_by_their_numbers() -> None:
    worlds = Shards(make, 5, 2)
    worlds.set_attr("discount", 0.5, indices=[1, 4])
    assert worlds.get_attr("discount") == [0.97, 0.5, 0.97, 0.97, 0.5]
    assert worlds.get_attr("discount", indices=4) == [0.5]
    spaces = worlds.env_method("get_wrapper_attr", "action_space", indices=[0, 3])
    assert [space.shape for space in spaces] == [(5,), (5,)]
    assert worlds.env_is_wrapped(TimeLimit) == [False] * 5
    worlds.close()


def test_no_process_outlives_a_killed_trainer(tmp_path: Path) -> None:
    (script := tmp_path / "trainer.py").write_text(_TRAINER)
    assert not survivors(script, "2", workers=2)


_TRAINER = """
import time
import gymnasium as gym
from skills.shards import Shards

worlds = Shards(lambda: gym.make("Pendulum-v1"), 2, 2)
print(worlds.num_envs, flush=True)
time.sleep(60)
"""
