"""What the planner learns from, in words: ``python -m saycan.show_tasks count=5``, or ``file=mine.yaml`` to check tasks of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from saycan.judging.expert import Expert
from saycan.judging.suite import SuiteTask
from saycan.judging.task_files import SuiteError
from saycan.learning.tasks import MOST_SKILLS, allowed, draw_tasks
from saycan.learning.written import Written, read_written
from sim.cli import BAD_INPUT, InputError, command, print_json
from sim.state import WorldState

_PER_SCENE = 3


@command("show_tasks")
def main(config: Any) -> int:
    """Draw, print each task with the way that is taught; the last line is JSON."""
    if config.count < 1 or config.seed < 0:
        raise InputError(f"count must be 1 or more, and seed 0 or more; got {config.count} and {config.seed}")
    console, problems, shown = Console(soft_wrap=True, highlight=False), list[str](), 0
    for task, start in _of_file(Path(config.file), config, problems) if config.file else _drawn(config):
        said = json.dumps(task.instruction, ensure_ascii=False)
        console.print(f"[bold]{escape(said)}[/]\n  {escape(_scene(task))}\n  -> {escape(_taught(task, start) or '')}")
        shown += 1
    for problem in problems:
        console.print(f"[bold red]Problem:[/] {escape(problem)}")
    print_json({"tasks": shown, "problems": len(problems)})
    return BAD_INPUT if problems else 0


def _drawn(config: Any) -> Iterator[tuple[SuiteTask, WorldState]]:
    """As many tasks as were asked for, as a training draws them."""
    left, number = config.count, 0
    while left > 0:
        for pair in draw_tasks(np.random.default_rng([config.seed, number]), min(left, _PER_SCENE)):
            left -= 1
            yield pair
        number += 1


def _of_file(path: Path, config: Any, problems: list[str]) -> Iterator[tuple[SuiteTask, WorldState]]:
    """Each task of a file, drawn; what is wrong with others is added to ``problems``."""
    tasks = read_written(path)
    for number, task in enumerate(track(tasks, "Drawing", transient=True, disable=not config.progress)):
        try:
            yield _checked(task, np.random.default_rng([config.seed, number]), config.count)
        except SuiteError as error:
            problems.append(str(error))


def _checked(task: Written, rng: np.random.Generator, tries: int) -> tuple[SuiteTask, WorldState]:
    """One drawing of a task.

    :param tries: drawings in which there may be no way to its goal.
    :raises SuiteError: if it cannot be learned from.
    """
    for _ in range(tries):
        drawn = task.draw(rng)
        if taken := [t.instruction for t, _ in drawn if not allowed(t.instruction)]:
            raise SuiteError(f"{task.label}: a suite has '{taken[0]}', so it is not learned from; word it otherwise")
        if _taught(*drawn[0]) is not None:
            return drawn[0]
    raise SuiteError(
        f"{task.label}: no way of at most {MOST_SKILLS} skills to '{task.rest['goal']}' is known; change `goal` or `scene`"
    )


def _taught(task: SuiteTask, start: WorldState) -> str | None:
    """The way that is taught, in words; None if none is known."""
    if task.refuse:
        return "decline"
    found = Expert(task.goal, start).way(start, MOST_SKILLS)
    return None if found is None else "; ".join(choice.text for choice in found)


def _scene(task: SuiteTask) -> str:
    """What is there, in a line."""
    scene = task.scene
    names = [f"{n} (in the {scene.inside[n]})" if n in scene.inside else n for n in scene.objects]
    more = [f"{name} is out of reach" for name in scene.unreachable]
    return "; ".join([", ".join(names), *([f"drawer {scene.drawer}"] if scene.drawer else []), *more])


if __name__ == "__main__":
    main()
