"""Pictures of skills: how true their values are, how they learned, and where they work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

_BLUE, _GREY, _ORANGE = "#2b6cb0", "#a0aec0", "#dd6b20"


def reliability_diagram(figures: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """What was said against what came, one panel a skill; the dots' area is the number of states.

    :param figures: as from ``skills.evaluate.evaluate``, by skill.
    """
    columns = min(len(figures), 4)
    rows = -(-len(figures) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.1 * columns, 3.3 * rows), squeeze=False)
    for axis in axes.flat[len(figures) :]:
        axis.set_visible(False)
    for axis, (name, f) in zip(axes.flat, figures.items(), strict=False):
        said, came, count = np.array(f["reliability"], dtype=float).T
        axis.plot([0, 1], [0, 1], color=_GREY, lw=1, ls="--")
        axis.plot(said, came, color=_BLUE, lw=1, alpha=0.6)
        axis.scatter(said, came, s=10 + 250 * count / count.sum(), color=_BLUE, alpha=0.8, lw=0)
        axis.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), aspect="equal")
        axis.set_title(f"{name}\nAUROC {f['auroc']}  ECE {f['ece']}  Brier {f['brier']}", fontsize=9)
        axis.tick_params(labelsize=7)
    for axis in axes[-1]:
        axis.set_xlabel("said", fontsize=8)
    for axis in axes[:, 0]:
        axis.set_ylabel("came true", fontsize=8)
    _finish(figure, path)


def learning_curves(
    curves: Mapping[str, Sequence[np.ndarray]], path: Path, title: str, against: str = "control steps"
) -> None:
    """Success rate during training: each seed thin, their median thick.

    :param curves: by name, one array for each seed with rows of control steps, seconds and success rate.
    :param against: "control steps" or "seconds".
    """
    column = 0 if against == "control steps" else 1
    figure, axis = plt.subplots(figsize=(6.4, 3.8))
    for name, seeds in curves.items():
        last = min(float(c[-1, column]) for c in seeds)
        grid = np.linspace(0, last, 200)
        values = np.array([np.interp(grid, c[:, column], c[:, 2]) for c in seeds])
        (line,) = axis.plot(grid, np.median(values, axis=0), lw=2, label=f"{name} ({len(seeds)} seeds)")
        for c in seeds:
            axis.plot(c[:, column], c[:, 2], lw=0.6, alpha=0.35, color=line.get_color())
    axis.set(xlabel=against, ylabel="success in training", ylim=(-0.02, 1.02), title=title)
    axis.grid(alpha=0.25)
    axis.legend(fontsize=7, ncols=2)
    _finish(figure, path)


def _finish(figure: Any, path: Path) -> None:
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
