"""How fast the world is, beside panda-gym in the same run, and what a control step is spent on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sim.cli import InputError
from sim.layout import standing
from sim.objects import find
from sim.quiet import quiet
from sim.tabletop import SUBSTEPS, Tabletop
from skills.envs import SkillEnv
from skills.tasks import Start, Target

PEER = "PandaPickAndPlace-v3"  # arm, table, one block: so has ours here


def measure_sim(steps: int, rounds: int, seed: int) -> dict[str, Any]:
    """Control steps per second of one process, resets included, random actions, ours and the peer's by turns.

    :param steps: control steps in each round.
    :raises InputError: if panda-gym is not installed.
    """
    ours, peer = SkillEnv("pick"), _peer()
    rng = np.random.default_rng(seed)
    start = Start(
        {"red block": standing(find("red block"), np.array([0.5, 0.0]), 0.0)},
        Target("red block"),
        np.array([0.45, 0.0, 0.25]),
        0.0,
    )
    mine, theirs, floor = [], [], []
    for k in range(rounds):
        mine.append(_run(ours, steps, rng, seed + k, {"start": start}))
        theirs.append(_run(peer, steps, rng, seed + k, None))
        floor.append(_bare(steps))
    ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
    best, other = float(np.median(mine)), float(np.median(theirs))
    return {
        "control_steps_per_s": round(best, 1),
        "panda_gym_control_steps_per_s": round(other, 1),
        "ratio": round(best / other, 2),
        "ratio_range": [round(min(ratios), 2), round(max(ratios), 2)],
        "floor_control_steps_per_s": round(float(np.median(floor)), 1),
        "microseconds": _parts(start, seed),
        "physics_steps_per_control_step": SUBSTEPS,
    }


def _peer() -> Any:
    try:
        with quiet():
            import gymnasium
            import panda_gym  # noqa: F401 (registers its environments)

            return gymnasium.make(PEER)
    except ImportError:
        raise InputError(
            "panda-gym is what we are measured against, and it is not installed: pip install panda-gym"
        ) from None


def _run(env: Any, steps: int, rng: np.random.Generator, seed: int, options: Any) -> float:
    actions = rng.uniform(-1, 1, (steps, *env.action_space.shape)).astype(np.float32)
    env.reset(seed=seed, options=options)
    began = time.perf_counter()
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset(options=options)
    return steps / (time.perf_counter() - began)


def _bare(steps: int) -> float:
    """The floor: nothing but PyBullet's steps of the arm alone."""
    world = Tabletop()
    world.reset({})
    began = time.perf_counter()
    world.wait(steps)
    seconds = time.perf_counter() - began
    world.close()
    return steps / seconds


def _parts(start: Start, seed: int) -> dict[str, float]:
    """Microseconds of one control step, by what they are spent on, each timed alone in the same world."""
    env = SkillEnv("pick")
    env.reset(seed=seed, options={"start": start})
    world: Any = env._world
    state = world.state()
    sight = env._sight(state)
    target, yaw = world.arm.target.copy(), world.arm.target_yaw
    parts: dict[str, Callable[[], Any]] = {
        "physics": lambda: world.wait(1),
        "inverse kinematics": lambda: world.arm._solve(target, yaw, 10),
        "finger contacts": world.arm.touching,
        "state (contacts included)": world.state,
        "observation": lambda: env._observer.observe(sight, 0.0),
        "reward and tests": lambda: (
            env.task.reward(state, state, start.target),
            env.task.success(state, state, start.target),
        ),
        "whole control step": lambda: env.step(np.zeros(5, dtype=np.float32)),
    }
    found = {}
    for name, part in parts.items():
        began = time.perf_counter()
        for _ in range(500):
            part()
        found[name] = round((time.perf_counter() - began) / 500 * 1e6, 1)
    env.close()
    return found
