"""What the prompt tells of where things are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from saycan.language.places import since, told
from saycan.types import SceneView
from sim.geometry import Box


def test_things_of_a_kind_stand_together(view: SceneView) -> None:
    first = told(view, "").splitlines()[0]
    assert (
        first
        == "Scene: red block (bottom left corner), blue block (middle), green block (top), red bowl (top left corner), green bowl (bottom right corner)."
    )


def test_what_was_not_moved_is_told(view: SceneView) -> None:
    moved = dict(view.boxes) | {"red block": Box(view.boxes["red bowl"].position, 0.0, view.boxes["red block"].half)}
    nudged = moved["blue block"]
    moved["blue block"] = Box(nudged.position + np.array([0.01, 0.01, 0.0]), nudged.yaw, nudged.half)
    after = replace(view, boxes=moved, relations=(("in", "red block", "red bowl"),))
    assert since(view, view, "stack the blocks") == "Untouched of these: red block, blue block, green block.\n"
    assert since(view, after, "stack the blocks") == "Untouched of these: blue block, green block.\n"
    back = replace(after, boxes=dict(view.boxes))
    assert since(after, back, "the blocks").startswith("Untouched of these: red block (in the red bowl), blue block")
    fewer = replace(view, boxes={n: box for n, box in view.boxes.items() if n != "red block"})
    assert since(replace(fewer, drawer=0.0), after, "").endswith("\nNow seen: red block (in the red bowl).\n")
    assert "Now seen" not in since(fewer, after, "")  # where nothing was closed, sight made it up
    assert since(view, replace(after, held="green block"), "all blocks") == "Untouched of these: blue block.\n"


def test_what_the_instruction_names_comes_first_of_what_was_not_moved(view: SceneView) -> None:
    assert (
        since(view, view, "take the green one") == "Untouched of these: green block. Others: red block, blue block.\n"
    )
    assert since(view, view, "wave") == "Untouched of these: nothing. Others: red block, blue block, green block.\n"
