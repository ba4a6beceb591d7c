"""What policies learn with: sight that errs as the cameras do."""

from __future__ import annotations

import numpy as np
import pytest

from sim.geometry import Box
from sim.state import Hand
from skills.blur import Blur
from skills.envs import SkillEnv
from skills.observation import Sight, columns

HAND = Hand(np.array([0.5, 0.0, 0.3]), 1.0, 0.05, True, np.zeros(4), True, True)


def crowd() -> Sight:
    boxes = {f"block {k}": Box(np.array([0.4 + 0.01 * k, 0.1, 0.02]), 0.3, np.full(3, 0.02)) for k in range(20)}
    return Sight(HAND, boxes, held="block 1")


def blurred(seed: int, share: float = 1.0) -> Sight:
    return Blur(np.random.default_rng(seed), "block 0", share)(crowd())


def test_errors_stay_for_an_episode_and_differ_between_episodes() -> None:
    blur, truth = Blur(np.random.default_rng(0), "block 0"), crowd()
    first, again = blur(truth), blur(truth)
    assert list(first.boxes) == list(again.boxes)
    assert all(np.array_equal(first.boxes[n].position, again.boxes[n].position) for n in first.boxes)
    assert not np.array_equal(first.boxes["block 0"].position, blurred(1).boxes["block 0"].position)


def test_some_things_are_not_seen_but_never_what_it_is_about_nor_what_is_held() -> None:
    seen = [blurred(seed).boxes for seed in range(50)]
    assert all({"block 0", "block 1"} <= set(boxes) for boxes in seen)
    assert np.mean([len(boxes) for boxes in seen]) == pytest.approx(2 + 18 * 0.9, abs=0.7)


def test_what_is_held_is_off_along_the_fingers_and_not_across_them() -> None:
    true = crowd().boxes["block 1"].position
    along = np.array([np.cos(HAND.yaw), np.sin(HAND.yaw)])
    errors = np.array([(blurred(seed).boxes["block 1"].position - true)[:2] for seed in range(200)])
    assert np.std(errors @ along) > 3 * np.std(errors @ [-along[1], along[0]])


def test_an_environment_with_blur_sees_otherwise_what_happens_in_the_same_way() -> None:
    sharp, blurry = SkillEnv("place_in"), SkillEnv("place_in", blur=1.0)
    for _ in range(3):
        seen = [env.reset(seed=4)[0] for env in (sharp, blurry)]
        assert not np.allclose(*seen)
        assert np.array_equal(*[row[columns(["hand", "time"])] for row in seen])
    truth = [env._begin.boxes[env._target.name].position for env in (sharp, blurry)]
    assert np.array_equal(*truth)
    sharp.close(), blurry.close()
