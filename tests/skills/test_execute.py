"""Doing a skill: it stops when its value has collapsed, and a disturbance really disturbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from sim.geometry import Box
from sim.layout import lying, standing
from sim.objects import find
from sim.tabletop import Tabletop
from skills.disturb import disturb
from skills.envs import SkillEnv, begin
from skills.execute import Watch, execute
from skills.heatmap import heat_map
from skills.library import Skill, load_all
from skills.networks import Policy, SuccessValue, mlp
from skills.observation import SIZE, Sight
from skills.tasks import TASKS, Start, Target, starts
from skills.trees import Trees


def skill(name: str, logit: float) -> Skill:
    """A skill that does nothing in particular and always gives itself the same chance."""
    torch.manual_seed(0)
    policy = Policy(mlp([SIZE, 8, 5], nn.Tanh).eval())
    return Skill(TASKS[name](), policy, SuccessValue(Trees.constant(logit, SIZE)), None, {})


def sight(world: Tabletop) -> Sight:
    state = world.state()
    return Sight(state.hand, state.boxes, state.held, state.drawer)


@pytest.mark.parametrize(
    ("logit", "watch", "ended", "steps"),
    [
        (-9.0, Watch(0.05, 3), "hopeless", 3),
        (-9.0, Watch(0.05, 7), "hopeless", 7),
        (9.0, Watch(0.05, 3), "time", 60),
        (-9.0, Watch(0.0, 3), "time", 60),
        (-9.0, None, "time", 60),
    ],
)
def test_a_hopeless_try_is_stopped(world: Tabletop, logit: float, watch: Watch | None, ended: str, steps: int) -> None:
    seen: list[int] = []
    target = Target("red block")
    outcome = execute(world, skill("pick", logit), target, lambda: sight(world), watch, lambda: seen.append(1))
    assert (outcome.ended, outcome.control_steps, outcome.success, len(seen)) == (ended, steps, False, steps)
    assert (outcome.chance is None) == (watch is None)


def test_nothing_to_put_down_is_lost_at_once(world: Tabletop) -> None:
    outcome = execute(world, skill("place_in", 9.0), Target("green bowl"), lambda: sight(world), Watch())
    assert outcome.ended == "lost" and outcome.control_steps == 1


def test_a_skill_about_no_thing_can_succeed(world: Tabletop) -> None:
    class Rest(TASKS["push"]):  # type: ignore[misc]
        def goal(self, sight: Sight, target: Target) -> None:
            """There is nowhere to go."""

        def focus(self, sight: Sight, target: Target) -> Callable[[Mapping[str, Box]], Box]:
            return lambda boxes: boxes["red block"]

        def success(self, start: object, now: object, target: Target) -> bool:
            return target == Target("")

        def lost(self, start: object, now: object, target: Target) -> bool:
            return False

    resting = replace(skill("push", 9.0), task=Rest())
    assert execute(world, resting, Target(""), lambda: sight(world)).success


@pytest.mark.parametrize(("name", "target"), [("pick", Target("cup")), ("push", Target("cup", "left"))])
def test_what_sight_made_up_cannot_be_had(world: Tabletop, name: str, target: Target) -> None:
    def look() -> Sight:
        seen = sight(world)
        return Sight(seen.hand, {**seen.boxes, "cup": seen.boxes["red block"]}, seen.held, seen.drawer)

    outcome = execute(world, skill(name, 9.0), target, look, Watch())
    assert not outcome.success and outcome.ended == "time"


def test_a_disturbance_moves_the_thing_or_takes_it_out_of_the_hand(rng: np.random.Generator) -> None:
    for _ in range(10):
        block, world = starts.thing(rng, ("block",)), Tabletop()
        layout = starts.scatter(rng, starts.thing(rng, ("bowl",)), {})
        begin(world, starts.holding(rng, layout, Target(next(iter(layout))), block))
        assert world.state().held == block.name
        assert "out of the hand" in disturb(world, next(iter(layout)), rng)
        world.wait(24)
        assert world.state().held is None
        before = world.box(block.name).position
        assert "moved" in disturb(world, block.name, rng)
        world.wait(24)
        assert np.linalg.norm((world.box(block.name).position - before)[:2]) > 0.03
        assert disturb(world, "left side", rng) == ""
        world.close()


def test_the_map_is_hopeful_within_reach_and_hopeless_outside(world: Tabletop) -> None:
    chart = heat_map(load_all(["pick"])["pick"], sight(world), Target("red block"), cells=16)
    assert chart.chance.shape == (len(chart.xs), len(chart.ys)) and np.isnan(chart.chance).any()
    near = chart.chance[np.ix_((chart.xs > 0.4) & (chart.xs < 0.6), abs(chart.ys) < 0.2)]
    far = chart.chance[chart.xs > 0.92]
    assert np.nanmean(near) > 0.7 and np.nanmean(far) < 0.2
    with pytest.raises(ValueError, match="no thing"):
        heat_map(load_all(["place_at"])["place_at"], sight(world), Target("left side"))


def test_what_ships_knows_what_is_out_of_reach() -> None:
    ships, env = load_all(["push"])["push"], SkillEnv("push", noise=0.0)

    def chance(x: float, y: float, hand: float) -> float:
        layout = {"red block": standing(find("red block"), np.array([x, y]), 0.2)}
        start = Start(layout, Target("red block", "left"), np.array([hand, 0.0, 0.3]), 0.0)
        seen, _ = env.reset(seed=0, options={"start": start})
        return float(ships.value.probability(seen[None])[0])

    for hand in (0.35, 0.5, 0.7):  # wherever the hand is
        assert chance(0.5, 0.1, hand) > 0.7 and chance(0.95, 0.1, hand) < 0.1
    env.close()


def test_what_has_rolled_beyond_the_workspace_is_picked_up_there() -> None:
    """Within the arm's reach, but not where things are put: its value, which watches, knows that."""
    pick, world, wins = load_all()["pick"], Tabletop(), 0
    for x, y in ((0.35, 0.5), (0.45, -0.47), (0.5, 0.46), (0.4, -0.5)):
        world.reset({"coke can": lying(find("coke can"), np.array([x, y]), 0.4)})
        world.settle()
        wins += execute(world, pick, Target("coke can"), partial(sight, world), Watch()).success
    world.close()
    assert wins >= 3, wins
