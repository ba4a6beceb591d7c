"""The goal language: ``in(red block, blue bowl) and not holding(red block)``, judged from the true state.

Grammar::

    goal      := clause ("or" clause)*
    clause    := unit ("and" unit)*
    unit      := "not" unit | "(" goal ")" | "none" | ("all" | "any") "(" class "," goal ")" | predicate
    predicate := in(a, b) | on(a, b) | at(a, region) | holding(a) | moved(a, direction) | open(drawer) | closed(drawer)

Inside ``all`` and ``any`` the name ``_`` stands for each thing of the class in turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sim import cabinet
from sim.relations import has_moved, is_at, is_closed, is_in, is_on, is_open, is_unchanged
from sim.state import WorldState

_TOKEN = re.compile(r"\s*([(),]|[^(),\s]+)")

Judge = Callable[[WorldState, WorldState, str], bool]
"""A goal made ready: (state at the start, state now, what ``_`` stands for) -> whether it holds."""


class GoalError(ValueError):
    """A goal that cannot be read, or that names what the scene does not have."""


@dataclass(frozen=True)
class Goal:
    """A goal that has been read.

    :param text: as it was written.
    """

    text: str
    _judge: Judge

    def holds(self, start: WorldState, now: WorldState) -> bool:
        """Whether the goal holds now, for an episode that began in ``start``.

        :raises GoalError: if it names a thing, region, direction or drawer that the world does not have.
        """
        return self._judge(start, now, "_")


def parse(text: str) -> Goal:
    """Read a goal.

    :raises GoalError: if the text is not in the goal language; the message says where.
    """
    reader = _Reader(text)
    judge = reader.goal()
    if reader.peek() is not None:
        raise GoalError(f"goal '{text}': '{reader.peek()}' is more than a goal")
    return Goal(text, judge)


class _Reader:
    """Recursive descent over the tokens of one goal."""

    def __init__(self, text: str):
        self._text = text
        self._tokens = _TOKEN.findall(text)
        self._at = 0

    def peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def goal(self) -> Judge:
        clauses = [self._clause()]
        while self._accept("or"):
            clauses.append(self._clause())
        return clauses[0] if len(clauses) == 1 else lambda s, n, it: any(c(s, n, it) for c in clauses)

    def _clause(self) -> Judge:
        units = [self._unit()]
        while self._accept("and"):
            units.append(self._unit())
        return units[0] if len(units) == 1 else lambda s, n, it: all(u(s, n, it) for u in units)

    def _unit(self) -> Judge:
        if self._accept("not"):
            inner = self._unit()
            return lambda s, n, it: not inner(s, n, it)
        if self._accept("("):
            inner = self.goal()
            self._expect(")")
            return inner
        if self._accept("none"):
            return _nothing_changed
        if self.peek() in ("all", "any"):
            return self._quantifier()
        return self._predicate()

    def _quantifier(self) -> Judge:
        every = self._next() == "all"
        self._expect("(")
        group = self._words()
        self._expect(",")
        inner = self.goal()
        self._expect(")")

        def judge(start: WorldState, now: WorldState, it: str) -> bool:
            members = [name for name, thing in now.things.items() if group in thing.classes]
            if not members:
                raise GoalError(f"goal '{self._text}': nothing in the scene is a '{group}'")
            held = [inner(start, now, name) for name in members]
            return all(held) if every else any(held)

        return judge

    def _predicate(self) -> Judge:
        name = self._next()
        if name not in _PREDICATES:
            raise GoalError(f"goal '{self._text}': '{name}' is no predicate; there are {', '.join(_PREDICATES)}")
        count, test = _PREDICATES[name]
        self._expect("(")
        arguments = [self._words()]
        while self._accept(","):
            arguments.append(self._words())
        self._expect(")")
        if len(arguments) != count:
            raise GoalError(f"goal '{self._text}': {name} takes {count} argument(s), not {len(arguments)}")

        def judge(start: WorldState, now: WorldState, it: str) -> bool:
            try:
                return test(start, now, *[it if a == "_" else a for a in arguments])
            except KeyError as missing:
                raise GoalError(f"goal '{self._text}': there is no {missing} in the scene") from None
            except ValueError as error:
                raise GoalError(f"goal '{self._text}': {error}") from None

        return judge

    def _words(self) -> str:
        words = []
        while self.peek() not in ("(", ")", ",", None):
            words.append(self._next())
        if not words:
            raise GoalError(f"goal '{self._text}': a name is missing before '{self.peek() or 'the end'}'")
        return " ".join(words)

    def _next(self) -> str:
        token = self.peek()
        if token is None:
            raise GoalError(f"goal '{self._text}' ends too early")
        self._at += 1
        return token

    def _accept(self, token: str) -> bool:
        found = self.peek() == token
        self._at += found
        return found

    def _expect(self, token: str) -> None:
        found = self.peek()
        if not self._accept(token):
            raise GoalError(f"goal '{self._text}': expected '{token}', found '{found or 'the end'}'")


def _nothing_changed(start: WorldState, now: WorldState, it: str) -> bool:
    return all(is_unchanged(box, now.boxes[name]) for name, box in start.boxes.items())


def _holds(now: WorldState, name: str) -> bool:
    if name not in now.boxes:
        raise KeyError(name)
    return now.held == name


def _drawer(now: WorldState, name: str) -> float:
    if name != cabinet.NAME or now.drawer is None:
        raise KeyError(name)
    return now.drawer


_PREDICATES: dict[str, tuple[int, Callable[..., bool]]] = {
    "in": (2, lambda s, n, a, b: not _holds(n, a) and is_in(n.boxes[a], n.boxes[b])),
    "on": (2, lambda s, n, a, b: not _holds(n, a) and is_on(n.boxes[a], n.boxes[b])),
    "at": (2, lambda s, n, a, region: not _holds(n, a) and is_at(n.boxes[a], region)),
    "holding": (1, lambda s, n, a: _holds(n, a)),
    "moved": (2, lambda s, n, a, direction: has_moved(s.boxes[a], n.boxes[a], direction)),
    "open": (1, lambda s, n, a: is_open(_drawer(n, a))),
    "closed": (1, lambda s, n, a: is_closed(_drawer(n, a))),
}
