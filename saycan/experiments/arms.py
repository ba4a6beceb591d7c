"""The arms of the sample-efficiency experiment: one run of each with each seed, kept in a file of its own."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from saycan.experiments.dyna import Dyna, Settings
from saycan.experiments.statistics import bootstrap, executions_to, iqm
from saycan.world_model import learn
from saycan.world_model.base import WorldModel
from saycan.world_model.load import fresh, kind_of, load_once, record_of
from sim.cli import InputError
from sim.files import write_whole
from sim.processes import end_with_parent
from skills import library

THRESHOLDS = (0.8, 0.9)
CONTROL = "equal-updates"
"""The arm that learns as often as the imagining ones, from real executions alone."""
_LEARNS = "mlp"  # from the arm's own executions; other models stay as they are
_ENSEMBLE = 3  # of those that learn: where they disagree they have seen too little
_SKILLS = ("pick", "place_in", "place_on")


@dataclass(frozen=True)
class Run:
    """An arm and a seed.

    :param model: "" (none), "copy", "mlp" (an ensemble that learns from the arm's own executions), "language" as it comes, "world_model"
        or a file (these stay as they are, and remember what they were asked in a run before of the same process).
    :param rate: learning rate of the model; ``batch``: executions in a step; ``doubt``: see ``Dreamer``.
    """

    arm: str
    seed: int
    model: str
    settings: Settings
    rate: float
    batch: int
    doubt: float

    @property
    def file(self) -> str:
        """What its result is kept in."""
        return f"{self.arm}__{self.seed}.json"


def missing(runs: Sequence[Run], folder: Path) -> list[Run]:
    """The runs that have no result yet.

    :raises InputError: if a result was made with other settings, or is damaged.
    """
    for run in runs:
        if (folder / run.file).is_file():
            _check(run, folder / run.file)
    return [run for run in runs if not (folder / run.file).is_file()]


def check_model(name: str) -> None:
    """Raise an InputError if no arm can have a model of this name."""
    if name not in ("", _LEARNS):
        kind_of(name)


def work(runs: Sequence[Run], folder: Path, workers: int) -> Iterator[Run]:
    """Do runs in several processes; each is yielded when its result is in its file."""
    context: Any = multiprocessing.get_context("spawn")  # torch has threads by now, which a fork would lose
    with context.Pool(min(workers, max(len(runs), 1)), end_with_parent) as pool:
        yield from pool.imap_unordered(_work, [(run, folder) for run in runs])


def do(run: Run) -> dict[str, Any]:
    """One run."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    models, learners = _models(run)
    dyna = Dyna(library.load_all(_SKILLS), run.settings, run.seed, models, learners, run.doubt)
    curve = dyna.run()
    prior = record_of(run.model).get("executions", 0) if models and not learners else 0
    seconds = {"imagined_seconds": round(dyna.imagined_seconds, 2), "seconds": round(time.perf_counter() - began, 2)}
    return {**asdict(run), "curve": curve, "executions_before": prior, "imagined": dyna.imagined, **seconds}


def _models(run: Run) -> tuple[list[WorldModel], list[learn.Learner]]:
    """What imagines in a run, and what teaches it: several that learn from the run, or one that stays as it is."""
    if run.model != _LEARNS:
        return ([load_once(run.model)] if run.model else []), []
    seeds = range(_ENSEMBLE * run.seed, _ENSEMBLE * (run.seed + 1))
    models = [fresh(run.model, seed=seed) for seed in seeds]
    settings = [learn.Settings(run.rate, run.batch, seed=seed) for seed in seeds]
    return models, [learn.Learner(model, own) for model, own in zip(models, settings, strict=True)]


def results(runs: Sequence[Run], folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The results that are there, by arm."""
    found: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        if (folder / run.file).is_file():
            found.setdefault(run.arm, []).append(json.loads((folder / run.file).read_text()))
    return found


def summary(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """For each arm: final success (IQM and interval over seeds), executions to each threshold, imagined executions and seconds.

    ``times_fewer_to_80%``: the control's median executions divided by the arm's; null unless at least half of the seeds of both got there.
    """
    table: dict[str, dict[str, Any]] = {}
    for arm, rows in found.items():
        curves = [row["curve"] for row in rows]
        final = np.array([curve[-1][1] for curve in curves])
        low, high = bootstrap(final)
        table[arm] = {
            "seeds": len(rows),
            "executions_before": rows[0]["executions_before"],
            "final_success": round(float(iqm(final)), 4),
            "ci95": [round(float(low), 4), round(float(high), 4)],
            **{f"executions_to_{t:.0%}": executions_to(curves, t) for t in THRESHOLDS},
            "imagined": round(float(np.mean([row["imagined"] for row in rows]))),
            "seconds": round(float(np.mean([row["seconds"] for row in rows])), 1),
        }
    for row in table.values():
        row[f"times_fewer_to_{THRESHOLDS[0]:.0%}"] = _times_fewer(table, row, f"executions_to_{THRESHOLDS[0]:.0%}")
    return table


def _times_fewer(table: Mapping[str, Mapping[str, Any]], row: Mapping[str, Any], key: str) -> float | None:
    control, own = table.get(CONTROL, {}).get(key, {}).get("median"), row[key]["median"]
    return round(control / own, 2) if control and own else None


def _work(job: tuple[Run, Path]) -> Run:
    run, folder = job
    write_whole(folder / run.file, json.dumps(do(run)) + "\n")
    return run


def _check(run: Run, path: Path) -> None:
    try:
        made = json.loads(path.read_text())
        same = all(made[key] == value for key, value in asdict(run).items())
        whole = made["curve"][-1][0] == run.settings.executions
    except (ValueError, KeyError, TypeError, IndexError):
        raise InputError(f"{path} is damaged; delete it, and it is made again") from None
    if not same:
        raise InputError(f"{path} was made with other settings; choose another folder with out=DIR")
    if not whole:  # an older version did not evaluate at the end
        raise InputError(f"{path} does not tell how well the last executions went; delete it, and it is made again")
