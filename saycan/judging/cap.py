"""Code as Policies' tabletop templates as a suite: ``python -m saycan.judging.cap`` writes ``configs/suites/cap.yaml``.

The same seed gives the same file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from saycan.judging.suite import FOLDER, start_state
from saycan.judging.templates import TEMPLATES, LayoutError, Table, Template
from sim.geometry import gap
from sim.scenes import SceneError, SceneSpec

TRIALS = 50  # of each template, half of them with each palette
PALETTES = {
    "seen_attributes": ("red", "orange", "yellow", "green"),
    "unseen_attributes": ("blue", "purple", "pink", "green"),  # there are seven colours: green is in both
}
_ROOM = 0.01  # metres between things whose places are fixed
_SEEDS = 10_000  # scenes that may be tried for a template
_PATIENCE = 500  # scenes after which something else is asked for

_HEADER = """\
# Written by `python -m saycan.judging.cap`, not by hand: Code as Policies' templates for its simulated tabletop, 50 trials each.
# family: seen_ or unseen_ (as in the paper), the template, and whether the colours are the seen or the unseen ones.
# Left out: "put all the blocks in a vertical/horizontal line" (unseen); the goal language has no word for a line, and its
#   regions are too coarse to stand for one.
# Approximated: "{magnitude} to the {direction} of the {bowl}" (unseen): of the nine parts of the table, a little is the next one that
#   way, a lot the one after that; just those layouts are drawn where that is a named region. Distances are not judged.
# Corners and sides are this table's: two sides (left and right), four corners. The top is what is far from the arm.
# Several blocks in one bowl: one that rests on another there counts as being in the bowl.
name: cap
tasks:
"""


def tasks(seed: int = 0) -> list[dict[str, Any]]:
    """All tasks of the suite, as a suite's file holds them."""
    return [task for name in TEMPLATES for task in template_tasks(name, seed)]


def template_tasks(name: str, seed: int = 0) -> list[dict[str, Any]]:
    """The tasks of one template."""
    number = list(TEMPLATES).index(name)
    found: list[dict[str, Any]] = []
    for scene_seed in range((number + 1) * _SEEDS, (number + 2) * _SEEDS):
        attributes = list(PALETTES)[len(found) % len(PALETTES)]
        # what is asked for stays until a layout suits it, or hardly any will: else what is easily drawn would be asked most often
        rng = np.random.default_rng([seed, number, len(found), scene_seed // _PATIENCE])
        try:
            task = _task(TEMPLATES[name], PALETTES[attributes], scene_seed, rng)
        except (LayoutError, SceneError):
            continue
        found.append({"instruction": task[0], "family": f"{name}.{attributes}", "scene": task[1], "goal": task[2]})
        if len(found) == TRIALS:
            return found
    raise RuntimeError(f"{name}: {_SEEDS} layouts gave only {len(found)} trials; ask for less of a layout")


def _task(template: Template, palette: Sequence[str], seed: int, rng: np.random.Generator) -> tuple[str, Any, str]:
    """A task on one layout: instruction, scene, goal."""
    colours = [str(colour) for colour in rng.permutation(palette)]
    blocks = [f"{colour} block" for colour in colours[: template.blocks]]
    if template.bowls < template.blocks:  # as many of each: in the same colours; else in any
        colours = [str(colour) for colour in rng.permutation(palette)]
    bowls = [f"{colour} bowl" for colour in colours[: template.bowls]]
    scene: dict[str, Any] = {"objects": [str(name) for name in rng.permutation([*blocks, *bowls])], "seed": seed}
    boxes = start_state(SceneSpec(**scene)).boxes
    if template.fixed:
        scene["place"] = {name: [round(float(x), 2) for x in box.position[:2]] for name, box in boxes.items()}
        boxes = start_state(SceneSpec(**scene)).boxes
        if any(gap(a, b) < _ROOM for a, b in combinations(boxes.values(), 2)):
            raise LayoutError
    instruction, goal = template.make(Table(rng, blocks, bowls, boxes))
    return instruction, scene, goal


def as_yaml(task: Mapping[str, Any]) -> str:
    """A task as lines of YAML: names and goals have nothing in them that would need quotes."""
    scene = str(task["scene"]).replace("'", "")
    return (
        f"- instruction: {task['instruction']}\n  family: {task['family']}\n  scene: {scene}\n  goal: {task['goal']}\n"
    )


def main() -> None:
    """Write the suite."""
    path = FOLDER / "cap.yaml"
    path.write_text(_HEADER + "".join(map(as_yaml, tasks())), encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
