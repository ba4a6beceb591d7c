"""Learning curves of the planner's trainings, from their ``progress.csv``: what each figure did over the minutes."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_PANELS = {
    "loss": "loss of a token, or of the objective",
    "success": "success while learning, choices drawn",
    "test_success": "success in scenes never learned from",
    "test_loss": "loss in scenes never learned from",
    "reward": "reward",
    "entropy": "entropy of a choice, nats",
    "kl": "KL from the start, nats",
    "flat": "groups without spread",
    "mistakes": "steps proposed otherwise than the expert's",
}
_FEW = 10  # values that are shown as dots
_WINDOW = 20  # steps in a moving mean


def draw(runs: Mapping[str, Path], path: Path) -> None:
    """A panel for each figure that any of the runs has, as a PNG.

    :param runs: each training's name and its ``progress.csv``.
    """
    read = {name: _columns(file) for name, file in runs.items()}
    panels = [key for key in _PANELS if any(len(columns[key][0]) for columns in read.values())]
    if not panels:  # not one step was made
        return
    figure = Figure(figsize=(4.4 * min(len(panels), 3), 3.0 * -(-len(panels) // 3)), layout="constrained")
    for number, key in enumerate(panels, start=1):
        axes = figure.add_subplot(-(-len(panels) // 3), min(len(panels), 3), number)
        _panel(axes, key, {name: columns[key] for name, columns in read.items()})
    figure.savefig(path, dpi=110, format="png")


Curve = tuple[np.ndarray, np.ndarray]
"""Minutes and values, both of shape (N,)."""


def _columns(file: Path) -> dict[str, Curve]:
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    found = {}
    for key in _PANELS:
        kept = [(float(row["minutes"]), float(row[key])) for row in rows if row.get(key)]
        found[key] = (np.array([x for x, _ in kept]), np.array([y for _, y in kept]))
    return found


def _panel(axes: Axes, key: str, curves: Mapping[str, Curve]) -> None:
    for number, (name, (minutes, values)) in enumerate(curves.items()):
        if not len(values):
            continue
        colour = f"C{number}"
        axes.plot(minutes, values, color=colour, alpha=0.25, linewidth=0.8)
        dots = "o" if len(values) < _FEW else ""
        axes.plot(minutes, _moving_mean(values), color=colour, linewidth=1.8, marker=dots, label=name)
    axes.set_xlim(left=0.0)
    axes.set_title(_PANELS[key], fontsize=10)
    axes.set_xlabel("minutes", fontsize=9)
    axes.tick_params(labelsize=8)
    if len(curves) > 1:
        axes.legend(fontsize=8)


def _moving_mean(values: np.ndarray) -> np.ndarray:
    """The mean of each value and up to ``_WINDOW`` - 1 before it, shape (N,)."""
    sums = np.concatenate([[0.0], values.cumsum()])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - _WINDOW, 0)
    mean: np.ndarray = (sums[ends] - sums[starts]) / (ends - starts)
    return mean
