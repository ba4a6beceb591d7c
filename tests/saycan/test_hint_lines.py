"""What people say in many ways is worked out all the same; what only sounds like it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from saycan.judging.suite import start_state
from saycan.language.places import told
from saycan.language.prompt import prompt
from saycan.learning.transcripts import STYLE
from saycan.perception import view_of
from saycan.types import Episode
from sim.scenes import SceneSpec

TABLE = SceneSpec(objects=["red block", "yellow block", "green block", "red bowl", "blue bowl"], seed=2)
FILLED = replace(TABLE, inside={"red block": "blue bowl"})
KITCHEN = SceneSpec("kitchen", ["apple", "banana", "coke can", "pepsi can", "red bowl", "tray"], 3)
TRAY = SceneSpec("kitchen", ["apple", "coke can", "blue bowl", "tray"], 5, inside={"apple": "tray"})
NO_BOWL = SceneSpec("kitchen", ["chips bag", "water bottle", "red block", "tray"], 4, drawer="closed")


def lines(scene: SceneSpec, said: str) -> set[str]:
    """The lines, each with its members in the order of the alphabet."""
    found = told(view_of(start_state(scene)), said).splitlines()[1:]
    parts = [line.rstrip(".").split(": ", 1) for line in found]
    return {f"{head}: {', '.join(sorted(rest.split(', ')))}" for head, rest in parts}


@pytest.mark.parametrize(
    ("scene", "said", "line"),
    [
        (TRAY, "what's on the tray goes in the bowl", "In the tray: apple"),
        (TRAY, "clear the tray", "In the tray: apple"),
        (FILLED, "get all the blocks out of their bowls", "In the blue bowl: red block"),
        (FILLED, "the yellow one goes in the bowl with the red block", "In the blue bowl: red block"),
        (KITCHEN, "put the fruit on the tray", "Each fruit: apple, banana"),
        (
            TABLE,
            "the red block in the bowl, the others stacked",
            "Each block: green block, red block, yellow block",
        ),
        (KITCHEN, "take the red can", "Red: coke can"),
        (TABLE, "the red and green blocks, please", "Red: red block"),
        (TABLE, "left for yellow, red bowl for green", "Yellow: yellow block"),
        (TABLE, "the red bowl takes yellow and green, the blue bowl takes red", "Green: green block"),
        (TABLE, "the yellow, red and blue bowls", "Yellow: nothing"),
        (TABLE, "put all the blocks in the red bowl except the green one", "Not green: red block, yellow block"),
        (TABLE, "all blocks apart from the red one", "Not red: green block, yellow block"),
        (TABLE, "all blocks except the red and the green one", "Not red or green: yellow block"),
        (KITCHEN, "put the can in the bowl of the same colour", "Of the same colour: apple and coke can and red bowl"),
        (TABLE, "the blocks that don't match any bowl", "Of the same colour: red block and red bowl"),
        (TABLE, "put the red cube in the nearest bowl", "From near to far of the red block: blue bowl, red bowl"),
        (TABLE, "the block in an empty corner", "At the bottom left corner: nothing"),
        (TABLE, "take the crimson one", "Red: red block, red bowl"),
        (TABLE, "take the red or turquoise block", "Not here: turquoise block"),
        (TABLE, "take the white one", "Not here: white one"),
        (TABLE, "take the purple wooden block", "Not here: purple block"),
        (NO_BOWL, "put the chips in the bowl", "Not here: bowl"),
        (NO_BOWL, "bring me a coke", "Not here: coke"),
        (NO_BOWL, "bring me an orange", "Not here: orange"),
        (NO_BOWL, "put the banana in the drawer", "Not here: banana"),
        (NO_BOWL, "get me two forks", "Not here: forks"),
        (KITCHEN, "bring me apple juice", "Not here: apple juice"),
        (KITCHEN, "put the apple in a box", "Not here: box"),
    ],
)
def test_what_is_asked_for_is_worked_out(scene: SceneSpec, said: str, line: str) -> None:
    assert line in lines(scene, said), lines(scene, said)


@pytest.mark.parametrize(
    ("scene", "said", "beginning"),
    [
        (NO_BOWL, "the water bottle can stay", "Not here"),
        (NO_BOWL, "everything else can move to the tray", "Not here"),
        (NO_BOWL, "take the banana out of the drawer", "Not here"),  # it may be in there
        (KITCHEN, "put the apple in the fruit bowl", "Not here"),
        (TABLE, "before the guests arrive, do me a kindness: take the red blcok", "Not here"),
        (TABLE, "the odd one out", "Not here"),
        (TABLE, "red: left. yellow: block the red bowl with it. green: bowl", "Not here"),
        (NO_BOWL, "give me a row of blocks", "Not here"),
        (NO_BOWL, "i need something to put my tea in", "Not here"),
        (FILLED, "the block that is not in the middle", "In nothing"),
        (FILLED, "each block goes on its own side", "In nothing"),
        (TABLE, "stack the blocks, the red one on top of the others", "Each block from"),
        (TABLE, "take the block that has no matching bowl", "Of other colours"),
    ],
)
def test_what_only_sounds_like_it_is_not(scene: SceneSpec, said: str, beginning: str) -> None:
    assert not any(line.startswith(beginning) for line in lines(scene, said)), lines(scene, said)


def test_the_bin_may_be_called_a_can_for_trash() -> None:
    scene = replace(NO_BOWL, objects=["lemon", "bin", "tray"])
    assert not lines(scene, "throw the lemon in the trash can")
    assert lines(NO_BOWL, "throw the chips in the trash can") == {"Not here: bin"}


def test_a_curly_apostrophe_is_an_apostrophe() -> None:
    view = view_of(start_state(TABLE))
    curly, plain = (prompt(f"the block that isn{a}t red", Episode(""), view, STYLE) for a in ("\u2019", "'"))
    assert curly == plain and "Not red: " in plain
