"""What is not of a class, for the prompt."""

from __future__ import annotations

import pytest

from saycan.judging.suite import start_state
from saycan.language.hints import hints
from saycan.language.others import others
from saycan.language.seen import Seen
from saycan.perception import view_of
from sim.scenes import SceneSpec


def seen(*things: str) -> Seen:
    view = view_of(start_state(SceneSpec("kitchen", things, 1)))
    return Seen(view, things)


KITCHEN = seen("apple", "lemon", "chips bag", "coke can", "water bottle", "sponge", "tray")


@pytest.mark.parametrize(
    ("instruction", "lines"),
    [
        ("everything that isn't a fruit goes in the drawer", ["Not fruit: chips bag, coke can, water bottle, sponge."]),
        ("all but the drinks on the tray", ["Not drink: apple, lemon, chips bag, sponge."]),
        ("put away whatever is neither food nor drink", ["Not food or drink: sponge."]),
        ("anything except the fruit and the drinks", ["Not fruit or drink: chips bag, sponge."]),
        ("take all the things that you can't eat", ["Not food: coke can, water bottle, sponge."]),
        ("what can't be eaten or drunk is trash", ["Not food: coke can, water bottle, sponge."]),
        ("the non-food into the drawer", ["Not food: coke can, water bottle, sponge."]),
        ("some food that is not fruit", ["Not fruit: chips bag."]),  # of the food, not of everything
        ("a drink, but no can", ["Not can: water bottle."]),
        ("one of these isn't a toy", ["Not toy: apple, lemon, chips bag, coke can, water bottle, sponge."]),
        ("nothing but fruit", []),
        ("not the apple, the lemon", []),  # they have names
        ("neither can you", []),  # a verb
        ("i can't eat it all, throw the apple away", []),
        ("don't put the fruit on the tray", []),
        ("not the tray", []),  # it stays where it is anyway
    ],
)
def test_what_is_not_of_a_class(instruction: str, lines: list[str]) -> None:
    assert others(KITCHEN, instruction) == lines
    assert set(lines) <= set(hints(KITCHEN, instruction))


def test_where_everything_is_of_the_class_nothing_is_told() -> None:
    assert others(seen("red block", "blue block", "red bowl"), "no block may stay in the bowl") == []
    assert others(seen("apple", "lemon", "tray"), "food that isn't fruit") == ["Not fruit: nothing."]
