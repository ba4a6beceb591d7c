"""What is worked out for an instruction: orders, distances, sides, colours, regions, contents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saycan.judging.suite import start_state
from saycan.language.places import told
from saycan.perception import view_of
from saycan.types import SceneView
from sim.scenes import SceneSpec


@pytest.fixture(scope="module")
def kitchen() -> SceneView:
    things = ["coke can", "pepsi can", "apple", "lemon", "tray"]
    return view_of(start_state(SceneSpec("kitchen", things, 1, drawer="open", inside={"lemon": "tray"})))


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
            "From far to near of the red bowl: bottom right corner, top right corner, bottom left corner, top left corner.",
        ),
        (
            "take the block to the right of the red bowl",
            "To the right of the red bowl: top, then top right; blue block, green block.",
        ),
        (
            "take the block on the right-hand side of the red bowl",
            "To the right of the red bowl: top, then top right; blue block, green block.",
        ),
        (
            "take the block farthest from the red bowl",
            "From far to near of the red bowl: red block, green block, blue block.",
        ),
        ("take the block nearest to you", "From near to far of the robot: blue block, red block, green block."),
        (
            "stack the block farthest from the robot",
            "From far to near of the robot: green block, red block, blue block.",
        ),
        ("take the closest block", "From near to far of the robot: blue block, red block, green block."),
        ("take the block that is furthest away", "From far to near of the robot: green block, red block, blue block."),
        ("take the block farthest away from you", "From far to near of the robot: green block, red block, blue block."),
        ("take the most distant block", "From far to near of the robot: green block, red block, blue block."),
        ("put the green block in the nearest bowl", "From near to far of the green block: red bowl, green bowl."),
        (
            "take the closest block to the red bowl",
            "From near to far of the red bowl: blue block, green block, red block.",
        ),
        ("take the left-hand bowl", "Each bowl from the left: first red bowl, second green bowl."),
        ("take the bowl furthest right", "Each bowl from the right: first green bowl, second red bowl."),
        ("take the block above the blue block", "To the top of the blue block: top; green block."),
        ("put it a lot to the top of the red bowl", "To the top of the red bowl: the edge; nothing."),
        ("stack the cubes", "Each block: red block, blue block, green block."),
        (
            "put it where the colour is the same",
            "Of the same colour: red block and red bowl; green block and green bowl.",
        ),
        ("put it on the left side", "At the left side: red block, red bowl."),
        ("move it to the near left corner", "At the bottom left corner: red block."),
        ("take the red one", "Red: red block, red bowl."),
        ("take the purple thing", "Purple: nothing."),
        ("put it in the bowl that is not red", "Not red: green bowl."),
        ("put it in a bowl that is neither red", "Not red: green bowl."),
        ("push the non-red bowl to the left", "Not red: green bowl."),
        ("nothing but the red one goes there", "Red: red block, red bowl."),
        ("stack all except the blue one", "Not blue: red block, red bowl, green block, green bowl."),
        (
            "take the block from right, the second one",
            "Each block from the right: first green block, second blue block, third red block.",
        ),
        (
            "put the second object from the left away",
            "Each thing from the left: first red block, second red bowl, third blue block, fourth green block, fifth green bowl.",
        ),
        (
            "take the northernmost block",
            "Each block from the top: first green block, second blue block, third red block.",
        ),
        (
            "put the block nearest the centre in the red bowl",
            "From near to far of the middle: blue block, green block, red block.",
        ),
        ("put the red block in the bowl closest to it", "From near to far of the red block: red bowl, green bowl."),
        (
            "put the green block in the bowl that is nearest",
            "From near to far of the green block: red bowl, green bowl.",
        ),
        ("put it in the top-left corner", "At the top left corner: red bowl."),
        ("put it in the left back corner", "At the top left corner: red bowl."),
        ("put it on the left of the table", "At the left side: red block, red bowl."),
        ("close the drawer", "Not here: drawer."),
        ("bring me a mug", "Not here: mug."),
        ("take the other vase", "Not here: vase."),
        ("put the red block in the bin", "Not here: bin."),
    ],
)
def test_what_is_asked_for_is_told(view: SceneView, instruction: str, line: str) -> None:
    assert told(view, instruction).split("\n")[1:] == [line, ""]


@pytest.mark.parametrize(
    "instruction",
    [
        "put the red block on top of the blue block",
        "push the bowl to the right",
        "can you push it towards you",
        "first push it, then stop",
        "put the red block on the top of the blue block",
        "put the red block to the top of the blue block",
        "put it in front of me",
        "put it at the top of the table",
        "put it at the left edge of the red bowl",
        "put it in the right place at the right time",
        "take at most one thing, or almost one",
        "make a tower with the green block at the bottom",
        "put them away in no particular order",
        "leave the red block alone, please",
        "do me a favour, in a hurry",
    ],
)
def test_nothing_is_told_that_was_not_asked_for(view: SceneView, instruction: str) -> None:
    assert told(view, instruction).count("\n") == 1


def test_distances_can_be_told_from_parts_of_the_table(view: SceneView) -> None:
    told_of = told(view, "take the block closest to the top right corner").splitlines()
    assert told_of[-1] == "From near to far of the top right corner: green block, blue block, red block."
    told_of = told(view, "the block nearest to the left edge").splitlines()
    assert told_of[-1] == "From near to far of the left side: red block, blue block, green block."


def test_things_without_a_colour_in_their_name_have_one(kitchen: SceneView) -> None:
    assert "Red: coke can, apple." in _set(told(kitchen, "take the red thing"), ["coke can", "apple"])
    assert "Not red: pepsi can." in told(kitchen, "pick up the can that isn't red")
    assert "Each can" not in told(kitchen, "can you take the apple")  # no drink
    assert "In the tray: lemon." in told(kitchen, "empty the tray")


@pytest.mark.parametrize(
    ("instruction", "empty", "loose", "full"),
    [
        ("put the apple in the empty bowl", True, False, True),
        ("put the apple in the bowl that has nothing in it", True, False, False),
        ("is there a free bowl? the apple goes there", True, False, False),
        ("put the apple in the bowl with a block in it", False, False, True),
        ("put the apple in the dish that contains the red block", False, False, True),
        ("empty the blue bowl", False, False, True),
        ("put the loose fruit in the green bowl", False, True, False),
        ("pick up the thing that isn't in a bowl", False, True, False),
        ("put the apple in the green bowl", False, False, False),
    ],
)
def test_what_is_empty_or_lies_in_nothing_is_told_where_it_is_asked_for(
    instruction: str, empty: bool, loose: bool, full: bool
) -> None:
    scene = SceneSpec(
        "kitchen", ["red block", "apple", "blue bowl", "green bowl"], 3, inside={"red block": "blue bowl"}
    )
    lines = told(view_of(start_state(scene)), instruction).splitlines()
    assert ("Empty: green bowl." in lines) == empty and ("In nothing: apple." in lines) == loose
    assert ("In the blue bowl: red block." in lines) == full


@pytest.mark.parametrize(
    ("instruction", "line"),
    [
        ("put the blocks in the bowls that match, but not the blue one", "Of the same colour: red block and red bowl"),
        (
            "don't touch the green bowl; put the block in the bowl that matches",
            "Of the same colour: red block and red bowl",
        ),
        ("each block in the bowl of its colour, no exceptions", "Of the same colour: red block and red bowl"),
        ("the bowls that match for two, the other blocks stay", "Of the same colour: red block and red bowl"),
        ("put each block in a bowl so that the colours differ", "Of other colours: red block and green bowl"),
        ("put no block into a bowl of its colour", "Of other colours: red block and green bowl"),
        ("put each block in a bowl of another colour", "Of other colours: red block and green bowl"),
        ("put the blocks in bowls that don't match", "Of other colours: red block and green bowl"),
    ],
)
def test_what_is_said_of_colours_alone_decides_which_pairs_are_told(
    view: SceneView, instruction: str, line: str
) -> None:
    assert line in told(view, instruction)


def test_a_colour_before_another_word_for_the_class_tells_which_is_meant(view: SceneView) -> None:
    said = told(view, "take the block closest to the red cube")
    assert "From near to far of the red block: blue block, green block." in said and said.count("From") == 1
    assert "To the top of the green block: the edge; nothing." in told(view, "put it behind the green cube")


def test_one_or_several_are_the_same_noun(view: SceneView) -> None:
    assert "From near to far of the robot: green bowl, red bowl." in told(view, "take the nearer of the two bowls")
    assert "Not here: banana." in told(view, "put the bananas away")


def test_the_drawer_is_something_to_be_near_to(kitchen: SceneView) -> None:
    assert "From near to far of the drawer: " in told(kitchen, "put the can closest to the drawer in it")
    assert "To the bottom of the drawer: " in told(kitchen, "take what is in front of the cabinet")
    assert "From" not in told(kitchen, "take the can closest to the camera")  # nobody knows where that is


def test_things_to_eat_are_food(kitchen: SceneView) -> None:
    assert "Each food: apple, lemon." in _set(told(kitchen, "put all things to eat in the drawer"), ["apple", "lemon"])


def _set(text: str, members: list[str]) -> str:
    """A text with the members of its lists in a given order."""
    return text.replace(", ".join(reversed(members)), ", ".join(members))


@given(
    st.text(max_size=60)
    | st.sampled_from(["first", "nearest", "left of", "the corner farthest", "behind the moon most"]),
    st.integers(0, 2**31),
)
def test_any_instruction_and_any_scene_is_told_of(said: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    things = ["red block", "blue block", "green block", "red bowl", "green bowl"]
    names = [str(n) for n in rng.permutation(things)[: int(rng.integers(0, 5))]]
    view = view_of(start_state(SceneSpec("tabletop", names, int(rng.integers(100)))))
    for line in told(view, said.lower()).splitlines():
        assert line.endswith(".") and ": " in line
