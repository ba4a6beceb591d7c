"""How good world models are, and how fast: ``python -m saycan.evaluate_world_model log=DIR models=[world_model,copy]``."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch

from saycan.world_model.learn import split
from saycan.world_model.load import kind_of, load, model_of, record_of
from saycan.world_model.log import Execution
from saycan.world_model.log import load as load_log
from saycan.world_model.quality import by_skill, one_step, several_steps
from sim.cli import InputError, command, output_folder, print_json
from sim.files import write_whole


@command("evaluate_world_model")
def main(config: Any) -> int:
    """Measure each model on the same executions; the last line is JSON."""
    _check(config)
    torch.set_num_threads(config.threads)
    _, rows = load_log(Path(config.log))
    folder = output_folder(config, "world_model_quality")
    real = _real_speed(config.seconds / 10)
    trained = {thing for name in config.models for thing in record_of(name).get("held_out_things", ())}
    _, test, strange = split(rows, sorted(trained) or list(config.held_out))  # the same for all models
    found = {name: _measure(name, test, strange, config, real) for name in config.models}
    data = {"log": config.log, "real_executions_per_second": round(real, 2), "models": found}
    write_whole(folder / "quality.json", json.dumps(data, indent=2) + "\n")
    short = {name: {key: row[key] for key in row if key != "by_skill"} for name, row in found.items()}
    print_json({**data, "models": short, "out": str(folder)})
    return 0


def _check(config: Any) -> None:
    if config.log is None:
        raise InputError("which log? Make one with python -m saycan.collect_executions, and give its folder as log=DIR")
    if min(config.threads, config.deep) < 1 or config.seconds <= 0:
        raise InputError("threads and deep must be 1 or more, seconds more than 0")
    for name in config.models:
        kind_of(name)  # what cannot be had is said before any work


def _measure(name: str, test: list[Execution], strange: list[Execution], config: Any, real: float) -> dict[str, Any]:
    """All figures of one model, none of them on what it learned from."""
    model = load(name, model_of(name, config.llm.model))
    first = one_step(model, test, config.seconds)  # before anything is remembered: its speed is the model's
    plain = test[: first["n"]]
    rough = {name: [row.roughly for row in rows] for name, rows in (("test", plain), ("held_out", strange))}
    return {
        "one_step": first,
        "held_out": one_step(model, strange, config.seconds),
        "several_steps": several_steps(model, plain, config.deep),
        "rough": {
            "one_step": one_step(model, rough["test"], config.seconds),
            "held_out": one_step(model, rough["held_out"], config.seconds),
            "several_steps": several_steps(model, rough["test"], config.deep),
        },
        "ratio_to_real": round(first.get("per_second", 0.0) / real, 3),
        "by_skill": by_skill(model, plain),
    }


def _real_speed(seconds: float) -> float:
    """Skills per second that PyBullet executes, on one core, the looking included."""
    from saycan.world_model.collect import CHOOSERS, Collector

    collector, count = Collector(0, (1.0, *[0.0] * (len(CHOOSERS) - 1))), 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or not count:
        count += len(collector.episode(count))
    return count / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
