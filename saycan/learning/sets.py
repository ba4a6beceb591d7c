"""What one can ask for that is about several things: all, both, each, matching and mismatching sets, what the drawer holds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

import numpy as np

from saycan.language.shades import of_other_colours
from saycan.learning.grammar import fill, grammar, laid, pick
from saycan.learning.nouns import Names, UnsuitableError, entry_of
from saycan.learning.requests import Request, either, one_of
from saycan.learning.spots import CORNERS, place
from sim.relations import REGIONS, is_in

MOST = 4  # things in one request
NUMBERS = {2: "two", 3: "three", 4: "four"}


def say_of(rng: np.random.Generator, templates: str, kind: str = "", **slots: str) -> str:
    """A sentence about several things."""
    return fill(rng, laid(rng, str(pick(rng, grammar()["sets"][templates])), kind), **slots)


def group(names: Names, rng: np.random.Generator, without: Sequence[str] = ()) -> tuple[str, list[str]]:
    """Words for several things, and those things from left to right."""
    entries = [e for e in grammar()["things"] if "many" in e]
    groups = [(e, m) for e in entries if 2 <= len(m := names.meant(e)) <= MOST and set(m) <= set(names.movable)]
    groups = [(e, m) for e, m in groups if not set(m) & set(without)]
    if not groups or rng.random() < 0.2:
        return _listed(names, rng, without)
    entry, members = groups[int(rng.integers(len(groups)))]
    if len(members) > 2 and rng.random() < 0.2:
        left_out = one_of(rng, members)
        words = {"many": str(pick(rng, entry["many"])), "one": str(pick(rng, entry["one"]))}
        said = say_of(rng, "all_but", x=_left_out(names, rng, left_out, members), **words)
        return said, [m for m in members if m != left_out]
    return all_of(rng, entry, len(members)), members


def _left_out(names: Names, rng: np.random.Generator, name: str, among: Sequence[str]) -> str:
    """Words for one of several things: "the red one" where all are of one kind."""
    alike = len({names.kind(n) for n in among}) == 1
    if alike and rng.random() < 0.5:
        return f"the {name.removesuffix(names.kind(name))}one"
    return names.the(name)


def all_of(rng: np.random.Generator, entry: dict[str, list[str]], count: int) -> str:
    """Words for all things that an entry of the grammar means."""
    one, many = str(pick(rng, entry["one"])), str(pick(rng, entry["many"]))
    said = [f"all {many}", f"all the {many}", f"the {many}", f"every {one}", f"each {one}", f"all of the {many}"]
    if count in NUMBERS:
        said += [f"the {NUMBERS[count]} {many}", f"all {NUMBERS[count]} {many}"]
    return str(pick(rng, [f"both {many}", f"both {many}", f"both the {many}", *said] if count == 2 else said))


def _listed(names: Names, rng: np.random.Generator, without: Sequence[str]) -> tuple[str, list[str]]:
    """Things named one by one, in any order."""
    options = [n for n in names.movable if n not in without]
    if len(options) < 2:
        raise UnsuitableError
    some = [str(n) for n in rng.permutation(options)[: int(rng.integers(2, 4))]]
    return enumerated(names, rng, some), some


def enumerated(names: Names, rng: np.random.Generator, things: Sequence[str]) -> str:
    """ "the red block, the apple and the cup"."""
    said = [names.the(n, positions=False) for n in things]
    return f"{', '.join(said[:-1])}{pick(rng, [' and ', ' and ', ', and '])}{said[-1]}" if len(said) > 1 else said[0]


def put_all(names: Names, rng: np.random.Generator) -> Request:
    holder = one_of(rng, names.receptacles)
    said, things = group(names, rng)
    templates = holder if holder in ("tray", "bin") and rng.random() < 0.5 else "put_in"
    goal = " and ".join(f"in({x}, {holder})" for x in things)
    return Request(
        say_of(rng, templates, names.kind(holder), xs=said, r=names.the(holder)), goal, frozenset([*things, holder])
    )


def all_at(names: Names, rng: np.random.Generator) -> Request:
    said, things = group(names, rng)
    region = str(pick(rng, REGIONS))
    goal = " and ".join(f"at({x}, {region})" for x in things)
    return Request(say_of(rng, "put_at", xs=said, p=place(rng, region)), goal, frozenset(things))


def spread(names: Names, rng: np.random.Generator) -> Request:
    """Each in another corner, or one on either side."""
    said, things = group(names, rng)
    sides = len(things) == 2 and rng.random() < 0.3
    regions = ("left side", "right side") if sides else CORNERS
    word = "side" if sides else "corner"
    goals = [
        " and ".join(f"at({x}, {r})" for x, r in zip(things, way, strict=True))
        for way in permutations(regions, len(things))
    ]
    said = say_of(rng, "spread", xs=said, place=word, places=word + "s")
    return Request(said, either([f"({g})" for g in goals]), frozenset(things))


def by_colour(names: Names, rng: np.random.Generator) -> Request:
    """Blocks in bowls of the same colour, of another, or each in another bowl."""
    blocks, bowls = names.of_kind("block"), names.of_kind("bowl")
    if len(blocks) < 2 or len(bowls) < 2 or not set(blocks + bowls) <= {*names.movable, *names.receptacles}:
        raise UnsuitableError
    own = {b: b.replace("block", "bowl") for b in blocks}
    rule = str(pick(rng, ["matching", "matching", "mismatching", "mismatching", "each_a_bowl"]))
    words = {
        "xs": all_of(rng, entry_of(["block"]), len(blocks)),
        "each": str(pick(rng, ["each block", "every block", "each cube", "all blocks each", "each of the blocks"])),
    }
    if rule == "matching":
        if not set(own.values()) <= set(bowls):
            raise UnsuitableError
        ways = [[own[b] for b in blocks]]
    elif rule == "mismatching":
        ways = [
            list(way)
            for way in product(bowls, repeat=len(blocks))
            if all(own[b] != r for b, r in zip(blocks, way, strict=True))
        ]
        told = [bowl for _, bowl in of_other_colours(blocks, bowls)]  # as the prompt tells it
        ways.sort(key=lambda way: (way != told, -len(set(way))))  # in different ones, if there are enough
    else:
        ways = [list(way) for way in permutations(bowls, len(blocks))]
    if not ways:
        raise UnsuitableError
    goals = [" and ".join(f"in({b}, {r})" for b, r in zip(blocks, way, strict=True)) for way in ways[:24]]
    return Request(say_of(rng, rule, "bowl", **words), either([f"({g})" for g in goals]), frozenset(blocks + bowls))


def empty(names: Names, rng: np.random.Generator) -> Request:
    """What is in one receptacle goes into another."""
    filled = {r: [x for x in names.movable if is_in(names.boxes[x], names.boxes[r])] for r in names.receptacles}
    holder = one_of(rng, [r for r, inside in filled.items() if 1 <= len(inside) <= MOST])
    other = one_of(rng, [r for r in names.receptacles if r != holder])
    goal = " and ".join(f"in({x}, {other})" for x in filled[holder])
    return Request(
        say_of(rng, "empty", names.kind(other), r=names.the(holder), r2=names.the(other)),
        goal,
        frozenset([*filled[holder], holder, other]),
    )


def clear(names: Names, rng: np.random.Generator) -> Request:
    """Everything into one receptacle."""
    holder, things = one_of(rng, names.receptacles), names.movable
    if not 1 <= len(things) <= MOST or len(things) + len(names.receptacles) != len(names.all):
        raise UnsuitableError
    goal = " and ".join(f"in({x}, {holder})" for x in things)
    return Request(say_of(rng, "clear", names.kind(holder), r=names.the(holder)), goal, frozenset(names.all))


def sort(names: Names, rng: np.random.Generator) -> Request:
    """Two groups into two receptacles."""
    if len(names.receptacles) < 2:
        raise UnsuitableError
    said, things = group(names, rng)
    said2, things2 = group(names, rng, without=things)
    r, r2 = (str(x) for x in rng.permutation(names.receptacles)[:2])
    goal = " and ".join([*(f"in({x}, {r})" for x in things), *(f"in({x}, {r2})" for x in things2)])
    said = say_of(rng, "sort", xs=said, ys=said2, r=names.the(r), r2=names.the(r2))
    return Request(said, goal, frozenset(names.all))


def two(names: Names, rng: np.random.Generator) -> Request:
    """Two things with one verb; the second may be "the other one", in "the other bowl"."""
    x, x2 = _pair(names, rng)
    rivals = names.of_kind(names.kind(x))
    rule = str(pick(rng, ["two", "two", "two_bowls", "two_places"]))
    if rule == "two_places":
        p, p2 = (str(r) for r in rng.permutation(REGIONS)[:2])
        words, goal = {"p": place(rng, p), "p2": place(rng, p2)}, f"at({x}, {p}) and at({x2}, {p2})"
        about = {x, x2}
    else:
        bowls = names.of_kind("bowl") if rule == "two_bowls" else names.receptacles
        if len(bowls) < 2 or (rule == "two_bowls" and len(bowls) > 2) or not set(bowls) <= set(names.receptacles):
            raise UnsuitableError
        r, r2 = (str(b) for b in rng.permutation(bowls)[:2])
        words, goal, about = (
            {"r": names.the(r), "r2": names.the(r2)},
            f"in({x}, {r}) and in({x2}, {r2})",
            {x, x2, r, r2},
        )
    template = str(pick(rng, grammar()["sets"][rule]))
    if "other [one|" in template and sorted(rivals) != sorted([x, x2]):
        raise UnsuitableError
    said = fill(rng, template, x=names.the(x), x2=names.the(x2), kind=names.kind(x), **words)
    return Request(said, goal, frozenset(about))


def one_by_one(names: Names, rng: np.random.Generator) -> Request:
    """Two to four things, each with its own place, with one verb: "the apple in the drawer, the cup on the left and ..."."""
    things = [str(n) for n in rng.permutation(names.movable)[: int(rng.integers(2, MOST + 1))]]
    if len(things) < 2:
        raise UnsuitableError
    regions, on_table = [str(r) for r in rng.permutation(REGIONS)], rng.random() < 0.6
    if not on_table:
        one_of(rng, names.receptacles)
    said, goals, about = list[str](), list[str](), set(things)
    for thing, region in zip(things, regions, strict=False):
        if on_table:
            said.append(
                f"{names.the(thing, positions=False)} {pick(rng, ['on', 'on', 'in', 'to'])} {place(rng, region)}"
            )
            goals.append(f"at({thing}, {region})")
        else:
            holder = one_of(rng, names.receptacles)
            said.append(f"{names.the(thing, positions=False)} {pick(rng, ['in', 'in', 'into'])} {names.the(holder)}")
            goals.append(f"in({thing}, {holder})")
            about.add(holder)
    listed = f"{', '.join(said[:-1])}{pick(rng, [' and ', ', and ', ' and finally ', ', then '])}{said[-1]}"
    return Request(say_of(rng, "one_by_one", xs=listed), " and ".join(goals), frozenset(about))


def too(names: Names, rng: np.random.Generator) -> Request:
    """One thing, and then others that go the same way: "... and the lemon as well"."""
    things = [str(n) for n in rng.permutation(names.movable)[: int(rng.integers(2, MOST))]]
    if len(things) < 2:
        raise UnsuitableError
    words = {"x": names.the(things[0]), "xs": enumerated(names, rng, things[1:])}
    if rng.random() < 0.75:
        holder = one_of(rng, names.receptacles)
        goals, about = [f"in({x}, {holder})" for x in things], {*things, holder}
        said = say_of(rng, "too", names.kind(holder), r=names.the(holder), **words)
    else:
        region = str(pick(rng, REGIONS))
        goals, about = [f"at({x}, {region})" for x in things], set(things)
        said = say_of(rng, "too_at", p=place(rng, region), **words)
    return Request(said, " and ".join(goals), frozenset(about))


def _pair(names: Names, rng: np.random.Generator) -> tuple[str, str]:
    if len(names.movable) < 2:
        raise UnsuitableError
    alike = [[n for n in names.of_kind(k) if n in names.movable] for k in dict.fromkeys(map(names.kind, names.movable))]
    twos = [pair for pair in alike if len(pair) == 2]
    x, x2 = rng.permutation(twos[0] if twos and rng.random() < 0.7 else names.movable)[:2]
    return str(x), str(x2)
