"""Success over real executions: the interquartile mean of the seeds, with its 95% bootstrap interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot

from saycan.experiments.statistics import bootstrap, iqm


def learning_curves(found: Mapping[str, Sequence[Mapping[str, Any]]], path: Path) -> None:
    """Draw a line for each arm.

    :param found: results of each arm's seeds, each with a ``curve``.
    """
    figure, axes = pyplot.subplots(figsize=(7.5, 4.2), layout="constrained")
    for arm, rows in found.items():
        curves = np.array([row["curve"] for row in rows], dtype=float)
        executions, success = curves[0, :, 0], curves[:, :, 1]
        (line,) = axes.plot(executions, iqm(success), label=f"{arm} ({len(rows)} seeds)")
        axes.fill_between(executions, *bootstrap(success), color=line.get_color(), alpha=0.12, lw=0)
    axes.set(xlabel="real skill executions", ylabel="success of the learned policy (IQM, 95% bootstrap)", ylim=(0, 1))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
