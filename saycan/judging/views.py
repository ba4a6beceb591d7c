"""What a view has wrong of what a goal is about, beside the truth."""

from __future__ import annotations

import re

import numpy as np

from saycan.judging.suite import SuiteTask
from saycan.perception import view_of
from saycan.types import SceneView
from sim.cabinet import NAME as DRAWER
from sim.cabinet import SHELL
from sim.relations import is_in, is_open
from sim.state import WorldState

_MISPLACED = 0.03  # metres


def differences(view: SceneView, now: WorldState, names: set[str]) -> str:
    """What a view has wrong of some things, in words; empty: nothing."""
    true, names = view_of(now), names - _shut_away(now, view)
    for name in sorted(names):
        if (name in view.boxes) != (name in true.boxes):
            return f"{name} was {'not seen' if name in true.boxes else 'seen where there is none'}"
        if name in true.boxes and name != now.held:
            off = float(np.linalg.norm(view.boxes[name].position - true.boxes[name].position))
            if off > _MISPLACED:
                return f"{name} was seen {100 * off:.0f} cm from where it is"
    if view.held != now.held and (not view.held or not now.held or {view.held, now.held} & names):
        return f"{view.held or 'nothing'} was thought to be in the hand, not {now.held or 'nothing'}"
    if (
        DRAWER in names
        and now.drawer is not None
        and (view.drawer is None or is_open(view.drawer) != is_open(now.drawer))
    ):
        return f"the drawer was not seen to be {'open' if is_open(now.drawer) else 'closed'}"
    facts = {fact for fact in set(view.relations) ^ set(true.relations) if names & set(fact[1:])}
    return " and ".join(
        f"{a} was{'' if (r, a, b) in view.relations else ' not'} seen {r} {b}" for r, a, b in sorted(facts)
    )


def _shut_away(now: WorldState, view: SceneView) -> set[str]:
    """What is not seen because it lies in a drawer that is closed: no fault of sight."""
    if now.drawer is None or is_open(now.drawer):
        return set()
    drawer = now.boxes[DRAWER]
    return {
        n for n, box in now.boxes.items() if n not in view.boxes and n not in (DRAWER, SHELL) and is_in(box, drawer)
    }


def needed(task: SuiteTask, now: WorldState, view: SceneView) -> set[str]:
    """The names that a goal is about, of what there is and of what is seen; of a task to refuse: all of them."""
    classes = {**view.classes, **{name: thing.classes for name, thing in now.things.items()}}
    words = {word.strip() for word in re.findall(r"[^(),]+", task.goal)}
    return {name for name, of in classes.items() if task.refuse or name in task.goal or of & words}
