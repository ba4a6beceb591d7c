"""From rows to figures: rates with Wilson intervals by family, causes, seconds, memory; results.json and results.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saycan.judging.causes import CAUSES
from sim.files import write_whole
from skills import statistics

Row = Mapping[str, Any]
_WARM_UP = 0.2  # share of a worker's trials, at least ten, after which its memory should not grow any more
_SETUP = ("suite", "seed", "repeat", "perception", "agent", "planner", "llm", "disturb", "commit")


def write_results(folder: Path, setup: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """Write results.json and results.md.

    :param setup: what was run: suite, seeds, perception, agent, language model, commit.
    :return: what results.json holds, without the rows.
    """
    results = {**setup, "summary": summarise(rows), "memory_mb_per_100_episodes": memory_slope(rows)}
    text = json.dumps({**results, "rows": list(rows)}, indent=1, ensure_ascii=False)
    write_whole(folder / "results.json", text + "\n")
    write_whole(folder / "results.md", markdown(results))
    return results


def summarise(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Figures by family, and for ``all``."""
    families = sorted({row["family"] for row in rows})
    table = {family: _figures([row for row in rows if row["family"] == family]) for family in families}
    return {**table, "all": _figures(rows)}


def _figures(rows: Sequence[Row]) -> dict[str, Any]:
    """Figures of some rows: n, rates with intervals, what failed why, and times."""
    causes = Counter(row["cause"] for row in rows if not row["success"])
    return {
        "n": len(rows),
        **_rate("plan_success", [row["plan_success"] for row in rows]),
        **_rate("success", [row["success"] for row in rows]),
        "causes": {cause: causes[cause] for cause in CAUSES if causes[cause]},
        "errors": sum(row["error"] is not None for row in rows),
        "skills_executed": sum(row["skills_executed"] for row in rows),
        "seconds": _median(row["seconds"] for row in rows if row["error"] is None),
        "decision_seconds": _median(s for row in rows for s in row.get("decision_seconds", [])),
    }


def _rate(name: str, oks: Sequence[bool]) -> dict[str, Any]:
    return {name: round(sum(oks) / len(oks), 4) if oks else None, f"{name}_ci95": wilson(sum(oks), len(oks))}


def wilson(successes: int, n: int) -> list[float] | None:
    """The 95% Wilson score interval of a rate; None of nothing."""
    return [round(bound, 4) for bound in statistics.wilson(successes, n)] if n else None


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return round(float(np.median(known)), 3) if known else None


def memory_slope(rows: Iterable[Row]) -> float | None:
    """Growth of a worker's memory, MB in 100 episodes: least squares after warm-up, with a level of its own for each worker."""
    by_worker: dict[int, list[tuple[float, float]]] = {}
    for row in rows:
        if "nth" in row:
            by_worker.setdefault(row["worker"], []).append((row["nth"], row["memory_mb"]))
    warm = [sorted(points)[max(10, round(_WARM_UP * len(points))) :] for points in by_worker.values()]
    centred = [np.array(points) - np.mean(points, axis=0) for points in warm if len(points) > 1]
    if not centred:
        return None
    spread = float(sum((c[:, 0] ** 2).sum() for c in centred))
    return round(100 * float(sum((c[:, 0] * c[:, 1]).sum() for c in centred)) / spread, 2)


def markdown(results: Mapping[str, Any]) -> str:
    """A table with a row for each family."""
    lines = [
        f"# {results['suite']}",
        "",
        ", ".join(f"{key}: {results[key]}" for key in _SETUP[1:] if key in results),
        "",
    ]
    lines += ["| family | n | plan success | success | what went wrong | seconds |", "|---|---|---|---|---|---|"]
    for family, row in results["summary"].items():
        wrong = ", ".join(f"{cause} {count}" for cause, count in row["causes"].items())
        rates = f"{percent(row, 'plan_success')} | {percent(row, 'success')}"
        lines.append(f"| {family or '(none)'} | {row['n']} | {rates} | {wrong} | {_text(row['seconds'])} |")
    lines += ["", "Rates with 95% Wilson intervals; seconds: median of a trial."]
    if results["memory_mb_per_100_episodes"] is not None:
        lines.append(f"Memory of a worker grows by {results['memory_mb_per_100_episodes']} MB in 100 episodes.")
    return "\n".join(lines) + "\n"


def percent(row: Row, name: str) -> str:
    """A rate and its interval, for people."""
    if row[name] is None:
        return "-"
    low, high = row[f"{name}_ci95"]
    return f"{100 * row[name]:.1f}% ({100 * low:.1f} to {100 * high:.1f})"


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
