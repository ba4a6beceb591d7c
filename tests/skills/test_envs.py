"""The skills' environments, their tasks and their observation."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import skills.envs
from sim.geometry import Box, gap
from sim.layout import standing
from sim.objects import find
from sim.panda import REACH, WORKSPACE, WORKSPACE_HIGH, YAW_LIMIT, Bounds
from sim.state import Hand
from skills.envs import SkillEnv
from skills.grasp import finger_turn, grasp_point, in_the_way
from skills.observation import FEATURES, SIZE, Observer, Sight, columns, whereabouts
from skills.tasks import TASKS, Start, Target
from skills.tasks.base import begin_near
from skills.tasks.place import Place

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
        assert not env.task.lost(env._begin, env._begin, env._target)
        assert (env._begin.held is not None) == name.startswith("place")
    env.close()


def test_a_hand_that_is_empty_places_nothing_and_a_full_one_picks_nothing() -> None:
    env = SkillEnv("place_in", doubtful=1.0)
    env.reset(seed=5)
    while env._begin.held is not None:
        env.reset()
    assert env.task.lost(env._begin, env._begin, env._target)
    env.close()
    env = SkillEnv("pick", doubtful=1.0)
    env.reset(seed=5)
    while env._begin.held is None:
        _, info = env.reset()
    begin, name = env._begin, env._target.name
    assert env.task.lost(begin, begin, env._target) and not info["ready"]
    lifted = replace(begin.boxes[name], position=begin.boxes[name].position + np.array([0.0, 0.0, 0.3]))
    then = replace(begin, boxes={**begin.boxes, name: lifted}, held=name)
    assert not env.task.success(begin, then, env._target)
    assert env.task.success(replace(begin, held=None), then, env._target)
    env.close()


def test_dropping_aside_is_lost() -> None:
    env = SkillEnv("place_in")
    env.reset(seed=2)
    over = False
    while not over:
        _, reward, over, _, info = env.step(np.array([-1.0, 0, 0, 0, 1.0]))
    assert not info["is_success"] and reward < 0
    env.close()


@pytest.mark.parametrize("name", ["place_in", "place_on", "place_at"])
def test_what_is_let_go_low_and_in_its_place_is_worth_more(name: str) -> None:
    env = SkillEnv(name)
    env.reset(seed=3)
    start, target, task = env._begin, env._target, env.task
    assert isinstance(task, Place) and start.held is not None
    name_of_it, load = start.held, start.boxes[start.held]
    place = task.goal_point(load, start, start, target)

    def worth(aside: float, speed: float, held: str | None = None) -> float:
        box = replace(load, position=place + np.array([aside, 0.0, 0.0]))
        boxes, speeds = {**start.boxes, name_of_it: box}, {**start.speeds, name_of_it: speed}
        return task.reward(start, replace(start, boxes=boxes, speeds=speeds, held=held), target)

    fallen = [worth(0.0, (2 * 9.81 * height) ** 0.5) for height in (0.0, 0.005, 0.02, 0.06)]
    assert all(higher < lower - 1 for lower, higher in pairwise(fallen)) and fallen[1] > -30 > -100 > fallen[3]
    assert worth(0.0, 1.0, held=start.held) > 0  # while it is held it may move
    centred = worth(0.0, 0.0) - worth(0.01, 0.0)
    assert centred == pytest.approx(3.75) if name == "place_on" else centred == pytest.approx(0)
    env.close()


def hand(yaw: float = 0.0) -> Hand:
    return Hand(np.array([0.5, 0.0, 0.2]), yaw, 0.08, False, np.zeros(4), False, False)


@settings(deadline=None)
@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.integers(0, 5))
def test_the_observation_is_bounded_and_relative(dx: float, dy: float, others: int) -> None:
    boxes = {"it": Box(np.array([0.5 + dx, dy, 0.02]), 0.3, np.full(3, 0.02))}
    boxes |= {f"other {k}": Box(np.array([0.4, 0.05 * k, 0.02]), 0.0, np.full(3, 0.02)) for k in range(others)}
    vector = Observer(lambda now: now["it"], "it").observe(Sight(hand(), boxes), 0.5)
    assert vector.shape == (SIZE,) and vector.dtype == np.float32 and np.abs(vector).max() <= 5
    assert np.allclose(vector[columns(["target"])][:3], 5 * np.array([dx, dy, -0.18]), atol=1e-5)
    assert not vector[columns(["load", "gap", "to_go", "drawer", "direction"])].any()
    assert vector[columns(["nearby"])].reshape(3, 8)[:, 0].sum() == min(others, 3)


@given(st.sampled_from([0.0, np.pi / 2, -np.pi / 2, np.pi]), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
def test_a_turned_world_looks_the_same_to_a_skill_with_a_direction(angle: float, dx: float, dy: float) -> None:
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    middle = np.array([0.5, 0.0, 0.0])  # of the workspace: what is turned about

    def seen(turned: bool) -> tuple[np.ndarray, Observer]:
        rotation, by = (turn, angle) if turned else (np.eye(3), 0.0)
        box = Box(middle + rotation @ [dx, dy, 0.02], by + 0.1, np.array([0.04, 0.02, 0.02]))
        palm = Hand(middle + rotation @ [0.0, 0.0, 0.2], 0.0, 0.08, False, np.zeros(4), False, False)
        observer = Observer(lambda now: now["it"], "it", by, goal=middle + rotation @ [0.1, 0.1, 0.0])
        return observer.observe(Sight(palm, {"it": box}), 0.0), observer

    plain, turned = seen(False)[0], seen(True)[0]
    same = columns(["to_go", "time"]) + columns(["target"])[:6]
    assert np.allclose(plain[same], turned[same], atol=1e-5)
    action = np.array([0.3, -0.2, 0.1, 0.5, -1.0])
    assert np.allclose(seen(True)[1].act(action)[:3], turn @ action[:3])


@given(
    st.one_of(st.none(), st.floats(-3.1, 3.1)),
    st.tuples(st.floats(0.3, 0.7), st.floats(-0.4, 0.4)),
    st.tuples(st.floats(0.2, 1.0), st.floats(-0.5, 0.5)),
)
def test_an_observation_tells_where_the_target_is(
    angle: float | None, at: tuple[float, float], there: tuple[float, float]
) -> None:
    palm = Hand(np.array([*at, 0.2]), 0.3, 0.08, False, np.zeros(4), False, False)
    box = Box(np.array([*there, 0.02]), 0.1, np.array([0.04, 0.02, 0.02]))
    assume(
        np.linalg.norm(box.position - palm.position) < 0.95
    )  # an observation tells no more than a metre from the hand
    seen = Observer(lambda now: now["it"], "it", angle).observe(Sight(palm, {"it": box}), 0.0)
    assert whereabouts(seen[None])[0] == pytest.approx([*there, np.hypot(*there)], abs=1e-5)


@pytest.mark.parametrize("name", list(TASKS))
def test_close_starts_are_close(name: str) -> None:
    task, rng = TASKS[name](), np.random.default_rng(0)
    for _ in range(20):
        start = task.start(rng)
        near = begin_near(task, start, rng)
        boxes = {n: p.box for n, p in near.layout.items()}
        box = task.focus(Sight(hand(), boxes, near.held), near.target)(boxes)
        assert np.linalg.norm((near.hand - task.reach(box, near.target))[:2]) < 0.03
        assert near.layout is start.layout and near.target == start.target


def test_tall_things_are_taken_near_their_top() -> None:
    bottle = Box(np.array([0.5, 0.0, 0.085]), 0.0, np.array([0.024, 0.024, 0.085]), True)
    assert grasp_point(bottle)[2] == pytest.approx(0.145)
    assert grasp_point(Box(np.array([0.5, 0.0, 0.02]), 0.0, np.full(3, 0.02)))[2] == pytest.approx(0.02)


def test_each_skill_offers_what_its_phrase_takes() -> None:
    seen = {
        "red block": frozenset({"block"}),
        "tray": frozenset({"tray", "receptacle"}),
        "drawer": frozenset({"drawer", "receptacle", "fixture"}),
    }
    said = {name: [task().say(t) for t in task().offers(seen)] for name, task in TASKS.items()}
    assert said["pick"] == ["pick up the red block", "pick up the tray"]
    assert said["place_in"] == ["put it in the tray", "put it in the drawer"]
    assert len(said["place_at"]) == 7 and "put it on the top left corner" in said["place_at"]
    assert said["push"][:2] == ["push the red block left", "push the red block right"]
    assert said["open_drawer"] == ["open the drawer"]
    assert TASKS["open_drawer"]().offers({"red block": frozenset({"block"})}) == []


def test_a_start_can_be_given() -> None:
    env = SkillEnv("pick")
    layout = {"red block": standing(find("red block"), np.array([0.5, 0.1]), 0.2)}
    env.reset(seed=0, options={"start": Start(layout, Target("red block"), np.array([0.4, 0.0, 0.3]), 0.0)})
    assert np.allclose(env._begin.boxes["red block"].position[:2], [0.5, 0.1], atol=1e-3)
    env.close()


@pytest.mark.parametrize(("within", "least", "most"), [(WORKSPACE, 0.38, WORKSPACE_HIGH[1] + 0.01), (REACH, 0.52, 0.6)])
def test_in_training_the_hand_stays_in_the_workspace_and_at_work_it_goes_farther(
    within: Bounds, least: float, most: float
) -> None:
    env = SkillEnv("pick", within=within)
    layout = {"red block": standing(find("red block"), np.array([0.5, 0.1]), 0.2)}
    env.reset(seed=0, options={"start": Start(layout, Target("red block"), np.array([0.4, 0.35, 0.3]), 0.0)})
    for _ in range(15):
        env.step(np.array([0.0, 1.0, 0.0, 0.0, 1.0]))
    assert env._world is not None and least < env._world.hand().position[1] < most
    env.close()


def test_columns_cover_the_observation_once() -> None:
    assert columns(FEATURES) == list(range(SIZE))


@given(st.floats(-7, 7), st.floats(-1.5, 1.5), st.floats(0.01, 0.05), st.floats(0.01, 0.05))
def test_fingers_turn_to_the_narrower_side(yaw: float, hand_yaw: float, first: float, second: float) -> None:
    box = Box(np.zeros(3), yaw, np.array([first, second, 0.02]))
    turn, across, along = finger_turn(hand_yaw, box)
    assert abs(hand_yaw + turn) <= YAW_LIMIT + 1e-9 and abs(turn) <= np.pi
    assert across <= along * 1.16
    straight = abs(np.sin(2 * (hand_yaw + turn - yaw)))
    assert straight < 1e-6  # the fingers end parallel to one of the box's sides


@given(st.floats(-1.9, 1.9), st.floats(-3, 3), st.floats(-3.1, 3.1), st.booleans(), st.floats(0.02, 0.06))
def test_the_palm_keeps_clear_of_what_is_tall(
    hand_yaw: float, yaw: float, side: float, is_round: bool, half: float
) -> None:
    box = Box(np.array([0.5, 0.0, 0.03]), yaw, np.array([0.02, 0.02, 0.02]), is_round)
    wall = Box(np.array([0.5, 0.0, 0.1]) + 0.08 * np.array([np.cos(side), np.sin(side), 0.0]), side, np.full(3, 0.1))
    wall.half[:2] = 0.02, half
    boxes = {"it": box, "wall": wall, "low": replace(wall, position=wall.position - [0, 0, 0.14])}
    tall = in_the_way(box, boxes, "it")
    assert tall == [wall]
    turn = finger_turn(hand_yaw, box, tall)[0]
    assert abs(hand_yaw + turn) <= YAW_LIMIT + 1e-9
    every = np.linspace(-YAW_LIMIT, YAW_LIMIT, 200) if is_round else yaw + np.arange(-2, 3) * np.pi / 2

    def room(angle: float) -> float:
        return gap(Box(box.position, angle, np.array([0.032, 0.105, 0.03])), wall)

    assert room(hand_yaw + turn) > 0 or max(room(angle) for angle in every) < 0.015
    if room(hand_yaw + finger_turn(hand_yaw, box)[0]) > 0.004:
        assert turn == finger_turn(hand_yaw, box)[0]  # the shortest turn, where that will do


def test_registering_twice_is_harmless() -> None:
    skills.envs.register()
    assert set(NAMES) <= set(gym.registry)


@pytest.mark.parametrize("name", list(TASKS))
def test_what_is_not_ready_is_lost_and_the_rest_is_not_lost_yet(name: str) -> None:
    env, seen = SkillEnv(name, doubtful=1.0), set()
    env.reset(seed=21)
    for _ in range(60):
        _, info = env.reset()
        assert info["ready"] != env.task.lost(env._begin, env._begin, env._target)
        seen.add(info["ready"])
    assert seen == {True, False}
    env.close()


def test_put_in_knows_how_far_the_middle_is_from_where_there_is_room() -> None:
    bowl = Box(np.array([0.5, 0.0, 0.03]), 0.0, np.array([0.085, 0.085, 0.0275]), True)
    inside = Box(np.array([0.53, 0.0, 0.026]), 0.0, np.full(3, 0.02))
    held = Box(np.array([0.4, 0.0, 0.3]), 0.0, np.full(3, 0.02))
    palm = Hand(held.position, 0.0, 0.04, True, np.zeros(4), True, True)

    def to_go(boxes: dict[str, Box]) -> np.ndarray:
        sight, task = Sight(palm, {"bowl": bowl, "block": held, **boxes}, held="block"), TASKS["place_in"]()
        return task.observer(sight, Target("bowl")).observe(sight, 0.0)[columns(["to_go"])]

    assert not to_go({}).any()
    assert (
        to_go({"other": inside})[0] > 0.2
    )  # 20 per metre: the room is on the other side, a centimetre and more from the middle
