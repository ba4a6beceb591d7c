"""What was done and came undone: a block that fell off another, say. The prompt does not tell it as done.

The history says what was done, not what has become of it. Whoever reads there that a tower was built takes it for built, though the last try
has knocked it over.
"""

from __future__ import annotations

from saycan.types import Episode, SceneView

_ON = "place_on"


def undone(episode: Episode, now: SceneView) -> frozenset[int]:
    """Numbers of steps that are as good as not made: what was put on something and is no longer seen there, and what failed to be put on that.

    To take a thing and to put it go together. What was taken up again, or is in the hand, has not come undone: its steps say what became of it.
    """
    dropped = set[int]()
    fallen = set[str]()
    for number, step in enumerate(episode.steps):
        thing, on = step.view.held, step.choice.target.name if step.choice and step.choice.target else ""
        if step.outcome is None or step.choice is None or step.choice.skill != _ON or thing is None:
            continue
        if thing == now.held or _taken(episode, thing, after=number):
            continue
        lost = step.outcome.success and thing in now.boxes and ("on", thing, on) not in now.relations
        if lost or (not step.outcome.success and on in fallen):
            fallen.add(thing)
            dropped |= {number, *_way_there(episode, thing, number)}
    return frozenset(dropped)


def _taken(episode: Episode, thing: str, after: int) -> bool:
    """Whether a thing was in the hand at a later step."""
    return any(step.view.held == thing for step in episode.steps[after + 1 :])


def _way_there(episode: Episode, thing: str, number: int) -> list[int]:
    """The steps before one of putting a thing for which the hand had it, and the one by which it got it."""
    first = number
    while first and episode.steps[first - 1].view.held == thing:
        first -= 1
    return list(range(max(first - 1, 0), number))
