"""What people say: often and seldom, in any order of words, by comparison; and that it means what is asked for."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from saycan.judging.expert import Expert, propose_from
from saycan.judging.suite import SuiteTask, start_state
from saycan.learning import grammar as module
from saycan.learning import needs, transcripts
from saycan.learning.grammar import fill, grammar, join, pick
from saycan.learning.nouns import Names, UnsuitableError
from saycan.learning.scenes import draw_scene
from saycan.learning.sets import group
from saycan.learning.tasks import draw_tasks
from sim.paths import ASSETS
from sim.scenes import SceneSpec

KITCHEN = SceneSpec("kitchen", ["lemon", "banana", "coke can", "water bottle", "sponge", "tray"], 4, drawer="open")
FOLDER = ASSETS / "planner" / "grammar"


def test_what_is_said_seldom_is_said_once_in_four() -> None:
    often, seldom = (module._sections(FOLDER / part) for part in ("", "seldom"))
    for section, name in [("requests", "put_in"), ("sets", "tower"), ("refusals", "question"), ("recipes", "swap")]:
        lists = {"often": often[section][name], "seldom": seldom[section][name]}
        assert not set(lists["often"]) & set(lists["seldom"])
        rng, counts = np.random.default_rng(0), Counter[bool]()
        for _ in range(2000):
            counts[str(pick(rng, grammar()[section][name])) in lists["seldom"]] += 1
        assert 0.18 < counts[True] / 2000 < 0.32, (section, counts)
    blocks = [entry for entry in grammar()["things"] if entry["means"] == ["block"]]
    assert len(blocks) == 1 and {"cube", "toy"} <= set(blocks[0]["one"])  # entries for the same thing are one


def test_every_connector_tells_the_order_it_was_given() -> None:
    """Each request occurs once, as it is or as a gerund; patterns that need a gerund are only used where there is one."""
    rng = np.random.default_rng(0)
    first, second = "put the apple in the bowl", "close the drawer"
    said = {join(rng, [first, second]) for _ in range(3000)}
    known = r"(put|putting) the apple in the bowl", r"(close|closing|closed) the drawer"
    assert all(len(re.findall(pattern, text)) == 1 for text in said for pattern in known)
    assert any("after putting the apple in the bowl" in text for text in said)
    assert any("once you've put" in text for text in said) and any("before closing the drawer" in text for text in said)
    for text in {join(rng, ["frobnicate the cup", second]) for _ in range(1000)}:
        assert "_d" not in text and "{" not in text and "frobnicate the cup" in text
    whole = {join(rng, ["!the cup goes in the bowl", second]) for _ in range(200)}
    assert all(text.startswith("!the cup goes in the bowl") for text in whole)


@pytest.mark.parametrize("pattern", [*grammar()["turned"], *grammar()["turned_three"]])
def test_patterns_of_orders_are_whole(pattern: str) -> None:
    used = re.findall(r"\{(\w)", pattern)
    assert sorted(used) == (["a", "b", "c"] if "c" in used else ["a", "b"])


def test_verbs_are_the_imperatives_that_are_used() -> None:
    imperatives = {word.split()[0] for name in ("put", "set_down", "take", "push") for word in grammar()["lists"][name]}
    known = set(grammar()["verbs"])
    assert len(imperatives & known) > 0.7 * len(imperatives)
    assert all(doing.endswith("ing") for doing, _ in grammar()["verbs"].values())


def test_a_comparison_means_one_of_two() -> None:
    names = Names(np.random.default_rng(0), start_state(KITCHEN))
    fruits = ["lemon", "banana"]
    said = {names._by_comparison(thing, fruits, "fruit") for thing in fruits for _ in range(200)}
    round_ones = {text for text in said if "rounder" in text}
    assert "the rounder of the two fruits" in said and "the longer fruit" in said
    assert all(names._by_comparison("banana", fruits, "fruit") not in round_ones for _ in range(200))
    assert names._by_comparison("sponge", ["sponge"], "sponge") == ""


def test_two_needs_ask_for_one_thing_each() -> None:
    names = Names(np.random.default_rng(0), start_state(KITCHEN))
    goals = set[str]()
    rng = np.random.default_rng(1)
    for _ in range(100):
        goals.add(needs.two_needs(names, rng).goal)
    assert "in(sponge, tray) and (in(coke can, tray) or in(water bottle, tray))" in {
        re.sub(r"\(in\(water bottle, tray\) or in\(coke can, tray\)\)", "(in(coke can, tray) or in(water bottle, tray))", g)
        for g in goals
    }  # fmt: skip
    assert all(" and " in goal for goal in goals)


def test_all_but_one_leaves_that_one_out() -> None:
    found = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        _, start = draw_scene(rng)
        try:
            said, members = group(Names(rng, start), rng)
        except UnsuitableError:
            continue
        if match := re.search(r"(but|except|except for|apart from) the (\w+) one\b", said):
            found += 1
            assert not any(member.startswith(match[2]) for member in members), (said, members)
    assert found > 3


def test_nothing_that_marks_the_grammar_is_ever_said() -> None:
    for seed in range(150):
        for task, _ in draw_tasks(np.random.default_rng([3, seed]), 4):
            assert not re.search(r"[{}\[\]|!]\w|<\w", task.instruction), task.instruction


def test_a_choice_in_a_choice_is_filled() -> None:
    said = {fill(np.random.default_rng(seed), "[a|b [c|d]] {x}", x="e") for seed in range(60)}
    assert said == {"a e", "b c e", "b d e"}


def test_a_way_that_leads_nowhere_any_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps astray have pushed the bowl out of reach: the expert would go in circles, and a training would never go on."""
    far = SceneSpec(
        objects=["red block", "yellow bowl"], place={"red block": [0.41, 0.12], "yellow bowl": [0.61, -0.02]}
    )
    start, goal = start_state(far), "in(red block, yellow bowl)"
    expert = Expert(goal, start)
    push = next(c for c in propose_from(expert._tasks, start) if c.text == "push the yellow bowl forward")
    gone = start
    while (after := expert.after(gone, push)) is not None:
        gone = after
    assert expert.reaches(start, 2) and not expert.reaches(start, 1) and not expert.reaches(gone, 10)
    monkeypatch.setattr(transcripts, "_STRAYS", 1.0)
    monkeypatch.setattr(Expert, "stray", lambda self, rng, now: push if self.after(now, push) else None)
    task = SuiteTask("fill the bowl", "single", far, goal, False)
    with pytest.raises(UnsuitableError):
        transcripts.transcript(np.random.default_rng(0), task, start)
    monkeypatch.setattr(transcripts, "draw_tasks", lambda rng, count: iter([(task, start)] * count))
    assert transcripts.draw_scene_of_transcripts(np.random.default_rng(0)) == []
