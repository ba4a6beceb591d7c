"""Knows the right next skills for a goal at once, by what the goal's parts need; a breadth-first search checks it in the tests.

Reads the simulator's truth: it teaches and judges, it never acts for the agent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from saycan.candidates import DONE
from saycan.judging.wishes import Wish, ways
from saycan.types import Candidate
from sim import cabinet
from sim.goals import Goal, parse
from sim.relations import is_in, is_on, is_open
from sim.state import WorldState
from skills.tasks import TASKS, Target, Task

_ASIDE = ("left side", "right side")  # where what is in the way may be put
_PLACES = {"in": "place_in", "on": "place_on", "at": "place_at"}
_STEPS = {"in": 2, "on": 2, "at": 2}  # skills that a wish about a thing on the table takes; others take one


class Expert:
    """The right next skills for one goal.

    :param goal: in the goal language.
    :param start: the state in which the episode began (``moved`` is judged against it).
    """

    def __init__(self, goal: str, start: WorldState, tasks: Mapping[str, Task] | None = None):
        self._goal, self._start = parse(goal), start
        self._tasks = tasks or {name: task() for name, task in TASKS.items()}
        self._ways = [way for way in ways(goal, start.things) if not any(w.fact == "none" for w in way)]
        self._facts: dict[str, Goal] = {w.text: parse(w.text) for way in self._ways for w in way}

    def best(self, now: WorldState) -> list[Candidate]:
        """The right next choices, what the goal says first coming first; ``done`` if it holds; empty if no way is known."""
        if self._goal.holds(self._start, now):
            return [DONE]
        true = {text: fact.holds(self._start, now) for text, fact in self._facts.items()}
        open_ways = [[w for w in way if true[w.text] != w.wanted] for way in self._ways]
        costs = [self._cost(way, now) for way in open_ways]
        found: dict[Candidate, None] = {}
        for number, cost in enumerate(costs):
            if cost == min(costs):
                kept = [w for w in self._ways[number] if true[w.text] == w.wanted]
                found |= dict.fromkeys(self._next(open_ways[number], kept, now))
        return list(found)

    def after(self, now: WorldState, candidate: Candidate) -> WorldState | None:
        """The state that a skill is meant to lead to."""
        assert candidate.target is not None, "done is not a skill"
        return self._tasks[candidate.skill].meant(now, candidate.target)

    def way(self, now: WorldState, most: int) -> list[Candidate] | None:
        """Its way to the goal, ``done`` at the end; None if that takes more than so many skills, or none is known."""
        found: list[Candidate] = []
        for _ in range(most + 1):
            best = self.best(now)
            found += best[:1]
            if not best or best == [DONE]:
                return found if best else None
            after = self.after(now, best[0])
            if after is None:
                return None
            now = after
        return None

    def reaches(self, now: WorldState, most: int) -> bool:
        """Whether there is such a way."""
        return self.way(now, most) is not None

    def stray(self, rng: np.random.Generator, now: WorldState) -> Candidate | None:
        """Something else that can be done, which is not right: what a careless agent might do."""
        best = self.best(now)
        candidates = [c for c in propose_from(self._tasks, now) if c not in best]
        for i in rng.permutation(len(candidates))[:8]:
            if self.after(now, candidates[int(i)]) is not None:
                return candidates[int(i)]
        return None

    def _cost(self, way: Sequence[Wish], now: WorldState) -> int:
        """About how many skills are left of a way."""
        things = dict.fromkeys(w.about[0] for w in way if w.fact in ("in", "on", "at", "holding"))
        steps = sum(_STEPS.get(w.fact, 1) for w in way if w.wanted) + sum(not w.wanted for w in way)
        placed = {w.about[0] for w in way if w.fact in _PLACES}
        burden = {b for thing in things for b in _above(thing, now)} - placed
        shut = any(self._shut(w, now) for w in way) and not any(w.fact == "open" for w in way)
        if now.held is not None:
            steps += -1 if now.held in placed else 1
        return steps + 2 * len(burden) + shut

    def _shut(self, wish: Wish, now: WorldState) -> bool:
        """Whether a wish needs the drawer open, and it is not."""
        if now.drawer is None or is_open(now.drawer) or wish.fact in ("open", "closed", "moved"):
            return False
        drawer, into = now.boxes[cabinet.NAME], wish.about[-1] == cabinet.NAME and wish.wanted
        return into or (is_in(now.boxes[wish.about[0]], drawer) and now.held != wish.about[0])

    def _next(self, way: Sequence[Wish], kept: Sequence[Wish], now: WorldState) -> list[Candidate]:
        if now.held is not None:
            return self._put_down(now.held, way, kept, now)
        if any(self._shut(w, now) for w in way):
            return self._possible(now, [("open_drawer", Target(cabinet.NAME))])
        needs_open = any(w.about[-1] == cabinet.NAME and w.fact == "in" for w in way) or any(
            self._inside(w, now) for w in way
        )
        last = all(_ends_in_hand(w) for w in way)
        asked: list[tuple[str, Target]] = []
        for wish in way:
            if wish.fact == "moved":
                asked += [("push", Target(*wish.about))]
            elif wish.fact in ("open", "closed"):
                opens = (wish.fact == "open") == wish.wanted
                asked += (
                    [("open_drawer" if opens else "close_drawer", Target(cabinet.NAME))]
                    if opens or not needs_open
                    else []
                )
            elif last or not _ends_in_hand(wish):
                asked += [("pick", Target(name)) for name in self._to_pick(wish, way, now)]
        if not asked:  # what should be out of something has to be taken out before that can be shut
            unwanted = [w for w in way if w.fact in _PLACES and not w.wanted]
            asked = [("pick", Target(name)) for w in unwanted for name in self._to_pick(w, way, now)]
        return self._possible(now, asked)

    def _inside(self, wish: Wish, now: WorldState) -> bool:
        """Whether a wish is about something in the drawer that has to come out."""
        movable = wish.fact in ("in", "on", "at") or (wish.fact == "holding" and wish.wanted)
        return now.drawer is not None and movable and is_in(now.boxes[wish.about[0]], now.boxes[cabinet.NAME])

    def _to_pick(self, wish: Wish, way: Sequence[Wish], now: WorldState) -> list[str]:
        """What to take for a wish: its thing, or what lies on that or on where it belongs; nothing if another wish comes first."""
        thing = wish.about[0]
        if above := _above(thing, now):
            return above[-1:]
        if wish.fact == "on" and wish.wanted:
            base = wish.about[1]
            if any(w.about[0] == base and w.fact in (*_PLACES, "moved") for w in way):
                return []  # a tower grows from below
            if above := _above(base, now):
                return above[-1:]
        return [thing]

    def _put_down(self, held: str, way: Sequence[Wish], kept: Sequence[Wish], now: WorldState) -> list[Candidate]:
        """Where what is in the hand belongs; aside if it belongs nowhere, or cannot be put there yet."""
        homes = [w for w in (*way, *kept) if w.about[0] == held and w.fact in _PLACES and w.wanted]
        ready = [w for w in homes if w.fact != "on" or not _unsettled(w.about[1], way)]
        found = self._possible(now, [(_PLACES[w.fact], Target(w.about[1])) for w in ready])
        if found:
            return found
        aside = [r for r in _ASIDE if not any(w.about == (held, r) and not w.wanted for w in (*way, *kept))]
        return self._possible(now, [("place_at", Target(region)) for region in aside])

    def _possible(self, now: WorldState, asked: Sequence[tuple[str, Target]]) -> list[Candidate]:
        """The candidates among those asked for that are meant to lead anywhere from here."""
        able = [
            (name, target) for name, target in dict.fromkeys(asked) if self._tasks[name].meant(now, target) is not None
        ]
        return [Candidate(name, self._tasks[name].say(target), target) for name, target in able]


def propose_from(tasks: Mapping[str, Task], now: WorldState) -> list[Candidate]:
    """Every skill with all that its phrase takes."""
    seen = {name: thing.classes for name, thing in now.things.items()}
    return [Candidate(name, task.say(target), target) for name, task in tasks.items() for target in task.offers(seen)]


def _above(name: str, now: WorldState) -> list[str]:
    """What rests on a thing, and on that, from below to the top."""
    for other, box in now.boxes.items():
        if other not in (name, now.held) and is_on(box, now.boxes[name]) and not now.things[other].is_fixture:
            return [other, *_above(other, now)]
    return []


def _ends_in_hand(wish: Wish) -> bool:
    """Whether a wish comes true with a thing in the hand, after which nothing else can be done."""
    return (wish.fact == "holding") == wish.wanted


def _unsettled(base: str, way: Sequence[Wish]) -> bool:
    """Whether what something is to stand on has itself still to be moved."""
    return any(w.about[0] == base and w.fact in (*_PLACES, "moved") for w in way)
