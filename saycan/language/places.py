"""A scene in words that also tell where things are: from left to right, by part of the table, and from near to far where that is asked."""

from __future__ import annotations

import re

import numpy as np

from saycan.types import SceneView
from sim.cabinet import NAME as DRAWER
from sim.cabinet import SHELL
from sim.geometry import Box
from sim.panda import WORKSPACE_HIGH, WORKSPACE_LOW
from sim.relations import AREA_HIGH, AREA_LOW, is_closed, is_open

_ROWS, _COLUMNS = ("bottom", "middle", "top"), ("right", "middle", "left")
_SLACK = 0.03  # metres beyond its workspace that the hand still gets at
_ASKS_FOR_DISTANCE = re.compile(
    r"\b(near(est|er)?|clos(est|er) to|next to|(far|fur)ther?(est)? (away )?from|(far|fur)thest)\b"
)
_MOST_ANCHORS = 3


def told(view: SceneView, instruction: str) -> str:
    """The scene's lines of the prompt, each ended by a line break.

    :param instruction: in lower case; where it speaks of near and far, a second line tells what is near what.
    """
    names = sorted(
        (n for n in view.boxes if n not in (view.held, DRAWER, SHELL)), key=lambda n: -view.boxes[n].position[1]
    )
    held_by = {a: f"{relation} the {b}" for relation, a, b in view.relations}
    things = [f"{name} ({held_by.get(name) or part(view.boxes[name])})" for name in names]
    if view.drawer is not None:
        things.append(
            f"drawer ({'open' if is_open(view.drawer) else 'closed' if is_closed(view.drawer) else 'half open'})"
        )
    if view.held:
        things.append(f"in the hand: {view.held}")
    near = _near(view, names, instruction) if _ASKS_FOR_DISTANCE.search(instruction) else ""
    return f"Scene: {', '.join(things) or 'nothing'}.\n{near}"


def part(box: Box) -> str:
    """Which of nine parts of the table a thing is in: "top left", "left", "middle", ...; or that it is out of reach."""
    at = box.position[:2]
    if np.any(at < WORKSPACE_LOW[:2] - _SLACK) or np.any(at > WORKSPACE_HIGH[:2] + _SLACK):
        return "out of reach"
    third = np.clip(((at - AREA_LOW) / (AREA_HIGH - AREA_LOW) * 3).astype(int), 0, 2)
    words = [word for word in (_ROWS[third[0]], _COLUMNS[third[1]]) if word != "middle"]
    return " ".join(words) or "middle"


def _near(view: SceneView, names: list[str], instruction: str) -> str:
    """Of what the instruction names: the other things, from near to far."""
    holders = [n for n in names if "receptacle" in view.classes[n]]
    named = [n for n in holders if n in instruction]
    anchors = named or [n for n in holders if view.classes[n] & set(instruction.split())]
    lines = []
    for anchor in (anchors or holders)[:_MOST_ANCHORS]:
        here = view.boxes[anchor].position[:2]
        others = sorted(
            (n for n in names if n != anchor), key=lambda n: np.linalg.norm(view.boxes[n].position[:2] - here)
        )
        lines.append(f"From near to far of the {anchor}: {', '.join(others)}.\n")
    return "".join(lines)
