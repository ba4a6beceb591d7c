"""report.html of a benchmark: what failed comes first, by cause, each with its film, its steps and what went wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from saycan.judging import fragments
from saycan.judging.causes import CAUSES
from saycan.judging.results import percent
from saycan.report import data_uri, render, step_row
from sim.files import write_whole

_CANDIDATES = 5  # shown of each step
_MOST_BYTES = 14_000_000  # of films inside the page (as text they are a third larger); the rest are beside it


def write_benchmark_report(
    folder: Path,
    results: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    charts: Mapping[str, bytes],
    settings: str,
) -> None:
    """Write the report of a run.

    :param results: what ``write_results`` returned.
    :param charts: PNGs by name.
    :param settings: what it ran with, as YAML.
    """
    failed = sorted((row for row in rows if not row["success"]), key=lambda row: CAUSES.index(row["cause"]))
    left, shown = _MOST_BYTES, []
    for row in failed:
        film = fragments.film_of(folder, (row["task"], row["seed"]))
        inside = film is not None and film.stat().st_size <= left
        left -= film.stat().st_size if film and inside else 0
        shown.append(_failure(folder, row, film, inside))
    page = render(
        "benchmark.html.j2",
        results=results,
        table={
            family: (row, percent(row, "plan_success"), percent(row, "success"))
            for family, row in results["summary"].items()
        },
        charts={name: data_uri(png, "png") for name, png in charts.items()},
        failures={cause: [f for f in shown if f["row"]["cause"] == cause] for cause in CAUSES},
        succeeded=[row for row in rows if row["success"]],
        settings=settings,
    )
    write_whole(folder / "report.html", page)


def _failure(folder: Path, row: Mapping[str, Any], film: Path | None, inside: bool) -> dict[str, Any]:
    episode = fragments.episode_of(folder, (row["task"], row["seed"]))
    steps = [step_row(k, step, most=_CANDIDATES) for k, step in enumerate(episode["steps"])]
    source = None
    if film:
        source = data_uri(film.read_bytes(), "webp") if inside else os.path.relpath(film, folder)
    return {"row": row, "scene": episode["scene"], "steps": steps, "film": source}
