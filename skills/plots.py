"""Pictures of skills: how true their values are, how they learned, and where they work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse, Polygon

from sim.cabinet import SHELL
from sim.geometry import Box
from skills.heatmap import HeatMap

AGAINST = ("control steps", "seconds")
"""What a learning curve can be drawn against, as in its first columns."""

_BLUE, _GREY = "#2b6cb0", "#a0aec0"


def reliability_diagram(figures: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """What was said against what came, one panel a skill; the dots' area is the number of states.

    :param figures: as from ``skills.evaluate.evaluate``, by skill.
    """
    columns = min(len(figures), 4)
    rows = -(-len(figures) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.1 * columns, 3.6 * rows), squeeze=False)
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
    :param against: one of ``AGAINST``.
    """
    column = AGAINST.index(against)
    figure, axis = plt.subplots(figsize=(6.4, 3.8))
    for name, seeds in curves.items():
        last = min(float(c[-1, column]) for c in seeds)
        grid = np.linspace(0, last, 200)
        values = np.array([np.interp(grid, c[:, column], c[:, 2]) for c in seeds])
        (line,) = axis.plot(
            grid, np.median(values, axis=0), lw=2, label=f"{name}, {len(seeds)} seed{'s' * (len(seeds) > 1)}"
        )
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


def draw_heat_maps(maps: Sequence[HeatMap], path: Path | IO[bytes]) -> None:
    """Maps of p(success) over the table, seen from above: left is the arm's left, the arm stands below the picture."""
    figure, axes = plt.subplots(1, len(maps), figsize=(4.6 * len(maps) + 0.6, 4.0), squeeze=False, layout="constrained")
    for axis, m in zip(axes[0], maps, strict=True):
        extent = (m.ys[0], m.ys[-1], m.xs[0], m.xs[-1])
        picture = axis.imshow(m.chance, origin="lower", extent=extent, vmin=0, vmax=1, cmap="RdYlGn", aspect="equal")
        for name, box in m.others.items():
            axis.add_patch(_outline(box, facecolor="#cbd5e0"))
            if name != SHELL:  # the drawer's name stands there already
                axis.text(box.position[1], box.position[0], name, fontsize=6, ha="center", va="center")
        axis.add_patch(_outline(m.target, facecolor="none"))
        axis.plot(m.target.position[1], m.target.position[0], "k+", ms=6)
        axis.invert_xaxis()
        axis.set_title(f"{m.phrase}: if it stood there", fontsize=9)
        axis.set_xlabel("metres to the arm's left", fontsize=7)
        axis.tick_params(labelsize=6)
    axes[0, 0].set_ylabel("metres from the arm", fontsize=7)
    figure.colorbar(picture, ax=axes[0], label="p(success)", shrink=0.8)
    if isinstance(path, Path):
        path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, format="png")
    plt.close(figure)


def _outline(box: Box, **style: Any) -> Any:
    if box.round:
        return Ellipse(
            (box.position[1], box.position[0]), 2 * box.half[1], 2 * box.half[0], ec="black", lw=0.8, **style
        )
    c, s = np.cos(box.yaw), np.sin(box.yaw)
    corners = np.array([[a * box.half[0], b * box.half[1]] for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))])
    corners = corners @ np.array([[c, s], [-s, c]]) + box.position[:2]
    return Polygon(corners[:, ::-1], closed=True, ec="black", lw=0.8, **style)
