"""Heights by what is known of things and of gravity, towers and full bowls as cameras see them, and how a thing lies in the hand."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saycan.perception.camera import Belief
from saycan.perception.settle import Settler, as_tall_as_known, settled
from saycan.perception.sizes import log_fit
from sim.geometry import Box
from sim.layout import Layout, standing
from sim.objects import catalogue
from sim.relations import is_on
from sim.tabletop import Tabletop
from tests.saycan.test_perception import eyes

HALF = np.array([0.02, 0.02, 0.02])


def block(x: float, z: float, tall: float = 0.02) -> Box:
    return Box(np.array([x, 0.0, z]), 0.0, np.array([0.02, 0.02, tall]))


def test_a_tower_stands_on_itself_however_high_its_parts_are_seen() -> None:
    seen = {"red block": block(0.5, 0.028), "blue block": block(0.505, 0.05, 0.03), "pink block": block(0.5, 0.107)}
    found = settled(seen)
    assert found["red block"].bottom == 0 and found["blue block"].half[2] < 0.023
    assert is_on(found["blue block"], found["red block"]) and is_on(found["pink block"], found["blue block"])
    assert abs(found["pink block"].bottom - found["blue block"].top) < 1e-9


def test_what_stands_free_is_as_tall_as_it_is_seen_and_what_bears_something_is_not() -> None:
    tall = block(0.5, 0.026, 0.022)  # its foot is seen 4 mm too high
    alone = settled({"red block": tall})["red block"]
    assert abs(alone.top - 0.048) < 1e-9 and abs(alone.bottom) < 1e-9
    below = settled({"red block": tall, "blue block": block(0.5, 0.07)})["red block"]
    assert abs(below.half[2] - 0.022) < 1e-9 and abs(below.bottom) < 1e-9
    two = settled({"red block": block(0.5, 0.04, 0.038)})["red block"]  # two of them, seen as one
    assert two.half[2] < 0.023


def test_a_tower_is_as_tall_as_its_parts_were_when_they_stood_free() -> None:
    settler = Settler()
    apart = {
        "red block": block(0.4, 0.019, 0.019),
        "blue block": block(0.5, 0.021, 0.021),
        "pink block": block(0.6, 0.02),
    }
    for _ in range(2):
        found = settler.settled(apart, None, apart)
        assert all(np.allclose(found[name].half, apart[name].half) for name in apart)
    tower = {
        "red block": block(0.5, 0.02),
        "blue block": block(0.5, 0.065, 0.025),
        "pink block": block(0.5, 0.11, 0.03),
    }
    found = settler.settled(tower, None, tower)
    assert abs(found["blue block"].top - 0.080) < 0.003 < settled(tower)["blue block"].top - 0.080 + 1e-3
    assert abs(found["pink block"].top - 0.120) < 0.004 < settled(tower)["pink block"].top - 0.120
    alone = settler.settled({"pink block": block(0.6, 0.03, 0.03)}, None, ())["pink block"]
    assert 0.0193 < alone.half[2] < 0.0207  # a tower has taught it nothing


def test_what_is_held_lies_in_something_or_is_not_known_stays_where_it_is_seen() -> None:
    bowl = Box(np.array([0.5, 0.0, 0.0275]), 0.0, np.array([0.085, 0.085, 0.0275]), True)
    seen = {
        "green bowl": bowl,
        "red block": block(0.52, 0.033),
        "blue block": block(0.7, 0.19),
        "elephant": block(0.3, 0.03),
    }
    found = settled(seen, held="blue block")
    assert all(np.allclose(found[name].position, seen[name].position) for name in seen)


@given(st.floats(0.012, 0.06), st.sampled_from(["red block", "coke can", "water bottle", "chips bag"]))
def test_the_top_stays_and_the_height_is_one_that_the_thing_has(tall: float, name: str) -> None:
    sides = np.array(catalogue()[name].size)
    box = Box(np.array([0.5, 0.0, 0.1]), 0.0, np.array([*sides[:2], tall]))
    found = as_tall_as_known(name, box)
    assert abs(found.top - box.top) < 1e-9
    assert np.min(np.abs(found.half[2] / sides - 1)) < 0.13


def test_of_what_stands_on_something_the_height_tells_nothing() -> None:
    merged = Box(np.array([0.5, 0.0, 0.1]), 0.0, np.array([0.022, 0.02, 0.05]))
    names = ["red block", "green bowl"]
    assert log_fit([merged], names)[0, 0] < -2
    hidden = log_fit([merged], names, [False])[0]
    assert hidden[0] == 0 and hidden[1] < -3


def test_cameras_see_who_stands_on_whom(table: Tabletop) -> None:
    found = total = 0
    for number, colours in enumerate(
        (("red", "green", "yellow"), ("blue", "orange", "pink"), ("purple", "yellow", "red"))
    ):
        layout: Layout = {}
        top, spot = 0.0, np.array([0.42 + 0.06 * number, 0.15 - 0.15 * number])
        names = [f"{colour} block" for colour in colours]
        for name in names:
            layout = {**layout, name: standing(catalogue()[name], spot, 0.2 * number, top + 0.001)}
            top = layout[name].box.top
        table.reset(layout)
        table.settle()
        relations = eyes().look(table).relations
        wanted = [("on", upper, lower) for lower, upper in itertools.pairwise(names)]
        found, total = found + sum(fact in relations for fact in wanted), total + len(wanted)
    assert found >= total - 1, (found, total)


def test_how_a_thing_lies_in_the_hand_is_felt_and_a_little_seen(
    monkeypatch: pytest.MonkeyPatch, table: Tabletop
) -> None:
    """Fingers hide half of what they hold: its sides stay, and sight counts a quarter for its place; across them it is in the middle."""
    perception, box = eyes(), block(0.45, 0.02)
    hand = replace(
        table.hand(), position=np.array([0.47, 0.0, 0.02]), closing=True, left=True, right=True, opening=0.04, shift=0.0
    )
    perception._believed = {"red block": Belief(box, 0.9)}
    perception._feel(hand)
    lifted = replace(hand, position=np.array([0.5, 0.1, 0.2]))
    seen = replace(box, position=np.array([0.504, 0.101, 0.192]), half=HALF / 2)
    monkeypatch.setattr(perception, "propose", lambda shots, grip=None: [])
    for names, where in (({}, [0.48, 0.1, 0.2]), ({"red block": Belief(seen, 0.8)}, [0.486, 0.1, 0.198])):
        monkeypatch.setattr(perception, "name", lambda proposals, shots, names=names: names)
        view = perception.see([], lifted)
        found = view.boxes["red block"]
        assert view.held == "red block" and np.allclose(found.position, where, atol=1e-4)
        assert np.allclose(found.half, HALF) and view.scores["red block"] == (0.8 if names else 0.9)


@pytest.mark.parametrize(("aside", "follows"), [(0.004, False), (0.02, True), (0.2, False)])
def test_while_a_skill_runs_only_what_has_moved_is_seen_anew(
    monkeypatch: pytest.MonkeyPatch, aside: float, follows: bool
) -> None:
    """An arm in front of a thing moves what is seen of it by a little; what is far away is something else."""
    perception, seen = eyes(), block(0.5 + aside, 0.018, 0.018)
    perception._believed = {"red block": Belief(block(0.5, 0.02), 0.9)}
    monkeypatch.setattr(perception, "propose", lambda shots: [SimpleNamespace(box=seen)])
    perception._follow([])
    assert perception._believed["red block"].box is seen or not follows
    assert perception._believed["red block"].box.position[0] == (0.5 + aside if follows else 0.5)


def test_where_the_drawer_is_is_worked_out_each_time_from_the_cabinet(monkeypatch: pytest.MonkeyPatch) -> None:
    perception, told = eyes(), []
    perception._believed = {name: Belief(block(x, 0.1, 0.1), 0.9) for name, x in (("cabinet", 0.7), ("drawer", 0.5))}
    monkeypatch.setattr(
        perception, "propose", lambda shots: [SimpleNamespace(box=b.box) for b in perception._believed.values()]
    )
    monkeypatch.setattr(perception, "_fixtures", lambda found, shots: told.append(set(found)) or {})
    perception._follow([])
    assert told == [{"cabinet", "drawer"}]  # though nothing has moved


def test_what_lies_in_something_or_under_something_stays_believed() -> None:
    from saycan.perception.rig import DEFAULT, Shot
    from sim.camera import Picture

    far = np.full((DEFAULT[0].height, DEFAULT[0].width), 4.0, np.float32)  # every place looks empty
    shots = [Shot(camera, Picture(rgb=np.zeros((*far.shape, 3), np.uint8), depth=far)) for camera in DEFAULT]
    bowl = Box(np.array([0.5, 0.0, 0.0275]), 0.0, np.array([0.085, 0.085, 0.0275]), True)
    inside, free, under, above = block(0.52, 0.026), block(0.4, 0.02), block(0.7, 0.02), block(0.7, 0.06)
    beliefs = {"red block": inside, "blue block": free, "pink block": under, "green block": above, "green bowl": bowl}
    perception = eyes()
    perception._believed = {name: Belief(box, 0.9) for name, box in beliefs.items()}
    perception._remember({name: Belief(beliefs[name], 0.9) for name in ("green bowl", "green block")}, shots)
    assert set(perception._believed) == {"red block", "pink block", "green block", "green bowl"}
