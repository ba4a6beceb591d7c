"""The goal language: what holds, what does not, and what cannot be read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.geometry import Box
from sim.goals import GoalError, parse
from sim.objects import find
from sim.state import Hand, WorldState

HAND = Hand(np.zeros(3), 0.0, 0.08, False, np.zeros(4), False, False)


def state(held: str | None = None, **places: tuple[float, float, float]) -> WorldState:
    names = {key.replace("_", " "): np.array(place) for key, place in places.items()}
    things = {name: find(name) for name in names}
    boxes = {n: Box(p, 0.0, np.array(things[n].size), things[n].symmetry != "box") for n, p in names.items()}
    return WorldState(things, boxes, HAND, held)


START = state(red_block=(0.5, 0.0, 0.02), blue_block=(0.4, 0.2, 0.02), green_bowl=(0.5, -0.25, 0.0275))
IN = state(red_block=(0.51, -0.25, 0.027), blue_block=(0.4, 0.2, 0.02), green_bowl=(0.5, -0.25, 0.0275))
ON = state(red_block=(0.405, 0.195, 0.06), blue_block=(0.4, 0.2, 0.02), green_bowl=(0.5, -0.25, 0.0275))


@pytest.mark.parametrize(
    ("goal", "now", "holds"),
    [
        ("in(red block, green bowl)", IN, True),
        ("in(red block, green bowl)", START, False),
        ("on(red block, blue block)", ON, True),
        ("on(blue block, red block)", ON, False),
        ("on(red block, blue block) and not in(red block, green bowl)", ON, True),
        ("all(block, in(_, green bowl))", IN, False),
        ("any(block, in(_, green bowl))", IN, True),
        ("none", START, True),
        ("none", IN, False),
        ("moved(red block, right)", IN, True),
        ("moved(red block, left)", IN, False),
        ("at(green bowl, right side)", START, True),
        ("at(blue block, bottom left corner) or at(blue block, left side)", START, True),
        ("not (none or in(red block, green bowl))", IN, False),
    ],
)
def test_goals(goal: str, now: WorldState, holds: bool) -> None:
    assert parse(goal).holds(START, now) is holds


def test_what_is_held_is_not_yet_in_the_bowl() -> None:
    held = WorldState(IN.things, IN.boxes, HAND, "red block")
    assert not parse("in(red block, green bowl)").holds(START, held)
    assert parse("holding(red block)").holds(START, held)


@pytest.mark.parametrize(
    "goal",
    ["", "in(red block", "in(red block, green bowl) in", "on(a)", "near(a, b)", "all(block)", "not", "in(,)", ")("],
)
def test_bad_goals_are_refused(goal: str) -> None:
    with pytest.raises(GoalError):
        parse(goal)


@pytest.mark.parametrize(
    "goal",
    ["in(elephant, green bowl)", "at(red block, moon)", "moved(red block, up)", "open(drawer)", "all(fruit, none)"],
)
def test_goals_about_what_is_not_there_are_refused(goal: str) -> None:
    with pytest.raises(GoalError):
        parse(goal).holds(START, START)


@given(st.text(alphabet="inonatl(),_ abr dn", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        goal = parse(text)
        goal.holds(START, IN)
    except GoalError:
        pass
