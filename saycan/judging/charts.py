"""Charts of a run: success by family, and by how many skills a task takes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from saycan.judging.results import summarise, wilson

_COLOURS = {"plan_success": "#3a6fc4", "success": "#3d9a50"}
_LABELS = {"plan_success": "plan", "success": "execution"}


def by_family(summary: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Bars with 95% Wilson intervals, a pair for each family; PNG."""
    shown = {family or "(none)": row for family, row in summary.items() if row["n"]}
    figure, axes = pyplot.subplots(figsize=(8, 0.9 + 0.5 * len(shown)), layout="constrained")
    for offset, name in ((0.2, "plan_success"), (-0.2, "success")):
        places = [len(shown) - 1 - i + offset for i in range(len(shown))]
        _bars(axes, places, list(shown.values()), name)
    axes.set_yticks([len(shown) - 1 - i for i in range(len(shown))], [f"{f} ({r['n']})" for f, r in shown.items()])
    axes.set(xlim=(0, 1), xlabel="share that succeeded, 95% Wilson intervals")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return _png(figure)


def _bars(axes: Axes, places: Sequence[float], rows: Sequence[Mapping[str, Any]], name: str) -> None:
    rates = [row[name] for row in rows]
    low = [max(rate - row[f"{name}_ci95"][0], 0) for rate, row in zip(rates, rows, strict=True)]
    high = [max(row[f"{name}_ci95"][1] - rate, 0) for rate, row in zip(rates, rows, strict=True)]
    axes.barh(
        places, rates, 0.38, xerr=[low, high], color=_COLOURS[name], ecolor="#444", capsize=2, label=_LABELS[name]
    )


def by_steps(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Success over the number of skills of a shortest way, with intervals; PNG."""
    known = [row for row in rows if row.get("shortest") is not None and not row["refuse"]]
    figure, axes = pyplot.subplots(figsize=(8, 3), layout="constrained")
    for name, colour in _COLOURS.items():
        groups = {
            n: [row[name] for row in known if row["shortest"] == n] for n in sorted({r["shortest"] for r in known})
        }
        rates = [sum(oks) / len(oks) for oks in groups.values()]
        bounds = [wilson(sum(oks), len(oks)) or [0, 0] for oks in groups.values()]
        errors = [
            [r - b[0] for r, b in zip(rates, bounds, strict=True)],
            [b[1] - r for r, b in zip(rates, bounds, strict=True)],
        ]
        shift = 0.06 if name == "success" else -0.06
        axes.errorbar(
            [n + shift for n in groups], rates, errors, fmt="o-", color=colour, capsize=2, label=_LABELS[name]
        )
    axes.set(ylim=(-0.03, 1.03), xlabel="skills of a shortest way to the goal", ylabel="share that succeeded")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return _png(figure)


def draw(rows: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """All charts by name."""
    return {"by_family": by_family(summarise(rows)), "by_steps": by_steps(rows)} if rows else {}


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    pyplot.close(figure)
    return buffer.getvalue()
