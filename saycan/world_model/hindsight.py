"""What really happened, as if something else had been asked: hindsight (Andrychowicz et al. 2017, arXiv 1707.01495).

Few ends of a log are nearly what was asked for, and a model that has not seen any takes the wrong thing in the right place for fulfilment. So an
instruction is asked with another thing's name in it, or a new one is made up, and its goal is judged by the facts that came about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from saycan.judging.wishes import Wish, ways
from saycan.language.parts import SIDES
from saycan.learning.grammar import fill, grammar, pick, spoken
from saycan.world_model.facts import HAND, PARTS, TABLE, Facts
from saycan.world_model.log import Execution
from sim.cabinet import NAME as DRAWER
from sim.objects import Thing, catalogue
from sim.relations import REGIONS

_FULFILLED = 0.5  # share of new instructions that are drawn from those that are fulfilled
_NEARLY = 0.5  # share of the others that are nearly fulfilled: another thing there, one of several, upside down
_SEVERAL = 0.3  # share of those about what goes into something that are about all of a kind
_TEMPLATES = {"in": "put_in", "on": "put_on", "at": "put_at", "holding": "take"}


def asked_otherwise(row: Execution, rng: np.random.Generator) -> Execution | None:
    """The same execution with another thing's name in the instruction and in the goal, and whether that was fulfilled.

    None where that makes no sense (the goal is about things that the instruction does not name) or facts do not tell.
    """
    here = {name: catalogue()[name] for name, _ in row.after.places if name in catalogue()}
    asked = [name for name in here if _names(row.goal, name)]
    if not asked or not all(_names(row.instruction.lower(), name) for name in asked):
        return None
    pairs = [(a, b) for a in asked for b in here if a != b and here[a].kind == here[b].kind]
    if not pairs:
        return None
    swap = pairs[int(rng.integers(len(pairs)))]
    instruction, goal = (_swapped(text, *swap) for text in (row.instruction.lower(), row.goal))
    fulfilled = holds(goal, row.after, here)
    return None if fulfilled is None else replace(row, instruction=instruction, goal=goal, fulfilled=fulfilled)


def asked_anew(row: Execution, rng: np.random.Generator) -> Execution:
    """The same execution with an instruction made up from what the facts tell of: every other one is fulfilled, if any is.

    Few instructions of a log name things as the facts do, so that another name could take one's place; these all do.
    """
    here = {name: catalogue()[name] for name, _ in row.after.places if name in catalogue()}
    things = [name for name, thing in here.items() if not thing.is_receptacle]
    if not things:
        return row
    true = [goal for name, place in row.after.places if name in things for goal in _told_by(name, place)]
    if true and rng.random() < _FULFILLED:
        goal = str(pick(rng, true))
    else:
        near = [goal for name, place in row.after.places if name in things for goal in _missed(name, place, things)]
        holders = [name for name, thing in here.items() if thing.is_receptacle]
        goal = str(pick(rng, near)) if near and rng.random() < _NEARLY else _any_goal(rng, things, holders)
    fulfilled = holds(goal, row.after, here)
    if fulfilled is None:  # facts do not tell
        return row
    return replace(row, instruction=spoken(rng, _said(rng, goal, here)).lower(), goal=goal, fulfilled=fulfilled)


def _told_by(name: str, place: str) -> list[str]:
    """Goals that a fact fulfils."""
    if place in (HAND, TABLE):
        return [f"holding({name})"] if place == HAND else []
    relation, _, other = place.partition(" the ")
    if relation in ("in", "on") and other:
        return [f"{relation}({name}, {other})"] * 2
    return [f"at({name}, {region})" for region in REGIONS if _at(place, region)]


def _missed(name: str, place: str, things: Sequence[str]) -> list[str]:
    """Goals that a fact nearly fulfils."""
    relation, _, other = place.partition(" the ")
    if place == TABLE or relation not in ("in", "on") or not other:
        return []
    kind = catalogue()[name].kind
    alike = [n for n in things if n not in (name, other) and catalogue()[n].kind == kind]
    turned = [f"on({other}, {name})"] if relation == "on" and other in things else []
    every = [f"all({kind}, in(_, {other}))"] if alike and relation == "in" else []
    rivals = alike or [n for n in things if n not in (name, other)]
    return [*(f"{relation}({n}, {other})" for n in rivals), *turned, *every]


def _any_goal(rng: np.random.Generator, things: Sequence[str], holders: Sequence[str]) -> str:
    """A goal about some of these things, likely or not."""
    a, b = (str(n) for n in rng.permutation([*things, *things])[:2])
    if holders and rng.random() < 0.7:
        holder = str(pick(rng, holders))
        kind = catalogue()[a].kind
        several = [n for n in things if catalogue()[n].kind == kind]
        if len(several) > 1 and rng.random() < _SEVERAL:
            return f"all({kind}, in(_, {holder}))"
        return f"in({a}, {holder})"
    return str(
        pick(rng, [f"at({a}, {pick(rng, REGIONS)})", f"holding({a})", *([f"on({a}, {b})"] * 2 if a != b else [])])
    )


def _said(rng: np.random.Generator, goal: str, here: Mapping[str, Thing]) -> str:
    """A simple goal in words of the grammar."""
    fact, _, rest = goal.removesuffix(")").partition("(")
    if fact == "all":
        kind, holder = rest.removesuffix(")").split(", in(_, ")
        two = sum(thing.kind == kind for thing in here.values()) == 2
        words = pick(rng, [f"both {kind}s"] if two else [f"all the {kind}s", f"the {kind}s", f"every {kind}"])
        return fill(rng, str(pick(rng, grammar()["sets"]["put_in"])), xs=words, r=f"the {holder}")
    about, _, where = rest.partition(", ")
    slots = {"x": f"the {about}", "r": f"the {where}", "y": f"the {where}", "p": f"the {where}"}
    return fill(rng, str(pick(rng, grammar()["requests"][_TEMPLATES[fact]])), **slots)


def shortened(row: Execution, rng: np.random.Generator) -> Execution:
    """The same execution with only the last of the skills before it remembered, by chance how many, if facts tell of the end by themselves.

    What is imagined begins in the middle of things, so whether an instruction is fulfilled must not be told by the way alone.
    """
    here = {name: catalogue()[name] for name, _ in row.after.places if name in catalogue()}
    if holds(row.goal, row.after, here) is not row.fulfilled:
        return row
    return replace(row, done=row.done[int(rng.integers(len(row.done) + 1)) :])


def holds(goal: str, facts: Facts, things: Mapping[str, Thing]) -> bool | None:
    """Whether a goal holds, as far as facts tell; None: they do not.

    :param goal: in the goal language.
    :param things: what ``all`` and ``any`` range over.
    """
    places = dict(facts.places)
    found = [_all([_so(wish, places) for wish in way]) for way in ways(goal, things)]
    return True if True in found else None if None in found else False


def _all(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _so(wish: Wish, places: Mapping[str, str]) -> bool | None:
    """Whether a wish has come true; None if facts do not tell."""
    true = _fact(wish.fact, wish.about, places)
    return None if true is None else true == wish.wanted


def _fact(fact: str, about: tuple[str, ...], places: Mapping[str, str]) -> bool | None:
    if fact in ("open", "closed"):
        return places.get(DRAWER) == fact
    if not about or about[0] not in places or fact not in ("in", "on", "at", "holding"):
        return None
    place = places[about[0]]
    if fact == "holding":
        return place == HAND
    if fact == "at":
        return _at(place, about[1])
    if place == f"{fact} the {about[1]}":
        return True
    if not place.startswith("on the ") or place == TABLE:
        return False
    # What lies on something that lies in a bowl is told by the former, and may well be in the bowl; or by the bowl, and may be on what lies there.
    within = places.get(about[1]) == f"in the {place.removeprefix('on the ')}"
    return None if fact == "in" or within else False


def _at(place: str, region: str) -> bool | None:
    if place == HAND:
        return False
    if place not in PARTS:
        return None
    if region in SIDES:
        return region.removesuffix(" side") in place
    return place == region.removesuffix(" corner")


def _names(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _swapped(text: str, a: str, b: str) -> str:
    """A text in which two names have changed places."""
    other = {a: b, b: a}
    return re.sub(rf"\b({re.escape(a)}|{re.escape(b)})\b", lambda found: other[found[0]], text)
