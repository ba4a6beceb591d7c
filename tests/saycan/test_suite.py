"""Suites: the development suite, what is wrong with damaged ones, and data that is no suite at all."""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from saycan.judging.suite import Suite, load_suite, read_suite, start_state
from saycan.judging.task_files import SuiteError
from sim.cli import InputError
from sim.goals import parse

FAMILIES = {"nl_single": 18, "nl_nouns": 14, "nl_verbs": 14, "structured": 12, "reference": 12}
FAMILIES |= {"embodiment": 10, "crowd": 12, "long_horizon": 10, "refuse": 18}
GOOD: dict[str, Any] = {
    "name": "mine",
    "tasks": [
        {
            "instruction": "put the red block in the blue bowl",
            "family": "nl_single",
            "scene": {"kind": "tabletop", "objects": ["red block", "green block", "blue bowl"], "seed": 3},
            "goal": "in(red block, blue bowl)",
        },
        {
            "instruction": "bring me the apple",
            "scene": {
                "kind": "kitchen",
                "objects": ["apple", "lemon", "tray"],
                "seed": 0,
                "place": {"tray": [0.45, -0.2]},
                "inside": {"apple": "drawer"},
                "unreachable": ["lemon"],
                "drawer": "closed",
            },
            "goal": "in(apple, tray) and not any(fruit, at(_, left side))",
            "refuse": False,
        },
        {"instruction": "sing", "scene": {"objects": []}, "refuse": True},
    ],
}
REMOVED = object()


def damaged(path: tuple[str | int, ...], value: Any) -> Any:
    data = copy.deepcopy(GOOD)
    inner: Any = data
    for key in path[:-1]:
        inner = inner[key]
    if value is REMOVED:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return data


def test_a_suite_is_read_with_its_defaults() -> None:
    suite = read_suite(GOOD, "mine.yaml")
    first, second, third = suite.tasks
    assert (suite.name, first.family, first.refuse, first.scene.seed) == ("mine", "nl_single", False, 3)
    assert (second.family, second.scene.drawer, second.scene.inside) == ("", "closed", {"apple": "drawer"})
    assert (third.goal, third.refuse, third.scene.kind) == ("none", True, "tabletop")


def test_the_development_suite() -> None:
    suite = load_suite("dev")
    assert Counter(task.family for task in suite.tasks) == FAMILIES
    assert len({task.instruction.lower().strip(" .!?") for task in suite.tasks}) == len(suite.tasks)
    assert all(task.refuse == (task.family == "refuse") for task in suite.tasks)


def test_in_the_development_suite_only_what_is_done_already_holds_at_the_start() -> None:
    for task in load_suite("dev").tasks:
        start = start_state(task.scene)
        nothing_to_do = task.refuse or task.goal.endswith("and none")
        assert parse(task.goal).holds(start, start) is nothing_to_do, task.instruction


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("name",), REMOVED, "`name` is missing"),
        (("name",), 7, "`name` must be a text"),
        (("titel",), "x", "no key 'titel'"),
        (("tasks",), REMOVED, "`tasks` is missing"),
        (("tasks",), [], "at least one task"),
        (("tasks",), "put it there", "at least one task"),
        (("tasks", 0), "put it there", "task 1: a task must have the keys"),
        (("tasks", 0, "instruction"), REMOVED, "task 1: `instruction` is missing"),
        (("tasks", 0, "instruction"), None, "task 1: `instruction` is missing"),
        (("tasks", 0, "instruction"), True, "`instruction` must be a text"),
        (("tasks", 0, "instruction"), "  ", "`instruction` must be a text"),
        (("tasks", 0, "family"), 3, "`family` must be a text"),
        (("tasks", 0, "refuse"), "no", "`refuse` must be true or false"),
        (("tasks", 0, "refuse"), 1, "`refuse` must be true or false"),
        (("tasks", 0, "weight"), 1, "no key 'weight'"),
        (("tasks", 0, 1), 1, "no key 1"),
        (("tasks", 0, "scene"), REMOVED, "`scene` is missing"),
        (("tasks", 0, "scene"), ["red block"], "`scene` must be a mapping"),
        (("tasks", 0, "scene", "objects"), REMOVED, "`objects` is missing"),
        (("tasks", 0, "scene", "objects"), "red block", "`objects` must be a list of names"),
        (("tasks", 0, "scene", "objects"), ["red block", 5], "`objects` must be a list of names"),
        (("tasks", 0, "scene", "objects"), ["red block", "red block"], "listed twice: red block"),
        (("tasks", 0, "scene", "objects", 1), "elephant", "no 'elephant' in the object catalogue"),
        (("tasks", 0, "scene", "objects", 0), "pink block", "there is no 'red block' in the scene"),
        (("tasks", 0, "scene", "kind"), "garden", "no scene kind 'garden'"),
        (("tasks", 0, "scene", "seed"), -1, "`seed` must be a whole number from 0 on"),
        (("tasks", 0, "scene", "seed"), 1.5, "`seed` must be a whole number"),
        (("tasks", 0, "scene", "seed"), True, "`seed` must be a whole number"),
        (("tasks", 0, "scene", "colour"), "red", "no key 'colour'"),
        (("tasks", 0, "scene", "place"), {"red block": 0.4}, "`place` must be a mapping from names to [x, y]"),
        (("tasks", 0, "scene", "place"), {"red block": [0.4, 10**400]}, "`place` must be a mapping"),
        (("tasks", 0, "scene", "place"), {"red block": [5, 0]}, "in metres on the table"),
        (("tasks", 0, "scene", "place"), {"red block": [0.4, float("nan")]}, "in metres on the table"),
        (("tasks", 0, "scene", "inside"), {"red block": "green block"}, "no receptacle of this scene"),
        (("tasks", 0, "scene", "inside"), {"red block": 1}, "`inside` must be a mapping"),
        (("tasks", 0, "scene", "unreachable"), ["apple"], "stands under `unreachable` but not under `objects`"),
        (("tasks", 0, "scene", "drawer"), True, "`drawer` must be open or closed"),
        (("tasks", 0, "scene", "drawer"), "ajar", "`drawer` must be open or closed"),
        (("tasks", 0, "goal"), REMOVED, "`goal` is missing"),
        (("tasks", 0, "goal"), 1, "`goal` must be a text in the goal language"),
        (("tasks", 0, "goal"), "in(red block", "expected ')'"),
        (("tasks", 0, "goal"), "near(red block, blue bowl)", "'near' is no predicate"),
        (("tasks", 0, "goal"), "in(apple, blue bowl)", "there is no 'apple' in the scene"),
        (("tasks", 0, "goal"), "in(red block, blue bowl) and in(apple, blue bowl)", "there is no 'apple'"),
        (("tasks", 0, "goal"), "none or (in(red block, tray))", "there is no 'tray'"),
        (("tasks", 0, "goal"), "none or all(fruit, in(_, blue bowl))", "nothing in the scene is a 'fruit'"),
        (("tasks", 0, "goal"), "all(block, none or in(_, tray))", "there is no 'tray'"),
        (("tasks", 0, "goal"), "none or in(_, blue bowl)", "there is no '_'"),
        (("tasks", 0, "goal"), "none or at(red block, moon)", "no region 'moon'"),
        (("tasks", 0, "goal"), "open(drawer)", "there is no 'drawer' in the scene"),
        (("tasks", 0, "goal"), "(" * 5000, "too many brackets"),
    ],
)
def test_each_mistake_is_one_sentence(path: tuple[str | int, ...], value: Any, says: str) -> None:
    with pytest.raises(SuiteError) as error:
        read_suite(damaged(path, value), "mine.yaml")
    message = str(error.value)
    assert isinstance(error.value, InputError)
    assert message.startswith("mine.yaml: ") and says in message and "\n" not in message
    if len(path) > 2:
        assert "mine.yaml: task 1" in message
    if len(path) > 2 and path[2] != "instruction":
        assert "task 1 ('put the red block in the blue bowl'): " in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: [", "line 1: this is not YAML"),
        ("name: a\n\ttasks: []", "line 2: this is not YAML"),
        ("name: a\nname: b\ntasks: []", "'name' is given twice"),
        ("name: !!python/object:os.system {}", "this is not YAML"),
        ("name: !!bool maybe", "this is not YAML"),
        ("name: !!map [a]", "this is not YAML"),
        ("name: 2024-13-45", "this is not YAML"),
        ("[" * 5000, "this is not YAML"),
        ("", "a suite must have the keys"),
        ("- a\n- b", "a suite must have the keys"),
        ("name: a\ntasks: &t [*t]", "task 1: a task must have the keys"),
    ],
)
def test_each_damaged_file_is_one_sentence(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(SuiteError) as error:
        load_suite(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ") and says in message and "\n" not in message


def test_files_that_are_no_text_or_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(SuiteError, match="not YAML"):
        load_suite(path)
    for name in ("no-such-suite", "../evaluate", "", "\0", "x" * 5000, str(tmp_path)):
        with pytest.raises(SuiteError, match=r"there is no suite .* dev"):
            load_suite(name)


def test_a_suite_written_and_loaded_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(GOOD))
    assert load_suite(path) == load_suite(str(path)) == read_suite(GOOD, "anywhere")


KEYS = st.sampled_from(
    ["name", "tasks", "instruction", "scene", "objects", "place", "inside", "goal", "red block", "x"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dates()
    | st.binary(max_size=3)
    | st.sampled_from(["red block", "blue bowl", "drawer", "kitchen", "open", "none", "in(red block, drawer)", "_"])
)
DATA: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda d: st.lists(d, max_size=4) | st.dictionaries(KEYS | LEAVES, d, max_size=5), max_leaves=12
)
SPOTS: list[tuple[str | int, ...]] = [("tasks",), ("name",), ("tasks", 1)]
SPOTS += [("tasks", 1, key) for key in GOOD["tasks"][1]] + [
    ("tasks", 1, "scene", key) for key in GOOD["tasks"][1]["scene"]
]


def reads_or_refuses(data: Any) -> None:
    try:
        assert isinstance(read_suite(data, "mine.yaml"), Suite)
    except SuiteError as error:
        assert "\n" not in str(error)


@settings(max_examples=100, deadline=None)
@given(DATA)
def test_any_data_is_read_or_refused(data: Any) -> None:
    reads_or_refuses(data)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SPOTS), DATA)
def test_any_data_at_any_place_is_read_or_refused(path: tuple[str | int, ...], value: Any) -> None:
    reads_or_refuses(damaged(path, value))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="in(),_ red blockaltyof\n", max_size=40))
def test_any_goal_is_read_or_refused(goal: str) -> None:
    reads_or_refuses(damaged(("tasks", 0, "goal"), goal))


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet="nametsk:-[]{}!&*#|>'\"% \n\t01.~<=é\0", max_size=60))
def test_any_text_is_read_or_refused(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("suite") / "mine.yaml"
    path.write_text(text)
    with pytest.raises(SuiteError):
        load_suite(path)
