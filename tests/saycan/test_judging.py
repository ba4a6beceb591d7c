"""Trials that break, other layouts, disturbances, and figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from saycan.body import TabletopBody
from saycan.candidates import propose
from saycan.judging.disturb import Disturbed
from saycan.judging.results import markdown, memory_slope, summarise, wilson
from saycan.judging.suite import SuiteTask, start_state
from saycan.judging.trial import Job, broken, drawn_scene, identity, run_trial
from saycan.perception import Oracle, view_of
from saycan.types import Candidate
from sim.goals import parse
from sim.panda import HOME
from sim.scenes import SceneSpec
from sim.tabletop import Tabletop
from skills import library
from skills.execute import Outcome, Watch

LIBRARY = library.load_all()
SCENE = SceneSpec(objects=["red block", "blue block", "green bowl"], seed=3)
START = start_state(SCENE)
TASK = SuiteTask("put the red block in the green bowl", "f", SCENE, "in(red block, green bowl)", False)
RED = "pick up the red block"


def named(text: str) -> Candidate:
    return next(c for c in propose(LIBRARY, view_of(START)) if c.text == text)


def test_a_trial_that_breaks_becomes_a_row(tmp_path: Path) -> None:
    row = run_trial(OmegaConf.create({"video": False}), Job(3, 0, TASK), object(), tmp_path)
    assert "Traceback" in (tmp_path / "trials" / "0003_0.txt").read_text()
    assert "agent" in row["error"] and not row["success"] and row["task"] == 3
    assert set(row) == set(identity(Job(3, 0, TASK))) | set(broken("x"))


def test_another_seed_is_another_layout_and_the_same_one_every_time() -> None:
    fixed = replace(SCENE, place={"green bowl": [0.5, 0.2]})
    task = replace(TASK, scene=fixed)
    assert drawn_scene(task, 0) == fixed
    one, same, other = drawn_scene(task, 1), drawn_scene(task, 1), drawn_scene(task, 2)
    assert one == same != other and one.place == fixed.place
    held = replace(task, goal="at(red block, middle)")  # not where the goal holds from the beginning
    assert not any(
        parse(held.goal).holds(start_state(s), start_state(s)) for s in (drawn_scene(held, k) for k in range(9))
    )


def test_disturbances_are_drawn_from_the_trials_own_generator(world: Tabletop) -> None:
    body, snapshot = TabletopBody(world, LIBRARY, Oracle()), world.save()

    def tries(share: float) -> tuple[list[str], list[Outcome]]:
        bystander, outcomes = Disturbed(body, share, np.random.default_rng(5)), []
        for _ in range(6):
            world.restore(snapshot)
            outcomes.append(bystander.execute(named(RED)))
        return bystander.done, outcomes

    (told, outcomes), again, (nothing, untouched) = tries(1.0), tries(1.0), tries(0.0)
    assert (told, outcomes) == again and nothing == [] and all(o.success for o in untouched)
    failed = ["made to fail" in what for what in told]
    assert len(told) == 6 and 0 < sum(failed) < 6 and body.while_running is None
    assert all(o.ended == "disturbed" and not o.success for o, f in zip(outcomes, failed, strict=True) if f)


def test_something_else_is_moved_where_there_is_room(world: Tabletop) -> None:
    bystander = Disturbed(TabletopBody(world, LIBRARY, Oracle()), 1.0, np.random.default_rng(1))
    before = world.state()
    bystander._move_another(named(RED))
    far = {n: float(np.linalg.norm(b.position - before.boxes[n].position)) for n, b in world.state().boxes.items()}
    assert sorted(far.values())[:2] == [0.0, 0.0] and 0.02 < max(far.values()) < 0.09 and far["red block"] == 0.0


def test_an_empty_hand_gets_out_of_the_cameras_way_and_a_full_one_stays(world: Tabletop) -> None:
    body, snapshot = TabletopBody(world, LIBRARY, Oracle()), world.save()
    outcomes = {}
    for text in (RED, "push the blue block left"):
        world.restore(snapshot)
        outcomes[text] = body.execute(named(text)), world.state()
    assert all(outcome.success for outcome, _ in outcomes.values())
    (_, full), (_, empty) = outcomes.values()
    assert full.held == "red block" and np.linalg.norm(full.hand.position - HOME) > 0.06
    assert empty.held is None and np.linalg.norm(empty.hand.position - HOME) < 0.06
    assert world.unwind() < 0.1  # radians: the joints are where they began, too


def test_what_is_in_the_hand_in_the_end_has_been_picked_up(world: Tabletop) -> None:
    snapshot, late = world.save(), 0
    for patience in range(8, 26, 2):  # the try is cut short before, in and after the grasp
        world.restore(snapshot)
        outcome = TabletopBody(world, LIBRARY, Oracle(), watch=Watch(least=1.1, patience=patience)).execute(named(RED))
        assert outcome.success == (world.state().held == "red block")
        late += outcome.success and outcome.ended == "hopeless"
    assert late > 0


def test_a_hand_that_still_holds_what_it_could_not_put_down_begins_anew(world: Tabletop) -> None:
    assert TabletopBody(world, LIBRARY, Oracle()).execute(named(RED)).success
    hasty = TabletopBody(world, LIBRARY, Oracle(), watch=Watch(least=1.1, patience=1))  # gives up at once
    outcome = hasty.execute(named("put it in the green bowl"))
    state = world.state()
    assert outcome.ended == "hopeless" and state.held == "red block"
    assert np.linalg.norm(state.hand.position - HOME) < 0.06


def test_a_hand_that_grips_what_it_should_not_lets_go(world: Tabletop) -> None:
    """As when it is believed to hold a can and has the wall of a bin between its fingers."""
    body = TabletopBody(world, LIBRARY, Oracle())
    assert body.execute(named(RED)).success
    body._withdraw(keep=True)  # also where it has no way to go any more
    outcome = body.execute(named("put it on the red block"))  # of which there is no way: lost at once
    assert outcome.ended == "lost" and world.state().held is None and not world.hand().closing


def test_wilson_intervals() -> None:
    """17 of 20: 0.6396 to 0.9476, as in Newcombe's formula 3 (Statistics in Medicine 17, 1998)."""
    assert wilson(17, 20) == [0.6396, 0.9476] and wilson(0, 10) == [0.0, 0.2775] and wilson(0, 0) is None


def row(family: str, success: bool, nth: int = 1, memory: float = 0.0, worker: int = 1) -> dict[str, object]:
    common = {**identity(Job(nth, 0, replace(TASK, family=family))), **broken("x"), "error": None}
    return {
        **common,
        "success": success,
        "cause": "" if success else "language",
        "nth": nth,
        "worker": worker,
        "memory_mb": memory,
    }


def test_figures_by_family() -> None:
    rows = [row("a", True), row("a", False), row("b", True)]
    table = summarise(rows)
    assert list(table) == ["a", "b", "all"] and table["all"]["n"] == 3 and table["a"]["success"] == 0.5
    assert table["all"]["causes"] == {"language": 1} and table["b"]["success_ci95"] == [0.2065, 1.0]
    assert "| a | 2 |" in markdown({"suite": "s", "summary": table, "memory_mb_per_100_episodes": None})


def test_memory_slope_is_per_worker_and_after_warm_up() -> None:
    rows = [
        row("a", True, n, level + 0.1 * n + (500 if n < 5 else 0), w)
        for w, level in ((1, 100), (2, 900))
        for n in range(1, 40)
    ]
    assert memory_slope(rows) == pytest.approx(10.0) and memory_slope(rows[:10]) is None
