"""What has moved while a skill runs is found again, also when it fell over; what is something else is not taken for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from saycan.perception.following import follow
from sim.geometry import Box

BOTTLE = Box(np.array([0.5, 0.0, 0.1]), 0.0, np.array([0.028, 0.028, 0.1]), True)
FALLEN = Box(np.array([0.6, 0.1, 0.028]), 0.7, np.array([0.1, 0.028, 0.028]))
CAN = Box(np.array([0.4, 0.2, 0.045]), 0.0, np.array([0.026, 0.026, 0.045]), True)


def moved_by(box: Box, x: float, y: float = 0.0) -> Box:
    return replace(box, position=box.position + np.array([x, y, 0.0]))


@pytest.mark.parametrize(
    ("after", "empty", "found"),
    [
        (moved_by(BOTTLE, 0.005), False, False),  # an arm in front of it
        (moved_by(BOTTLE, 0.03), False, True),
        (moved_by(BOTTLE, 0.08), False, True),  # pushed
        (moved_by(BOTTLE, 0.2), False, False),  # another one, as the first may still be there
        (moved_by(BOTTLE, 0.2), True, True),
        (FALLEN, True, True),
        (moved_by(BOTTLE, 0.4), True, False),  # too far
        (moved_by(CAN, 0.1), True, False),  # too small
    ],
)
def test_a_thing_is_found_again(after: Box, empty: bool, found: bool) -> None:
    moved = follow({"water bottle": BOTTLE}, [after], lambda box: empty)
    assert moved == ({"water bottle": after} if found else {})


@pytest.mark.parametrize(("empty", "follows"), [(False, False), (True, True)])
def test_a_part_of_a_thing_is_no_thing_that_has_moved(empty: bool, follows: bool) -> None:
    """A hand above a sponge hides one end of it; the other end is not a sponge that lies 15 mm further on."""
    sponge = Box(np.array([0.6, 0.3, 0.0125]), 0.4, np.array([0.042, 0.024, 0.0125]))
    end = replace(moved_by(sponge, 0.014, 0.006), half=np.array([0.027, 0.024, 0.0125]))
    assert bool(follow({"sponge": sponge}, [end], lambda box: empty)) == follows
    assert follow({"sponge": sponge}, [moved_by(sponge, 0.014, 0.006)], lambda box: empty)


def test_what_is_known_as_something_else_is_not_taken_for_what_is_gone() -> None:
    known = {"coke can": CAN, "pepsi can": moved_by(CAN, 0.15)}
    assert follow(known, [known["pepsi can"]], lambda box: True) == {}


def test_two_that_are_gone_do_not_become_one() -> None:
    known = {"coke can": CAN, "pepsi can": moved_by(CAN, 0.1)}
    moved = follow(known, [moved_by(CAN, 0.05, 0.15)], lambda box: True)
    assert len(moved) == 1


def test_where_nothing_is_known_or_seen_nothing_has_moved() -> None:
    assert follow({}, [moved_by(BOTTLE, 0.03)], lambda box: True) == {}
    assert follow({"water bottle": BOTTLE}, [], lambda box: True) == {}
