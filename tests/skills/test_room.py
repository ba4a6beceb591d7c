"""Free spots: in a region of the table, and in a receptacle beside what it holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.geometry import Box
from sim.relations import is_at, is_in, region_box
from skills.observation import Sight
from skills.tasks import TASKS, Target
from skills.tasks.room import free_spot, room_inside

SMALL = np.full(3, 0.02)
RECEPTACLES = st.builds(
    lambda x, y, yaw, sides, is_round: Box(
        np.array([x, y, 0.03]), yaw, np.array([*(sides if not is_round else sides[:1] * 2), 0.03]), is_round
    ),
    st.floats(0.3, 0.6),
    st.floats(-0.3, 0.3),
    st.floats(-1.5, 1.5),
    st.tuples(st.floats(0.07, 0.12), st.floats(0.07, 0.12)),
    st.booleans(),
)
ASIDE = st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05))


@given(st.lists(st.tuples(st.floats(0.3, 0.66), st.floats(-0.36, 0.36)), max_size=6))
def test_the_free_spot_is_in_its_region_and_the_freest(spots: list[tuple[float, float]]) -> None:
    region = region_box("left side")
    others = [Box(np.array([x, y, 0.02]), 0.0, np.full(3, 0.02)) for x, y in spots]
    spot = free_spot(region, others)
    assert is_at(Box(spot.position, 0.0, np.full(3, 0.02)), "left side")
    gaps = [np.linalg.norm(spot.position[:2] - box.position[:2]) for box in others]
    corners = region.position[:2] + region.half[:2] * 0.8 * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    for corner in corners if others else ():
        corner_gap = min(np.linalg.norm(corner - box.position[:2]) for box in others)
        assert min(gaps) >= min(corner_gap, 0.1) - 0.05


@given(RECEPTACLES, st.lists(ASIDE, min_size=1, max_size=4))
def test_room_in_a_receptacle_is_inside_and_no_worse_than_anywhere_near(
    receptacle: Box, spots: list[tuple[float, float]]
) -> None:
    there = {f"{n}": Box(receptacle.position + np.array([x, y, 0.0]), 0.0, SMALL) for n, (x, y) in enumerate(spots)}
    boxes = {"it": receptacle, "held": Box(np.array([0.5, 0.0, 0.3]), 0.0, SMALL), **there}
    aside = room_inside(boxes, "it", "held")
    assert aside[2] == 0 and receptacle.covers(receptacle.position + aside, 0.02)

    def room(spot: np.ndarray) -> float:
        return min(float(np.linalg.norm(spot - box.position[:2])) for box in there.values())

    assert (
        room((receptacle.position + aside)[:2]) > room(receptacle.position[:2]) - 0.006
    )  # the middle is one of those tried


@given(RECEPTACLES)
def test_an_empty_receptacle_takes_it_in_the_middle_and_a_turned_one_turns_the_spot(receptacle: Box) -> None:
    beside = Box(receptacle.position + np.array([0.3, 0.0, 0.0]), 0.0, SMALL)
    assert not room_inside({"it": receptacle, "beside": beside}, "it", None).any()
    middle = Box(receptacle.position, 0.0, SMALL)
    aside = room_inside({"it": receptacle, "in it": middle}, "it", None)
    quarter = room_inside({"it": replace(receptacle, yaw=receptacle.yaw + np.pi / 2), "in it": middle}, "it", None)
    assert np.hypot(*aside[:2]) > 0.03 and is_in(Box(receptacle.position + aside, 0.0, SMALL), receptacle)
    assert abs(np.linalg.norm(quarter) - np.linalg.norm(aside)) < 1e-9


def test_what_is_put_in_goes_beside_what_is_there_also_when_the_receptacle_moves() -> None:
    bowl = Box(np.array([0.5, 0.1, 0.0275]), 0.0, np.array([0.085, 0.085, 0.0275]), True)
    boxes = {"bowl": bowl, "block": Box(bowl.position, 0.0, SMALL)}
    sight = Sight(hand=None, boxes=boxes)  # type: ignore[arg-type]
    focus = TASKS["place_in"]().focus(sight, Target("bowl"))
    aside = focus(boxes).position - bowl.position
    moved = {**boxes, "bowl": replace(bowl, position=bowl.position + np.array([0.05, 0.0, 0.0]))}
    assert np.hypot(*aside[:2]) > 0.03
    assert np.allclose(focus(moved).position - moved["bowl"].position, aside)


@given(RECEPTACLES, ASIDE, st.floats(0.02, 0.05), st.floats(-1.5, 1.5))
def test_what_is_put_in_beside_something_stays_clear_of_the_walls_however_it_lies(
    receptacle: Box, spot: tuple[float, float], long: float, yaw: float
) -> None:
    there = Box(receptacle.position + np.array([*spot, 0.0]), yaw, np.array([0.05, 0.02, 0.02]))
    load = Box(np.array([0.5, 0.0, 0.3]), yaw, np.array([0.015, long, 0.02]))
    aside = room_inside({"it": receptacle, "there": there, "held": load}, "it", "held")
    assert not aside[:2].any() or receptacle.covers(receptacle.position + aside, long)


def test_room_beside_a_long_thing_is_at_its_side() -> None:
    tray = Box(np.array([0.5, 0.0, 0.01]), 0.0, np.array([0.11, 0.08, 0.01]))
    can = Box(np.array([0.5, 0.04, 0.03]), 0.0, np.array([0.06, 0.033, 0.033]))
    aside = room_inside({"tray": tray, "can": can, "held": Box(np.zeros(3), 0.0, SMALL)}, "tray", "held")
    assert aside[1] < -0.025 and abs(aside[0]) < 0.03  # not in a corner: the can is narrow
