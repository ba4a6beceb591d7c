"""Measure a trained skill: ``python -m skills.evaluate skill=pick episodes=500 seed=1``.

Success is counted over feasible starts. What the success value says is judged on other starts, half of them doubtful (out of reach,
too wide, hand full, ...), beside three baselines on the same states.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from sim.cli import InputError, command, output_folder, print_json
from skills.library import Skill, load, path_of
from skills.rollouts import Rollouts, collect
from skills.statistics import wilson
from skills.value import quality, reliability


def evaluate(
    skill: Skill, episodes: int, seed: int, states: int | None = None, workers: int = 1, progress: bool = False
) -> dict[str, Any]:
    """Success rate with its 95% Wilson interval, and how true the success value is.

    :param states: states on which the success value is judged; by default as many as episodes.
    """
    began = time.perf_counter()
    title = f"{skill.name}, feasible starts" if progress else ""
    feasible = collect(skill.task, skill.policy, episodes, seed, None, workers, title)
    speed = feasible.control_steps / (time.perf_counter() - began) / workers
    title = f"{skill.name}, mixed starts" if progress else ""
    mixed = collect(skill.task, skill.policy, states or episodes, seed + 1, None, workers, title, doubtful=0.5)
    asked = mixed.starts
    wins = feasible.starts.success
    said = np.where(asked.ready, skill.value.probability(asked.observations), 0.0)
    return {
        "skill": skill.name,
        "episodes": episodes,
        "success": round(float(np.mean(wins)), 4),
        "ci95": [round(bound, 4) for bound in wilson(int(wins.sum()), len(wins))],
        **quality(said, asked.success),
        "control_steps_per_s": round(speed, 1),
        "states": len(asked.success),
        "baselines": {name: quality(p, asked.success) for name, p in baselines(skill, asked).items()},
        "reliability": [[round(a, 4), round(b, 4), n] for a, b, n in reliability(said, asked.success)],
    }


def baselines(skill: Skill, asked: Rollouts) -> dict[str, np.ndarray]:
    """What else "can" might be, for the same states.

    "detected": 1 if the object is seen, as in public versions (here it always is). "critic": PPO's own critic, of the shaped and
    discounted reward, brought to mean 0 and spread 1 and squashed by the logistic function. "constant": the mean success, in hindsight.
    """
    found = {
        "detected": np.ones(len(asked.success)),
        "constant": np.full(len(asked.success), asked.success.mean()),
    }
    if skill.critic is not None:
        raw = skill.critic_values(asked.observations)
        found["critic"] = 1 / (1 + np.exp(-(raw - raw.mean()) / max(raw.std(), 1e-9)))
    return found


@command("evaluate")
def main(config: Any) -> int:
    """Print a skill's figures as one line of JSON; draw the reliability diagram."""
    from skills.plots import reliability_diagram  # matplotlib takes half a second to import

    for name in ("episodes", "workers", "states"):
        if config[name] is not None and config[name] < 1:
            raise InputError(f"{name} must be at least 1, not {config[name]}")
    skill = load(Path(config.checkpoint) if config.checkpoint else path_of(config.skill.name))
    out = output_folder(config, f"evaluate_{skill.name}")
    figures = evaluate(skill, config.episodes, config.seed, config.states, config.workers, config.progress)
    reliability_diagram({skill.name: figures}, out / f"{skill.name}.reliability.png")
    print_json(figures)
    return 0


if __name__ == "__main__":
    main()
