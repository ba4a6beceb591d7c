"""The expert's ways as texts that are learned from, and what goes wrong on them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from saycan.candidates import DONE
from saycan.judging.expert import Expert
from saycan.judging.suite import SuiteTask, start_state
from saycan.language.examples import REFUSAL
from saycan.language.prompt import prompt
from saycan.learning import mishaps, transcripts
from saycan.learning.inspection import expert_episode
from saycan.learning.nouns import UnsuitableError
from saycan.learning.transcripts import STYLE, draw_scene_of_transcripts, transcript
from saycan.perception import view_of
from saycan.types import Candidate, Episode
from sim.relations import is_on
from sim.scenes import SceneSpec
from sim.state import WorldState
from skills import library
from skills.tasks import Target

LIBRARY = library.load_all()
ROOM = SceneSpec(
    objects=["red block", "blue block", "green bowl"],
    place={"red block": [0.5, 0.2], "blue block": [0.5, -0.2], "green bowl": [0.45, 0.0]},
)
KITCHEN = SceneSpec("kitchen", ["apple", "coke can", "tray"], 3, drawer="closed", inside={"apple": "drawer"})
BLOCKS = SceneSpec(objects=["red block", "blue block", "green block"], seed=4)
TOWER = "on(blue block, red block) and on(green block, blue block)"


def untroubled(monkeypatch: pytest.MonkeyPatch, *more: str) -> None:
    """Nothing goes wrong on a way, nothing is strayed to."""
    for module, names in {transcripts: ("_FAILS", "_STRAYS", *more), mishaps: ("_LATER",)}.items():
        for name in names:
            monkeypatch.setattr(module, name, 0.0)


def test_an_episode_from_which_no_way_is_left_is_not_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Expert, "best", lambda self, now: ())
    with pytest.raises(UnsuitableError):
        transcript(np.random.default_rng(0), SuiteTask("i", "f", KITCHEN, "open(drawer)", False), start_state(KITCHEN))


def test_transcripts_are_what_the_planner_will_be_asked() -> None:
    start = start_state(KITCHEN)
    task = SuiteTask("Bring me the apple.", "f", KITCHEN, "in(apple, tray)", False)
    written = transcript(np.random.default_rng(1), task, start)
    asked = prompt(task.instruction, Episode(task.instruction), view_of(start), STYLE)
    assert written.text.startswith(asked + " open the drawer") and written.text.endswith(". done\n")
    refused = transcript(np.random.default_rng(1), SuiteTask("fly", "f", KITCHEN, "none", True), start)
    assert refused.text == prompt("fly", Episode("fly"), view_of(start), STYLE) + f" {REFUSAL}\n"
    learned = "".join(text for text, learn in written.segments if learn)
    assert "Human" not in learned and "failed" not in learned and "1." not in learned


def test_of_several_right_choices_the_first_is_learned_and_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    untroubled(monkeypatch)
    monkeypatch.setattr(transcripts, "_OTHER_WAY", 1.0)
    start = start_state(ROOM)
    task = SuiteTask("both blocks", "set", ROOM, "in(red block, green bowl) and in(blue block, green bowl)", False)
    first = Expert(task.goal, start).best(start)[0].text
    written = [transcript(np.random.default_rng(seed), task, start) for seed in range(12)]
    begun = {t.segments[1] for t in written}
    assert {text for text, learn in begun if learn} == {f" {first}\n"}
    assert any(not learn for _, learn in begun) and all(t.text.endswith(" done\n") for t in written)


def test_what_the_agent_reads_is_what_was_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """At every step of an episode the planner reads what the transcript has there: scene, steps, what is left."""
    untroubled(monkeypatch, "_OTHER_WAY", "_HIDDEN")
    task = SuiteTask(
        "Bring me the apple, then close the drawer.", "f", KITCHEN, "in(apple, tray) and closed(drawer)", False
    )
    written = transcript(np.random.default_rng(1), task, start_state(KITCHEN)).text
    steps = expert_episode(task, LIBRARY).episode.steps
    assert len(steps) > 3 and written.count("Untouched of these: ") == sum(step.view.held is None for step in steps[1:])
    for k, step in enumerate(steps):
        assert written.startswith(prompt(task.instruction, Episode(task.instruction, steps[:k]), step.view, STYLE))


def test_what_a_closed_drawer_hides_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    untroubled(monkeypatch)
    monkeypatch.setattr(transcripts, "_HIDDEN", 1.0)
    said = [("Bring me the apple from the drawer.", "in(apple, tray)"), ("Bring me the apple.", "in(apple, tray)")]
    rng = np.random.default_rng(1)
    hidden, seen = (transcript(rng, SuiteTask(i, "f", KITCHEN, goal, False), start_state(KITCHEN)) for i, goal in said)
    assert "apple" not in hidden.scene and "apple (in the closed drawer)" in seen.scene
    assert "1. open the drawer\n" in hidden.text and "Now seen: apple (in the drawer).\n" in hidden.text
    assert "Now seen" not in seen.text


def test_scenes_have_their_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "_HIDDEN", 0.0)  # a drawer may hide something in one task and not in another
    rng = np.random.default_rng(4)
    scenes = [draw_scene_of_transcripts(rng) for _ in range(10)]
    assert all(a.scene == b.scene for group in scenes for a, b in pairwise(group))


def built() -> WorldState:
    """The three blocks on each other."""
    expert = Expert(TOWER, now := start_state(BLOCKS))
    for choice in expert.way(now, 6) or []:
        now = now if choice == DONE else expert.after(now, choice) or now
    return now


def test_a_tower_comes_apart_from_the_top() -> None:
    start = built()
    assert mishaps.tower(start, "green block") == ["green block", "blue block", "red block"]
    lost = set()
    for seed in range(20):
        now = mishaps.toppled(np.random.default_rng(seed), start, "green block")
        fell = frozenset(n for n, box in now.boxes.items() if box is not start.boxes[n])
        lost.add(fell)
        assert all(
            now.boxes[n].bottom < 1e-6 and not any(is_on(now.boxes[n], b) for b in now.boxes.values()) for n in fell
        )
    assert lost == {frozenset({"green block"}), frozenset({"green block", "blue block"})}
    alone = start_state(BLOCKS)
    assert mishaps.toppled(np.random.default_rng(0), alone, "red block") is alone


def test_after_a_failure_a_thing_is_in_the_hand_or_near_where_it_was_to_go() -> None:
    expert = Expert("on(blue block, red block)", start := start_state(BLOCKS))
    holding = expert.after(start, Candidate("pick", "pick up the blue block", Target("blue block")))
    assert holding is not None
    put = Candidate("place_on", "put it on the red block", Target("red block"))
    meant = expert.after(holding, put)
    assert meant is not None
    ends = [mishaps.after_failure(np.random.default_rng(seed), holding, put, meant) for seed in range(40)]
    down = [now for now in ends if now.held is None]
    assert 5 < len(down) < 35 and all(now.held in (None, "blue block") for now in ends)
    for now in down:
        away = now.boxes["blue block"].position[:2] - start.boxes["red block"].position[:2]
        assert now.boxes["blue block"].bottom < 1e-6 and 0.05 < float(np.linalg.norm(away)) < 0.17
    assert mishaps.after_failure(np.random.default_rng(0), start, put, meant) is start  # nothing to drop


def test_what_fell_is_put_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "_STRAYS", 0.0)
    monkeypatch.setattr(transcripts, "_FAILS", 0.3)
    task = SuiteTask("Stack the blocks: red, blue, green.", "set", BLOCKS, TOWER, False)
    fell = 0
    for seed in range(40):
        written = transcript(np.random.default_rng(seed), task, start_state(BLOCKS)).text
        before, _, after = written.rpartition("Fell: ")
        assert written.endswith(" done\n")
        if before:
            fell += 1
            assert f"pick up the {after.split(' (')[0]}" in after  # of a tower there is nothing that may stay down
    assert fell > 5


def test_what_fell_follows_the_step_that_failed() -> None:
    task = SuiteTask("stack them", "f", BLOCKS, TOWER, False)
    step = expert_episode(task, LIBRARY).episode.steps[0]
    assert step.choice is not None and step.outcome is not None
    failed = replace(step, view=view_of(built()), outcome=replace(step.outcome, success=False))
    after = mishaps.toppled(np.random.default_rng(0), built(), "green block")
    told = prompt(task.instruction, Episode(task.instruction, [failed]), view_of(after), STYLE)
    assert f"1. {step.choice.text} (failed)\nFell: " in told and "green block (" in told.rpartition("Fell: ")[2]
    assert told.endswith(").\n2.")
