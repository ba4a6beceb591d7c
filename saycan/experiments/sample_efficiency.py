"""Does imagination save real executions? ``python -m saycan.experiments.sample_efficiency out=DIR`` (again, after a kill, to go on)."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.progress import track

from saycan.experiments.arms import Run, missing, results, summary, work
from saycan.experiments.dyna import Settings
from saycan.experiments.plot import learning_curves
from saycan.report import write_whole
from sim.cli import InputError, command, output_folder, print_json


@command("sample_efficiency")
def main(config: Any) -> int:
    """Do the runs that are missing, then sum up and draw all; the last line is JSON."""
    runs = _runs(config)
    folder = output_folder(config, "sample_efficiency")
    quiet, todo = not (config.progress and sys.stderr.isatty()), missing(runs, folder)
    for run in track(work(todo, folder, config.workers), "Learning", len(todo), disable=quiet):
        print(f"{run.arm}, seed {run.seed}: done", flush=True)
    found = results(runs, folder)
    table = summary(found)
    write_whole(folder / "summary.json", json.dumps(table, indent=2) + "\n")
    learning_curves(found, folder / "curves.png")
    print_json({"arms": table, "new_runs": len(todo), "out": str(folder)})
    return 0


def _runs(config: Any) -> list[Run]:
    """Every arm with every seed, seed by seed, so that all arms are equally far whenever it is stopped."""
    if not config.arms or config.seeds < 1 or min(config.executions, config.evaluate_episodes, config.workers) < 1:
        raise InputError("there must be arms; seeds, executions, evaluate_episodes and workers must be 1 or more")
    keys = [key for key in Settings.__dataclass_fields__ if key not in ("imagination", "updates")]
    shared = {key: config[key] for key in keys}
    found = []
    for seed in range(config.seed, config.seed + config.seeds):
        for name, arm in config.arms.items():
            if not 0 <= arm.imagination <= 5 or bool(arm.imagination) != bool(arm.model):
                raise InputError(f"arm {name}: imagination must be 0 to 5, with a model if it is more than 0")
            settings = Settings(imagination=arm.imagination, updates=arm.updates, **shared)
            found.append(Run(name, seed, arm.model, settings, config.model_rate, config.model_batch, config.doubt))
    return found


if __name__ == "__main__":
    main()
