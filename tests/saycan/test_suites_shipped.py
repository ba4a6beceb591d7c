"""The suites that come with saycan: what is in them, that it can be done where it should be, and that nothing was asked before."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from saycan.judging import cap
from saycan.judging.expert import Expert
from saycan.judging.oracle import Oracle
from saycan.judging.rehearsal import Rehearsal
from saycan.judging.suite import FOLDER, Suite, SuiteTask, load_suite, start_state
from saycan.judging.templates import TEMPLATES
from saycan.language.examples import EXAMPLES
from sim.geometry import gap
from sim.goals import parse
from sim.scenes import lay_out
from skills.library import Skill, load_all

FAMILIES = {
    "saycan": dict.fromkeys(("nl_single", "nl_nouns", "nl_verbs", "structured", "crowd", "long_horizon"), 15)
    | {"embodiment": 11},
    "refuse": dict.fromkeys(("absent", "unknown_thing", "unreachable", "impossible", "nonsense"), 8),
    "smoke": {"tabletop": 5, "kitchen": 4, "already_done": 1, "state": 1, "refuse": 1},
    "cap": {f"{name}.{attributes}": 25 for name in TEMPLATES for attributes in cap.PALETTES},
}
ALREADY_DONE = ("embodiment", "already_done")
SLOW = {  # seed -> a way that the oracle takes seconds to find
    2095: (
        "pick up the orange block, put it on the top left corner, pick up the purple block, put it on the orange block, "
        "pick up the green block, put it in the yellow bowl"
    ),
    2099: (
        "pick up the red block, put it on the left side, pick up the yellow block, put it on the left side, "
        "pick up the blue block, put it on the right side"
    ),
}


@cache
def suite(name: str) -> Suite:
    return load_suite(name)


@cache
def library() -> dict[str, Skill]:
    return load_all()


def sample(name: str) -> list[SuiteTask]:
    """All tasks, or every seventh of the large suite."""
    return list(suite(name).tasks[:: 7 if name == "cap" else 1])


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9']+", text.lower()))


@pytest.mark.parametrize("name", FAMILIES)
def test_families_have_as_many_tasks_as_they_should(name: str) -> None:
    assert suite(name).name == name
    assert Counter(task.family for task in suite(name).tasks) == FAMILIES[name]


def test_no_instruction_is_given_twice_or_was_shown_to_the_language_model() -> None:
    said = [plain(task.instruction) for name in ("saycan", "refuse", "smoke") for task in suite(name).tasks]
    development = {plain(task.instruction) for task in suite("dev").tasks}
    shown = {plain(line[1]) for example in EXAMPLES for line in re.finditer(r"^Human: (.*)$", example, re.MULTILINE)}
    assert len(set(said)) == len(said)
    assert not set(said) & (development | shown)


def test_every_scene_has_a_seed_of_its_own() -> None:
    seeds = [task.scene.seed for name in ("dev", *FAMILIES) for task in suite(name).tasks]
    assert len(set(seeds)) == len(seeds)


@pytest.mark.parametrize("name", FAMILIES)
def test_only_what_is_done_already_or_to_be_refused_holds_at_the_start(name: str) -> None:
    for task in sample(name):
        start, nothing_to_do = start_state(task.scene), task.goal.endswith("none")
        assert parse(task.goal).holds(start, start) is nothing_to_do, task.instruction
        assert task.refuse or not nothing_to_do or task.family in ALREADY_DONE, task.instruction


@pytest.mark.parametrize("name", FAMILIES)
def test_fixed_places_leave_room_between_things(name: str) -> None:
    for task in sample(name):
        things = [p.footprint for key, p in lay_out(task.scene).items() if key not in task.scene.inside]
        assert all(gap(a, b) > 0.009 for a, b in combinations(things, 2)), task.instruction


def test_what_is_to_be_refused() -> None:
    assert all(task.refuse and task.goal == "none" for task in suite("refuse").tasks)
    unreachable = [t for t in suite("refuse").tasks if t.family == "unreachable"]
    unreachable += [t for t in suite("saycan").tasks if t.refuse]
    assert all(task.scene.unreachable for task in unreachable)


@pytest.mark.parametrize("name", ["saycan", "smoke", "strangers"])
def test_what_is_not_to_be_refused_can_be_done(name: str) -> None:
    for task in suite(name).tasks:
        if not task.refuse and task.scene.seed not in SLOW:
            start = start_state(task.scene)
            assert Oracle(parse(task.goal), start, library()).best(start), task.instruction


@pytest.mark.parametrize("name", ["dev2", "reviewers"])
def test_what_writers_asked_for_can_be_done(name: str) -> None:
    """By the expert: goals with many ways are searched too long."""
    for task in suite(name).tasks:
        start = start_state(task.scene)
        assert task.refuse or Expert(task.goal, start).reaches(start, 12), task.instruction


@pytest.mark.parametrize("seed", SLOW)
def test_what_the_oracle_searches_long_for_can_be_done(seed: int) -> None:
    task = next(task for task in suite("saycan").tasks if task.scene.seed == seed)
    body = Rehearsal(start_state(task.scene), library(), values=False)
    for step in SLOW[seed].split(", "):
        offered = {candidate.text: candidate for candidate in body.propose(body.perceive())}
        assert body.execute(offered[step]).success, step
    assert parse(task.goal).holds(body.start, body.now)


def test_code_as_policies_is_what_its_generator_writes_and_stays_small() -> None:
    path = FOLDER / "cap.yaml"
    text = path.read_text(encoding="utf-8")
    assert len(text) < 250_000
    for name in ("seen_stack", "seen_nth", "unseen_magnitude"):
        for task in cap.template_tasks(name):
            assert cap.as_yaml(task) in text


@pytest.mark.parametrize("which", ["closest", "farthest"])
def test_code_as_policies_means_the_block_that_it_describes(which: str) -> None:
    for task in suite("cap").tasks:
        if found := re.match(rf"pick up the block {which} to the (\w+ bowl)", task.instruction):
            boxes = start_state(task.scene).boxes
            away = {n: np.linalg.norm((b.position - boxes[found[1]].position)[:2]) for n, b in boxes.items()}
            blocks = sorted((n for n in boxes if n.endswith("block")), key=lambda n: away[n])
            assert task.goal.startswith(f"at({blocks[0 if which == 'closest' else -1]},"), task.instruction
