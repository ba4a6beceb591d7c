"""How often the main job works: ``python -m saycan.trials seeds=20``.

Each seed draws two blocks and two bowls, and asks for one of the blocks in one of the bowls. Success: the goal holds in the
simulator when the agent says done.
"""

from __future__ import annotations

import resource
import sys
import time
from typing import Any

import numpy as np
from rich.progress import track
from scipy.stats import binomtest

from saycan.build import build_agent, load_scorer
from saycan.report import write_report
from saycan.types import Episode
from sim.cli import InputError, command, output_folder, print_json
from sim.goals import parse
from sim.objects import colours


def draw_task(seed: int) -> tuple[str, list[str], str]:
    """An instruction, the scene's objects and the goal."""
    rng = np.random.default_rng(seed)
    palette = sorted(colours())
    blocks, bowls = ([f"{palette[i]} {kind}" for i in rng.permutation(len(palette))[:2]] for kind in ("block", "bowl"))
    objects = [[*blocks, *bowls][i] for i in rng.permutation(4)]
    return f"put the {blocks[0]} in the {bowls[0]}", objects, f"in({blocks[0]}, {bowls[0]})"


def run_trial(config: Any, seed: int, scorer: Any) -> tuple[Episode, bool]:
    """One episode and whether its goal holds at the end."""
    instruction, objects, goal = draw_task(seed)
    config.seed, config.scene.objects = seed, objects
    agent = build_agent(config, scorer)
    start = agent.body.world.state()
    episode = agent.run(instruction)
    success = episode.outcome == "done" and parse(goal).holds(start, agent.body.world.state())
    agent.body.world.close()
    return episode, success


@command("trials")
def main(config: Any) -> int:
    """Run the trials, keep a report of each failure, print the figures as one line of JSON."""
    if config.seeds < 1:
        raise InputError(f"seeds must be 1 or more, not {config.seeds}")
    folder, began = output_folder(config, "trials"), time.perf_counter()
    scorer = load_scorer(config.llm)
    ready = time.perf_counter() - began
    episodes, wins = [], []
    for seed in track(
        range(config.first_seed, config.first_seed + config.seeds), "Trials", disable=not sys.stderr.isatty()
    ):
        episode, success = run_trial(config, seed, scorer)
        episodes.append(episode)
        wins.append(success)
        print(f"{'ok  ' if success else 'FAIL'} seed {seed}: {episode.instruction}: {plan(episode)}", flush=True)
        if not success:
            write_report(folder / f"failed_{seed}.html", episode, None, f"seed: {seed}")
    interval = binomtest(sum(wins), len(wins)).proportion_ci(method="wilson")
    print_json(
        {
            "trials": len(wins),
            "success": round(float(np.mean(wins)), 4),
            "ci95": [round(float(interval.low), 4), round(float(interval.high), 4)],
            "perception": config.perception.name,
            "seconds_to_load_language_model": round(ready, 2),
            "seconds_first_decision": spread([e.steps[0].seconds for e in episodes]),
            "seconds_episode": spread([e.seconds for e in episodes]),
            "skills_failed": sum(s.outcome is not None and not s.outcome.success for e in episodes for s in e.steps),
            "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        }
    )
    return 0


def plan(episode: Episode) -> str:
    """What was done, in one line."""
    marks = [
        (s.choice.text if s.choice else "nothing") + ("" if not s.outcome or s.outcome.success else " (failed)")
        for s in episode.steps
    ]
    return ", ".join(marks)


def spread(values: list[float]) -> dict[str, float]:
    """Median and range."""
    return {"median": round(float(np.median(values)), 2), "min": round(min(values), 2), "max": round(max(values), 2)}


if __name__ == "__main__":
    main()
