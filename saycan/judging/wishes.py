"""A goal taken apart: the ways in which it could come to hold, each a list of facts that must be so, or must not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from sim.objects import Thing

MOST_WAYS = 512
"""Ways beyond which the rest is not looked at."""

_TOKEN = re.compile(r"\s*([(),]|[^(),\s]+)")


@dataclass(frozen=True)
class Wish:
    """A fact that must hold in the end, or must not.

    :param fact: "in", "on", "at", "holding", "moved", "open", "closed" or "none", as in ``sim.goals``.
    :param about: its arguments, as they stand in the brackets.
    """

    fact: str
    about: tuple[str, ...]
    wanted: bool = True

    @property
    def text(self) -> str:
        """The fact in the goal language, without a "not"."""
        return f"{self.fact}({', '.join(self.about)})" if self.about else self.fact


Way = tuple[Wish, ...]


def ways(goal: str, things: Mapping[str, Thing]) -> list[Way]:
    """The disjunctive normal form of a goal that ``sim.goals.parse`` can read: all of any one way's wishes make it hold.

    :param things: what ``all`` and ``any`` range over.
    """
    return _Reader(_TOKEN.findall(goal), things).goal(True)


class _Reader:
    """Recursive descent as in ``sim.goals``. ``wanted`` is false below an odd number of "not"s: there "and" and "or" swap."""

    def __init__(self, tokens: list[str], things: Mapping[str, Thing]):
        self._tokens, self._things = tokens, things
        self._at = 0

    def goal(self, wanted: bool, it: str = "_") -> list[Way]:
        parts = [self._clause(wanted, it)]
        while self._accept("or"):
            parts.append(self._clause(wanted, it))
        return _either(parts) if wanted else _both(parts)

    def _clause(self, wanted: bool, it: str) -> list[Way]:
        parts = [self._unit(wanted, it)]
        while self._accept("and"):
            parts.append(self._unit(wanted, it))
        return _both(parts) if wanted else _either(parts)

    def _unit(self, wanted: bool, it: str) -> list[Way]:
        if self._accept("not"):
            return self._unit(not wanted, it)
        if self._accept("("):
            inner = self.goal(wanted, it)
            self._accept(")")
            return inner
        if self._accept("none"):
            return [(Wish("none", (), wanted),)]
        word = self._next()
        return self._group(word == "all", wanted) if word in ("all", "any") else self._fact(word, wanted, it)

    def _group(self, every: bool, wanted: bool) -> list[Way]:
        self._accept("(")
        group = self._words()
        self._accept(",")
        begin, parts = self._at, []
        for name in [name for name, thing in self._things.items() if group in thing.classes]:
            self._at = begin
            parts.append(self.goal(wanted, name))
        self._accept(")")
        return _both(parts) if every == wanted else _either(parts)

    def _fact(self, fact: str, wanted: bool, it: str) -> list[Way]:
        self._accept("(")
        about = [self._words()]
        while self._accept(","):
            about.append(self._words())
        self._accept(")")
        return [(Wish(fact, tuple(it if a == "_" else a for a in about), wanted),)]

    def _words(self) -> str:
        words = []
        while self._tokens[self._at] not in ("(", ")", ","):
            words.append(self._next())
        return " ".join(words)

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _accept(self, token: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == token
        self._at += found
        return found


def _either(parts: list[list[Way]]) -> list[Way]:
    return [way for part in parts for way in part][:MOST_WAYS]


def _both(parts: list[list[Way]]) -> list[Way]:
    joined: list[Way] = [()]
    for part in parts:
        joined = [tuple(dict.fromkeys((*a, *b))) for a, b in product(joined, part)]
        joined = [way for way in joined if not _contradicts(way)][:MOST_WAYS]
    return joined


def _contradicts(way: Way) -> bool:
    """Whether a thing would have to be in two receptacles, at once held and put down, or a fact both so and not so."""
    wanted = {wish.text for wish in way if wish.wanted}
    if any(wish.text in wanted for wish in way if not wish.wanted):
        return True
    homes: dict[str, set[str]] = {}
    for wish in way:
        if wish.wanted and wish.fact in ("in", "holding"):
            homes.setdefault(wish.about[0], set()).add(wish.text)
    return any(len(places) > 1 for places in homes.values())
