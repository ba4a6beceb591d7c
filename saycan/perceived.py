"""What seeing costs the skills: ``python -m saycan.perceived episodes=100``."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import torch
from rich.progress import track

from saycan.build import build_perception
from saycan.perception import Oracle, Perception
from sim.cli import InputError, command, output_folder, print_json
from sim.relations import REGIONS
from sim.tabletop import Tabletop
from skills import library
from skills.envs import begin
from skills.execute import Watch, execute
from skills.library import Skill
from skills.statistics import wilson
from skills.tasks import Start


@command("perceived")
def main(config: Any) -> int:
    """Try every skill both ways; the last line is JSON."""
    if config.episodes < 1 or config.seed < 0:
        raise InputError("episodes must be 1 or more, seed 0 or more")
    torch.set_num_threads(2)
    skills = library.load_all(config.skills)
    build_perception(config.perception)  # what is wrong with it is said before any work
    folder = output_folder(config, "perceived")
    quiet = not (config.progress and sys.stderr.isatty())
    rows = {name: _both_ways(skill, config, quiet) for name, skill in skills.items()}
    data = {"episodes": config.episodes, "seed": config.seed, "perception": config.perception.name, "skills": rows}
    (folder / "perceived.json").write_text(json.dumps(data, indent=2) + "\n")
    print_json(data)
    return 0


def _both_ways(skill: Skill, config: Any, quiet: bool) -> dict[str, Any]:
    """Success with perceived and with true places, with 95% Wilson intervals."""
    rng, wins = np.random.default_rng(config.seed), {"perceived": 0, "true": 0}
    world = Tabletop()
    for _ in track(range(config.episodes), skill.name, disable=quiet):
        start = skill.task.start(rng)
        wins["perceived"] += succeeds(world, skill, start, build_perception(config.perception))
        wins["true"] += succeeds(world, skill, start, Oracle())
    world.close()
    return {how: _rate(count, config.episodes) for how, count in wins.items()}


def succeeds(world: Tabletop, skill: Skill, start: Start, perception: Perception) -> bool:
    """Whether a skill does what it is for from a start, knowing what perception sees."""
    begin(world, start)
    seen = perception.look(world).boxes
    if start.target.name not in (*seen, *REGIONS):
        return False
    return execute(world, skill, start.target, lambda: perception.track(world), Watch()).success


def _rate(wins: int, count: int) -> dict[str, Any]:
    return {"success": round(wins / count, 4), "ci95": [round(v, 4) for v in wilson(wins, count)]}


if __name__ == "__main__":
    main()
