"""Suites: instructions with a scene and a goal each, in YAML files that anyone can write. ``configs/suites/dev.yaml`` is one."""

from __future__ import annotations

import os
import re
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from saycan.judging.task_files import SuiteError, load_yaml, one_line
from sim import cabinet
from sim.goals import GoalError, parse
from sim.panda import HOME, MAX_OPENING
from sim.paths import CONFIGS
from sim.scenes import SceneError, SceneSpec, lay_out
from sim.state import Hand, WorldState

FOLDER = CONFIGS / "suites"
_PART = re.compile(r"[^\s(),]+\s*\([^()]*\)")  # a predicate, or a quantifier round "none"
_GROUP = re.compile(r"\b(?:all|any)\s*\(([^(),]+),")
_ANY_THING = re.compile(r"(?<=[(,])\s*_\s*(?=[),])")
_HAND = Hand(HOME, 0.0, MAX_OPENING, False, np.zeros(4), False, False)  # as a world begins
_ADVICE = {SceneError: "; change its `scene`", GoalError: "; change its `goal` or its `scene`"}


@dataclass(frozen=True)
class SuiteTask:
    """One instruction and how it is judged.

    :param family: a free label; results are summed by it.
    :param goal: in the goal language (see ``sim.goals``); it can be parsed and names only what the scene has.
    :param refuse: whether the right answer is to decline, and to change nothing.
    """

    instruction: str
    family: str
    scene: SceneSpec
    goal: str
    refuse: bool


@dataclass(frozen=True)
class Suite:
    """Tasks under one name."""

    name: str
    tasks: tuple[SuiteTask, ...]


def load_suite(name_or_path: str | Path) -> Suite:
    """A suite of ``configs/suites/`` by its name, or any other one by its path.

    :raises SuiteError: if there is none, or something in it is wrong.
    """
    path = _find(str(name_or_path))
    return read_suite(load_yaml(path), str(path))


def read_suite(data: Any, source: str) -> Suite:
    """A suite from what its YAML file holds.

    :param source: the file, for messages.
    :raises SuiteError: if something in it is wrong.
    """
    try:
        given = _checked(data, _SUITE_KEYS, "a suite")
    except SuiteError as error:
        raise SuiteError(f"{source}: {error}") from None
    return Suite(given["name"], tuple(_task(task, n, source) for n, task in enumerate(given["tasks"], start=1)))


def _find(name: str) -> Path:
    own = FOLDER / f"{name}.yaml"
    # os.path's isfile, not Path's: names that no file can have are no error to it
    if own.name == f"{name}.yaml" and os.path.isfile(own):
        return own
    if os.path.isfile(name):
        return Path(name)
    known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.yaml")))
    raise SuiteError(f"there is no suite '{name}': give the path of a YAML file or one of the names {known}")


def _task(data: Any, number: int, source: str) -> SuiteTask:
    """One task, or one sentence about what is wrong with it."""
    said = data.get("instruction") if isinstance(data, dict) else None
    label = f"task {number} ('{one_line(said)}')" if isinstance(said, str) and said.strip() else f"task {number}"
    try:
        return read_task(data)[0]
    except (SceneError, GoalError, SuiteError) as error:
        advice = _ADVICE.get(type(error), "")
        raise SuiteError(f"{source}: {label}: {' '.join(str(error).split())}{advice}") from None


def read_task(data: Any) -> tuple[SuiteTask, WorldState]:
    """A task from what a suite's file holds of it, and the state in which it starts.

    :raises SuiteError: if keys are missing, unknown or of a wrong type.
    :raises SceneError: if the scene cannot be laid out.
    :raises GoalError: if the goal cannot be parsed, or names what the scene lacks.
    """
    given = _checked(data, _TASK_KEYS, "a task")
    refuse = given.get("refuse", False)
    if not refuse and "goal" not in given:
        raise SuiteError("`goal` is missing: say what must hold in the end, or set `refuse: true`")
    scene = read_scene(given["scene"])
    goal = " ".join(given.get("goal", "none").split())
    start = start_state(scene)
    _check_goal(goal, start)
    return SuiteTask(given["instruction"].strip(), given.get("family", ""), scene, goal, refuse), start


def read_scene(data: Any) -> SceneSpec:
    """A scene from what a suite's file or a config holds of it.

    :raises SuiteError: if keys are missing, unknown or of a wrong type.
    """
    return SceneSpec(**_checked(data, _SCENE_KEYS, "a scene"))


def start_state(scene: SceneSpec) -> WorldState:
    """A scene's state before anything has moved, or even settled; it needs no simulator.

    :raises SceneError: if the scene cannot be laid out.
    """
    layout = lay_out(scene)
    things = {name: placement.thing for name, placement in layout.items()}
    boxes = {name: placement.box for name, placement in layout.items()}
    if cabinet.NAME not in layout:
        return WorldState(things, boxes, _HAND)
    holder = layout[cabinet.NAME]
    things[cabinet.SHELL] = cabinet.shell()
    boxes[cabinet.SHELL] = cabinet.shell_box(holder.position, holder.yaw)
    return WorldState(things, boxes, _HAND, drawer=holder.opening)


def _check_goal(goal: str, start: WorldState) -> None:
    """Raise a GoalError if a goal cannot be parsed, or names what the scene lacks.

    Each part is judged by itself as well: of ``a and b`` the goal asks for b only where a holds.
    """
    try:
        parse(goal).holds(start, start)
        groups = _GROUP.findall(goal)
        member = next(iter(start.things), "_") if groups else "_"
        parts = [_ANY_THING.sub(member, part) for part in _PART.findall(goal)]
        for part in [*(f"any({group}, none)" for group in groups), *parts]:
            if part.split("(")[0].strip() not in ("and", "or", "not"):  # before a bracket of its own
                parse(part).holds(start, start)
    except RecursionError:
        raise GoalError(f"goal '{one_line(goal)}' has too many brackets") from None


@dataclass(frozen=True)
class _Key:
    """What may stand under a key.

    :param what: that in words.
    """

    fits: Callable[[Any], bool]
    what: str
    needed: bool = False


def _checked(data: Any, keys: Mapping[str, _Key], what: str) -> dict[str, Any]:
    """A mapping whose keys and types are right, without those that are null."""
    if not isinstance(data, dict):
        raise SuiteError(f"{what} must have the keys {', '.join(keys)}, as `key: value`; got {_show(data)}")
    for key in data:
        if key not in keys:
            raise SuiteError(f"{what} has no key {_show(key)}: remove it, or use one of {', '.join(keys)}")
    given = {key: value for key, value in data.items() if value is not None}
    for key, wanted in keys.items():
        if wanted.needed and key not in given:
            raise SuiteError(f"`{key}` is missing: give {wanted.what}")
        if key in given and not wanted.fits(given[key]):
            raise SuiteError(f"`{key}` must be {wanted.what}; got {_show(given[key])}")
    return given


def _show(value: Any) -> str:
    return one_line(reprlib.repr(value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_spot(value: Any) -> bool:
    """Two numbers (true is none); infinite ones are for the scene to refuse, numbers too large for arithmetic are not."""
    numbers = isinstance(value, list) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in value)
    return numbers and len(value) == 2 and not any(abs(v) > 1e6 for v in value)


def _is_mapping(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(_is_text(k) and fits(v) for k, v in value.items())


_TEXT = "a text (in quotes where YAML would take it for something else)"
_SUITE_KEYS = {
    "name": _Key(_is_text, _TEXT, needed=True),
    "tasks": _Key(lambda value: isinstance(value, list) and bool(value), "a list of at least one task", needed=True),
}
_TASK_KEYS = {
    "instruction": _Key(_is_text, _TEXT, needed=True),
    "family": _Key(lambda value: isinstance(value, str), _TEXT),
    "scene": _Key(lambda value: isinstance(value, dict), "a mapping such as {objects: [red block, blue bowl]}", True),
    "goal": _Key(_is_text, "a text in the goal language, such as in(red block, blue bowl)"),
    "refuse": _Key(lambda value: isinstance(value, bool), "true or false"),
}
_SCENE_KEYS = {
    "kind": _Key(_is_text, "tabletop or kitchen"),
    "objects": _Key(_is_names, "a list of names, such as [red block, blue bowl]", needed=True),
    "seed": _Key(lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0, "a whole number from 0 on"),
    "place": _Key(_is_mapping(_is_spot), "a mapping from names to [x, y] in metres, such as {apple: [0.45, 0.1]}"),
    "inside": _Key(_is_mapping(_is_text), "a mapping from names to receptacles, such as {apple: drawer}"),
    "unreachable": _Key(_is_names, "a list of names, such as [green block]"),
    "drawer": _Key(_is_text, "open or closed"),
}
