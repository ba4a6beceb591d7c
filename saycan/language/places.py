"""A scene in words that also tell where things are, and what has become of it since: the lines that a trained planner reads.

The rest of what a small language model cannot work out by itself stands in ``hints.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from saycan.language.hints import hints
from saycan.language.mentions import kinds, mentioned
from saycan.language.parts import REGION_OF, part
from saycan.language.seen import Seen
from saycan.types import SceneView
from sim.cabinet import NAME as DRAWER
from sim.cabinet import SHELL
from sim.relations import is_closed, is_open

_STILL = 0.03  # metres that a thing may seem to have moved, or be nudged


def told(view: SceneView, instruction: str) -> str:
    """The scene's lines of the prompt, each ended by a line break.

    The first, which no instruction changes, names things of one kind together, from left to right.

    :param instruction: in lower case; what it asks for decides which lines follow.
    """
    names = [n for n in view.boxes if n not in (view.held, DRAWER, SHELL)]
    names.sort(key=lambda n: -view.boxes[n].position[1])
    things = [f"{name} ({_place(view, name)})" for name in _together(kinds(names))]
    if view.drawer is not None:
        things.append(
            f"drawer ({'open' if is_open(view.drawer) else 'closed' if is_closed(view.drawer) else 'half open'})"
        )
    if view.held:
        things.append(f"in the hand: {view.held}")
    lines = [f"Scene: {', '.join(things) or 'nothing'}.", *hints(Seen(view, names), instruction)]
    return "".join(f"{line}\n" for line in lines)


def since(first: SceneView, now: SceneView, instruction: str) -> str:
    """What has become of a scene: what is still where it was, first what the instruction names of it; where the rest is now; and what was found behind a closed drawer.

    So nothing has to be remembered, or worked out from the steps. What lies in or on something counts as being where it was as long as it lies there.

    :param instruction: in lower case.
    """
    before, still = _where(first), untouched(first, now)
    about = mentioned(first, instruction)
    named, others = (_together(kinds(n for n in still if (n in about) == wanted)) for wanted in (True, False))
    told = [f"{n} ({before[n]})" if n in before else n for n in named]
    line = f"Untouched of these: {', '.join(told) or 'nothing'}."
    line += f" Others: {', '.join(others)}.\n" if others else "\n"
    moved = [n for n in _things(first, now) if n not in still and n != now.held]
    was_shut = first.drawer is not None and not is_open(first.drawer)
    found = [n for n in now.boxes if was_shut and n not in (*first.boxes, now.held, DRAWER, SHELL)]
    return line + _line("Moved", now, _together(kinds(moved))) + _line("Now seen", now, found)


def _line(what: str, view: SceneView, names: Sequence[str]) -> str:
    """A line of the prompt that says of some things where they are; none if there are none."""
    return f"{what}: {', '.join(f'{n} ({_place(view, n)})' for n in names)}.\n" if names else ""


def untouched(first: SceneView, now: SceneView) -> list[str]:
    """What is still where it was, from left to right; receptacles do not count."""
    before, after = _where(first), _where(now)
    return [
        n
        for n in _things(first, now)
        if n not in (first.held, now.held)
        and before.get(n) == after.get(n)
        and (n in before or np.linalg.norm((first.boxes[n].position - now.boxes[n].position)[:2]) < _STILL)
    ]


def _things(first: SceneView, now: SceneView) -> list[str]:
    """What was seen at first and is seen now, receptacles apart, as it lay from left to right."""
    names = [n for n in first.boxes if n in now.boxes and not first.classes[n] & {"receptacle", "fixture"}]
    return sorted(names, key=lambda n: -first.boxes[n].position[1])


def overlooked(first: SceneView, now: SceneView, instruction: str) -> list[str]:
    """What the instruction names of that."""
    about = mentioned(first, instruction)
    return [name for name in untouched(first, now) if name in about]


def fallen(before: SceneView, after: SceneView) -> str:
    """What lies elsewhere since a skill, though nobody put it there: out of what or off what it was, or from the hand.

    Without it, the steps would go on saying that it was put where it was.
    """
    lost = {a for relation, a, b in before.relations if b in after.boxes and (relation, a, b) not in after.relations}
    fell = [
        n for n in before.boxes if n in after.boxes and n != after.held and n in lost and has_moved(before, after, n)
    ]
    return _line("Fell", after, fell)


def dropped(before: SceneView, after: SceneView) -> str:
    """What is in the hand no more after a skill that failed."""
    if before.held is None or after.held is not None:
        return ""
    where = f" ({_place(after, before.held)})" if before.held in after.boxes else ""
    return f"Dropped: {before.held}{where}.\n"


def has_moved(before: SceneView, after: SceneView, name: str) -> bool:
    """Whether a thing that is in both views lies elsewhere in the second, by more than it may be nudged."""
    return float(np.linalg.norm(before.boxes[name].position - after.boxes[name].position)) > _STILL


def _where(view: SceneView) -> dict[str, str]:
    """What each thing lies in or on, if anything: "in the red bowl"."""
    return {a: f"{relation} the {b}" for relation, a, b in view.relations}


def _place(view: SceneView, name: str) -> str:
    """Where a thing is, in the words in which skills and people speak of it."""
    inside = _where(view).get(name)
    if inside == f"in the {DRAWER}" and view.drawer is not None and not is_open(view.drawer):
        return f"in the closed {DRAWER}"
    spot = part(view.boxes[name])
    return inside or REGION_OF.get(spot, spot)


def _together(by_kind: Mapping[str, Sequence[str]]) -> list[str]:
    """Things of one kind beside each other, single ones last."""
    several = [n for members in by_kind.values() if len(members) > 1 for n in members]
    return [*several, *(members[0] for members in by_kind.values() if len(members) == 1)]
