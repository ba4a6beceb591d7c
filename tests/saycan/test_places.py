"""What the prompt tells of where things are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from saycan.language.places import dropped, fallen, overlooked, since, told
from saycan.language.prompt import told_after
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
    where_it_is = "Moved: red block (in the red bowl).\n"
    assert since(view, after, "stack the blocks") == f"Untouched of these: blue block, green block.\n{where_it_is}"
    back = replace(after, boxes=dict(view.boxes))
    assert since(after, back, "the blocks").startswith("Untouched of these: red block (in the red bowl), blue block")
    fewer = replace(view, boxes={n: box for n, box in view.boxes.items() if n != "red block"})
    assert since(replace(fewer, drawer=0.0), after, "").endswith("\nNow seen: red block (in the red bowl).\n")
    assert "Now seen" not in since(fewer, after, "")  # where nothing was closed, sight made it up
    taken = replace(after, held="green block")
    assert since(view, taken, "all blocks") == f"Untouched of these: blue block.\n{where_it_is}"
    assert where_it_is in since(replace(view, held="red block"), after, "all blocks")  # it was in the hand at first


def test_where_things_are_now_is_told_as_it_is_seen_not_as_it_was_done(view: SceneView) -> None:
    on = ("on", "red block", "blue block")
    middle = view.boxes["blue block"]
    moved = dict(view.boxes) | {"red block": middle, "blue block": view.boxes["green bowl"]}
    tower = replace(view, boxes=moved, relations=(on,))
    line = "Moved: red block (on the blue block), blue block (bottom right corner).\n"
    assert since(view, tower, "").endswith(line)
    fell = replace(tower, relations=())
    assert since(view, fell, "").endswith("Moved: red block (middle), blue block (bottom right corner).\n")
    hidden = {n: box for n, box in moved.items() if n != "red block"}
    assert since(view, replace(fell, boxes=hidden), "").endswith("Moved: blue block (bottom right corner).\n")


def test_how_things_stand_is_told_after_what_changed_something(view: SceneView) -> None:
    holding = replace(view, held="red block")
    line = "Untouched of these: red block, blue block, green block.\n"
    assert told_after(True, view, view, view, "all blocks") == line
    assert told_after(True, view, view, holding, "all blocks") == ""
    assert told_after(False, view, view, view, "all blocks") == ""  # nothing is new
    assert told_after(False, view, holding, view, "all blocks") == f"Dropped: red block (bottom left corner).\n{line}"


def test_what_the_instruction_names_comes_first_of_what_was_not_moved(view: SceneView) -> None:
    assert (
        since(view, view, "take the green one") == "Untouched of these: green block. Others: red block, blue block.\n"
    )
    assert since(view, view, "wave") == "Untouched of these: nothing. Others: red block, blue block, green block.\n"


def test_what_is_named_and_was_not_touched_is_overlooked(view: SceneView) -> None:
    moved = dict(view.boxes) | {"red block": view.boxes["red bowl"]}
    assert overlooked(view, replace(view, boxes=moved), "stack the blocks") == ["blue block", "green block"]
    assert overlooked(view, replace(view, boxes=moved), "the red block, please") == []
    assert overlooked(view, view, "push the red bowl") == []  # what things are put into stays where it is


def test_what_fell_is_told_with_where_it_lies(view: SceneView) -> None:
    tower = replace(view, relations=(("on", "red block", "blue block"),))
    lying = dict(view.boxes) | {"red block": view.boxes["green block"]}
    assert fallen(tower, replace(view, boxes=lying)) == "Fell: red block (top).\n"
    assert fallen(tower, replace(view, boxes=lying, held="red block")) == ""  # it was taken
    assert fallen(tower, tower) == fallen(view, view) == ""
    assert fallen(tower, view) == ""  # it has not moved: sight errs
    hidden = {n: box for n, box in view.boxes.items() if n not in ("red block", "blue block")}
    assert fallen(tower, replace(view, boxes=hidden)) == ""


def test_what_slipped_from_the_hand_is_told(view: SceneView) -> None:
    holding = replace(view, held="red block")
    assert dropped(holding, view) == "Dropped: red block (bottom left corner).\n"
    inside = replace(view, relations=(("in", "red block", "red bowl"),))
    assert dropped(holding, inside) == "Dropped: red block (in the red bowl).\n"
    lost = {n: box for n, box in view.boxes.items() if n != "red block"}
    assert dropped(holding, replace(view, boxes=lost)) == "Dropped: red block.\n"
    assert dropped(holding, holding) == dropped(view, view) == dropped(view, holding) == ""
