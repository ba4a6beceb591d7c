"""What words mean: things by name, class and colour, verbs that are none, parts of the table."""

from __future__ import annotations

import pytest

from saycan.language import mentions, shades
from saycan.language.parts import regions
from saycan.language.places import told
from saycan.learning.grammar import grammar
from saycan.types import SceneView


@pytest.mark.parametrize(
    ("instruction", "word", "said"),
    [
        ("can the coke go on the tray", "can", False),
        ("put everything i can lift on the tray", "can", False),
        ("put every can on the tray", "can", True),
        ("please bin the one on the left", "bin", False),
        ("put it in the bin", "bin", True),
    ],
)
def test_verbs_are_no_things(instruction: str, word: str, said: bool) -> None:
    assert (word in mentions.words(instruction)) == said


def test_what_is_spoken_of(view: SceneView) -> None:
    assert mentions.mentioned(view, "put the red block in the green bowl") == {"red block", "green bowl"}
    assert mentions.mentioned(view, "put the bricks away") == {"red block", "blue block", "green block"}
    assert mentions.mentioned(view, "first the blue one") == {"blue block"}
    assert mentions.mentioned(view, "put everything away") == set(view.boxes)
    assert mentions.mentioned(view, "put all the things in it") == set(view.boxes)
    assert mentions.mentioned(view, "the red cube and the green dish") == {"red block", "green bowl"}
    assert mentions.mentioned(view, "red and blue cubes") == {"red block", "blue block"}


def test_blocks_get_bowls_of_other_colours_and_different_ones_if_there_are(view: SceneView) -> None:
    line = told(view, "put the blocks in bowls of mismatched colours").splitlines()[-1]
    assert line == "Of other colours: red block and green bowl; blue block and red bowl; green block and red bowl."
    bowls = ["red bowl", "blue bowl", "green bowl"]
    pairs = shades.of_other_colours(["red block", "blue block", "green block"], bowls)
    assert sorted(bowl for _, bowl in pairs) == sorted(bowls)
    assert all(mentions.colour(block) != mentions.colour(bowl) for block, bowl in pairs)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("on the left-hand side", ["left side"]),
        ("the far left corner", ["top left corner"]),
        ("in the middle", ["middle"]),
        ("the other side", ["left side", "right side"]),
        ("from the left", []),
        ("to the left of the bowl", []),
        ("on the left side of the bowl", []),
        ("on the right-hand side of the tray", []),
        ("on the left side of the table", ["left side"]),
        ("farthest from the centre", ["middle"]),
        ("clear the middle of the table", ["middle"]),
        ("the middle block", []),
        ("in the right bowl", []),
        ("in the right order", []),
        ("in the middle of the red bowl", []),
        ("in the middle of the table", ["middle"]),
        ("the north east corner", ["top right corner"]),
        ("on the left, please", ["left side"]),
        ("free the left side of all cans", ["left side"]),
        ("the corner up on the left", ["top left corner"]),
    ],
)
def test_regions_are_recognised(said: str, found: list[str]) -> None:
    assert list(regions(said)) == found


def test_parts_of_the_table_are_known_by_all_the_words_that_the_planner_learns_them_by() -> None:
    for region, said in grammar()["places"].items():
        assert {words: set(regions(f"put it on {words}")) for words in said} == {words: {region} for words in said}
