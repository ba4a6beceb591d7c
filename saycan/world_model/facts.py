"""What is so in a scene, in words: each thing is at one place. A skill's effect is a change of these facts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from saycan.language.parts import part
from saycan.types import SceneView
from sim.cabinet import NAME as DRAWER
from sim.cabinet import SHELL
from sim.objects import catalogue
from sim.relations import is_closed, is_open

HAND = "in the hand"
OPENINGS = ("open", "closed", "half open")
_SIDES = ("left", "middle", "right")
PARTS = (
    *_SIDES,
    *(f"top {s}".replace(" middle", "") for s in _SIDES),
    *(f"bottom {s}".replace(" middle", "") for s in _SIDES),
)
OUT = "out of reach"
TABLE = "on the table"
_FACT = re.compile(r"([^(),]+?) \(([^()]+)\)")

Change = tuple[str, str]
"""A thing, and the place where it has come to be."""


@dataclass(frozen=True)
class Facts:
    """Where everything is.

    :param places: for each thing, in the order of their names, where it is: "in the hand", "in the {receptacle}", "on the {thing}",
        a part of the table ("top left"), "out of reach"; the drawer is "open", "closed" or "half open". Told ``roughly``, "on the table"
        stands for the table's parts.
    """

    places: tuple[Change, ...]

    @classmethod
    def of(cls, places: Iterable[Change]) -> Facts:
        """Facts in their one order."""
        return cls(tuple(sorted(places)))

    @property
    def words(self) -> str:
        """The facts as a line: "blue bowl (top), drawer (open), red block (in the hand)"."""
        return ", ".join(f"{thing} ({place})" for thing, place in self.places) or "nothing"

    @property
    def held(self) -> str | None:
        """What is in the hand."""
        return next((thing for thing, place in self.places if place == HAND), None)

    @property
    def roughly(self) -> Facts:
        """The same, without what can hardly be foreseen: which part of the table something lies on."""
        return Facts(tuple((thing, TABLE if place in PARTS else place) for thing, place in self.places))

    @property
    def is_rough(self) -> bool:
        """Whether the table's parts are not told apart."""
        return any(place == TABLE for _, place in self.places)

    def changed(self, changes: Iterable[Change]) -> Facts:
        """The facts after some changes."""
        return Facts.of((dict(self.places) | dict(changes)).items())

    def difference(self, after: Facts) -> tuple[Change, ...]:
        """The changes that lead to other facts about the same things."""
        before = dict(self.places)
        return tuple((thing, place) for thing, place in after.places if before.get(thing) != place)


def read(words: str) -> Facts:
    """Facts from their line.

    :raises ValueError: if it is not one.
    """
    found = Facts.of(_FACT.findall(words.replace("), ", "),")))
    if found.words.replace(" ", "") != words.replace(" ", "") and words != "nothing":
        raise ValueError(f"these are no facts: '{words}'")
    return found


def facts_of(view: SceneView) -> Facts:
    """The facts of a view. What lies in a thing is told by that, not by where it lies."""
    places = {name: part(box) for name, box in view.boxes.items() if name not in (DRAWER, SHELL)}
    places |= {a: f"on the {b}" for relation, a, b in reversed(view.relations) if relation == "on"}
    places |= {a: f"in the {b}" for relation, a, b in reversed(view.relations) if relation == "in"}
    if view.held:
        places[view.held] = HAND
    if view.drawer is not None:
        places[DRAWER] = OPENINGS[0 if is_open(view.drawer) else 1 if is_closed(view.drawer) else 2]
    return Facts.of(places.items())


def about(facts: Facts, skill: str) -> list[str]:
    """The things whose facts a skill is meant to change or could spoil: what is in the hand, and what its phrase names."""
    named = [thing for thing, _ in facts.places if re.search(rf"\b{re.escape(thing)}\b", skill) and thing != facts.held]
    return [*([facts.held] if facts.held else []), *named]


def choices(facts: Facts, skill: str) -> list[Change | None]:
    """The finite set that is chosen from: no change (None), and each change of a thing that the skill is about."""
    before = dict(facts.places)
    found = [(thing, place) for thing in about(facts, skill) for place in _places(facts, thing)]
    return [None, *((thing, place) for thing, place in found if before[thing] != place)]


def main_change(before: Facts, skill: str, after: Facts) -> Change | None:
    """The one of the real changes that can be chosen; None: of what the skill is about, nothing changed."""
    changes = before.difference(after)
    return next((change for change in choices(before, skill) if change in changes), None)


def _places(facts: Facts, thing: str) -> list[str]:
    """Where a thing could be."""
    if thing == DRAWER:
        return list(OPENINGS)
    others = [name for name, _ in facts.places if name != thing]
    into = [f"in the {name}" for name in others if name == DRAWER or _is_receptacle(name)]
    onto = [f"on the {name}" for name in [*others, *([SHELL] if DRAWER in others else [])]]
    return [HAND, *into, *onto, *([TABLE] if facts.is_rough else PARTS), OUT]


def _is_receptacle(name: str) -> bool:
    return name in catalogue() and catalogue()[name].is_receptacle
