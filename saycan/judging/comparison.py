"""Several runs of one suite beside each other, task by task: who succeeds where the first does not, and could that be chance?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saycan.judging.results import percent, summarise
from sim.cli import InputError

_SETUP = ("perception", "agent", "planner", "llm", "disturb", "commit")  # what may differ; all but the last name a run
_NEEDED = (
    "task",
    "seed",
    "instruction",
    "family",
    "success",
    "plan_success",
    "cause",
    "error",
    "skills_executed",
    "seconds",
)


@dataclass(frozen=True)
class Run:
    """A run of the benchmark.

    :param setup: what was run, as in results.json, each as text.
    :param rows: by task and seed.
    """

    folder: Path
    suite: str
    setup: Mapping[str, str]
    rows: Mapping[tuple[int, int], Mapping[str, Any]]


def load_run(folder: Path) -> Run:
    """A run from its results.json.

    :raises InputError: if that is missing or damaged, or no trial was done.
    """
    path = folder / "results.json" if folder.is_dir() else folder
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = {(row["task"], row["seed"]): row for row in data["rows"]}
        if not all(key in row for row in rows.values() for key in _NEEDED):
            raise KeyError(_NEEDED)
        setup = {key: str(data[key]) for key in _SETUP if key in data}
        suite = str(data["suite"])
    except OSError:
        raise InputError(f"there are no results in {folder}; make some with python -m saycan.benchmark") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path} is damaged, or no results of saycan.benchmark") from None
    if not rows:
        raise InputError(f"no trial was done in {folder}")
    return Run(path.parent, suite, setup, rows)


def compare(runs: Sequence[Run]) -> dict[str, Any]:
    """Figures of each run on the tasks that all have done, and against the first one.

    ``better`` and ``worse``: tasks that succeed where the first run's do not, and the other way round; ``p``: of so uneven a split, or a
    more uneven one, if each were as likely (McNemar's exact test, two-sided).

    :raises InputError: if the runs are of different suites, or share no task.
    """
    first = runs[0]
    if len({run.folder.resolve() for run in runs}) < len(runs):
        raise InputError("a run is named twice; give each folder once")
    for run in runs:
        if run.suite != first.suite:
            raise InputError(f"{run.folder} is of the suite {run.suite}, {first.folder} of {first.suite}")
    shared = [key for key in first.rows if all(key in run.rows for run in runs)]
    for key in shared:
        if any(len({run.rows[key].get(k) for run in runs} - {None}) > 1 for k in ("instruction", "goal", "scene_seed")):
            raise InputError(f"task {key[0]} is not the same in all runs: was the suite changed in between?")
    if not shared:
        raise InputError("the runs have no task and seed in common")
    rows = [[run.rows[key] for key in shared] for run in runs]
    figures = [{"summary": summarise(own), **_against(rows[0], own)} for own in rows]
    names = labels(runs)
    left_out = {name: len(run.rows) - len(shared) for name, run in zip(names, runs, strict=True)}
    return {
        "suite": first.suite,
        "n": len(shared),
        "left_out": left_out,
        "runs": dict(zip(names, figures, strict=True)),
    }


def _against(first: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    from scipy.stats import binomtest  # half a second

    pairs = [(a["success"], b["success"]) for a, b in zip(first, own, strict=True)]
    better, worse = pairs.count((False, True)), pairs.count((True, False))
    p = binomtest(better, better + worse).pvalue if better + worse else 1.0
    return {"better": better, "worse": worse, "p": round(float(p), 4)}


def labels(runs: Sequence[Run]) -> list[str]:
    """What tells the runs apart: "agent=full"; where nothing does, the folder."""
    differs = [key for key in _SETUP[:-1] if len({run.setup.get(key) for run in runs}) > 1]
    names = [", ".join(f"{key}={run.setup.get(key, '?')}" for key in differs) for run in runs]
    return [n if n and names.count(n) == 1 else str(run.folder) for n, run in zip(names, runs, strict=True)]


def markdown(found: Mapping[str, Any]) -> str:
    """Two tables: all tasks, and execution by family."""
    lines = [f"# {found['suite']}, {found['n']} trials in common", ""]
    lines += ["| run | planned | executed | better | worse | p | what went wrong |", "|---|---|---|---|---|---|---|"]
    for name, row in found["runs"].items():
        wrong = ", ".join(f"{cause} {count}" for cause, count in row["summary"]["all"]["causes"].items())
        rates = f"{percent(row['summary']['all'], 'plan_success')} | {percent(row['summary']['all'], 'success')}"
        against = f"{row['better']} | {row['worse']} | {row['p']:.3f}"
        lines.append(f"| {name} | {rates} | {against} | {wrong} |")
    families = list(next(iter(found["runs"].values()))["summary"])
    lines += [
        "",
        "| executed | " + " | ".join(f or "(none)" for f in families) + " |",
        "|---" * (len(families) + 1) + "|",
    ]
    for name, row in found["runs"].items():
        lines.append(f"| {name} | " + " | ".join(percent(row["summary"][f], "success") for f in families) + " |")
    told = "better, worse: tasks that succeed where the first run's do not, and the other way round; p: McNemar's exact test."
    return "\n".join([*lines, "", f"95% Wilson intervals. {told}"]) + "\n"
