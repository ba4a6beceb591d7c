"""Draw the skills' pictures and print their table: ``python -m skills.figures out=docs/pictures``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf

from sim.cli import InputError, command, output_folder, print_json
from sim.scenes import SceneSpec, lay_out
from sim.tabletop import Tabletop
from skills.heatmap import heat_map
from skills.library import load_all
from skills.observation import Sight
from skills.plots import AGAINST, draw_heat_maps, learning_curves, reliability_diagram
from skills.tasks import Target

_LEVELS = (0.9, 0.95)


def read_curve(path: Path) -> np.ndarray:
    """A learning curve: rows of control steps, seconds, success rate of the last 200 episodes.

    :raises InputError: if the file is missing or no learning curve.
    """
    try:
        rows = path.read_text().splitlines()[1:]
        curve = np.loadtxt(rows, delimiter=",", ndmin=2) if rows else np.empty((0, 3))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no learning curve that could be read ({error})") from None
    if not rows or curve.shape[1] != 3:
        raise InputError(f"{path} is no learning curve: it has no rows of control steps, seconds and success")
    return curve


def steps_to(curves: list[np.ndarray], level: float) -> dict[str, Any]:
    """Control steps until the success rate first was at a level: median and range over seeds; None stands for never."""
    reached = []
    for curve in curves:
        there = np.flatnonzero(curve[:, 2] >= level)
        reached.append(float(curve[there[0], 0]) if len(there) else np.inf)
    values = [None if np.isinf(v) else int(v) for v in (np.median(reached), min(reached), max(reached))]
    return {"median": values[0], "range": values[1:], "seeds": len(curves)}


def table(records: dict[str, dict[str, Any]]) -> str:
    """The skills' figures as a Markdown table."""
    lines = [
        "| skill | success | AUROC | ECE | Brier | constant's Brier | steps | minutes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, record in records.items():
        t, made = record["test"], record.get("policy", record)  # a value fitted anew keeps what its policy took
        auroc = "-" if t["auroc"] is None else f"{t['auroc']:.3f}"  # all or none succeeded
        low, high = (100 * v for v in t["ci95"])
        lines.append(
            f"| {name} | {100 * t['success']:.1f}% ({low:.1f} to {high:.1f}) | {auroc} | {t['ece']:.3f} | {t['brier']:.3f} "
            f"| {t['baselines']['constant']['brier']:.3f} | {made['config']['control_steps'] // 1000}k | {made['train_seconds'] / 60:.1f} |"
        )
    return "\n".join(lines)


def kitchen_maps(path: Path) -> None:
    """Where two things can be picked up, and one of them pushed, in one scene."""
    world, library = Tabletop(), load_all(["pick", "push"])
    spec = SceneSpec("kitchen", ["apple", "coke can", "bin"], seed=5, place={"drawer": [0.72, -0.17]})
    world.reset(lay_out(spec))
    world.settle()
    state = world.state()
    sight = Sight(state.hand, state.boxes, state.held, state.drawer)
    wanted = [("pick", Target("apple")), ("pick", Target("coke can")), ("push", Target("apple", "forward"))]
    draw_heat_maps([heat_map(library[name], sight, target) for name, target in wanted], path)
    world.close()


def _read_curves(curves: Any) -> dict[str, list[np.ndarray]]:
    """The learning curves in the files of ``curves={pick: [A.csv, B.csv]}``."""
    if curves is None:
        return {}
    if not OmegaConf.is_dict(curves) or not all(OmegaConf.is_list(files) and files for files in curves.values()):
        raise InputError(
            "curves must be lists of files by name, like curves={pick: [A/pick.curve.csv, B/pick.curve.csv]}"
        )
    return {name: [read_curve(Path(str(file))) for file in files] for name, files in curves.items()}


@command("figures")
def main(config: Any) -> int:
    """Everything that the shipped records and some learning curves hold, as pictures and a table."""
    if config.against not in AGAINST:
        raise InputError(f"against must be {' or '.join(AGAINST)}, not '{config.against}'")
    curves, out = _read_curves(config.curves), output_folder(config, "figures")
    records = {name: skill.record for name, skill in load_all().items()}
    reliability_diagram({name: record["test"] for name, record in records.items()}, out / "reliability.png")
    kitchen_maps(out / "heat_map.png")
    figures: dict[str, Any] = {}
    for name, seeds in curves.items():
        figures[name] = {f"steps_to_{level:.0%}": steps_to(seeds, level) for level in _LEVELS}
    if curves:
        learning_curves(curves, out / "learning.png", "Success of the last 200 training episodes", config.against)
    print(table(records))
    print_json({"out": str(out), "curves": figures})
    return 0


if __name__ == "__main__":
    main()
