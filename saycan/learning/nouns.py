"""How people call the things of a scene: by name, class, colour, or by where they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from saycan.language.parts import CENTRES
from saycan.learning.grammar import fill, grammar, pick
from sim import cabinet
from sim.objects import catalogue
from sim.relations import REGIONS, is_at, is_in
from sim.state import WorldState
from skills.tasks.effects import within_reach

_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_TOLD_INSIDE = 0.3  # share of what lies in something that is told by that
_TOLD_BY_PLACE = 0.22  # share of what has rivals that is told by an order, a side, a distance, ...
_TOLD_BY_CLASS, _TOLD_BY_COLOUR = 0.16, 0.06  # shares of all that are told so, where nothing else could be meant
_OWN_NAME = 0.75  # share of names that are the thing's own and no other words for it
_ENDS = {"left": ("left", "right"), "top": ("top", "bottom")}  # the two ends of a row, and of a column
_SIDES = {  # of something, as people say them
    "left": ("to the left of", "left of", "on the left of", "to the left side of"),
    "right": ("to the right of", "right of", "on the right of", "to the right side of"),
    "top": ("to the top of", "above", "behind", "at the top of"),
    "bottom": ("to the bottom of", "below", "in front of", "at the bottom of"),
}


class UnsuitableError(Exception):
    """This scene has nothing for what was about to be said."""


class Names:
    """Phrases for things in one scene that nobody could take for other things there.

    :param start: the scene; a cabinet itself has no name.
    """

    def __init__(self, rng: np.random.Generator, start: WorldState):
        self._rng, self.start = rng, start
        self.boxes = {name: box for name, box in start.boxes.items() if name != cabinet.SHELL}
        self.all = sorted(self.boxes, key=lambda name: -float(self.boxes[name].position[1]))  # from left to right
        near = [n for n in self.all if within_reach(self.boxes[n])]
        self.receptacles = [n for n in near if start.things[n].is_receptacle]
        self.movable = [n for n in near if n not in self.receptacles]

    def kind(self, name: str) -> str:
        """A thing's kind: "block"."""
        return catalogue()[name].kind

    def of_kind(self, kind: str) -> list[str]:
        """Things of a kind, from left to right."""
        return [name for name in self.all if self.kind(name) == kind]

    def the(self, name: str, positions: bool = True) -> str:
        """A definite phrase for a thing: "the red cube", "the soda", "the block on the left"."""
        if positions and self._rng.random() < _TOLD_INSIDE and (holder := self.holder(name)):
            where = str(pick(self._rng, ["in", "inside", "from", "that is in", "which is in", "that's in", "lying in"]))
            return f"{self._article()} {self.name(name)} {where} {self._plainly(holder)}"
        draw = self._rng.random()
        if draw < _TOLD_BY_PLACE and (where := self._by_place(name) if positions else ""):
            return where
        by_class = _TOLD_BY_PLACE + _TOLD_BY_CLASS
        if draw < by_class and (word := self._by_class(name)):
            return f"{self._article()} {word}"
        if draw < by_class + _TOLD_BY_COLOUR and (colour := self._by_colour(name)):
            return f"{self._article()} {colour}"
        return f"{self._article()} {self.name(name)}"

    def holder(self, name: str) -> str:
        """What a thing lies in, if anything."""
        here = self.boxes[name]
        return next((r for r in self.receptacles if r != name and is_in(here, self.boxes[r])), "")

    def name(self, name: str) -> str:
        """A thing's own name, now and then in other words: "red block", "crimson cube"."""
        kind = self.kind(name)
        if self._rng.random() < _OWN_NAME:
            return name
        if kind == name:
            return self._by_class(name) or name
        colour = name.removesuffix(f" {kind}")
        return f"{pick(self._rng, grammar()['colours'][colour]['words'])} {pick(self._rng, entry_of([kind])['one'])}"

    def some(self, entry: dict[str, Any]) -> str:
        """A phrase for any one thing that an entry of the grammar means: "a fruit"."""
        return str(pick(self._rng, entry["some"])) if "some" in entry else f"a {pick(self._rng, entry['one'])}"

    def meant(self, entry: dict[str, Any]) -> list[str]:
        """What is here of what an entry means, from left to right."""
        return [name for name in self.all if self.kind(name) in entry["means"]]

    def _article(self) -> str:
        return str(pick(self._rng, ["the"] * 9 + ["that", "this", "my"]))

    def _by_class(self, name: str) -> str:
        """A word that means this thing only, among those here."""
        fitting = [entry for entry in grammar()["things"] if self.meant(entry) == [name]]
        return str(pick(self._rng, pick(self._rng, fitting)["one"])) if fitting else ""

    def _by_colour(self, name: str) -> str:
        """ "red one", if nothing else here is red."""
        for colour, entry in grammar()["colours"].items():
            alike = [n for n in self.all if n.startswith(f"{colour} ") or n in entry["also"]]
            if alike == [name]:
                return f"{pick(self._rng, entry['words'])} {pick(self._rng, ['one', 'one', 'thing', 'object', 'item'])}"
        return ""

    def _by_place(self, name: str) -> str:
        """ "the second block from the left", "the fruit in the drawer", "the block closest to the red bowl"."""
        if self.kind(name) in ("drawer", "tray", "bin"):
            return ""
        entry = self._class_of(name)
        rivals, word = self.meant(entry), str(pick(self._rng, entry["one"]))
        if len(rivals) < 2:
            return ""
        ways = (
            *(self._in_order, self._in_region, self._by_distance, self._by_side),
            *(self._inside, self._by_other, self._by_comparison, self._by_contents),
        )
        said = [text for way in ways if (text := way(name, rivals, word))]
        return str(pick(self._rng, said)) if said else ""

    def _class_of(self, name: str) -> dict[str, Any]:
        """An entry that means this thing, and others too if there is one."""
        fitting = [entry for entry in grammar()["things"] if name in self.meant(entry)]
        wide = [entry for entry in fitting if len(self.meant(entry)) > 1]
        return dict(pick(self._rng, wide or fitting))

    def _in_order(self, name: str, rivals: Sequence[str], word: str) -> str:
        """From the left or the right, or, less often, from the top or the bottom."""
        first, last = _ENDS["left" if self._rng.random() < 0.65 else "top"]
        along = {n: float(self.boxes[n].position[1 if first == "left" else 0]) for n in rivals}
        order = sorted(rivals, key=lambda n: -along[n])
        if not _apart(along[n] for n in order):
            return ""
        i, j = order.index(name), len(order) - 1 - order.index(name)
        if (i == 0 or j == 0) and self._rng.random() < 0.7:
            side, other = (first, last) if i == 0 else (last, first)
            ends = [f"the {side}most {word}", f"the {word} [furthest|farthest] to the {side}"]
            ends += [f"the first {word} from the {side}", f"the last {word} from the {other}"]
            near = f"the {word} {'at' if first == 'top' else 'on'} the {side}"
            return fill(self._rng, str(pick(self._rng, [*ends, near] if len(rivals) == 2 else ends)))
        if i == j and first == "left" and self._rng.random() < 0.4:
            return str(pick(self._rng, [f"the middle {word}", f"the {word} in between the others"]))
        begin = self._rng.random() < 0.5
        return f"the {_ORDINALS[i if begin else j]} {word} from the {first if begin else last}"

    def _in_region(self, name: str, rivals: Sequence[str], word: str) -> str:
        regions = [r for r in REGIONS if [n for n in rivals if is_at(self.boxes[n], r)] == [name]]
        if not regions or self.holder(name):  # what is in a bowl is told by that
            return ""
        place = pick(self._rng, grammar()["places"][str(pick(self._rng, regions))][:4])
        return f"the {word} {pick(self._rng, ['on', 'in', 'at'])} {place}"

    def _by_distance(self, name: str, rivals: Sequence[str], word: str) -> str:
        where, at = self._anchor(rivals)
        if not where:
            return ""
        far = {n: float(np.linalg.norm(self.boxes[n].position[:2] - at)) for n in rivals}
        order = sorted(rivals, key=far.__getitem__)
        if order[0] == name and far[order[1]] - far[name] > 0.03:
            ways = ["closest to", "nearest to", "that is closest to", "next to", "nearest"]
            return f"the {word} {pick(self._rng, ways)} {where}"
        if order[-1] == name and far[name] - far[order[-2]] > 0.03:
            ways = ["farthest from", "furthest from", "furthest away from", "that is farthest from", "farthest to"]
            return f"the {word} {pick(self._rng, ways)} {where}"
        return ""

    def _anchor(self, rivals: Sequence[str]) -> tuple[str, np.ndarray]:
        """What a distance can be told from, in words, and where it is: another thing, a corner, the middle; "" if there is none."""
        if self._rng.random() < 0.15:
            return str(pick(self._rng, ["you", "you", "yourself", "the robot", "the robot arm"])), np.zeros(2)
        if self._rng.random() < 0.25:
            region = str(pick(self._rng, [region for region in REGIONS if "side" not in region]))
            return str(pick(self._rng, grammar()["places"][region])), CENTRES[region]
        anchors = [a for a in self.all if a not in rivals and a != cabinet.NAME]
        holders = [a for a in anchors if self.start.things[a].is_receptacle]
        if not anchors:
            return "", np.zeros(2)
        anchor = str(pick(self._rng, holders if holders and self._rng.random() < 0.8 else anchors))
        return self._plainly(anchor), self.boxes[anchor].position[:2]

    def _by_side(self, name: str, rivals: Sequence[str], word: str) -> str:
        """ "the block to the left of the green bowl", if only one is."""
        for anchor in self._rng.permutation([n for n in self.all if n not in rivals and n != cabinet.NAME]):
            first, last = _ENDS["left" if self._rng.random() < 0.65 else "top"]
            axis = 1 if first == "left" else 0
            ahead = [n for n in rivals if self.boxes[n].position[axis] - self.boxes[anchor].position[axis] > 0.02]
            behind = [n for n in rivals if self.boxes[anchor].position[axis] - self.boxes[n].position[axis] > 0.02]
            side = first if ahead == [name] else last if behind == [name] else ""
            if side and len(ahead) + len(behind) == len(rivals):
                return f"the {word} {pick(self._rng, _SIDES[side])} the {anchor}"
        return ""

    def _inside(self, name: str, rivals: Sequence[str], word: str) -> str:
        for holder in self.receptacles:
            if [n for n in rivals if n != holder and is_in(self.boxes[n], self.boxes[holder])] == [name]:
                return f"the {word} {pick(self._rng, ['in', 'inside', 'that is in', 'from'])} {self._plainly(holder)}"
        return ""

    def _plainly(self, name: str) -> str:
        """ "the bowl", where there is one only and nobody cares for its colour."""
        alone = len(self.of_kind(self.kind(name))) == 1 and self._rng.random() < 0.6
        return f"the {self.kind(name) if alone else name}"

    def _by_contents(self, name: str, rivals: Sequence[str], word: str) -> str:
        """ "the empty bowl", "the bowl with the red block in it"."""
        inside = {r: [n for n in self.movable if self.holder(n) == r] for r in rivals if r in self.receptacles}
        if len(inside) < len(rivals):
            return ""
        if inside[name]:
            held, verb = pick(self._rng, inside[name]), pick(self._rng, ["that holds", "that has", "with"])
            return f"the {word} {verb} the {held}{pick(self._rng, ['', ' in it'])}"
        if sum(not held for held in inside.values()) > 1:
            return ""
        ways = ["the empty {word}", "the {word} that is [still |]empty", "the {word} [with|that has] nothing in it"]
        return fill(self._rng, str(pick(self._rng, ways)), word=word)

    def _by_other(self, name: str, rivals: Sequence[str], word: str) -> str:
        """ "the block that is not red", where there are two."""
        if len(rivals) != 2 or self.kind(name) == name or self.kind(rivals[0]) != self.kind(rivals[1]):
            return ""
        other = next(n for n in rivals if n != name).removesuffix(f" {self.kind(name)}")
        negation = pick(self._rng, ["that is not", "which is not", "that isn't"])
        return f"the {word} {negation} {other}"

    def _by_comparison(self, name: str, rivals: Sequence[str], word: str) -> str:
        """ "the rounder fruit", "the sweeter of the two", where there are two."""
        other = next((self.kind(n) for n in rivals if n != name), "")
        entries = [c for c in grammar()["comparisons"] if self.kind(name) in c["more"] and other in c["less"]]
        if len(rivals) != 2 or not entries:
            return ""
        more = pick(self._rng, pick(self._rng, entries)["say"])
        ways = [f"the {more} {word}", f"the {word} that is {more}"]
        ways += [f"the {more} of the two {word}s"] if " " not in word else []
        return str(pick(self._rng, ways))


def entry_of(means: Sequence[str]) -> dict[str, Any]:
    """The grammar's entry for just these kinds."""
    return next(dict(entry) for entry in grammar()["things"] if entry["means"] == list(means))


def _apart(values: Iterable[float], least: float = 0.02) -> bool:
    """Whether values in falling order are told apart easily."""
    return bool(np.all(-np.diff(list(values)) > least))
