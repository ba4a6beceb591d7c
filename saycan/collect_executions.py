"""Execute skills for real and log what came of them: ``python -m saycan.collect_executions episodes=2000``."""

from __future__ import annotations

import sys
import time
from typing import Any

from rich.progress import track

from saycan.world_model.log import FILE, head, load, mend
from sim.cli import InputError, command, output_folder, print_json


@command("collect_executions")
def main(config: Any) -> int:
    """Collect, or go on collecting; the last line is JSON."""
    _check(config)
    from saycan.world_model.collect import collect

    folder, began = output_folder(config, "executions"), time.perf_counter()
    path = folder / FILE
    first = mend(path, head(config.seed, config.explore))
    episodes = collect(first, config.episodes, config.seed, config.explore, config.workers)
    quiet, total = not (config.progress and sys.stderr.isatty()), max(config.episodes - first, 0)
    new = 0
    with path.open("a", encoding="utf-8") as file:
        for rows in track(episodes, "Executing skills", total, disable=quiet):
            file.write("".join(row.line() for row in rows))
            file.flush()
            new += len(rows)
    rows, seconds = load(path)[1], time.perf_counter() - began
    worked = sum(row.worked for row in rows) / max(len(rows), 1)
    figures = {"episodes": config.episodes, "executions": len(rows), "worked": round(worked, 4), "new": new}
    print_json({**figures, "per_second": round(new / seconds, 2), "seconds": round(seconds, 1), "out": str(folder)})
    return 0


def _check(config: Any) -> None:
    if config.episodes < 1 or config.seed < 0 or config.workers < 1:
        raise InputError("episodes and workers must be 1 or more, seed 0 or more")
    numbers = all(isinstance(share, int | float) for share in config.explore)
    if len(config.explore) != 3 or not numbers or abs(sum(config.explore) - 1) > 1e-6 or min(config.explore) < 0:
        raise InputError("explore needs three shares that sum to 1: expert, possible, random")


if __name__ == "__main__":
    main()
