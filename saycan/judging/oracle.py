"""How many skills are left to a goal, if each did what it is meant to: the yardstick for a plan's steps.

Reads the simulator's truth. For measuring only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from saycan.candidates import DONE, propose
from saycan.judging.expert import Expert
from saycan.judging.rehearsal import meant
from saycan.perception import view_of
from saycan.types import Candidate
from sim import cabinet
from sim.goals import Goal
from sim.relations import REGIONS, is_in, is_on
from sim.state import WorldState
from skills.library import Skill

_ASIDE = ("left side", "right side")  # where what is in the way may be put
_MOST_STATES = 4000  # looked at before the search is given up

Key = tuple[object, ...]


class Oracle:
    """Shortest ways to a goal, by breadth-first search over what skills are meant to do; where that is too far, the expert's way.

    :param start: the state in which the episode began (``moved`` and ``none`` are judged against it).
    :param most: skills beyond which a goal counts as out of reach.
    """

    def __init__(self, goal: Goal, start: WorldState, library: Mapping[str, Skill], most: int = 12):
        self._goal, self._start, self._library, self._most = goal, start, library, most
        self._expert = Expert(goal.text, start, {name: skill.task for name, skill in library.items()})
        self._candidates = [c for c in propose(library, view_of(start)) if c != DONE and _matters(c, goal, start)]

    def best(self, now: WorldState) -> list[Candidate] | None:
        """The candidates that begin a shortest way to the goal; ``done`` if it holds; None if no way was found."""
        if self._goal.holds(self._start, now):
            return [DONE]
        seen, level = {_key(now)}, [(now, set[int]())]  # states, each with the first skills of the shortest ways to it
        for _ in range(self._most):
            level = self._next_level(level, seen)
            firsts = set().union(*(f for state, f in level if self._goal.holds(self._start, state)))
            if firsts or not level:
                return [self._candidates[i] for i in sorted(firsts)] or None
            if len(seen) > _MOST_STATES:
                break
        return self._expert.best(now) if self._expert.reaches(now, self._most) else None

    def _next_level(
        self, level: list[tuple[WorldState, set[int]]], seen: set[Key]
    ) -> list[tuple[WorldState, set[int]]]:
        """The states that are one skill further and were not seen before; they count as seen now."""
        reached: dict[Key, tuple[WorldState, set[int]]] = {}
        for state, firsts in level:
            for number, candidate in enumerate(self._candidates):
                after = meant(self._library, state, candidate)
                if after is not None and (key := _key(after)) not in seen:
                    reached.setdefault(key, (after, set()))[1].update(firsts or {number})
        seen.update(reached)
        return list(reached.values())


def _key(state: WorldState) -> Key:
    """States that are the same for planning have the same key."""
    places = tuple((name, *(round(float(x), 2) for x in box.position)) for name, box in state.boxes.items())
    return (state.held, state.drawer, *places)


def _matters(candidate: Candidate, goal: Goal, start: WorldState) -> bool:
    """Whether a skill could be part of a shortest way: it is about what the goal names, or what is in the way of that."""
    assert candidate.target is not None
    words = set(re.findall(r"[^(),]+", goal.text)) | set(goal.text.split())
    words = {word.strip() for word in words}
    named = {n for n, thing in start.things.items() if n in goal.text or thing.classes & words}
    burden = {n for n in start.boxes for m in named if n != m and is_on(start.boxes[n], start.boxes[m])}
    things = named | burden | ({start.held} if start.held else set())
    drawer = start.boxes.get(cabinet.NAME)
    shut_in = drawer is not None and any(is_in(start.boxes[n], drawer) for n in things if n != cabinet.NAME)
    name = candidate.target.name
    if name == cabinet.NAME:
        return cabinet.NAME in goal.text or shut_in
    if name in REGIONS:
        return name in goal.text or (name in _ASIDE and bool(burden or start.held))
    return name in things and (not candidate.target.direction or candidate.target.direction in goal.text)
