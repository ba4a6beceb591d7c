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

from saycan.build import asks_model, build_agent, load_scorer
from saycan.judging.trial import forget
from saycan.report import write_report
from saycan.types import Episode
from sim.cli import InputError, at_least, command, output_folder, print_json
from sim.goals import parse
from sim.objects import colours
from skills.statistics import wilson


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
    forget(scorer, config)
    agent = build_agent(config, scorer)
    start = agent.body.world.state()
    episode = agent.run(instruction)
    agent.body.world.settle()
    success = episode.outcome == "done" and parse(goal).holds(start, agent.body.world.state())
    agent.body.world.close()
    return episode, success


@command("trials")
def main(config: Any) -> int:
    """Run the trials, keep a report of each failure, print the figures as one line of JSON."""
    at_least(config, seeds=1)
    if config.seed:
        raise InputError(f"each trial has a seed of its own; set the first of them with first_seed={config.seed}")
    folder, began = output_folder(config, "trials"), time.perf_counter()
    scorer = load_scorer(config.llm) if asks_model(config.agent) else None
    ready = round(time.perf_counter() - began, 2) if scorer else None
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
    print_json(
        {
            "trials": len(wins),
            "success": round(float(np.mean(wins)), 4),
            "ci95": [round(bound, 4) for bound in wilson(sum(wins), len(wins))],
            "perception": config.perception.name,
            "seconds_to_load_language_model": ready,
            "seconds_first_decision": spread([e.steps[0].seconds for e in episodes if e.steps]),
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


def spread(values: list[float]) -> dict[str, float] | None:
    """Median and range; None of nothing."""
    if not values:
        return None
    return {"median": round(float(np.median(values)), 2), "min": round(min(values), 2), "max": round(max(values), 2)}


if __name__ == "__main__":
    main()
