"""Success over real executions: the interquartile mean of the seeds, with its 95% bootstrap interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes

from saycan.experiments.statistics import bootstrap, iqm

Rows = Sequence[Mapping[str, Any]]
"""The results of an arm's seeds, each with a ``model`` and a ``curve``."""


def learning_curves(found: Mapping[str, Rows], path: Path) -> None:
    """Draw a line for each arm: a panel for each model that imagines, in grey the arms without one."""
    without = [arm for arm, rows in found.items() if not rows[0]["model"]]
    models = list(dict.fromkeys(rows[0]["model"] for rows in found.values() if rows[0]["model"])) or [""]
    figure, panels = pyplot.subplots(
        1, len(models), figsize=(1.5 + 3.2 * len(models), 3.8), sharey=True, squeeze=False, layout="constrained"
    )
    for axes, model in zip(panels[0], models, strict=True):
        for arm, style in zip(without, cycle(("-", "--", ":")), strict=False):
            _line(axes, arm, found[arm], color="grey", ls=style)
        for arm, rows in found.items():
            if rows[0]["model"] == model and arm not in without:
                _line(axes, arm, rows)
        axes.set(xlabel="real skill executions", ylim=(0, 1), title=Path(model).stem)
        axes.legend(loc="lower right", frameon=False, fontsize="small")
    panels[0][0].set_ylabel("success of the learned policy (IQM, 95% bootstrap)", fontsize="small")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _line(axes: Axes, arm: str, rows: Rows, **style: Any) -> None:
    curves = np.array([row["curve"] for row in rows], dtype=float)
    executions, success = curves[0, :, 0], curves[:, :, 1]
    (line,) = axes.plot(executions, iqm(success), label=f"{arm} (seeds: {len(rows)})", **style)
    axes.fill_between(executions, *bootstrap(success), color=line.get_color(), alpha=0.12, lw=0)
