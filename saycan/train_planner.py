"""Train the language model to plan: ``python -m saycan.train_planner method=imitate minutes=30 install=true``."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from rich.progress import Progress, TextColumn

from saycan.language.adapter import INSTALLED
from saycan.language.weights import load
from sim.cli import InputError, command, output_folder, print_json

METHODS = ("imitate",)
COLUMNS = ("step", "minutes", "loss", "test_loss", "test_right")


@command("train_planner")
def main(config: Any) -> int:
    """Load, train, save the adapter; the last line is JSON."""
    _check(config)
    folder = output_folder(config, "planner")
    from saycan.learning.imitate import Imitation, Settings
    from saycan.learning.trainer import STATE

    settings = Settings(**{field.name: config[field.name] for field in fields(Settings)})
    trainer = Imitation(*load(config.llm.model, "bfloat16", fast=False), settings)
    if config.resume and (folder / STATE).is_file():
        trainer.restore(folder / STATE)
    quiet = not (config.progress and sys.stderr.isatty())
    with Progress(*Progress.get_default_columns(), TextColumn("{task.fields[note]}"), disable=quiet) as bars:
        bar = bars.add_task("Imitating", total=config.minutes, note="")
        for figures in _logged(trainer.run(folder), folder / "progress.csv", config.resume):
            bars.update(bar, completed=figures["minutes"], note=f"loss {figures['loss']:.3f}")
    figures = {key: round(value, 4) for key, value in trainer.test().items()}
    record = {"model": config.llm.model, "method": config.method, "seed": config.seed, **figures}
    trainer.export(folder / INSTALLED.name, record)
    if config.install:
        shutil.copy(folder / INSTALLED.name, INSTALLED)
    print_json({"minutes": config.minutes, "steps": trainer.step, **record, "out": str(folder)})
    return 0


def _check(config: Any) -> None:
    if config.method not in METHODS:
        raise InputError(f"method must be one of {', '.join(METHODS)}, not '{config.method}'")
    if config.resume and not config.out:
        raise InputError("resume=true needs the folder of the training that was stopped: out=DIR")
    if min(config.minutes, config.rank, config.scale, config.learning_rate, config.scenes) <= 0:
        raise InputError("minutes, rank, scale, learning_rate and scenes must be more than 0")


def _logged(steps: Iterable[dict[str, float]], path: Path, more: bool) -> Iterable[dict[str, float]]:
    """The same steps, written to a file as they come."""
    with path.open("a" if more else "w", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS)
        if file.tell() == 0:
            rows.writeheader()
        for figures in steps:
            rows.writerow({key: round(value, 4) for key, value in figures.items()})
            file.flush()
            yield figures


if __name__ == "__main__":
    main()
