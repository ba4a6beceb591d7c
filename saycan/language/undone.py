"""What an episode has put somewhere and is not there any more: it fell later, or slipped from the hand on the way.

In the history it stands as done, and a language model says "done" too soon.
"""

from __future__ import annotations

from saycan.language.places import has_moved
from saycan.types import Candidate, Episode, SceneView
from sim.relations import is_at

_RELATION = {"place_in": "in", "place_on": "on"}
_PLACES = {*_RELATION, "place_at"}


def undone(episode: Episode, view: SceneView) -> list[str]:
    """Things that were put somewhere, have not been taken since, and are seen elsewhere.

    A skill that says it succeeded is believed, whatever is seen of that, until the thing has moved.

    :param view: how things are now.
    """
    views = [*(step.view for step in episode.steps[1:]), view]
    put: dict[str, tuple[Candidate, SceneView | None]] = {}  # where to; what was seen right after, if it succeeded
    for step, after in zip(episode.steps, views, strict=False):
        if step.choice is None or step.choice.target is None or step.outcome is None:
            continue
        held = step.view.held
        if held is not None and step.choice.skill in _PLACES:
            put[held] = step.choice, after if step.outcome.success else None
        elif held is None:
            put.pop(step.choice.target.name, None)  # taken or pushed: it may be meant to be elsewhere now
    return [name for name, (choice, after) in put.items() if _is_elsewhere(view, name, choice, after)]


def _is_elsewhere(now: SceneView, name: str, choice: Candidate, after: SceneView | None) -> bool:
    assert choice.target is not None, "it was put somewhere"
    where = choice.target.name
    if name not in now.boxes or name == now.held:
        return False
    if choice.skill == "place_at":
        there = is_at(now.boxes[name], where)
    else:
        there = where not in now.boxes or (_RELATION[choice.skill], name, where) in now.relations
    if there or after is None or name not in after.boxes:
        return not there
    return has_moved(after, now, name)
