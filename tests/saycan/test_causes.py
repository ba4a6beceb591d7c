"""Causes of failures, and what counts as success, on episodes made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saycan.candidates import propose
from saycan.judging.causes import Judge, find_cause
from saycan.judging.rehearsal import Rehearsal
from saycan.judging.suite import SuiteTask, start_state
from saycan.judging.trial import Record
from saycan.judging.views import differences
from saycan.perception import view_of
from saycan.select import combine
from saycan.types import Candidate, Episode, SceneView, Step
from sim.goals import parse
from sim.scenes import SceneSpec
from sim.state import WorldState
from skills import library
from skills.execute import Outcome

LIBRARY = library.load_all()
SCENE = SceneSpec(objects=["red block", "blue block", "green bowl"], seed=3)
START = start_state(SCENE)
TASK = SuiteTask("put the red block in the green bowl", "f", SCENE, "in(red block, green bowl)", False)
REFUSE = replace(TASK, goal="none", refuse=True)
AGENT = SimpleNamespace(tau=1.0, strength=1.0, done=0.5, decline=0.05, least=0.05, tries=3, closed_loop=True)
RED, BLUE, BOWL = "pick up the red block", "pick up the blue block", "put it in the green bowl"


def after(*said: str, start: WorldState = START) -> WorldState:
    """The state after some skills that do what they are meant to."""
    body = Rehearsal(start, LIBRARY, values=False)
    for text in said:
        assert body.execute(named(text)).success
    return body.now


def named(text: str) -> Candidate:
    return next(c for c in propose(LIBRARY, view_of(START)) if c.text == text)


def step(
    view: SceneView,
    choice: str | None,
    success: bool | None = None,
    say: Mapping[str, float] | None = None,
    can: Mapping[str, float] | None = None,
    left_out: str = "",
) -> Step:
    """A decision; what is not given is unlikely and possible."""
    candidates = propose(LIBRARY, view)
    texts = [c.text for c in candidates]
    says = np.log([{**({choice: 0.5} if choice else {}), **(say or {})}.get(text, 1e-4) for text in texts])
    cans = np.array([(can or {}).get(text, 0.9) for text in texts])
    product = combine(says, cans)
    product[[i for i, text in enumerate(texts) if text == left_out]] = 0.0
    outcome = None if success is None else Outcome(success, ended="success" if success else "lost")
    return Step(view, candidates, says, cans, product, texts.index(choice) if choice else None, outcome)


def cause(truths: list[WorldState], steps: list[Step], outcome: str, task: SuiteTask = TASK) -> str:
    return find_cause(
        truths, Episode(task.instruction, steps, outcome), Judge(task, START, LIBRARY), LIBRARY, AGENT
    ).cause


SEEN = view_of(START)


def test_wanting_the_wrong_thing_is_language() -> None:
    assert cause([START, after(BLUE)], [step(SEEN, BLUE, True)], "gave_up") == "language"
    assert cause([START, START], [step(SEEN, None)], "declined") == "language"
    assert cause([START, START], [step(SEEN, "done")], "done") == "language"


def test_wanting_the_right_thing_and_thinking_it_impossible_is_affordance() -> None:
    wanted = step(SEEN, BLUE, True, say={RED: 0.6, BLUE: 0.2}, can={RED: 0.1})
    assert cause([START, after(BLUE)], [wanted], "gave_up") == "affordance"
    declined = step(SEEN, None, say={RED: 0.6}, can={RED: 0.01})
    assert cause([START, START], [declined], "declined") == "affordance"


def test_deciding_against_the_right_thing_after_a_look_ahead_is_affordance() -> None:
    """A look at what would follow may take all of a product away; only failures leave a candidate out."""
    wanted = step(SEEN, BLUE, True, say={RED: 0.9, BLUE: 0.05}, left_out=RED)
    assert cause([START, after(BLUE)], [wanted], "gave_up") == "affordance"


def test_what_a_closed_drawer_hides_is_no_fault_of_sight() -> None:
    scene = SceneSpec("kitchen", ["sponge", "apple", "tray"], 4, drawer="closed", inside={"sponge": "drawer"})
    start = start_state(scene)
    view = view_of(start)
    view = replace(
        view,
        boxes={n: b for n, b in view.boxes.items() if n != "sponge"},
        relations=tuple(fact for fact in view.relations if "sponge" not in fact),
    )
    task = SuiteTask("bring the sponge", "f", scene, "in(sponge, tray)", False)
    judge, wrong = Judge(task, start, LIBRARY), step(view, "pick up the apple", True)
    episode = Episode(task.instruction, [wrong], "gave_up")
    assert find_cause([start, start], episode, judge, LIBRARY, AGENT).cause == "language"
    failed = replace(episode, steps=[step(view, "open the drawer", False)] * 3)
    assert find_cause([start] * 4, failed, judge, LIBRARY, AGENT).cause == "execution"
    opened = replace(start, drawer=1.0)
    assert differences(view, opened, {"sponge"}) == "sponge was not seen"


def test_failing_until_tries_run_out_is_execution() -> None:
    tries = [step(SEEN, RED, False)] * 3
    wrong = step(SEEN, BLUE, True, say={RED: 0.6, BLUE: 0.2}, left_out=RED)
    assert cause([START] * 4 + [after(BLUE)], [*tries, wrong], "gave_up") == "execution"
    assert cause([START] * 4, tries, "gave_up") == "execution"  # time was up
    alone = step(SEEN, None, say={RED: 0.9}, left_out=RED)
    assert cause([START] * 5, [*tries, alone], "gave_up") == "execution"
    despair = [step(SEEN, RED, False), step(SEEN, BLUE, True)]  # could have tried again
    assert cause([START, START, after(BLUE)], despair, "gave_up") == "language"


def test_a_success_that_came_undone_unnoticed_is_execution() -> None:
    beside = after(RED, "put it on the middle")
    steps = [step(SEEN, RED, True), step(view_of(after(RED)), BOWL, True), step(view_of(beside), "done")]
    assert cause([START, after(RED), beside, beside], steps, "done") == "execution"
    kept = after(RED, BOWL)
    assert cause([START, after(RED), kept, beside], [*steps[:2], step(view_of(kept), "done")], "done") == "execution"


def test_in_open_loop_what_could_not_be_seen_is_execution() -> None:
    imagined = [SEEN, view_of(after(RED)), view_of(after(RED, BOWL))]
    steps = [step(imagined[0], RED, False), step(imagined[1], BOWL, False), step(imagined[2], "done")]
    blind = SimpleNamespace(**{**vars(AGENT), "closed_loop": False})
    judge, episode = Judge(TASK, START, LIBRARY), Episode(TASK.instruction, steps, "done")
    assert find_cause([START] * 4, episode, judge, LIBRARY, blind).cause == "execution"
    beside = after(RED, "put it on the middle")  # moved afterwards by somebody: nothing had failed
    steps[:2] = [step(imagined[0], RED, True), step(imagined[1], BOWL, True)]
    truths = [START, after(RED), beside, beside]
    assert find_cause(truths, episode, judge, LIBRARY, blind).cause == "execution"
    steps[0] = step(moved(SEEN, "red block", 0.05), BLUE, True)  # at the only look
    assert find_cause(truths, episode, judge, LIBRARY, blind).cause == "perception"


def moved(view: SceneView, name: str, by: float) -> SceneView:
    box = view.boxes[name]
    return replace(view, boxes={**view.boxes, name: replace(box, position=box.position + np.array([by, 0, 0]))})


@pytest.mark.parametrize(
    "view",
    [
        moved(SEEN, "red block", 0.05),
        replace(SEEN, boxes={n: b for n, b in SEEN.boxes.items() if n != "red block"}),
        replace(SEEN, held="blue block"),
        replace(SEEN, relations=(("in", "red block", "green bowl"),)),
    ],
)
def test_choosing_wrong_or_failing_on_a_wrong_view_is_perception(view: SceneView) -> None:
    assert cause([START, after(BLUE)], [step(view, BLUE, True)], "gave_up") == "perception"
    assert cause([START] * 2, [step(view, RED, False)], "gave_up") == "perception"


def test_what_the_goal_does_not_need_may_be_seen_wrongly() -> None:
    view = moved(moved(SEEN, "blue block", 0.2), "red block", 0.02)
    assert cause([START, after(BLUE)], [step(view, BLUE, True)], "gave_up") == "language"


def test_acting_where_one_should_decline() -> None:
    assert cause([START, after(RED)], [step(SEEN, RED, True)], "done", REFUSE) == "language"
    far = start_state(replace(SCENE, unreachable=["red block"]))
    body = Rehearsal(far, LIBRARY, values=False)
    can = dict(
        zip(
            [c.text for c in body.propose(view_of(far))],
            body.success_probability(view_of(far), body.propose(view_of(far))),
            strict=True,
        )
    )
    acted = step(view_of(far), RED, False, say={RED: 0.99})
    judge = Judge(REFUSE, far, LIBRARY)
    assert (
        can[RED] == 0
        and find_cause([far, far], Episode("", [acted], "gave_up"), judge, LIBRARY, AGENT).cause == "affordance"
    )


def test_without_a_way_to_the_goal_the_cause_is_unknown() -> None:
    task = replace(TASK, goal="on(green bowl, red block)")
    assert cause([START, START], [step(SEEN, None)], "declined", task) == "unknown"


def test_nothing_is_undone_for_goals_of_many_parts() -> None:
    scene = SceneSpec("kitchen", ["apple", "lemon", "sponge", "tray"], 4, drawer="closed")
    start = start_state(scene)
    goal = "in(apple, drawer) and in(lemon, drawer) and in(sponge, tray) and closed(drawer)"
    judge = Judge(SuiteTask("tidy up", "f", scene, goal, False), start, LIBRARY)
    body = Rehearsal(start, LIBRARY, values=False)
    assert body.execute(next(c for c in propose(LIBRARY, view_of(start)) if c.skill == "open_drawer")).success
    assert not any(c and c.skill == "close_drawer" for c in judge.right(body.now))
    assert judge.shortest() == 8


def test_goals_of_many_parts_are_judged_part_by_part() -> None:
    scene = SceneSpec(objects=["red block", "blue block", "green block", "yellow block", "green bowl"], seed=3)
    start = start_state(scene)
    corners = zip(scene.objects, ("top left", "top right", "bottom left", "bottom right"), strict=False)
    task = replace(TASK, scene=scene, goal=" and ".join(f"at({block}, {corner} corner)" for block, corner in corners))
    judge = Judge(task, start, LIBRARY)
    held = after(RED, start=start)
    assert {c.text for c in judge.right(held) if c} == {"put it on the top left corner"}
    assert (judge.shortest() or 0) in (6, 7, 8)


def record(said: list[tuple[str, bool]], outcome: str, truth: WorldState = START, task: SuiteTask = TASK) -> Record:
    steps = [step(SEEN, text, None if text == "done" else ok) for text, ok in said]
    return Record(task, START, Episode(task.instruction, steps, outcome), [START] * len(steps) + [truth])


def test_plan_success_is_about_what_was_chosen() -> None:
    """Failures do not count against it; the same skill once more after it failed counts once."""
    right = [(RED, False), (RED, False), (RED, True), (BOWL, False), ("done", True)]
    assert record(right, "done").plan_success(LIBRARY) and not record(right, "done").success
    assert not record(right[:-1], "gave_up").plan_success(LIBRARY)
    assert not record([(RED, True), ("done", True)], "done").plan_success(LIBRARY)
    impossible = [(BOWL, True), *right]  # with an empty hand: no effect
    assert record(impossible, "done").plan_success(LIBRARY)
    assert not record([(BLUE, True), *right], "done").plan_success(LIBRARY)  # the hand is full


def test_success_is_about_the_world() -> None:
    kept = after(RED, BOWL)
    assert record([("done", True)], "done", kept).success and not record([("done", True)], "gave_up", kept).success
    assert record([], "declined", START, REFUSE).success and record([], "declined", START, REFUSE).plan_success(LIBRARY)
    assert not record([], "declined", kept, REFUSE).success and not record([], "done", START, REFUSE).success


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([RED, BLUE, BOWL, "put it on the left side", "push the red block left"]), max_size=5))
def test_where_every_skill_works_as_meant_plan_success_is_success(said: list[str]) -> None:
    body, steps = Rehearsal(START, LIBRARY, values=False), []
    for text in said:
        view = body.perceive()
        steps.append(step(view, text, body.execute(named(text)).success))
    steps.append(step(body.perceive(), "done"))
    kept = Record(TASK, START, Episode("", steps, "done"), [START] * len(steps) + [body.now])
    assert kept.plan_success(LIBRARY) == kept.success == parse(TASK.goal).holds(START, body.now)
