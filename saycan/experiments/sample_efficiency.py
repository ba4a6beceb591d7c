"""Does imagination save real executions? ``python -m saycan.experiments.sample_efficiency out=DIR`` (again, after a kill, to go on)."""

from __future__ import annotations

import json
import sys
from typing import Any

from omegaconf import OmegaConf
from rich.progress import track

from saycan.experiments.arms import Run, check_model, missing, results, summary, work
from saycan.experiments.dyna import Settings
from saycan.experiments.plot import learning_curves
from sim.cli import InputError, at_least, command, output_folder, print_json
from sim.files import write_whole

_COUNTS = (
    *("seeds", "workers", "executions", "evaluate_every", "evaluate_episodes", "skills_per_episode"),
    *("model_every", "model_batch"),
)
_NOT_NEGATIVE = ("seed", "rollouts", "remember", "real_tries", "model_steps", "doubt")
_SHARES = ("explore", "others", "sure")


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
    _check(config)
    keys = [key for key in Settings.__dataclass_fields__ if key not in ("imagination", "updates")]
    shared = {key: config[key] for key in keys}
    found = []
    for seed in range(config.seed, config.seed + config.seeds):
        for name, arm in config.arms.items():
            settings = Settings(imagination=arm.imagination, updates=arm.updates, **shared)
            found.append(Run(name, seed, arm.model, settings, config.model_rate, config.model_batch, config.doubt))
    return found


def _check(config: Any) -> None:
    """Raise an InputError where a value makes no sense, for whichever run."""
    if not config.arms:
        raise InputError("there is nothing to compare: arms is empty")
    at_least(config, **dict.fromkeys(_COUNTS, 1), **dict.fromkeys(_NOT_NEGATIVE, 0))
    for key in (key for key in _SHARES if not 0 <= config[key] <= 1):
        raise InputError(f"{key} must be from 0 to 1, not {config[key]}")
    if config.model_rate <= 0:
        raise InputError(f"model_rate must be more than 0, not {config.model_rate}")
    for name, arm in config.arms.items():
        _check_arm(name, arm)


def _check_arm(name: str, arm: Any) -> None:
    kinds = {"model": str, "imagination": int, "updates": int}
    if not OmegaConf.is_dict(arm) or not all(isinstance(arm.get(key), kind) for key, kind in kinds.items()):
        raise InputError(
            f"arm {name} needs a model, imagination and updates, like {{model: copy, imagination: 1, updates: 5}}"
        )
    if not 0 <= arm.imagination <= 5 or bool(arm.imagination) != bool(arm.model):
        raise InputError(f"arm {name}: imagination must be 0 to 5, with a model if it is more than 0")
    if arm.updates < 0:
        raise InputError(f"arm {name}: updates must be 0 or more, not {arm.updates}")
    check_model(arm.model)


if __name__ == "__main__":
    main()
