"""What one can ask an arm for that takes one skill, or taking and putting: what is said, and the goal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from saycan.learning.grammar import fill, grammar, laid, pick
from saycan.learning.nouns import Names, UnsuitableError
from saycan.learning.spots import place, spot
from sim import cabinet
from sim.relations import DIRECTIONS, REGIONS, is_at, is_in

_AT_HOME = 0.1  # of the wishes for a place that something is at already, the share that is kept: a third of the table is "the left side"
FLAT = ("block", "sponge", "chips bag")
"""What other things can stand on."""

_SPECIAL = ("drawer", "tray", "bin")  # receptacles with ways of speaking of their own
_FOOTED = ("block", "block", "coke can", "pepsi can", "cup", "sponge", "chips bag", "apple", "lemon")


@dataclass(frozen=True)
class Request:
    """Something said.

    :param said: may begin with "!", as in the grammar.
    :param things: what it is about: another request in the same breath is about something else.
    :param last: whether nothing can be done after it, because the hand is full.
    """

    said: str
    goal: str
    things: frozenset[str] = frozenset()
    last: bool = False


def one_of(rng: np.random.Generator, options: list[str]) -> str:
    """One of some things; ``UnsuitableError`` if there is none."""
    if not options:
        raise UnsuitableError
    return str(pick(rng, options))


def either(goals: list[str]) -> str:
    """A goal of which one part is enough."""
    return goals[0] if len(goals) == 1 else "(" + " or ".join(goals) + ")"


def say(rng: np.random.Generator, templates: str, kind: str = "", **slots: str) -> str:
    """A request in words.

    :param templates: of the grammar's ``requests``; ``kind``: of the receptacle that something goes into, if any.
    """
    return fill(rng, laid(rng, str(pick(rng, grammar()["requests"][templates])), kind), **slots)


def thing(names: Names, rng: np.random.Generator, kinds: tuple[str, ...] = ()) -> tuple[str, list[str]]:
    """Words for a thing to be moved, and the things that would do."""
    options = [n for n in names.movable if not kinds or names.kind(n) in kinds]
    if not kinds and rng.random() < 0.1:  # any of several: "a fruit"
        entries = [e for e in grammar()["things"] if "some" in e and names.meant(e)]
        entries = [e for e in entries if set(names.meant(e)) <= set(names.movable)]
        if entries:
            entry = pick(rng, entries)
            return names.some(entry), names.meant(entry)
    name = one_of(rng, options)
    return names.the(name), [name]


def take(names: Names, rng: np.random.Generator) -> Request:
    said, options = thing(names, rng)
    templates = "give" if "tray" not in names.all and rng.random() < 0.25 else "take"
    goal = either([f"holding({x})" for x in options])
    return Request(say(rng, templates, x=said), goal, frozenset(options), last=True)


def put_in(names: Names, rng: np.random.Generator) -> Request:
    said, options = thing(names, rng)
    holder = one_of(rng, [r for r in names.receptacles if not any(_is_at_home(names, x, r, rng) for x in options)])
    templates = holder if holder in _SPECIAL and rng.random() < 0.5 else "put_in"
    return _into(names, rng, said, options, holder, templates)


def bring(names: Names, rng: np.random.Generator) -> Request:
    """ "Bring me the apple": it ends on the tray, if there is one."""
    said, options = thing(names, rng)
    return _into(names, rng, said, options, one_of(rng, [r for r in names.receptacles if r == "tray"]), "tray")


def _into(
    names: Names, rng: np.random.Generator, said: str, options: list[str], holder: str, templates: str
) -> Request:
    goal = either([f"in({x}, {holder})" for x in options])
    words = say(rng, templates, names.kind(holder), x=said, r=names.the(holder))
    return Request(words, goal, frozenset([*options, holder]))


def already(names: Names, rng: np.random.Generator) -> Request:
    """What is so as it is."""
    inside = [(x, r) for x in names.movable for r in names.receptacles if is_in(names.boxes[x], names.boxes[r])]
    if inside and rng.random() < 0.7:
        thing, holder = inside[int(rng.integers(len(inside)))]
        templates = holder if holder in _SPECIAL and rng.random() < 0.5 else "put_in"
        return _into(names, rng, names.the(thing), [thing], holder, templates)
    if names.start.drawer is not None and rng.random() < 0.5:
        return open_drawer(names, rng) if names.start.drawer > 0.5 else close_drawer(names, rng)
    there = [(x, r) for x in names.movable for r in REGIONS if is_at(names.boxes[x], r) and not _enclosed(names, x)]
    if not there:
        raise UnsuitableError
    thing, region = there[int(rng.integers(len(there)))]
    said = say(rng, "put_at", x=names.the(thing, positions=False), p=place(rng, region))
    return Request(said, f"at({thing}, {region})", frozenset([thing]))


def _is_at_home(names: Names, thing: str, holder: str, rng: np.random.Generator) -> bool:
    """Whether it is in there already; now and then that is what is wanted."""
    a, b = names.boxes[thing].position, names.boxes[holder]
    return bool(b.covers(a)) and rng.random() < 0.5


def put_on(names: Names, rng: np.random.Generator) -> Request:
    base = one_of(rng, [n for n in names.movable if names.kind(n) in FLAT])
    thing = one_of(rng, [n for n in names.movable if n != base and names.kind(n) in _FOOTED])
    said = say(rng, "put_on", x=names.the(thing), y=names.the(base))
    return Request(said, f"on({thing}, {base})", frozenset([thing, base]))


def put_at(names: Names, rng: np.random.Generator) -> Request:
    said, options = thing(names, rng)
    where = spot(names, rng, options)
    if any(is_at(names.boxes[x], where.region) for x in options) and rng.random() > _AT_HOME:
        raise UnsuitableError
    goal = either([f"at({x}, {where.region})" for x in options])
    return Request(say(rng, "put_at", x=said, p=where.said), goal, where.beside.union(options))


def put_beside(names: Names, rng: np.random.Generator) -> Request:
    """ "A little to the left of the green bowl": the next part of the table that way; "a lot": the one after that."""
    thing = one_of(rng, names.movable)
    anchor = one_of(rng, [n for n in names.all if n not in (thing, cabinet.NAME)])
    steps = int(rng.integers(1, 3))
    direction = str(pick(rng, list(DIRECTIONS)))
    box = names.boxes[anchor]
    shift = np.array([0.12, 0.24]) * DIRECTIONS[direction] * steps  # parts are 12 cm deep and 24 cm wide
    spot = type(box)(box.position + np.array([*shift, 0.0]), 0.0, box.half)
    region = next((r for r in reversed(REGIONS) if is_at(spot, r)), "")
    low, high = np.array([0.30, -0.36]), np.array([0.66, 0.36])
    if not region or not np.all((spot.position[:2] > low) & (spot.position[:2] < high)) or is_at(box, region):
        raise UnsuitableError
    if is_at(names.boxes[thing], region) and rng.random() > _AT_HOME:
        raise UnsuitableError
    much = (
        ["a little ", "a bit ", "slightly ", "", "just "] if steps == 1 else ["a lot ", "far ", "well ", "a long way "]
    )
    way = {"left": "to the left of", "right": "to the right of", "forward": "above", "back": "below"}[direction]
    way = str(
        pick(
            rng,
            [
                way,
                {"left": "left of", "right": "right of", "forward": "to the top of", "back": "to the bottom of"}[
                    direction
                ],
            ],
        )
    )
    put = fill(
        rng, "<set_down> {x} {way}", x=names.the(thing), way=f"{pick(rng, much)}{way} {names.the(anchor, False)}"
    )
    return Request(put, f"at({thing}, {region})", frozenset([thing, anchor]))


def push(names: Names, rng: np.random.Generator) -> Request:
    options = [n for n in [*names.movable, *names.receptacles] if n != cabinet.NAME and not _enclosed(names, n)]
    name, direction = one_of(rng, options), str(pick(rng, list(DIRECTIONS)))
    said = say(rng, "push", x=names.the(name), d=str(pick(rng, grammar()["directions"][direction])))
    return Request(said, f"moved({name}, {direction})", frozenset([name]))


def _enclosed(names: Names, name: str) -> bool:
    return any(r != name and names.boxes[r].covers(names.boxes[name].position) for r in names.receptacles)


def open_drawer(names: Names, rng: np.random.Generator) -> Request:
    return _drawer(names, rng, "open", "open")


def close_drawer(names: Names, rng: np.random.Generator) -> Request:
    return _drawer(names, rng, "close", "closed")


def _drawer(names: Names, rng: np.random.Generator, templates: str, fact: str) -> Request:
    if cabinet.NAME not in names.receptacles:
        raise UnsuitableError
    said = say(rng, templates, drawer=names.the(cabinet.NAME))
    return Request(said, f"{fact}(drawer)", frozenset([cabinet.NAME]))


def take_out(names: Names, rng: np.random.Generator) -> Request:
    held = [(x, r) for x in names.movable if (r := names.holder(x))]
    if not held:
        raise UnsuitableError
    thing, holder = held[int(rng.integers(len(held)))]
    said = say(rng, "take_out", x=names.the(thing), r=names.the(holder))
    return Request(said, f"not in({thing}, {holder})", frozenset([thing, holder]), last=True)
