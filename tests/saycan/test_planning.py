"""Rehearsal, the oracle's shortest ways, the decisions of a suite, and what is counted of them."""

from __future__ import annotations

import numpy as np
import pytest

from saycan.candidates import DONE
from saycan.judging.decisions import Decision, decisions
from saycan.judging.oracle import Oracle
from saycan.judging.rehearsal import Rehearsal
from saycan.judging.suite import Suite, SuiteTask, start_state
from saycan.language.planner import Readings, Scoring
from saycan.language.study import Rule, score
from sim.goals import parse
from sim.scenes import SceneSpec
from skills import library

LIBRARY = library.load_all()
BLOCKS = SceneSpec(objects=["red block", "blue block", "green block", "blue bowl"], seed=1)
DRAWER = SceneSpec(kind="kitchen", objects=["apple", "lemon", "tray", "sponge"], inside={"apple": "drawer"}, seed=2)


def follow(scene: SceneSpec, goal: str) -> list[str]:
    """The skills of a shortest way, rehearsed; the goal holds at its end."""
    start, wanted = start_state(scene), parse(goal)
    body, oracle, said = Rehearsal(start, LIBRARY, values=False), Oracle(wanted, start, LIBRARY), []
    while (best := oracle.best(body.now)) != [DONE]:
        assert best and len(said) < 12, said
        said.append(best[0].text)
        assert body.execute(best[0]).success
    assert wanted.holds(start, body.now)
    return said


@pytest.mark.parametrize(
    "scene, goal, steps",
    [
        (BLOCKS, "in(red block, blue bowl)", 2),
        (BLOCKS, "all(block, in(_, blue bowl))", 6),
        (BLOCKS, "on(red block, blue block) and on(blue block, green block)", 4),
        (BLOCKS, "moved(blue bowl, left)", 1),
        (BLOCKS, "holding(green block)", 1),
        (DRAWER, "in(apple, tray)", 3),
        (DRAWER, "all(fruit, in(_, tray)) and closed(drawer)", 6),
        (DRAWER, "open(drawer)", 1),
    ],
)
def test_the_oracle_finds_the_shortest_way(scene: SceneSpec, goal: str, steps: int) -> None:
    assert len(follow(scene, goal)) == steps


def test_what_cannot_be_has_no_way() -> None:
    far = SceneSpec(objects=["red block", "blue bowl"], unreachable=["red block"])
    start = start_state(far)
    assert Oracle(parse("in(red block, blue bowl)"), start, LIBRARY).best(start) is None


def test_a_rehearsed_skill_that_cannot_come_about_changes_nothing() -> None:
    body = Rehearsal(start_state(DRAWER), LIBRARY, values=False)
    shut_in = next(c for c in body.propose(body.perceive()) if c.text == "pick up the apple")
    before = body.now
    assert not body.execute(shut_in).success and body.now is before
    can = body.success_probability(body.perceive(), [shut_in, DONE])
    assert can.tolist() == [0.0, 1.0]


def test_opening_the_drawer_moves_what_is_in_it_and_not_the_cabinet() -> None:
    start = start_state(SceneSpec("kitchen", ["apple", "tray"], 4, drawer="closed", inside={"apple": "drawer"}))
    body = Rehearsal(start, LIBRARY, values=False)
    assert body.execute(next(c for c in body.propose(body.perceive()) if c.skill == "open_drawer")).success
    way = {name: np.linalg.norm(body.now.boxes[name].position - box.position) for name, box in start.boxes.items()}
    assert way["apple"] == way["drawer"] > 0.1 and way["cabinet"] == way["tray"] == 0


def test_the_oracle_knows_ways_that_are_too_long_to_search_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saycan.judging.oracle._MOST_STATES", 400)  # with more, only seconds change
    scene = SceneSpec(
        objects=[*(f"{c} block" for c in ("red", "green", "blue", "pink", "yellow")), "blue bowl"], seed=5
    )
    wanted, start = parse("moved(blue bowl, left) and all(block, in(_, blue bowl))"), start_state(scene)
    body, oracle, said = Rehearsal(start, LIBRARY, values=False), Oracle(wanted, start, LIBRARY), []
    while (best := oracle.best(body.now)) and best != [DONE]:
        assert body.execute(best[0]).success
        said.append(best[0].text)
    assert wanted.holds(start, body.now) and len(said) == 11


def suite_of_two() -> list[Decision]:
    tasks = (
        SuiteTask("put the red block in the bowl", "plain", BLOCKS, "in(red block, blue bowl)", False),
        SuiteTask("sing a song", "refuse", BLOCKS, "none", True),
    )
    return list(decisions(Suite("two", tasks), LIBRARY))


def test_decisions_know_what_is_right() -> None:
    asked = suite_of_two()
    plain = [d for d in asked if not d.task.refuse]
    texts = [{d.candidates[i].text for i in d.right} for d in plain if all(s.outcome.success for s in d.episode.steps)]  # type: ignore[union-attr]
    assert texts == [{"pick up the red block"}, {"put it in the blue bowl"}, {"done"}]
    assert asked[-1].task.refuse and not asked[-1].right


def test_score_counts_right_wrong_and_declined() -> None:
    asked = suite_of_two()

    def readings(d: Decision, best: frozenset[int]) -> Readings:
        told = np.array([0.0 if i in best else -9.0 for i in range(len(d.candidates))] + [5.0 if not best else -20.0])
        zeros = np.zeros_like(told)
        return Readings(told, zeros, np.ones_like(told), zeros, zeros, zeros, len(d.candidates))

    rule = Rule(Scoring(prior=0.0), strength=0.0)
    perfect = score(rule, asked, [readings(d, d.right) for d in asked])
    assert perfect["all"]["steps"] == 1.0 and perfect["all"]["false_actions"] == 0.0
    always_done = score(rule, asked, [readings(d, frozenset({len(d.candidates) - 1})) for d in asked])
    assert always_done["plain"]["first"] == 0.0 and 0.0 < always_done["all"]["steps"] < 1.0
    nothing = score(rule, asked, [readings(d, frozenset()) for d in asked])
    assert nothing["all"]["false_refusals"] == 1.0 and nothing["refuse"]["steps"] == 1.0
