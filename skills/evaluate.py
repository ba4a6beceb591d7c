"""Measure a trained skill: ``python -m skills.evaluate skill=pick episodes=300 seed=1``.

Success is counted over feasible starts. What the success value says is judged on as many episodes again, half of them from
doubtful starts (out of reach, too wide, hand full, ...).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from sim.cli import command, print_json
from skills.envs import SkillEnv
from skills.library import SHIPPED, Skill, load
from skills.value import quality, roll_out


def evaluate(skill: Skill, episodes: int, seed: int) -> dict[str, Any]:
    """Success rate with its 95% Wilson interval, and how true the success value is."""
    began = time.perf_counter()
    feasible = roll_out(SkillEnv(skill.task), skill.policy, episodes, seed)
    speed = feasible.control_steps / (time.perf_counter() - began)
    mixed = roll_out(SkillEnv(skill.task, doubtful=0.5), skill.policy, episodes, seed + 1)
    wins = feasible.where(feasible.first).success
    asked = mixed.where(mixed.first)
    interval = binomtest(int(wins.sum()), len(wins)).proportion_ci(method="wilson")
    return {
        "skill": skill.name,
        "episodes": episodes,
        "success": round(float(np.mean(wins)), 4),
        "ci95": [round(float(interval.low), 4), round(float(interval.high), 4)],
        **quality(skill.value.probability(asked.observations), asked.success),
        "control_steps_per_s": round(speed, 1),
    }


@command("evaluate")
def main(config: Any) -> int:
    """Print a skill's figures as one line of JSON."""
    path = Path(config.checkpoint) if config.checkpoint else SHIPPED / f"{config.skill.name}.safetensors"
    print_json(evaluate(load(path), config.episodes, config.seed))
    return 0


if __name__ == "__main__":
    main()
