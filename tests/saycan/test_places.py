"""What the prompt tells of where things are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saycan.judging.suite import start_state
from saycan.language.places import since, told
from saycan.perception import view_of
from saycan.types import SceneView
from sim.geometry import Box
from sim.scenes import SceneSpec

PLACES = {
    "red block": [0.40, 0.25],
    "blue block": [0.45, 0.05],
    "green block": [0.60, -0.10],
    "red bowl": [0.60, 0.12],
    "green bowl": [0.40, -0.25],
}


@pytest.fixture(scope="module")
def view() -> SceneView:
    return view_of(start_state(SceneSpec("tabletop", list(PLACES), 1, place=PLACES)))


@pytest.mark.parametrize(
    ("instruction", "line"),
    [
        (
            "take the second block from the right",
            "Each block from the right: first green block, second blue block, third red block.",
        ),
        ("take the leftmost bowl", "Each bowl from the left: first red bowl, second green bowl."),
        (
            "take the topmost cube",
            "Each block from the top: first green block, second blue block, third red block.",
        ),
        (
            "take the block furthest to the bottom",
            "Each block from the bottom: first red block, second blue block, third green block.",
        ),
        (
            "take the block closest to the red bowl",
            "From near to far of the red bowl: blue block, green block, red block.",
        ),
        (
            "put the red block in the corner farthest to the red bowl",
            "From near to far of the red bowl: top left corner, bottom left corner, top right corner, bottom right corner.",
        ),
        (
            "take the block to the right of the red bowl",
            "To the right of the red bowl: top, then top right; blue block, green block.",
        ),
        ("take the block above the blue block", "To the top of the blue block: top; green block."),
        ("stack the cubes", "Each block: red block, blue block, green block."),
        (
            "put it where the colour is the same",
            "Of the same colour: red block and red bowl; green block and green bowl.",
        ),
    ],
)
def test_what_is_asked_for_is_told(view: SceneView, instruction: str, line: str) -> None:
    assert told(view, instruction).split("\n")[1:] == [line, ""]


@pytest.mark.parametrize(
    "instruction",
    [
        "put the red block on the left side",
        "push the bowl to the right",
        "close the drawer",
        "put it at the top left corner",
    ],
)
def test_nothing_is_told_that_was_not_asked_for(view: SceneView, instruction: str) -> None:
    assert told(view, instruction).count("\n") == 1


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
    assert since(view, view) == "Untouched: red block, blue block, green block.\n"
    assert since(view, after) == "Untouched: blue block, green block.\n"
    assert since(after, replace(after, boxes=dict(view.boxes))) == "Untouched: red block, blue block, green block.\n"
    fewer = replace(view, boxes={n: box for n, box in view.boxes.items() if n != "red block"})
    assert since(replace(fewer, drawer=0.0), after).endswith("\nNow seen: red block (in the red bowl).\n")
    assert "Now seen" not in since(fewer, after)  # where nothing was closed, sight made it up
    assert since(view, replace(after, held="green block")) == "Untouched: blue block.\n"


@given(
    st.text(max_size=60)
    | st.sampled_from(["first", "nearest", "left of", "the corner farthest", "behind the moon most"]),
    st.integers(0, 2**31),
)
def test_any_instruction_and_any_scene_is_told_of(said: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [str(n) for n in rng.permutation(list(PLACES))[: int(rng.integers(0, 5))]]
    view = view_of(start_state(SceneSpec("tabletop", names, int(rng.integers(100)))))
    for line in told(view, said.lower()).splitlines():
        assert line.endswith(".") and ": " in line
