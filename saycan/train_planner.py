"""Train the language model to plan: ``python -m saycan.train_planner method=imitate minutes=30 install=true``."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.progress import Progress, TextColumn

from saycan.language.adapter import INSTALLED, path_of
from saycan.learning.checks import check
from sim.cli import command, output_folder, print_json
from sim.files import install, keep_rows
from skills.settings import begin_anew

COLUMNS = (
    *("step", "minutes", "loss", "reward", "success", "entropy", "kl", "passed", "flat", "agreement"),
    *("mistakes", "preferred", "told_apart", "english", "test_loss", "test_right", "test_success"),
)


@command("train_planner")
def main(config: Any) -> int:
    """Load, train, save the adapter; the last line is JSON."""
    check(config)
    folder = output_folder(config, "planner")
    from saycan.learning.curves import draw
    from saycan.learning.methods import build
    from saycan.learning.perplexity import before_and_after
    from saycan.learning.trainer import STATE

    trainer = build(config)
    trainer.origin = {"llm.model": config.llm.model, **({"judge": config.judge} if "judge" in config else {})}
    more = config.resume and (folder / STATE).is_file()
    if more:
        trainer.restore(folder / STATE)
    elif not config.resume:
        start = None if config.start == "none" else path_of(config.start)
        begin_anew([folder / STATE, folder / INSTALLED.name], "start", start)
    quiet = not (config.progress and sys.stderr.isatty())
    with Progress(*Progress.get_default_columns(), TextColumn("{task.fields[note]}"), disable=quiet) as bars:
        bar = bars.add_task(f"Training ({config.method})", total=config.minutes, note="")
        for figures in _logged(trainer.run(folder), folder / "progress.csv", trainer.step if more else 0):
            bars.update(bar, completed=figures["minutes"], note=f"loss {figures['loss']:.3f}")
    if config.blend:
        trainer.blend(config.blend)
    draw({config.method: folder / "progress.csv"}, folder / "curves.png")
    figures = {key: round(value, 4) for key, value in {**trainer.test(), **before_and_after(trainer)}.items()}
    record = {
        "model": config.llm.model,
        "method": config.method,
        "seed": config.seed,
        "start": config.start,
        "blend": config.blend,
        **figures,
    }
    trainer.export(folder / INSTALLED.name, record)
    if config.install:
        install(folder / INSTALLED.name, INSTALLED)
    print_json({"minutes": config.minutes, "steps": trainer.step, **record, "out": str(folder)})
    return 0


def _logged(steps: Iterable[dict[str, float]], path: Path, begin: int) -> Iterable[dict[str, float]]:
    """The same steps, written to a file and for TensorBoard as they come, in place of what was there from step ``begin`` on."""
    from torch.utils.tensorboard import SummaryWriter

    keep_rows(path, ",".join(COLUMNS), lambda step: step < begin)
    with (
        SummaryWriter(str(path.with_name("tensorboard")), purge_step=begin) as board,
        path.open("a", newline="") as file,
    ):
        rows = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        for figures in steps:
            rows.writerow({key: round(value, 4) for key, value in figures.items()})
            file.flush()
            for key, value in figures.items():
                board.add_scalar(key, value, int(figures["step"]))
            yield figures


if __name__ == "__main__":
    main()
