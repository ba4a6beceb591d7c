"""Requests about what should no longer be so, and about orders: what the goals say is what the words say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
import pytest

from saycan.candidates import DONE
from saycan.judging.expert import Expert
from saycan.learning import changes, orders, towers
from saycan.learning.nouns import Names, UnsuitableError
from saycan.learning.requests import Request
from saycan.learning.scenes import draw_scene
from sim import cabinet
from sim.relations import is_at, is_in
from sim.state import WorldState

Ask = Callable[[Names, np.random.Generator], Request]


def asked(ask: Ask, count: int = 12) -> Iterator[tuple[Request, Names, WorldState]]:
    """Requests, the scenes that they are for, and what is so after the expert's way, where there is one."""
    seed = 0
    while count:
        rng = np.random.default_rng([3, seed])
        seed += 1
        _, start = draw_scene(rng)
        names = Names(rng, start)
        with suppress(UnsuitableError):
            request = ask(names, rng)
            end = after(request, start)
            if end is not None:
                count -= 1
                yield request, names, end


def after(request: Request, start: WorldState) -> WorldState | None:
    expert, now = Expert(request.goal, start), start
    for _ in range(12):
        best = expert.best(now)
        if not best or best == [DONE]:
            return now if best else None
        following = expert.after(now, best[0])
        if following is None:
            return None
        now = following
    return None


def inside(state: WorldState, holder: str) -> set[str]:
    return {
        n
        for n, b in state.boxes.items()
        if n not in (holder, state.held, cabinet.SHELL) and is_in(b, state.boxes[holder])
    }


def test_what_is_emptied_is_empty_and_the_hand_too() -> None:
    for request, names, end in asked(changes.empty_out):
        holder = next(r for r in names.receptacles if r in request.things)
        assert inside(names.start, holder) and not inside(end, holder) and end.held is None


def test_only_what_was_named_is_left() -> None:
    for request, names, end in asked(changes.only):
        holder = next(r for r in names.receptacles if r in request.things)
        wanted = {part.split("(")[1].split(",")[0] for part in request.goal.split(" and ") if part.startswith("in(")}
        assert inside(end, holder) & set(names.movable) == wanted


def test_a_cleared_part_of_the_table_has_nothing_of_that_on_it() -> None:
    for request, names, end in asked(changes.clear_region):
        region = request.goal.split(", ")[1].split(")")[0]
        assert all(is_at(names.boxes[x], region) and not is_at(end.boxes[x], region) for x in request.things)


@pytest.mark.parametrize("ask", [changes.some_of, changes.one_each, changes.all_but])
def test_some_go_and_some_stay(ask: Ask) -> None:
    for request, names, end in asked(ask):
        concerned = [x for x in names.movable if x in request.things]
        moved = [x for x in concerned if not np.array_equal(end.boxes[x].position, names.boxes[x].position)]
        assert 0 < len(moved) < len(concerned), request


def test_what_is_within_reach_is_one_of_several() -> None:
    for request, names, end in asked(changes.within_reach, 4):
        thing = next(x for x in request.things if x in names.movable)
        rivals = [x for x in names.all if x not in names.movable and x not in names.receptacles]
        assert rivals and any(is_in(end.boxes[thing], end.boxes[r]) for r in names.receptacles)


def test_orders_name_what_comes_last_and_what_comes_first() -> None:
    """What ends in the hand can only come last; whatever the order of words, both goals hold in the end."""
    held = 0
    for request, _, end in asked(orders.last_first, 60):
        held += request.last
        assert request.last == (end.held is not None) == ("holding(" in request.goal)
        assert len(request.goal.split(" and ")) in (2, 3)
    assert held


def test_a_tower_in_a_place_stands_there_from_below() -> None:
    for request, names, end in asked(towers.tower_in_order_at, 6):
        base = request.goal.split("(")[1].split(",")[0]
        assert base in request.things and set(request.things) <= set(names.movable)
        assert request.goal.count("on(") == len(request.things) - 1 and end.held is None
