"""Train a world model on a log of real executions: ``python -m saycan.train_world_model log=DIR install=true``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.progress import Progress, TextColumn

from saycan.language.adapter import INSTALLED_WORLD_MODEL as INSTALLED
from saycan.language.adapter import path_of, read_into
from saycan.learning.checks import check_model
from saycan.world_model.learn import STATE, Learner, Settings, split
from saycan.world_model.load import KINDS, fresh
from saycan.world_model.log import load
from saycan.world_model.quality import one_step
from sim.cli import InputError, command, output_folder, print_json
from sim.files import install
from skills.settings import begin_anew

_TEST_SECONDS = 60.0


@command("train_world_model")
def main(config: Any) -> int:
    """Load, train, test, save; the last line is JSON."""
    _check(config)
    log, executions = load(Path(config.log))
    learn, test, strange = split(executions, config.held_out)
    if not learn or not test:
        raise InputError(f"the log {config.log} is too small: collect more with python -m saycan.collect_executions")
    folder = output_folder(config, "world_model")
    model = fresh(config.kind, config.rank, config.scale, config.seed, config.llm.model)
    start = config.start if config.kind == "language" else "none"
    if start != "none":
        read_into(model.learned, start, config.scale)
    shares = {key: config[key] for key in ("rough", "hindsight", "decisive")}
    learner = Learner(model, Settings(config.learning_rate, config.batch, config.steps, config.seed, **shares))
    made_of = {
        "kind": config.kind,
        "model": config.llm.model,
        "rank": config.rank,
        "scale": config.scale,
        "start": start,
    }
    learned_from = {"executions": len(learn), "held_out_things": list(config.held_out)}
    learner.origin = {**made_of, **learned_from, "log": str(Path(config.log).resolve())}
    if config.resume and (folder / STATE).is_file():
        learner.restore(folder / STATE)
    elif not config.resume:
        given = None if start == "none" else path_of(start)
        begin_anew([folder / STATE, folder / INSTALLED.name], "start", given)
    quiet = not (config.progress and sys.stderr.isatty())
    with Progress(*Progress.get_default_columns(), TextColumn("{task.fields[note]}"), disable=quiet) as bars:
        bar = bars.add_task("Learning", total=config.steps, note="")
        for loss in learner.run(learn, folder):
            bars.update(bar, completed=learner.step, note=f"loss {loss:.3f}")
    figures = {"test": one_step(model, test, _TEST_SECONDS), "held_out": one_step(model, strange, _TEST_SECONDS)}
    figures["test_rough"] = one_step(model, [row.roughly for row in test], _TEST_SECONDS)
    record = {**made_of, "seed": config.seed, **shares, **learned_from, "log": log, **figures}
    learner.export(folder / INSTALLED.name, record)
    if config.install:
        INSTALLED.parent.mkdir(exist_ok=True)
        install(folder / INSTALLED.name, INSTALLED)
    print_json({**record, "steps": learner.step, "out": str(folder)})
    return 0


def _check(config: Any) -> None:
    if config.kind not in KINDS:
        raise InputError(f"kind must be one of {', '.join(KINDS)}, not '{config.kind}'")
    if config.kind == "language":
        check_model(config.llm)
    if config.log is None:
        raise InputError("which log? Make one with python -m saycan.collect_executions, and give its folder as log=DIR")
    if config.resume and not config.out:
        raise InputError("resume=true needs the folder of the training that was stopped: out=DIR")
    if config.hindsight < 0:
        raise InputError(f"hindsight is a number of instructions, 0 or more, not {config.hindsight}")
    for key in ("rough", "decisive"):
        if not 0 <= config[key] <= 1:
            raise InputError(f"{key} is a share, from 0 to 1, not {config[key]}")
    if min(config.steps, config.rank, config.scale, config.learning_rate, config.batch) <= 0:
        raise InputError("steps, rank, scale, learning_rate and batch must be more than 0")


if __name__ == "__main__":
    main()
