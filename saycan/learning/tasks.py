"""Tasks to learn from, drawn without end: a scene, what somebody says, and the goal, or that it should be declined.

In most scenes the first of them have been written by somebody (``written.py``), and the others come of the grammar.

No instruction of any suite in ``configs/suites/`` is ever drawn: suites are for measuring.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import yaml

from saycan.judging.expert import Expert
from saycan.judging.suite import FOLDER, SuiteTask
from saycan.judging.task_files import SuiteError
from saycan.learning import changes, choices, needs, orders, recipes, requests, sets, towers
from saycan.learning.grammar import join, normalised, pick, spoken, typed
from saycan.learning.nouns import Names, UnsuitableError
from saycan.learning.refusals import REFUSALS
from saycan.learning.requests import Request
from saycan.learning.scenes import draw_scene
from saycan.learning.written import written
from sim.scenes import SceneSpec
from sim.state import WorldState

Ask = Callable[[Names, np.random.Generator], Request]

SINGLE: dict[Ask, float] = {
    requests.take: 3.0,
    requests.put_in: 4.5,
    requests.bring: 7.0,
    requests.already: 0.6,
    requests.put_on: 2.5,
    requests.put_at: 8.0,
    requests.put_beside: 2.5,
    requests.push: 2.0,
    requests.open_drawer: 0.8,
    requests.close_drawer: 1.1,
    requests.take_out: 1.2,
    needs.need: 11.0,
    needs.two_needs: 3.0,
    choices.condition: 0.6,
    choices.otherwise: 0.6,
    choices.contrast: 1.4,
    choices.any_but: 2.5,
    choices.match: 2.0,
    changes.within_reach: 2.0,
    changes.drawer_cases: 1.0,
    orders.last_first: 7.0,
}
SETS: dict[Ask, float] = {
    sets.put_all: 2.0,
    sets.all_at: 1.0,
    sets.spread: 2.4,
    sets.by_colour: 22.0,  # few scenes have what it takes
    towers.tower: 4.5,
    towers.tower_at: 5.0,
    towers.one_on_another: 0.5,
    sets.empty: 2.5,
    sets.clear: 1.0,
    sets.sort: 2.0,
    sets.two: 1.5,
    sets.one_by_one: 2.5,
    sets.too: 1.8,
    recipes.in_steps: 5.0,
    towers.tower_in_order_at: 3.0,
    recipes.swap: 16.0,  # few scenes have two things in two receptacles
    changes.empty_out: 4.0,
    changes.clear_region: 4.0,
    changes.only: 5.0,
    changes.out_to: 4.0,
    changes.some_of: 2.0,
    changes.one_each: 6.0,
    changes.other_too: 5.0,
    changes.all_but: 2.0,
    changes.sort_at: 2.5,
}
_SHARES = {"single": 0.28, "several": 0.24, "set": 0.33, "refuse": 0.15}
_WRITTEN = 0.7  # share of scenes that come with a written task
_WORDINGS = 2  # of it, at most
_PARTS = [2, 2, 2, 3, 3, 4]  # requests in one breath
_SET_AMONG_SEVERAL = 0.45  # share of them that are about several things
_TRIES = 10  # requests before something else is asked for
MOST_SKILLS = 10
"""Of a way that is taught."""


def draw_tasks(rng: np.random.Generator, count: int) -> Iterator[tuple[SuiteTask, WorldState]]:
    """Up to so many tasks in one scene, each with the state in which it starts; fewer if the scene has nothing for some."""
    told = _draw_written(rng) if rng.random() < _WRITTEN else []
    yield from told[:count]
    spec, start = (told[0][0].scene, told[0][1]) if told else draw_scene(rng)
    names = Names(rng, start)
    for family in rng.choice(list(_SHARES), size=max(count - len(told), 0), p=list(_SHARES.values())):
        tries = (_draw(rng, str(family), spec, names) for _ in range(_TRIES))
        task = next((task for task in tries if task is not None), None)
        if task is not None:
            yield task, start


def _draw_written(rng: np.random.Generator) -> list[tuple[SuiteTask, WorldState]]:
    """A few wordings of a written task; none if it cannot be done in the layout that was drawn, or a suite has them."""
    if not written():
        return []
    try:
        drawn = pick(rng, written()).draw(rng)
    except SuiteError as error:  # no reason to end a training of hours
        _warn(str(error))
        return []
    task, start = drawn[0]
    if not task.refuse and not Expert(task.goal, start).reaches(start, MOST_SKILLS):
        return []
    drawn = [drawn[int(i)] for i in rng.permutation(len(drawn))]
    spelled = [(replace(t, instruction=typed(rng, t.instruction)), s) for t, s in drawn if allowed(t.instruction)]
    return [(t, s) for t, s in spelled if allowed(t.instruction)][:_WORDINGS]


@cache
def _warn(text: str) -> None:
    """Say once what is wrong with a written task."""
    logging.getLogger(__name__).warning(
        "%s. It is passed over; `python -m saycan.show_tasks file=FILE` checks all.", text
    )


def allowed(instruction: str) -> bool:
    """Whether no suite has it."""
    return normalised(instruction) not in held_out()


def _draw(rng: np.random.Generator, family: str, spec: SceneSpec, names: Names) -> SuiteTask | None:
    """One task, or None if what was drawn cannot be asked for here, or is asked for in a suite."""
    try:
        request = _several(names, rng) if family == "several" else _draw_from(rng, _TABLES[family])(names, rng)
    except UnsuitableError:
        return None
    instruction = spoken(rng, request.said)
    if not (allowed(request.said) and allowed(instruction)):  # neither as it is, nor with the politeness round it
        return None
    refuse = family == "refuse"
    if not refuse and not Expert(request.goal, names.start).reaches(names.start, MOST_SKILLS):
        return None
    return SuiteTask(instruction, family, spec, request.goal, refuse)


def _draw_from(rng: np.random.Generator, table: dict[Ask, float]) -> Ask:
    weights = np.array(list(table.values()))
    return list(table)[int(rng.choice(len(table), p=weights / weights.sum()))]


def _several(names: Names, rng: np.random.Generator) -> Request:
    """Two to four requests in one breath, about different things."""
    asked: list[Request] = []
    for _ in range(int(rng.choice(_PARTS))):
        table = SETS if rng.random() < _SET_AMONG_SEVERAL else SINGLE
        asked.append(_draw_from(rng, table)(names, rng))
    if any(r.last for r in asked[:-1]) or any(a.things & b.things for i, a in enumerate(asked) for b in asked[:i]):
        return _same_thing(names, rng)
    return Request(join(rng, [r.said for r in asked]), " and ".join(f"({r.goal})" for r in asked))


def _same_thing(names: Names, rng: np.random.Generator) -> Request:
    """Two requests that belong together: the drawer before and after, something pushed and then filled."""
    put = (sets.put_all if rng.random() < 0.5 else requests.put_in)(names, rng)
    holder = next((n for n in names.receptacles if n in put.things), "")
    if holder == "drawer":
        before = ["open the drawer", "pull the drawer open", "get the drawer open", ""]
        after = [
            "close it",
            "shut it",
            "close it again",
            "close the drawer",
            "shut the drawer again",
            "push it shut",
            "leave it open",
            "don't close it",
        ]
        first, last = str(pick(rng, before)), str(pick(rng, after))
        said = join(rng, [*([first] if first else []), put.said, last])
        return Request(said, f"{put.goal} and {'open' if 'leave' in last or 'don' in last else 'closed'}(drawer)")
    if names.start.drawer is not None and rng.random() < 0.5:
        shut = str(pick(rng, ["closed", "open"]))
        said = put.said.rstrip("?") + str(
            pick(
                rng,
                [
                    f" and leave the drawer {shut}",
                    f", the drawer should be {shut} afterwards",
                    f" and make sure that the drawer is {shut}",
                    f", then {'close' if shut == 'closed' else 'open'} the drawer",
                    f" and {'shut' if shut == 'closed' else 'open'} the drawer",
                ],
            )
        )
        return Request(said, f"{put.goal} and {shut}(drawer)")
    pushed = requests.push(names, rng)
    if holder not in pushed.things:
        raise UnsuitableError
    return Request(join(rng, [pushed.said, put.said]), f"{pushed.goal} and {put.goal}")


_TABLES = {"single": SINGLE, "set": SETS, "refuse": REFUSALS}


@cache
def held_out() -> frozenset[str]:
    """Every instruction of every suite, normalised."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    suites = [yaml.load(path.read_text(encoding="utf-8"), loader) for path in sorted(FOLDER.glob("*.yaml"))]
    return frozenset(normalised(str(task["instruction"])) for suite in suites for task in suite["tasks"])
