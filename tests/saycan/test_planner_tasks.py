"""Generated tasks, the expert, and the texts that are learned from."""

from __future__ import annotations

import re
from contextlib import suppress

import numpy as np
import pytest

from saycan.candidates import DONE
from saycan.judging.expert import Expert
from saycan.judging.oracle import Oracle
from saycan.judging.suite import FOLDER, SuiteTask, load_suite, start_state
from saycan.judging.wishes import ways
from saycan.language.prompt import Style, prompt
from saycan.learning import recipes, refusals, tasks
from saycan.learning.grammar import fill, grammar, normalised
from saycan.learning.nouns import Names, UnsuitableError
from saycan.learning.refusals import REFUSALS
from saycan.learning.requests import Request
from saycan.learning.scenes import draw_scene
from saycan.learning.tasks import SETS, SINGLE, draw_tasks, held_out
from saycan.perception import view_of
from saycan.types import Episode
from sim.goals import parse
from sim.scenes import SceneSpec
from sim.state import WorldState
from skills import library

LIBRARY = library.load_all()
ROOM = SceneSpec(
    objects=["red block", "blue block", "green bowl"],
    place={"red block": [0.5, 0.2], "blue block": [0.5, -0.2], "green bowl": [0.45, 0.0]},
)
LEFT = r"[{}\[\]|]|<\w"  # marks of the grammar that should have been filled in
KITCHEN = SceneSpec("kitchen", ["apple", "coke can", "tray"], 3, drawer="closed", inside={"apple": "drawer"})


def drawn(seed: int, scenes: int) -> list[tuple[SuiteTask, WorldState]]:
    return [pair for k in range(scenes) for pair in draw_tasks(np.random.default_rng([seed, k]), 3)]


def texts_of(expert: Expert, start: WorldState) -> list[str]:
    return [choice.text for choice in expert.way(start, 14) or []]


def steps(best: object, start: WorldState) -> int | None:
    now, count = start, 0
    while count < 14 and (choices := best(now)):  # type: ignore[operator]
        if choices == [DONE]:
            return count
        now, count = LIBRARY[choices[0].skill].task.meant(now, choices[0].target), count + 1
    return None


@pytest.mark.parametrize(
    ("goal", "way"),
    [
        ("in(apple, tray)", ["open the drawer", "pick up the apple", "put it in the tray", "done"]),
        ("in(coke can, drawer)", ["open the drawer", "pick up the coke can", "put it in the drawer", "done"]),
        ("holding(coke can) and open(drawer)", ["open the drawer", "pick up the coke can", "done"]),
        ("in(apple, tray) and closed(drawer)", ["open the drawer", "pick up the apple", "put it in the tray", "close the drawer", "done"]),
        ("any(food, in(_, drawer))", ["done"]),
        ("not in(apple, drawer)", ["open the drawer", "pick up the apple", "done"]),
        ("not in(apple, drawer) and closed(drawer)", ["open the drawer", "pick up the apple", "put it on the left side", "close the drawer", "done"]),
        ("moved(tray, left) or in(coke can, tray)", ["push the tray left", "done"]),
        ("none", ["done"]),
        ("in(apple, tray) and none", []),
    ],
)  # fmt: skip
def test_the_expert_knows_a_way(goal: str, way: list[str]) -> None:
    start = start_state(KITCHEN)
    assert texts_of(Expert(goal, start), start) == way


def test_a_tower_grows_from_below_and_what_is_in_the_way_is_put_aside() -> None:
    start = start_state(ROOM)
    expert = Expert("on(red block, blue block) and in(blue block, green bowl)", start)
    assert [c.text for c in expert.best(start)] == ["pick up the blue block"]
    aside = expert.after(start, expert.best(start)[0])
    assert aside is not None
    other = Expert("holding(red block)", start)
    assert {c.text for c in other.best(aside)} == {"put it on the left side", "put it on the right side"}


def test_the_expert_is_as_good_as_a_search() -> None:
    """Its choices begin shortest ways, on the development suite and on generated tasks (the search is given up on long ones)."""
    pairs = [(t, start_state(t.scene)) for t in load_suite("dev").tasks if t.family != "long_horizon"]
    pairs += [pair for pair in drawn(5, 60) if "moved" not in pair[0].goal and "or" not in pair[0].goal.split()]
    compared = 0
    for task, start in pairs:
        if task.refuse or task.goal.count("(") > 3:
            continue
        # put where something goes, a thing may be pushed there by chance: no teacher's way
        skills = LIBRARY if "moved" in task.goal else {n: s for n, s in LIBRARY.items() if n != "push"}
        oracle, expert = Oracle(parse(task.goal), start, skills), Expert(task.goal, start)
        searched = oracle.best(start)
        if searched is not None:
            compared += 1
            assert set(expert.best(start)) <= set(searched), (task.instruction, task.goal)
            assert steps(expert.best, start) == steps(oracle.best, start), (task.instruction, task.goal)
    assert compared > 120


def test_ways_are_what_makes_a_goal_hold() -> None:
    things = start_state(ROOM).things
    found = ways("all(block, in(_, green bowl)) and not (open(drawer) or holding(red block))", things)
    assert [[(w.text, w.wanted) for w in way] for way in found] == [
        [("in(red block, green bowl)", True), ("in(blue block, green bowl)", True), ("open(drawer)", False), ("holding(red block)", False)]
    ]  # fmt: skip
    assert len(ways("any(block, in(_, green bowl)) or holding(red block)", things)) == 3


def test_generated_tasks_can_be_done_and_are_of_every_kind() -> None:
    pairs = drawn(0, 150)
    assert {t.family for t, _ in pairs} == {"written", "single", "several", "set", "refuse"}
    first: set[str] = set()
    for task, start in pairs:
        if not task.refuse:
            way = texts_of(Expert(task.goal, start), start)
            assert way[-1] == "done" and len(way) <= 11, task
            first |= {" ".join(text.split()[:2]) for text in way}
    assert first >= {"pick up", "put it", "open the", "close the", "done"} and any(f.startswith("push") for f in first)
    assert len({normalised(t.instruction) for t, _ in pairs}) > 0.97 * len(pairs)
    again = drawn(0, 150)
    assert [t for t, _ in again] == [t for t, _ in pairs]


@pytest.mark.parametrize("ask", [*SINGLE, *SETS, *REFUSALS], ids=lambda ask: ask.__name__)
def test_everything_can_be_asked_somewhere(ask: object) -> None:
    for seed in range(400):
        rng = np.random.default_rng(seed)
        _, start = draw_scene(rng)
        try:
            request = ask(Names(rng, start), rng)  # type: ignore[operator]
        except UnsuitableError:
            continue
        parse(request.goal).holds(start, start)
        assert request.said and not re.search(LEFT, request.said)
        return
    raise AssertionError("never suitable")


def test_every_line_of_the_grammar_can_be_said() -> None:
    rng = np.random.default_rng(0)
    names = "a a_should a_so b b_should b_so bowls c c_should chain d drawer each down down_on count kind many n o of one ones others"
    names += " p p2 place places q r r2 rest s them top up v where x x2 xs y ys"
    slots = dict.fromkeys(names.split(), "it")
    sections = ("requests", "sets", "recipes", "changes")
    templates = [t for section in sections for lines in grammar()[section].values() for t in lines]
    templates += [t for key in ("impossible", "contradiction", "question", "chat") for t in grammar()["refusals"][key]]
    templates += [t for section in ("needs", "two_needs") for need in grammar()[section] for t in need["say"]]
    for template in templates:
        assert not re.search(LEFT, fill(rng, str(template), **slots)), template


def test_no_instruction_of_a_suite_is_ever_learned() -> None:
    """The words of 8,000 requests, and everything that a suite asks, have nothing in common."""
    suites = [load_suite(path) for path in sorted(FOLDER.glob("*.yaml"))]
    asked = {normalised(task.instruction) for suite in suites for task in suite.tasks}
    assert asked == held_out() and normalised("Please OPEN the drawer!") in asked
    count, seed = 0, 0
    while count < 8_000:
        said = {normalised(task.instruction) for task, _ in draw_tasks(np.random.default_rng([11, seed]), 40)}
        assert not said & asked
        count, seed = count + len(said), seed + 1


def test_no_instruction_of_a_suite_is_learned_with_politeness_round_it(monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request(load_suite("dev").tasks[0].instruction, "none")
    monkeypatch.setattr(tasks, "_draw_from", lambda rng, table: lambda names, rng: request)
    monkeypatch.setattr(tasks, "spoken", lambda rng, said: f"could you {said} for me")
    assert (
        tasks._draw(np.random.default_rng(0), "single", KITCHEN, Names(np.random.default_rng(0), start_state(KITCHEN)))
        is None
    )


def test_places_are_told_from_left_to_right_and_from_near_to_far_where_that_is_asked() -> None:
    view = view_of(start_state(ROOM))
    style = Style(examples=0, places=True)
    plain = prompt("take it", Episode("take it"), view, style)
    assert plain.startswith(
        "Scene: red block (left side), blue block (right side), green bowl (middle).\nHuman: take it."
    )
    far = prompt("take the block closest to the bowl", Episode(""), view, style)
    assert "\nFrom near to far of the green bowl: " in far and "From near" not in plain


def test_scenes_have_things_in_others_as_often_as_is_meant() -> None:
    """A scene that cannot be laid out is drawn anew, which would hide a fault in what lies inside what."""
    rng = np.random.default_rng(4)
    specs = [draw_scene(rng)[0] for _ in range(300)]
    filled = [spec for spec in specs if spec.inside]
    assert 0.25 < len(filled) / len(specs) < 0.55
    assert sum(len(set(spec.inside.values())) > 1 for spec in filled) > 3
    shut = [spec for spec in filled if spec.drawer == "closed" and "drawer" in spec.inside.values()]
    assert len(shut) > 10


def test_nothing_is_said_twice_where_two_are_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one receptacle nobody is asked to put something into two; what is stacked on is not moved afterwards."""
    only = grammar() | {"refusals": grammar()["refusals"] | {"contradiction": ["put {x} in {r} and in {s}"]}}
    monkeypatch.setattr(refusals, "grammar", lambda: only)
    rng, seen = np.random.default_rng(5), 0
    while seen < 60:
        _, start = draw_scene(rng)
        names = Names(rng, start)
        with suppress(UnsuitableError):
            assert refusals.contradiction(names, rng).said and len(names.receptacles) > 1
        with suppress(UnsuitableError):
            goals = recipes.in_steps(names, rng).goal.split(" and ")
            moved = [re.split(r"[(,)]", goal)[1] for goal in goals]
            for i, goal in enumerate(goals):
                assert not goal.startswith("on(") or goal[:-1].split(", ")[1] not in moved[i + 1 :], goals
            seen += 1
